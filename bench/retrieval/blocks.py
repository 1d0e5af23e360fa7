"""Makes the weights of ``journeyman.context.pack.weights`` from the dev data, and prints them.

``python -m bench.retrieval.blocks --data FOLDER --mirrors FOLDER [--cache FOLDER] [--source NAME ...]
[--held-out NAME]``

The changed lines of a task are drawn from the characters of its candidate blocks: a block's chance is its
number of characters times the exponential of its weighted signals. The weights maximise the likelihood of
the lines that really changed, with a pull towards 0; changed lines of tests count a twentieth, so that tests
are not packed away. To fill a budget by value for each character is then to expect the most. Each step of the
fit takes a quarter of the tasks; the result is the mean of the last steps.

``--source dev dev_several dev_more`` takes the tasks of those files: the shipped weights are made so.
``--held-out dev`` makes the packs of the tasks of ``dev.jsonl`` with weights that the other repositories
gave, and with the shipped ones (in sample), and prints what both hold. A fit of 700 tasks takes a minute in
plain Python.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from multiprocessing import Pool
from operator import mul
from pathlib import Path

from bench.retrieval.corpus import Mirror, Ranges, Record, changed_ranges, data_parser, read_records
from bench.retrieval.table import PACKS_HEAD, Held, pack_row, packs_of, text_of
from bench.retrieval.tasks import indexed
from journeyman.context.index.view import Index
from journeyman.context.pack.blocks import block_signals, scene_of
from journeyman.context.pack.weights import BLOCKS
from journeyman.context.rank.fuse import rank

_FILES, _TESTS, _PULL, _STEPS, _RATE = 25, 0.05, 0.01, 160, 0.05
_PARTS, _LAST = 4, 20
_NUMBER_CHARACTERS = 6


@dataclass(frozen=True)
class Choice:
    """One candidate block: signals, the logarithm of its characters, its share of what changed."""

    signals: tuple[float, ...]
    size: float
    share: float


def share_of(ranges: Ranges, path: str, first: int, last: int) -> float:
    """The share of some lines that a block holds."""
    total = sum(end - start + 1 for pairs in ranges.values() for start, end in pairs)
    held = sum(max(0, min(end, last) - max(start, first) + 1) for start, end in ranges.get(path, ()))
    return held / total if total else 0.0


def choices(record: Record, index: Index, mirror: Mirror) -> list[Choice]:
    """The candidate blocks of a task."""
    read = partial(text_of, mirror, index, {})
    tests = changed_ranges(mirror, record.parent, record.sha, record.gold_tests) if record.gold_tests else {}
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
    mean, square, last = list(weights), list(weights), list(weights)
    for step in range(_STEPS):
        part = tasks[step % _PARTS :: _PARTS]
        gradient = [-_PULL * len(part) * weight for weight in weights]
        for task in part:
            _add_gradient(task, weights, gradient)
        for at, slope in enumerate(value / len(part) for value in gradient):
            mean[at] = 0.9 * mean[at] + 0.1 * slope
            square[at] = 0.99 * square[at] + 0.01 * slope * slope
            weights[at] += _RATE * mean[at] / (math.sqrt(square[at]) + 1e-8)
            last[at] += weights[at] / _LAST if step >= _STEPS - _LAST else 0.0
    return last


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


Job = tuple[list[Record], Path, Path]
"""The tasks of one repository, the mirrors, the cache."""


def tasks_of(job: Job) -> list[list[Choice]]:
    """The tasks of one repository of which any candidate block changed."""
    every = [choices(*one) for one in indexed(*job)]
    return [found for found in every if any(choice.share for choice in found)]


def packs_by(job: tuple[Job, list[float], int]) -> list[Held]:
    """What the packs of one repository hold that some weights make."""
    (records, mirrors, cache), weights, budget = job
    BLOCKS.update(zip(BLOCKS, weights, strict=True))
    rows = packs_of(records, mirrors, cache, budget)
    return [held for title, held in rows if title.endswith("filled")]


def show_held_out(jobs: list[Job], tasks: list[list[list[Choice]]], name: str, budget: int) -> None:
    """Packs of one file's tasks by weights of other repositories, and by the shipped ones."""
    others = [[task for n, part in enumerate(tasks) if n != at for task in part] for at in range(len(jobs))]
    of_file: list[Job] = [
        ([r for r in records if r.source == name], mirrors, cache) for records, mirrors, cache in jobs
    ]
    with Pool() as pool:
        held_out = pool.map(fit, others, chunksize=1)
        print(PACKS_HEAD)
        for title, weights in (("held out", held_out), ("in sample", [list(BLOCKS.values())] * len(jobs))):
            made = pool.map(
                packs_by,
                [(one, own, budget) for one, own in zip(of_file, weights, strict=True) if one[0]],
                chunksize=1,
            )
            print(pack_row(title, [held for part in made for held in part]), flush=True)


def main() -> None:
    parser = data_parser(__doc__)
    parser.add_argument("--source", nargs="+", help="only tasks of these files, named without ending")
    parser.add_argument("--held-out", metavar="NAME", help="show packs of this file's tasks")
    parser.add_argument("--budget", type=int, default=8000)
    options = parser.parse_args()
    files = sorted(options.data.glob("*.jsonl"))
    records = read_records([file for file in files if file.stem in (options.source or [file.stem])])
    repos = sorted({record.repo for record in records})
    jobs = [([r for r in records if r.repo == repo], options.mirrors, options.cache) for repo in repos]
    with Pool() as pool:
        tasks = pool.map(tasks_of, jobs, chunksize=1)
    if options.held_out:
        show_held_out(jobs, tasks, options.held_out, options.budget)
    fitted = fit([task for part in tasks for task in part])
    print("BLOCKS", {name: round(weight, 2) + 0.0 for name, weight in zip(BLOCKS, fitted, strict=True)})


if __name__ == "__main__":
    main()
