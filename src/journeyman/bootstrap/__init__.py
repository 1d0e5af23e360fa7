"""The only folder that names concrete adapters and wires them together.

A name is loaded when it is first used: ``jm context`` needs little of what a run does.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from journeyman.bootstrap.context import pack_context
    from journeyman.bootstrap.project import Project, effective_scope, open_project
    from journeyman.bootstrap.runs import StartOptions, preload_engine, resume_run, start_run
    from journeyman.bootstrap.storage import existing_storage, read_storage, storage_around
    from journeyman.bootstrap.upkeep import collect_garbage, examine_project, prove_commit
    from journeyman.bootstrap.workers import fixers_of, worker_for

__all__ = [
    "Project",
    "StartOptions",
    "collect_garbage",
    "effective_scope",
    "examine_project",
    "existing_storage",
    "fixers_of",
    "open_project",
    "pack_context",
    "preload_engine",
    "prove_commit",
    "read_storage",
    "resume_run",
    "start_run",
    "storage_around",
    "worker_for",
]
_HOMES = {
    "context": ("pack_context",),
    "project": ("Project", "effective_scope", "open_project"),
    "runs": ("StartOptions", "preload_engine", "resume_run", "start_run"),
    "storage": ("existing_storage", "read_storage", "storage_around"),
    "upkeep": ("collect_garbage", "examine_project", "prove_commit"),
    "workers": ("fixers_of", "worker_for"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
