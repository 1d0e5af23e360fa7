"""Fitting the signals' weights, and scoring an order of files: plain Python, the same each time.

The score of a file is its kind's weight times the weighted sum of its signals, each by its largest value; the
signals have weights for short texts and for long ones, and a text between gets a mixture. The weights
maximise the likelihood of the changed files in a softmax over the logarithms of scores, with a pull towards
1; changed tests count a little, so that they are not ranked away.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

KINDS = ("source", "test", "config", "doc", "example", "generated", "vendored", "data")
_KIND_START = (1.0, 0.5, 0.4, 0.15, 0.3, 0.3, 0.2, 0.2)
_SHARPNESS, _PULL, _TESTS, _RATE = 6.0, 0.02, 0.002, 0.1
_CANDIDATES = 100
_SLIGHT = 1e-5
"""A slope that moves nothing."""


@dataclass(frozen=True)
class Candidate:
    """One file of one task: its signals by their numbers, and what it is."""

    path: str
    kind: int
    signals: tuple[tuple[int, float], ...]
    gold: bool
    test: bool


@dataclass(frozen=True)
class Example:
    """One task."""

    source: str
    repo: str
    lang: str
    length: float
    """Of the text, from 0 to 1."""
    least: tuple[float, ...]
    """What each kind is worth at least, because the title speaks of it."""
    candidates: tuple[Candidate, ...]
    golds: int
    tests: int


@dataclass(frozen=True)
class Weights:
    """Of signals in short texts and in long ones, and of kinds."""

    short: tuple[float, ...]
    long: tuple[float, ...]
    kinds: tuple[float, ...]

    def signals(self, length: float) -> list[float]:
        """Of the signals in a text of some length."""
        pairs = zip(self.short, self.long, strict=True)
        return [short ** (1 - length) * long**length for short, long in pairs]


def fit(examples: Sequence[Example], signals: int, epochs: int = 60) -> Weights:
    """The weights that put what really changed first."""
    kinds = 2 * signals
    theta = [0.0] * kinds + [math.log(value) for value in _KIND_START]
    start = list(theta)
    mean, square = [0.0] * len(theta), [0.0] * len(theta)
    tasks = [(e.length, _trimmed(e)) for e in examples if any(c.gold for c in e.candidates)]
    for _ in range(epochs):
        gradient = [0.0] * len(theta)
        for length, task in tasks:
            mixed = [(1 - length) * theta[at] + length * theta[signals + at] for at in range(signals)]
            own = [0.0] * signals + gradient[kinds:]
            _add_gradient(task, list(map(math.exp, mixed)), mixed + theta[kinds:], signals, own)
            for at in range(signals):
                gradient[at] += (1 - length) * own[at]
                gradient[signals + at] += length * own[at]
            gradient[kinds:] = own[signals:]
        for at in range(len(theta)):
            slope = gradient[at] / len(tasks) - _PULL * (theta[at] - start[at])
            mean[at] = 0.9 * mean[at] + 0.1 * slope
            square[at] = 0.99 * square[at] + 0.01 * slope * slope
            theta[at] += _RATE * mean[at] / (math.sqrt(square[at]) + 1e-8)
        theta[kinds] = 0.0  # a source counts 1
    values = tuple(map(math.exp, theta))
    return Weights(values[:signals], values[signals:kinds], values[kinds:])


def _trimmed(example: Example) -> list[Candidate]:
    by_sum = sorted(example.candidates, key=lambda c: -sum(value for _, value in c.signals))
    rest = [c for c in by_sum[_CANDIDATES:] if c.gold or c.test]
    return by_sum[:_CANDIDATES] + rest


def _add_gradient(
    task: list[Candidate], weights: list[float], theta: list[float], signals: int, gradient: list[float]
) -> None:
    sums = [sum(weights[at] * value for at, value in c.signals) + 1e-6 for c in task]
    logits = [
        _SHARPNESS * (math.log(total) + theta[signals + c.kind]) for total, c in zip(sums, task, strict=True)
    ]
    top = max(logits)
    powers = [math.exp(value - top) for value in logits]
    others = sum(power for power, c in zip(powers, task, strict=True) if not c.gold and not c.test)
    slopes, pushed = [0.0] * len(task), 0.0
    for wanted, share in ((True, 1.0), (False, _TESTS)):
        targets = [at for at, c in enumerate(task) if (c.gold if wanted else c.test and not c.gold)]
        for target in targets:
            rate = share * _SHARPNESS / len(targets)
            total = others + powers[target]
            slopes[target] += rate * (1 - powers[target] / total)
            pushed += rate / total
    for own, total, power, c in zip(slopes, sums, powers, task, strict=True):
        slope = own if c.gold or c.test else -pushed * power
        if abs(slope) > _SLIGHT:
            gradient[signals + c.kind] += slope
            for at, value in c.signals:
                gradient[at] += slope / total * value * weights[at]


def order(example: Example, weights: Weights, without: int | None = None) -> list[Candidate]:
    """The task's files, best first."""

    signals = weights.signals(example.length)
    kinds = list(map(max, weights.kinds, example.least))

    def score(c: Candidate) -> float:
        total = sum(signals[at] * value for at, value in c.signals if at != without)
        return total * kinds[c.kind]

    return sorted(example.candidates, key=lambda c: (-score(c), c.path))


def measures(example: Example, ranked: list[Candidate]) -> dict[str, float | None]:
    """Recall, all-in-first-k and tests of one order."""
    gold = [place for place, c in enumerate(ranked) if c.gold]
    found: dict[str, float | None] = {
        f"recall@{k}": sum(place < k for place in gold) / example.golds for k in (5, 10, 20)
    }
    for k in (1, 5, 10):
        found[f"all@{k}"] = float(sum(place < k for place in gold) == example.golds)
    found["mrr"] = 1 / (gold[0] + 1) if gold else 0.0
    tests = sum(c.test for c in ranked[:20])
    found["tests@20"] = tests / example.tests if example.tests else None
    return found


def folds(examples: Sequence[Example], count: int) -> list[tuple[list[Example], list[Example]]]:
    """Training and test parts, whole repositories in each."""
    repos = sorted({example.repo for example in examples})
    parts = [set(repos[at::count]) for at in range(min(count, len(repos)))]
    return [
        ([e for e in examples if e.repo not in part], [e for e in examples if e.repo in part])
        for part in parts
    ]
