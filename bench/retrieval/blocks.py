"""Makes the weights of ``journeyman.context.pack.weights`` from the dev data, and prints them.

``python -m bench.retrieval.blocks --data FOLDER --mirrors FOLDER [--cache FOLDER]``

The changed lines of a task are drawn from the characters of its candidate blocks: a block's chance is its
number of characters times the exponential of its weighted signals. The weights maximise the likelihood of
the lines that really changed, with a pull towards 0; changed lines of tests count a twentieth, so that tests
are not packed away. To fill a budget by value for each character is then to expect the most.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import partial
from operator import mul

from bench.retrieval.corpus import Mirror, Record, data_parser, read_records
from bench.retrieval.table import text_of
from bench.retrieval.tasks import indexed
from journeyman.context.index.view import Index
from journeyman.context.pack.blocks import block_signals, scene_of
from journeyman.context.pack.weights import BLOCKS
from journeyman.context.rank.fuse import rank

_FILES, _TESTS, _PULL, _EPOCHS, _RATE = 25, 0.05, 0.01, 150, 0.05
_NUMBER_CHARACTERS = 6
_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? ")
Ranges = dict[str, list[list[int]]]


@dataclass(frozen=True)
class Choice:
    """One candidate block: signals, the logarithm of its characters, its share of what changed."""

    signals: tuple[float, ...]
    size: float
    share: float


def changed_tests(mirror: Mirror, record: Record) -> Ranges:
    """Changed lines of tests, at the parent."""
    told = mirror.git(
        "diff", "-U0", "--no-renames", "--no-ext-diff", record.parent, record.sha, "--", *record.gold_tests
    )
    found: Ranges = {}
    path = ""
    for line in told.decode("utf-8", "replace").split("\n"):
        if line.startswith("--- "):
            path = line.removeprefix("--- a/")
        elif hunk := _HUNK.match(line):
            first, count = int(hunk[1]), int(hunk[2] or 1)
            found.setdefault(path, []).append([max(1, first), first + max(count - 1, 0 if count else 1)])
    return found


def share_of(ranges: Ranges, path: str, first: int, last: int) -> float:
    """The share of some lines that a block holds."""
    total = sum(end - start + 1 for pairs in ranges.values() for start, end in pairs)
    held = sum(max(0, min(end, last) - max(start, first) + 1) for start, end in ranges.get(path, ()))
    return held / total if total else 0.0


def choices(record: Record, index: Index, mirror: Mirror) -> list[Choice]:
    """The candidate blocks of a task."""
    read = partial(text_of, mirror, index, {})
    tests = changed_tests(mirror, record) if record.gold_tests else {}
    ranking = rank(index, record.query)
    files = ranking.files[:_FILES]
    scene, found = scene_of(index, ranking, files, read), []
    for place, file in enumerate(files):
        kind, facts, lines = index.files[file.number].kind, index.facts(file.number), read(file.number)
        for first, last, _, signals in block_signals(file, place, kind, facts, lines, scene):
            size = sum(len(line) + _NUMBER_CHARACTERS for line in lines[first - 1 : last])
            share = share_of(record.gold_ranges, file.path, first, last)
            share += _TESTS * share_of(tests, file.path, first, last)
            found.append(Choice(tuple(signals[name] for name in BLOCKS), math.log(size), share))
    return found


def fit(tasks: list[list[Choice]]) -> list[float]:
    """The likeliest weights, by gradient ascent."""
    weights = [0.0] * len(BLOCKS)
    mean, square = list(weights), list(weights)
    for _ in range(_EPOCHS):
        gradient = [-_PULL * len(tasks) * weight for weight in weights]
        for task in tasks:
            _add_gradient(task, weights, gradient)
        for at, slope in enumerate(value / len(tasks) for value in gradient):
            mean[at] = 0.9 * mean[at] + 0.1 * slope
            square[at] = 0.99 * square[at] + 0.01 * slope * slope
            weights[at] += _RATE * mean[at] / (math.sqrt(square[at]) + 1e-8)
    return weights


def _add_gradient(task: list[Choice], weights: list[float], gradient: list[float]) -> None:
    logits = [sum(map(mul, weights, choice.signals)) + choice.size for choice in task]
    top = max(logits)
    powers = [math.exp(value - top) for value in logits]
    total, wanted = sum(powers), sum(choice.share for choice in task)
    for power, choice in zip(powers, task, strict=True):
        slope = choice.share - wanted * power / total
        if abs(slope) > 1e-6:
            for at, value in enumerate(choice.signals):
                gradient[at] += slope * value


def main() -> None:
    options = data_parser(__doc__).parse_args()
    records = read_records(sorted(options.data.glob("*.jsonl")))
    repos = sorted({record.repo for record in records})
    jobs = [[record for record in records if record.repo == repo] for repo in repos]
    every = [choices(*one) for job in jobs for one in indexed(job, options.mirrors, options.cache)]
    tasks = [found for found in every if any(choice.share for choice in found)]
    print("BLOCKS", {name: round(weight, 2) for name, weight in zip(BLOCKS, fit(tasks), strict=True)})


if __name__ == "__main__":
    main()
