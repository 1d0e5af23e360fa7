"""Where a run's time went, told from its events alone: a second opinion on what Journeyman tells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

ALLOWED_S = 0.010


@dataclass(frozen=True)
class Attribution:
    """Seconds of the run clock, by phase and beside all phases."""

    phases: Mapping[str, float]
    unattributed_s: float
    total_s: float


def attribute(events: Iterable[Mapping[str, Any]]) -> Attribution:
    """Walk the timeline: each moment belongs to the phase that is open, or to none.

    A phase that was cut off ends where the next one begins. Raises ValueError when the clock runs backwards.
    """
    phases: dict[str, float] = defaultdict(float)
    beside, now, current = 0.0, 0.0, None
    for event in events:
        clock = float(event["clock_s"])
        if clock < now - ALLOWED_S:
            raise ValueError(f"event {event['seq']} is at {clock:.3f} s, after one at {now:.3f} s")
        passed = max(0.0, clock - now)
        if current is None:
            beside += passed
        else:
            phases[current] += passed
        now = max(now, clock)
        if event["kind"] == "phase.started":
            current = str(event["data"]["phase"])
        elif event["kind"] == "phase.finished" and event["data"]["phase"] == current:
            current = None
    return Attribution(dict(phases), beside, now)


def differences(kpi: Mapping[str, Any], seen: Attribution, wall_s: float) -> dict[str, float]:
    """Seconds by which Journeyman's figures differ from the timeline, and by which its total exceeds the
    time that passed outside of the processes that worked the run.
    """
    told = {name: phase["duration_s"] for name, phase in kpi["phases"].items()}
    apart = {name: abs(told.get(name, 0.0) - seen.phases.get(name, 0.0)) for name in {*told, *seen.phases}}
    apart["unattributed"] = abs(kpi["unattributed_s"] - seen.unattributed_s)
    apart["total"] = abs(kpi["total_s"] - seen.total_s)
    apart["sum"] = abs(sum(told.values()) + kpi["unattributed_s"] - seen.total_s)
    apart["wall"] = max(0.0, kpi["total_s"] - wall_s)
    return apart
