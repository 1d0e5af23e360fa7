"""Every figure of a run, defined here once, as a fold over its events.

Times are seconds of the run clock (see ``Event.clock_s``), so dead time between a crash and a resume is
in none of them; ``downtime_s`` tells it apart. A figure that cannot be known is ``None``, never 0.

========================  ====================================================================
figure                    measured from … to …
========================  ====================================================================
tvc_s                     start of the run → last ``checkpoint.made`` of a verified run
total_s                   start of the run → last event
phases[NAME].duration_s   each ``phase.started`` → its ``phase.finished``, summed
unattributed_s            total_s minus all phases
verification.wall_s       union of all VERIFY checks' intervals, ``check.started`` → ``check.finished``
overhead_s                total_s minus worker time minus verification.wall_s
human_touches             ``run.resumed`` events: a person had to say so
========================  ====================================================================
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from journeyman.domain.events import (
    CheckFinished,
    CheckpointMade,
    CheckStarted,
    Event,
    Outcome,
    PhaseFinished,
    PhaseOutcome,
    PhaseStarted,
    RetryDecided,
    Role,
    RunFinished,
    RungTaken,
    RunResumed,
    VerifyJudged,
    WorkerFinished,
    WorkerSpent,
)
from journeyman.domain.ladder import Rung
from journeyman.domain.phases import Phase

_N = TypeVar("_N", int, float)


@dataclass(frozen=True)
class PhaseKpi:
    """One phase over the whole run."""

    duration_s: float
    attempts: int


@dataclass(frozen=True)
class WorkerKpi:
    """One worker and model in one phase."""

    name: str
    model: str | None
    phase: str
    calls: int
    tokens_in: int | None
    tokens_cached: int | None
    tokens_out: int | None
    cost_usd: float | None
    latency_s: float | None
    tokens_repeated: int | None = None
    """Prompt tokens that repeat the request before: ``tokens_repeated / tokens_in`` is the prefix share."""


@dataclass(frozen=True)
class VerificationKpi:
    """All checks run for VERIFY (the baseline's are not counted)."""

    checks_run: int
    checks_cached: int
    checks_skipped: int
    retries: int
    auto_fixes: int
    wall_s: float
    cpu_s: float | None
    tiers: tuple[int, ...] = ()


@dataclass(frozen=True)
class ContextKpi:
    """What the context packer did; all unknown in a run without packs."""

    tokens: int | None = None
    files: int | None = None
    index_s: float | None = None
    pack_s: float | None = None


@dataclass(frozen=True)
class Kpi:
    """The figures of one run."""

    tvc_s: float | None
    total_s: float | None
    unattributed_s: float | None
    downtime_s: float | None
    overhead_s: float | None
    human_touches: int
    outcome: str | None
    phases: dict[str, PhaseKpi] = field(default_factory=dict)
    workers: tuple[WorkerKpi, ...] = ()
    verification: VerificationKpi | None = None
    context: ContextKpi = field(default_factory=ContextKpi)


def compute_kpi(events: tuple[Event, ...]) -> Kpi:
    """The figures that the timeline supports; ``None`` for those it does not."""
    total = max((event.clock_s for event in events), default=None)
    phases = _phases(events)
    verification = _verification(events)
    worker_s = sum(event.payload.duration_s for event in events if isinstance(event.payload, WorkerFinished))
    outcome = next(
        (event.payload.outcome for event in reversed(events) if isinstance(event.payload, RunFinished)), None
    )
    tvc = next(
        (event.clock_s for event in reversed(events) if isinstance(event.payload, CheckpointMade)), None
    )
    attributed = sum(phase.duration_s for phase in phases.values())
    return Kpi(
        tvc_s=tvc if outcome is Outcome.VERIFIED else None,
        total_s=total,
        unattributed_s=None if total is None else total - attributed,
        downtime_s=_downtime(events),
        overhead_s=None if total is None else max(0.0, total - worker_s - verification.wall_s),
        human_touches=sum(isinstance(event.payload, RunResumed) for event in events),
        outcome=outcome.value if outcome else None,
        phases=phases,
        workers=_workers(events),
        verification=verification,
    )


def _phases(events: tuple[Event, ...]) -> dict[str, PhaseKpi]:
    """Phases do not overlap: one that was cut off ends where the next one begins, or with the timeline."""
    seconds: dict[Phase, float] = defaultdict(float)
    attempts: dict[Phase, int] = defaultdict(int)
    current: tuple[Phase, float] | None = None
    for event in events:
        match event.payload:
            case PhaseStarted(phase=phase):
                if current is not None:
                    seconds[current[0]] += event.clock_s - current[1]
                current = (phase, event.clock_s)
                attempts[phase] += 1
            case PhaseFinished(phase=phase, outcome=outcome) if current is not None and current[0] is phase:
                seconds[phase] += event.clock_s - current[1]
                if outcome is PhaseOutcome.SKIPPED:
                    attempts[phase] -= 1
                current = None
            case _:
                pass
    if current is not None and events:
        seconds[current[0]] += events[-1].clock_s - current[1]
    return {phase.value: PhaseKpi(seconds[phase], attempts[phase]) for phase in Phase if phase in attempts}


def _verification(events: tuple[Event, ...]) -> VerificationKpi:
    started: dict[tuple[str, str], float] = {}
    intervals: list[tuple[float, float]] = []
    cpu: list[float | None] = []
    ran = cached = skipped = retries = fixes = 0
    for event in events:
        match event.payload:
            case CheckStarted(check=check, tree=tree, role=Role.VERIFY):
                started[check, tree] = event.clock_s
            case CheckFinished(result=result, role=Role.VERIFY):
                if result.cached:
                    cached += 1
                else:
                    ran += 1
                    cpu.append(result.cpu_s)
                begin = started.pop((result.check, result.tree), event.clock_s)
                intervals.append((begin, event.clock_s))
            case VerifyJudged(skipped=left_out):
                skipped += len(left_out)
            case RetryDecided():
                retries += 1
            case RungTaken(rung=Rung.FIX):
                fixes += 1
            case _:
                pass
    return VerificationKpi(ran, cached, skipped, retries, fixes, _union_length(intervals), total_of(cpu))


def _workers(events: tuple[Event, ...]) -> tuple[WorkerKpi, ...]:
    spent: dict[tuple[str, str | None, Phase], list[WorkerSpent]] = defaultdict(list)
    for event in events:
        if isinstance(event.payload, WorkerSpent):
            spent[event.payload.worker, event.payload.usage.model, event.payload.phase].append(event.payload)
    return tuple(
        WorkerKpi(
            name=name,
            model=model,
            phase=phase.value,
            calls=sum(call.usage.requests for call in calls),
            tokens_in=total_of([call.usage.tokens_in for call in calls]),
            tokens_cached=total_of([call.usage.tokens_cached for call in calls]),
            tokens_out=total_of([call.usage.tokens_out for call in calls]),
            cost_usd=total_of([call.usage.cost_usd for call in calls]),
            latency_s=total_of([call.usage.latency_s for call in calls]),
            tokens_repeated=total_of([call.usage.tokens_repeated for call in calls]),
        )
        for (name, model, phase), calls in spent.items()
    )


def _downtime(events: tuple[Event, ...]) -> float | None:
    gaps = [event.payload.downtime_s for event in events if isinstance(event.payload, RunResumed)]
    return total_of(gaps) if gaps else 0.0


def _union_length(intervals: list[tuple[float, float]]) -> float:
    length, reached = 0.0, float("-inf")
    for begin, end in sorted(intervals):
        length += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return length


def total_of(figures: Sequence[_N | None]) -> _N | None:
    """The sum, or ``None`` when there is no figure or any of them is unknown."""
    known = [figure for figure in figures if figure is not None]
    return sum(known) if known and len(known) == len(figures) else None
