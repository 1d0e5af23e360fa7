"""Where the time went: each second of the run clock belongs to one phase, or to none."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from journeyman.domain.events import Event, PhaseFinished, PhaseOutcome, PhaseStarted, RunResumed
from journeyman.domain.folds.kpi.values import PhaseKpi
from journeyman.domain.phases import Phase

_Frame = tuple[Phase, int | None, int | None]


@dataclass(frozen=True)
class TimeSpent:
    """The phases, and the seconds in which none was open."""

    phases: dict[str, PhaseKpi]
    unattributed_s: float


def time_spent(events: tuple[Event, ...]) -> TimeSpent:
    """One sweep over the run clock.

    Of phases that overlap, a second belongs to the one that was begun last. A phase that a crash cut off
    goes on when its segment does; a new segment begins with none open.
    """
    seconds: dict[Phase, float] = defaultdict(float)
    attempts: dict[Phase, int] = defaultdict(int)
    unattributed, clock, segment = 0.0, 0.0, 1
    open_frames: list[_Frame] = []
    for event in events:
        passed = max(0.0, event.clock_s - clock)
        clock += passed
        if open_frames:
            seconds[open_frames[-1][0]] += passed
        else:
            unattributed += passed
        match event.payload:
            case PhaseStarted(phase=phase, milestone=milestone, attempt=attempt):
                open_frames.append((phase, milestone, attempt))
                attempts[phase] += 1
            case PhaseFinished(phase=phase, outcome=outcome) as finished:
                frame = (phase, finished.milestone, finished.attempt)
                if frame in open_frames:
                    open_frames.remove(frame)
                    attempts[phase] -= outcome is PhaseOutcome.SKIPPED
            case RunResumed(segment=number) if number != segment:
                open_frames, segment = [], number
            case _:
                pass
    found = {phase.value: PhaseKpi(seconds[phase], attempts[phase]) for phase in Phase if phase in attempts}
    return TimeSpent(found, unattributed)
