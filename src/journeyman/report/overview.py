"""All runs of a repository, a line each."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from journeyman.domain.events import Event, Outcome, PhaseStarted, RunFinished, RunResumed, RunStarted


@dataclass(frozen=True)
class RunLine:
    """One run as ``jm status`` shows it."""

    run_id: str
    title: str
    state: str
    """``verified``, ``stopped (CODE)``, ``running (PHASE)`` or ``cut off (PHASE)``."""
    started_at: float
    last_seen: float
    """Wall clock of its last event, Unix seconds."""
    commit: str | None

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return dataclasses.asdict(self)


def overview(
    events: tuple[Event, ...],
    last_seen: Mapping[str, tuple[float, float]],
    is_running: Callable[[str], bool],
) -> list[RunLine]:
    """The runs, newest first, from their started, resumed, finished and phase events in order of arrival."""
    started: dict[str, tuple[Event, RunStarted]] = {}
    phase: dict[str, str] = {}
    end: dict[str, RunFinished | None] = {}
    for event in events:
        match event.payload:
            case RunStarted() as payload:
                started[event.run_id] = (event, payload)
            case PhaseStarted(phase=name):
                phase[event.run_id] = name.value
            case RunResumed():
                end[event.run_id] = None
            case RunFinished() as finished:
                end[event.run_id] = finished
            case _:
                pass
    lines = []
    for run_id, (first, payload) in started.items():
        finished_as = end.get(run_id)
        lines.append(
            RunLine(
                run_id=run_id,
                title=payload.title,
                state=_state(finished_as, phase.get(run_id, "starting"), run_id, is_running),
                started_at=first.at,
                last_seen=last_seen.get(run_id, (first.at, 0.0))[0],
                commit=finished_as.commit if finished_as else None,
            )
        )
    # Not by the clock, which may have gone back between two runs.
    return lines[::-1]


def _state(end: RunFinished | None, phase: str, run_id: str, is_running: Callable[[str], bool]) -> str:
    if end is None:
        return f"running ({phase})" if is_running(run_id) else f"cut off ({phase})"
    if end.outcome is Outcome.VERIFIED:
        return "verified"
    return f"stopped ({end.stop_code})"
