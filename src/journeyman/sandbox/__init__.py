"""The only door to subprocesses: confinement, process groups, limits."""

from journeyman.sandbox.backend import SandboxRunner, choose_runner
from journeyman.sandbox.background import BackgroundRunner
from journeyman.sandbox.environment import base_environment
from journeyman.sandbox.orphans import kill_orphans

__all__ = ["BackgroundRunner", "SandboxRunner", "base_environment", "choose_runner", "kill_orphans"]
