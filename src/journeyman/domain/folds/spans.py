"""A timeline as spans: what took how long, on the run clock and on the wall clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from journeyman.domain.checks import CheckResult
from journeyman.domain.events import (
    CheckFinished,
    CheckStarted,
    Event,
    PhaseFinished,
    PhaseOutcome,
    PhaseStarted,
    Role,
    RunFinished,
    RunResumed,
    WorkerSpent,
    WorkerWaited,
)


class SpanKind(StrEnum):
    """What a span shows."""

    PHASE = "phase"
    CALL = "call"
    WAIT = "wait"
    CHECK = "check"
    BASELINE = "baseline"


@dataclass(frozen=True)
class Span:
    """Something that took time. ``ok`` is ``None`` where that is no question, or when it was cut off."""

    kind: SpanKind
    name: str
    begin_s: float
    end_s: float
    """Run clock, seconds."""
    end_at: float
    """Wall clock of its end, Unix seconds."""
    key: str
    """The key of the event that ended it, or of the one that began what was cut off."""
    ok: bool | None = None
    note: str = ""
    cut_off: bool = False
    facts: dict[str, str | int | float] = field(default_factory=dict)
    """What is known of it, by names that telemetry and pages share."""

    @property
    def duration_s(self) -> float:
        """How long it took."""
        return self.end_s - self.begin_s

    @property
    def begin_at(self) -> float:
        """Wall clock of its beginning, as far as the run clock ran on with it."""
        return self.end_at - self.duration_s


@dataclass(frozen=True)
class _Open:
    event: Event
    kind: SpanKind
    name: str
    facts: dict[str, str | int | float]


def spans_of(events: tuple[Event, ...]) -> tuple[Span, ...]:
    """All spans, in the order of their ends; what a stop or the timeline's end cut off comes last."""
    opened: dict[tuple[object, ...], _Open] = {}
    done: list[Span] = []
    last: Event | None = None
    segment = 1
    for event in events:
        match event.payload:
            case PhaseStarted() as begun:
                opened[_frame(begun)] = _Open(event, SpanKind.PHASE, begun.phase.value, _phase_facts(begun))
            case PhaseFinished() as ended:
                done += _phase(opened.pop(_frame(ended), None), event, ended)
            case CheckStarted(check=check, tree=tree, role=role):
                kind = SpanKind.CHECK if role is Role.VERIFY else SpanKind.BASELINE
                opened[role, check, tree] = _Open(event, kind, check, {"tree": tree})
            case CheckFinished(result=result, role=role):
                begun_check = opened.pop((role, result.check, result.tree), None)
                done.append(_check(begun_check, event, result, role))
            case WorkerSpent() as spent:
                done.append(_call(event, spent))
            case WorkerWaited(waited_s=length, reason=reason):
                begin = max(0.0, event.clock_s - length)
                done.append(
                    Span(SpanKind.WAIT, "wait", begin, event.clock_s, event.at, event.key, note=reason)
                )
            case RunResumed(segment=number) if number != segment:
                done += _cut_off(opened, last or event)
                opened, segment = {}, number
            case RunFinished():
                done += _cut_off(
                    {k: o for k, o in opened.items() if o.kind is not SpanKind.PHASE}, last or event
                )
                opened = {k: o for k, o in opened.items() if o.kind is SpanKind.PHASE}
            case _:
                pass
        last = event
    return (*done, *(_cut_off(opened, last) if last is not None else ()))


def _frame(payload: PhaseStarted | PhaseFinished) -> tuple[object, ...]:
    return ("phase", payload.phase, payload.milestone, payload.attempt)


def _phase_facts(begun: PhaseStarted) -> dict[str, str | int | float]:
    numbers = {"milestone": begun.milestone, "attempt": begun.attempt}
    return {name: number for name, number in numbers.items() if number is not None}


def _phase(begun: _Open | None, event: Event, ended: PhaseFinished) -> list[Span]:
    if begun is None or ended.outcome is PhaseOutcome.SKIPPED:
        return []
    return [
        Span(
            begun.kind,
            begun.name,
            min(begun.event.clock_s, event.clock_s),
            event.clock_s,
            event.at,
            event.key,
            ok=ended.outcome is PhaseOutcome.OK,
            note=ended.note,
            facts=begun.facts,
        )
    ]


def _check(begun: _Open | None, event: Event, result: CheckResult, role: Role) -> Span:
    begin = event.clock_s if begun is None else min(begun.event.clock_s, event.clock_s)
    return Span(
        SpanKind.CHECK if role is Role.VERIFY else SpanKind.BASELINE,
        result.check,
        begin,
        event.clock_s,
        event.at,
        event.key,
        ok=result.passed,
        note="cached" if result.cached else result.status.value.replace("_", " "),
        facts={"tree": result.tree, "cached": int(result.cached)},
    )


def _call(event: Event, spent: WorkerSpent) -> Span:
    usage = spent.usage
    numbers = {
        "tokens_in": usage.tokens_in,
        "tokens_cached": usage.tokens_cached,
        "tokens_out": usage.tokens_out,
        "cost_usd": usage.cost_usd,
    }
    return Span(
        SpanKind.CALL,
        usage.model or spent.worker,
        max(0.0, event.clock_s - (usage.latency_s or 0.0)),
        event.clock_s,
        event.at,
        event.key,
        note=spent.phase.value,
        facts={
            "worker": spent.worker,
            "phase": spent.phase.value,
            **{name: number for name, number in numbers.items() if number is not None},
        },
    )


def _cut_off(opened: dict[tuple[object, ...], _Open], end: Event) -> list[Span]:
    return [
        Span(
            begun.kind,
            begun.name,
            min(begun.event.clock_s, end.clock_s),
            end.clock_s,
            end.at,
            begun.event.key,
            note="cut off",
            cut_off=True,
            facts=begun.facts,
        )
        for begun in opened.values()
    ]
