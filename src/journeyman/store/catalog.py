"""Which runs there are: by id, prefix or ``latest``, and the one that a task left unfinished."""

from __future__ import annotations

import time
from dataclasses import dataclass

from journeyman.domain.errors import JourneymanError
from journeyman.domain.events import Outcome, RunFinished, RunSpecified
from journeyman.domain.folds.resume import decide_resume
from journeyman.domain.records import RunStore, Storage
from journeyman.domain.task import Task


def find_run(runs: RunStore, reference: str) -> str:
    """The run that an id, a unique prefix or ``latest`` names. Raises JourneymanError("unknown-run")."""
    known = runs.run_ids()
    if reference == "latest" and known:
        return known[-1]
    matches = [run_id for run_id in known if run_id.startswith(reference)] if reference else []
    if reference in matches:
        return reference
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise JourneymanError(
            "unknown-run", f"{reference!r} is the start of {len(matches)} runs", facts=tuple(matches[-5:])
        )
    raise JourneymanError("unknown-run", f"there is no run {reference!r} here", facts=tuple(known[-5:]))


def unfinished_run(storage: Storage, task: Task, base_commit: str) -> str | None:
    """The newest run of the same task on the same base, if it was cut off and nobody works on it."""
    for event in reversed(storage.runs.events_of_kind("run.specified")):
        payload = event.payload
        if not isinstance(payload, RunSpecified) or payload.spec.task != task:
            continue
        if payload.spec.base_commit != base_commit or storage.leases.is_held(event.run_id):
            return None
        return event.run_id if decide_resume(storage.runs.events(event.run_id)).cut_off else None
    return None


@dataclass(frozen=True)
class KnownRun:
    """What the store knows of a run that a clean-up must respect."""

    run_id: str
    alive: bool
    verified: bool
    age_s: float | None
    """Since its last event; ``None`` when the clock went back."""


def known_runs(storage: Storage) -> tuple[KnownRun, ...]:
    """All runs that are kept."""
    ends = {
        event.run_id: event.payload for event in storage.runs.events_of_kind("run.finished", "run.resumed")
    }
    now = time.time()
    return tuple(
        KnownRun(
            run_id,
            alive=storage.leases.is_held(run_id),
            verified=isinstance(end := ends.get(run_id), RunFinished) and end.outcome is Outcome.VERIFIED,
            age_s=now - at if now >= at else None,
        )
        for run_id, (at, _) in storage.runs.last_seen().items()
    )
