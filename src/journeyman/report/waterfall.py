"""The run's spans laid out: lanes of bars that do not overlap, with their places in percent."""

from __future__ import annotations

import math
from dataclasses import dataclass

from journeyman.domain.events import CheckpointMade, Event, RunResumed
from journeyman.domain.folds.spans import Span, SpanKind, spans_of
from journeyman.report.text import number, seconds

_TITLES = {
    SpanKind.PHASE: "Phases",
    SpanKind.CALL: "Model calls",
    SpanKind.WAIT: "Waiting",
    SpanKind.CHECK: "Checks",
    SpanKind.BASELINE: "Baseline",
}
_TICKS = 6
_LEAST_S = 0.001
_LATE_PERCENT = 55.0
_LABEL_PERCENT = 3.0


@dataclass(frozen=True)
class Bar:
    """One span, placed. ``style`` is a class of the style sheet."""

    label: str
    told: str
    """Everything about it, in a line: what a pointer or a screen reader gets."""
    left: float
    width: float
    style: str
    late: bool
    """Whether it begins so far right that what is told of it must hang to the left."""


@dataclass(frozen=True)
class Lane:
    """Bars of one kind of which no two overlap; only the first lane of a kind has a title."""

    title: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Mark:
    """A moment: a tick of the axis, a checkpoint or a resume."""

    label: str
    left: float
    style: str = ""


@dataclass(frozen=True)
class Waterfall:
    """All of it, for ``total_s`` seconds of the run clock."""

    total_s: float
    lanes: tuple[Lane, ...]
    ticks: tuple[Mark, ...]
    marks: tuple[Mark, ...]


def waterfall(events: tuple[Event, ...]) -> Waterfall:
    """The layout; lanes of a kind are as few as its overlaps allow."""
    total = max((event.clock_s for event in events), default=0.0)
    spans = spans_of(events)
    lanes = [
        Lane(_TITLES[kind] if number_of_lane == 0 else "", tuple(_bar(span, total) for span in lane))
        for kind in SpanKind
        for number_of_lane, lane in enumerate(_packed([span for span in spans if span.kind is kind]))
    ]
    return Waterfall(total, tuple(lanes), _ticks(total), _marks(events, total))


def _packed(spans: list[Span]) -> list[list[Span]]:
    """Each span into the first lane that is free when it begins."""
    lanes: list[list[Span]] = []
    for span in sorted(spans, key=lambda span: (span.begin_s, span.end_s)):
        free = next((lane for lane in lanes if lane[-1].end_s <= span.begin_s), None)
        if free is None:
            lanes.append([span])
        else:
            free.append(span)
    return lanes


def _bar(span: Span, total: float) -> Bar:
    left, width = _percent(span.begin_s, total), _percent(span.duration_s, total)
    name = span.name.rpartition(":")[2] if span.kind is SpanKind.CALL else span.name
    label = name if width >= _LABEL_PERCENT else ""
    return Bar(label, _told(span), left, width, _style(span), left > _LATE_PERCENT)


def _told(span: Span) -> str:
    facts = span.facts
    parts = [span.name]
    if "attempt" in facts:
        parts.append(f"milestone {facts['milestone']}, attempt {facts['attempt']}")
    parts.append(f"{seconds(span.duration_s)} from {seconds(span.begin_s)}")
    for name, unit in (("tokens_in", "tokens in"), ("tokens_cached", "cached"), ("tokens_out", "out")):
        if isinstance(known := facts.get(name), int):
            parts.append(f"{number(known)} {unit}")
    if span.ok is False and not span.note:
        parts.append("failed")
    if span.note:
        parts.append(span.note)
    return " · ".join(parts)


def _style(span: Span) -> str:
    names = [span.kind.value]
    if span.kind is SpanKind.PHASE:
        names.append(f"phase-{span.name.lower()}")
    if span.ok is False:
        names.append("bad")
    if span.cut_off:
        names.append("cut")
    return " ".join(names)


def _ticks(total: float) -> tuple[Mark, ...]:
    """Round seconds, about ``_TICKS`` of them."""
    if total < _LEAST_S:
        return ()
    rough = total / _TICKS
    power = 10 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    count = int(total / step + 1e-9)
    places = [round(number_of_tick * step, 6) for number_of_tick in range(count + 1)]
    in_minutes = step >= 60
    return tuple(
        Mark(f"{place / 60:g} min" if in_minutes else f"{place:g} s", _percent(place, total))
        for place in places
    )


def _marks(events: tuple[Event, ...], total: float) -> tuple[Mark, ...]:
    found = []
    for event in events:
        place = _percent(event.clock_s, total)
        match event.payload:
            case RunResumed(downtime_s=gap):
                found.append(Mark(f"resumed after {seconds(gap)}", place, "resumed"))
            case CheckpointMade(milestone=milestone):
                found.append(Mark(f"checkpoint of milestone {milestone}", place, "checkpoint"))
            case _:
                pass
    return tuple(found)


def _percent(value: float, total: float) -> float:
    return round(min(100.0, 100 * value / total), 3) if total >= _LEAST_S else 0.0
