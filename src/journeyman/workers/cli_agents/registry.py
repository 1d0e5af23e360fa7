"""The coding CLIs that can be workers: a new one is an adapter beside this file, and a line here."""

from __future__ import annotations

from journeyman.workers.cli_agents.claude_code import ClaudeCode
from journeyman.workers.cli_agents.cli import Cli
from journeyman.workers.cli_agents.codex import Codex
from journeyman.workers.cli_agents.opencode import OpenCode

CODING_CLIS: dict[str, Cli] = {
    "claude_code": ClaudeCode(),
    "codex": Codex(),
    "opencode": OpenCode(),
}
"""By the type that configurations name, which is also the name of the worker that needs no table."""
