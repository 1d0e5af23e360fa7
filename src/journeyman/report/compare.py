"""Two runs, or two groups of runs, figure by figure."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from journeyman.domain.folds.kpi import Direction, Figure, Kpi, figures
from journeyman.domain.folds.samples import MIN_SAMPLES, Contrast, Interval, contrast
from journeyman.domain.text import printable
from journeyman.report.glance import bar
from journeyman.report.text import figure_text, table_lines

SCHEMA = 1
_WORSE_SHARE = 0.20
_LEAST = {"s": 0.05, "USD": 0.0001, "share": 0.01}
"""Differences below these, in the figure's unit, are noise whatever their ratio."""


@dataclass(frozen=True)
class Side:
    """One side of a comparison: a run, or the runs that a group names."""

    name: str
    runs: tuple[str, ...]
    kpis: tuple[Kpi, ...]


@dataclass(frozen=True)
class Compared:
    """One figure on both sides. For groups ``a`` and ``b`` are medians over the runs that know it."""

    name: str
    unit: str
    better: str
    a: float | None
    b: float | None
    delta: float | None
    ratio: float | None
    worse: bool
    """B is worse by more than 20 %."""
    delta_interval: Interval | None = None
    ratio_interval: Interval | None = None
    runs_a: int = 0
    runs_b: int = 0
    """How many runs of each side know the figure: a stopped one has no TVc."""
    certain: bool | None = None
    """Whether the interval leaves out "no difference"; ``None`` without one."""


@dataclass(frozen=True)
class Comparison:
    """Everything that ``jm compare`` tells."""

    a: Side
    b: Side
    figures: tuple[Compared, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "schema": SCHEMA,
            "a": _side_json(self.a),
            "b": _side_json(self.b),
            "figures": [dataclasses.asdict(figure) for figure in self.figures],
            "worse": [figure.name for figure in self.figures if figure.worse],
        }


def compare(a: Side, b: Side) -> Comparison:
    """Every figure that either side has."""
    columns_a, columns_b = _columns(a.kpis), _columns(b.kpis)
    names = dict.fromkeys((*columns_a, *columns_b))
    return Comparison(a, b, tuple(_compared(name, columns_a, columns_b) for name in names))


def compare_lines(comparison: Comparison) -> tuple[str, ...]:
    """For people: where the time went, then the figures that at least one side knows."""
    a, b = comparison.a, comparison.b
    grouped = len(a.runs) > 1 or len(b.runs) > 1
    lines = [f"A  {_named(a)}", f"B  {_named(b)}"]
    if not grouped:
        lines += ["", f"time A  {bar(a.kpis[0])}", f"time B  {bar(b.kpis[0])}"]
    known = [figure for figure in comparison.figures if figure.a is not None or figure.b is not None]
    heads = ("figure", "A", "B", "delta", "ratio", *(("95 % of delta",) if grouped else ()), "")
    rows = [heads, *(_row(figure, grouped=grouped) for figure in known)]
    lines += ["", *table_lines(rows, right=frozenset({1, 2, 3, 4})), "", _verdict(comparison)]
    if grouped and min(len(a.runs), len(b.runs)) < MIN_SAMPLES:
        lines.append(f"An interval needs at least {MIN_SAMPLES} runs on each side.")
    return tuple(printable(line) for line in lines)


def _columns(kpis: Sequence[Kpi]) -> dict[str, list[Figure]]:
    columns: dict[str, list[Figure]] = {}
    for kpi in kpis:
        for figure in figures(kpi):
            columns.setdefault(figure.name, []).append(figure)
    return columns


def _compared(name: str, columns_a: dict[str, list[Figure]], columns_b: dict[str, list[Figure]]) -> Compared:
    in_a, in_b = columns_a.get(name, []), columns_b.get(name, [])
    one = (in_a or in_b)[0]
    values_a, values_b = (
        [figure.value for figure in side if figure.value is not None] for side in (in_a, in_b)
    )
    found = contrast(values_a, values_b)
    return Compared(
        name=name,
        unit=one.unit,
        better=one.better.value,
        a=found.median_a,
        b=found.median_b,
        delta=found.delta,
        ratio=found.ratio,
        worse=_is_worse(one, found),
        delta_interval=found.delta_interval,
        ratio_interval=found.ratio_interval,
        runs_a=len(values_a),
        runs_b=len(values_b),
        certain=found.certain if found.delta_interval else None,
    )


def _is_worse(figure: Figure, found: Contrast) -> bool:
    """By more than a fifth, and by more than noise."""
    if figure.better is Direction.NEITHER or found.delta is None or found.median_a is None:
        return False
    loss = found.delta if figure.better is Direction.LOWER else -found.delta
    return loss > max(_WORSE_SHARE * abs(found.median_a), _LEAST.get(figure.unit, 0.0))


def _row(figure: Compared, *, grouped: bool) -> tuple[str, ...]:
    interval = figure.delta_interval
    told = (
        f"{_signed(interval.low, figure.unit)} … {_signed(interval.high, figure.unit)}" if interval else "–"
    )
    return (
        figure.name,
        figure_text(figure.a, figure.unit),
        figure_text(figure.b, figure.unit),
        _signed(figure.delta, figure.unit),
        "–" if figure.ratio is None else f"{figure.ratio:.2f}×",
        *((told,) if grouped else ()),
        "← worse" if figure.worse else "",
    )


def _signed(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    sign = "+" if value > 0 else "−" if value < 0 else ""
    told = f"{abs(value) * 100:.0f} points" if unit == "share" else figure_text(abs(value), unit)
    return f"{sign}{told}"


def _named(side: Side) -> str:
    if len(side.runs) == 1 and side.name == side.runs[0]:
        return side.name
    return f"{side.name} ({len(side.runs)} run{'s' if len(side.runs) != 1 else ''})"


def _verdict(comparison: Comparison) -> str:
    tvc = next((figure for figure in comparison.figures if figure.name == "tvc_s"), None)
    worse = sum(figure.worse for figure in comparison.figures)
    tail = f"{worse} figure{'s are' if worse != 1 else ' is'} worse by over 20 %." if worse else ""
    if tvc is None or tvc.delta is None or tvc.a is None:
        return f"TVc cannot be compared: a side has no verified run. {tail}".strip()
    words = "slower" if tvc.delta > 0 else "faster" if tvc.delta < 0 else "as fast"
    told = f"B is {figure_text(abs(tvc.delta), 's')} {words} to a verified commit"
    if tvc.certain is None:
        return f"{told}. {tail}".strip()
    sure = "and that is no accident" if tvc.certain else "which may be an accident"
    return f"{told}, {sure} (95 % bootstrap interval of the medians' difference). {tail}".strip()


def _side_json(side: Side) -> dict[str, Any]:
    return {
        "name": side.name,
        "runs": list(side.runs),
        "kpi": dataclasses.asdict(side.kpis[0]) if len(side.kpis) == 1 else None,
    }
