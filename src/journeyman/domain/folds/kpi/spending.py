"""What the model calls cost, by worker and in all, and how long they held the run up."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from journeyman.domain.events import (
    CheckpointMade,
    Event,
    Measure,
    Outcome,
    WorkerFinished,
    WorkerSpent,
    WorkerWaited,
    of_kind,
)
from journeyman.domain.folds.kpi.intervals import Interval, share_of, total_of
from journeyman.domain.folds.kpi.values import SpendKpi, WorkerKpi
from journeyman.domain.phases import Phase
from journeyman.domain.worker import Usage


def workers_of(events: tuple[Event, ...]) -> tuple[WorkerKpi, ...]:
    """A line for each worker, model and phase with booked calls."""
    spent: dict[tuple[str, str | None, Phase], list[Usage]] = defaultdict(list)
    for booked in of_kind(events, WorkerSpent):
        spent[booked.worker, booked.usage.model, booked.phase].append(booked.usage)
    return tuple(
        WorkerKpi(name=name, model=model, phase=phase.value, **_sums(calls))
        for (name, model, phase), calls in spent.items()
    )


def spend_of(events: tuple[Event, ...], outcome: Outcome | None) -> SpendKpi:
    """All calls together; unknown throughout when none was booked: a worker may spend and not say so."""
    usages = [each.usage for each in of_kind(events, WorkerSpent)]
    if not usages:
        return SpendKpi()
    sums = _sums(usages)
    commits = len({made.commit for made in of_kind(events, CheckpointMade)})
    verified = outcome is Outcome.VERIFIED
    return SpendKpi(
        **sums,
        prefix_cache_share=share_of(sums["tokens_cached"], sums["tokens_in"]),
        repeated_share=share_of(sums["tokens_repeated"], sums["tokens_in"]),
        cost_per_verified_commit_usd=share_of(sums["cost_usd"], commits) if verified else None,
    )


def rate_limits_s(events: tuple[Event, ...], measures: frozenset[str]) -> float | None:
    """Seconds that providers held calls up; unknown when the version did not book them."""
    waits = [each.waited_s for each in of_kind(events, WorkerWaited)]
    return sum(waits) if waits or Measure.WAITS in measures else None


def working_intervals(events: tuple[Event, ...]) -> list[Interval]:
    """When workers were at work, by their own calls, by their models' and by what they waited for."""
    found = []
    for event in events:
        match event.payload:
            case WorkerFinished(duration_s=length):
                found.append((event.clock_s - length, event.clock_s))
            case WorkerSpent(usage=Usage(latency_s=float() | int() as length)):
                found.append((event.clock_s - length, event.clock_s))
            case WorkerWaited(waited_s=length):
                found.append((event.clock_s - length, event.clock_s))
            case _:
                pass
    return [(max(0.0, begin), end) for begin, end in found]


def _sums(calls: list[Usage]) -> dict[str, Any]:
    return {
        "calls": sum(call.requests for call in calls),
        "tokens_in": total_of([call.tokens_in for call in calls]),
        "tokens_cached": total_of([call.tokens_cached for call in calls]),
        "tokens_out": total_of([call.tokens_out for call in calls]),
        "cost_usd": total_of([call.cost_usd for call in calls]),
        "latency_s": total_of([call.latency_s for call in calls]),
        "tokens_repeated": total_of([call.tokens_repeated for call in calls]),
    }
