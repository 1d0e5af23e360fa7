"""Which runs there are: by id, prefix or ``latest``, and the one that a task left unfinished."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from journeyman.domain.errors import JourneymanError
from journeyman.domain.events import Outcome, RunFinished, RunSpecified
from journeyman.domain.folds.resume import decide_resume
from journeyman.domain.task import Task
from journeyman.store.lock import is_locked
from journeyman.store.sqlite import SqliteStore
from journeyman.store.state import state_dir


def read_store(state_root: Path) -> SqliteStore:
    """The store for reading. Raises JourneymanError("unknown-run") when nothing was ever run here."""
    path = state_dir(state_root).database
    if not path.exists():
        raise JourneymanError("unknown-run", "nothing was run in this repository yet", hint='jm run "…"')
    return SqliteStore(path, writable=False)


def find_run(store: SqliteStore, reference: str) -> str:
    """The run that an id, a unique prefix or ``latest`` names. Raises JourneymanError("unknown-run")."""
    runs = store.run_ids()
    if reference == "latest" and runs:
        return runs[-1]
    matches = [run_id for run_id in runs if run_id.startswith(reference)] if reference else []
    if reference in matches:
        return reference
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise JourneymanError(
            "unknown-run", f"{reference!r} is the start of {len(matches)} runs", facts=tuple(matches[-5:])
        )
    raise JourneymanError("unknown-run", f"there is no run {reference!r} here", facts=tuple(runs[-5:]))


def is_running(state_root: Path, run_id: str) -> bool:
    """Whether a living process works on the run now."""
    return is_locked(state_dir(state_root).run_dir(run_id))


def unfinished_run(state_root: Path, task: Task, base_commit: str) -> str | None:
    """The newest run of the same task on the same base, if it was cut off and nobody works on it."""
    if not state_dir(state_root).database.exists():
        return None
    store = read_store(state_root)
    for event in reversed(store.events_of_kind("run.specified")):
        payload = event.payload
        if not isinstance(payload, RunSpecified) or payload.spec.task != task:
            continue
        if payload.spec.base_commit != base_commit or is_running(state_root, event.run_id):
            return None
        return event.run_id if decide_resume(store.events(event.run_id)).cut_off else None
    return None


@dataclass(frozen=True)
class KnownRun:
    """What the store knows of a run that a clean-up must respect."""

    run_id: str
    alive: bool
    verified: bool
    age_s: float | None
    """Since its last event; ``None`` when the clock went back."""


def known_runs(state_root: Path) -> tuple[KnownRun, ...]:
    """All runs in the store; none when nothing was ever run."""
    if not state_dir(state_root).database.exists():
        return ()
    store = read_store(state_root)
    ends = {event.run_id: event.payload for event in store.events_of_kind("run.finished", "run.resumed")}
    now = time.time()
    return tuple(
        KnownRun(
            run_id,
            alive=is_running(state_root, run_id),
            verified=isinstance(end := ends.get(run_id), RunFinished) and end.outcome is Outcome.VERIFIED,
            age_s=now - at if now >= at else None,
        )
        for run_id, (at, _) in store.last_seen().items()
    )
