"""The only folder that names concrete adapters and wires them together."""

from journeyman.bootstrap.context import pack_context
from journeyman.bootstrap.project import Project, effective_scope, open_project
from journeyman.bootstrap.runs import StartOptions, resume_run, start_run
from journeyman.bootstrap.upkeep import collect_garbage, examine_project, prove_commit
from journeyman.bootstrap.workers import fixers_of, worker_for

__all__ = [
    "Project",
    "StartOptions",
    "collect_garbage",
    "effective_scope",
    "examine_project",
    "fixers_of",
    "open_project",
    "pack_context",
    "prove_commit",
    "resume_run",
    "start_run",
    "worker_for",
]
