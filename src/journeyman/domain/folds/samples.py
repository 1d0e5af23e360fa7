"""Small statistics over runs: quantiles, and whether one group is really better than another."""

from __future__ import annotations

import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

_RESAMPLES = 2_000
_SEED = 20_261_127
_CONFIDENCE = 0.95
MIN_SAMPLES = 3
"""Below this many runs on either side an interval would say nothing."""


@dataclass(frozen=True)
class Interval:
    """Where a figure lies with 95 % confidence."""

    low: float
    high: float


@dataclass(frozen=True)
class Contrast:
    """Group B against group A: differences and ratios of their medians."""

    median_a: float | None
    median_b: float | None
    delta: float | None
    ratio: float | None
    delta_interval: Interval | None = None
    """``None`` with fewer than three runs on a side."""
    ratio_interval: Interval | None = None
    """Also ``None`` when a resampled median of A is 0."""

    @property
    def certain(self) -> bool:
        """Whether the interval of the difference leaves out 0."""
        interval = self.delta_interval
        return interval is not None and (interval.low > 0 or interval.high < 0)


def quantile(values: Sequence[float], share: float) -> float | None:
    """The value below which ``share`` of them lie, by linear interpolation; ``None`` of none."""
    if not values:
        return None
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def contrast(group_a: Sequence[float], group_b: Sequence[float]) -> Contrast:
    """Medians of both, difference and ratio, and their percentile-bootstrap intervals.

    Each group is resampled with replacement 2,000 times, on its own; the 2.5 % and 97.5 % quantiles of the
    resampled differences are the interval (Efron's percentile method). The generator has a fixed seed: the
    same runs give the same interval.
    """
    if not group_a or not group_b:
        return Contrast(_median(group_a), _median(group_b), None, None)
    median_a, median_b = statistics.median(group_a), statistics.median(group_b)
    ratio = median_b / median_a if median_a else None
    if min(len(group_a), len(group_b)) < MIN_SAMPLES:
        return Contrast(median_a, median_b, median_b - median_a, ratio)
    pairs = _resampled_medians(group_a, group_b)
    deltas = [b - a for a, b in pairs]
    ratios = [b / a for a, b in pairs if a]
    return Contrast(
        median_a,
        median_b,
        median_b - median_a,
        ratio,
        _interval(deltas),
        _interval(ratios) if len(ratios) == len(pairs) else None,
    )


def _resampled_medians(group_a: Sequence[float], group_b: Sequence[float]) -> list[tuple[float, float]]:
    # Not for secrets: the seed is fixed so that the answer is.
    generator = random.Random(_SEED)  # noqa: S311
    return [
        (
            statistics.median(generator.choices(group_a, k=len(group_a))),
            statistics.median(generator.choices(group_b, k=len(group_b))),
        )
        for _ in range(_RESAMPLES)
    ]


def _interval(values: Sequence[float]) -> Interval | None:
    tail = (1 - _CONFIDENCE) / 2
    low, high = quantile(values, tail), quantile(values, 1 - tail)
    return None if low is None or high is None else Interval(low, high)


def _median(values: Sequence[float]) -> float | None:
    return statistics.median(values) if values else None
