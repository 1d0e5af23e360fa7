"""Sums over figures of which some may be unknown, and lengths of intervals that may overlap."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

_N = TypeVar("_N", int, float)
Interval = tuple[float, float]


def total_of(figures: Sequence[_N | None]) -> _N | None:
    """The sum, or ``None`` when there is no figure or any of them is unknown."""
    known = [figure for figure in figures if figure is not None]
    return sum(known) if known and len(known) == len(figures) else None


def share_of(part: float | None, whole: float | None) -> float | None:
    """``part / whole``; ``None`` when either is unknown or there is no whole."""
    return part / whole if part is not None and whole else None


def union_length(intervals: Iterable[Interval]) -> float:
    """How long at least one of the intervals lasts."""
    length, reached = 0.0, float("-inf")
    for begin, end in sorted(intervals):
        length += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return length
