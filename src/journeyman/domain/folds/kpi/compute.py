"""All figures of a run at once."""

from __future__ import annotations

from journeyman.domain.events import (
    CheckpointMade,
    Event,
    Measure,
    Outcome,
    RunFinished,
    RunResumed,
    RunStarted,
    TaskSized,
    last_of,
    of_kind,
)
from journeyman.domain.folds.kpi.context import context_of
from journeyman.domain.folds.kpi.intervals import total_of, union_length
from journeyman.domain.folds.kpi.phases import time_spent
from journeyman.domain.folds.kpi.spending import rate_limits_s, spend_of, workers_of, working_intervals
from journeyman.domain.folds.kpi.values import Kpi, WaitingKpi
from journeyman.domain.folds.kpi.verification import check_spans, rungs_taken, verification_of
from journeyman.domain.policy.ladder import Rung
from journeyman.domain.run import SUSPENDED_CODES


def compute_kpi(events: tuple[Event, ...]) -> Kpi:
    """The figures that the timeline supports; ``None`` for those it does not. Takes any prefix of one."""
    if not events:
        return Kpi(None, None, None, None, None, human_touches=0, outcome=None)
    total = max(event.clock_s for event in events)
    spent = time_spent(events)
    checks = check_spans(events)
    measures = _measures(events)
    outcome, sized = _outcome(events), last_of(events, TaskSized)
    busy = [*working_intervals(events), *(span.interval for span in checks)]
    return Kpi(
        tvc_s=_last_checkpoint(events) if outcome is Outcome.VERIFIED else None,
        total_s=total,
        unattributed_s=spent.unattributed_s,
        downtime_s=_downtime(events),
        overhead_s=max(0.0, total - union_length(busy)),
        human_touches=len(of_kind(events, RunResumed)),
        outcome=outcome.value if outcome else None,
        phases=spent.phases,
        workers=workers_of(events),
        spend=spend_of(events, outcome),
        verification=verification_of(events, checks, measures),
        waiting=WaitingKpi(_blocked_on_people(events), rate_limits_s(events, measures)),
        context=context_of(events),
        # Escalations, once there are any, are counted here.
        escalations=rungs_taken(events, Rung.STRONGER) if Measure.ESCALATIONS in measures else None,
        size=sized.size if sized else None,
    )


def _outcome(events: tuple[Event, ...]) -> Outcome | None:
    end = last_of(events, RunFinished)
    return end.outcome if end else None


def _last_checkpoint(events: tuple[Event, ...]) -> float | None:
    return next((e.clock_s for e in reversed(events) if isinstance(e.payload, CheckpointMade)), None)


def _measures(events: tuple[Event, ...]) -> frozenset[str]:
    started = of_kind(events, RunStarted)
    return frozenset(measure for each in started for measure in each.measures)


def _downtime(events: tuple[Event, ...]) -> float | None:
    gaps = [each.downtime_s for each in of_kind(events, RunResumed)]
    return total_of(gaps) if gaps else 0.0


def _blocked_on_people(events: tuple[Event, ...]) -> float | None:
    """Between stops that only a person could lift and the resumes that did; what it waits now is not in."""
    gaps: list[float | None] = []
    stop: RunFinished | None = None
    for event in events:
        match event.payload:
            case RunFinished() as end:
                stop = None if end.stop_code in SUSPENDED_CODES else end
            case RunResumed(downtime_s=gap) if stop is not None:
                gaps.append(gap)
                stop = None
            case _:
                pass
    return total_of(gaps) if gaps else 0.0
