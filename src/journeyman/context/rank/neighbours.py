"""What speaks for a file because of others: imports, commits that changed both, twins, tests."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePosixPath

from journeyman.context.index.kinds import FileKind, bare_stem
from journeyman.context.index.segment import IMPORTS
from journeyman.context.index.view import Index
from journeyman.context.rank.features import Evidence, Scores

_SEEDS = 8
_MOST_IMPORTERS = 200
_FADING = 0.998


def neighbour_signals(index: Index, scores: Scores, evidence: Evidence) -> dict[str, Scores]:
    """Signals from the files that are first by ``scores``."""
    seeds = sorted(scores, key=lambda number: (-scores[number], number))[:_SEEDS]
    top = scores[seeds[0]] if seeds else 1.0
    weights = {number: scores[number] / top for number in seeds if scores[number] > 0}
    signals: dict[str, Scores] = {"imported": {}, "importing": {}, "together": {}, "twin": {}, "tests": {}}
    told: dict[int, tuple[float, str]] = {}

    def add(name: str, number: int, value: float, why: str) -> None:
        signals[name][number] = signals[name].get(number, 0.0) + value
        if number not in told or told[number][0] < value:
            told[number] = (value, why)

    for seed, weight in weights.items():
        path = index.files[seed].path
        targets = [index.numbers[target] for target in index.imports(seed)]
        for target in targets:
            add("imported", target, weight / math.sqrt(len(targets)), f"imported by {path}")
        importers = _importers(index, seed)
        for importer in importers:
            name = "tests" if _is_test_of(index, importer, seed) else "importing"
            add(name, importer, weight / math.sqrt(len(importers)), f"imports {path}")
        for twin, value in _twins(index, seed):
            add("twin", twin, weight * value, f"sibling of {path}")
        for test in _tests_by_name(index, seed):
            add("tests", test, weight, f"tests {path}")
    _together(index, weights, lambda number, value, why: add("together", number, value, why))
    evidence.neighbours = {number: why for number, (_, why) in told.items()}
    return signals


def _importers(index: Index, number: int) -> tuple[int, ...]:
    """Files that import a file."""
    known = index.importers
    if number not in known:
        known[number] = tuple(_found_importers(index, number))
    return known[number]


def _found_importers(index: Index, number: int) -> Iterator[int]:
    path = index.files[number].path
    pure = PurePosixPath(path)
    stem = pure.name.split(".")[0]
    if stem in {"__init__", "index", "mod"} or pure.suffix == ".go":
        stem = pure.parent.name
    candidates = sorted(index.posting(IMPORTS + stem.lower()))[:_MOST_IMPORTERS]
    for candidate, names in zip(candidates, index.import_names(candidates), strict=True):
        source = index.files[candidate].path
        if candidate != number and any(
            path in index.resolver.resolve(source, name) for name in names if stem in name
        ):
            yield candidate


def _is_test_of(index: Index, test: int, number: int) -> bool:
    return index.files[test].kind is FileKind.TEST and index.files[number].kind is FileKind.SOURCE


def _tests_by_name(index: Index, number: int) -> list[int]:
    if index.files[number].kind is not FileKind.SOURCE:
        return []
    stem = bare_stem(index.files[number].path)
    if stem in {"", "__init__", "index", "mod", "main", "lib"}:
        stem = PurePosixPath(index.files[number].path).parent.name.lower()
    return [test for test in index.tests_by_stem.get(stem.strip("_"), ()) if test != number]


def _twins(index: Index, number: int) -> Iterator[tuple[int, float]]:
    """Files of the same name elsewhere, and of nearly the same name beside it."""
    path = index.files[number].path
    pure = PurePosixPath(path)
    for other in index.by_name.get(pure.name, ()):
        if other != number and pure.name not in {"__init__.py", "index.ts", "index.js", "mod.rs"}:
            yield other, _shared(path, index.files[other].path)
    own = set(bare_stem(path).split("_"))
    for other in index.by_folder.get(str(pure.parent), ()):
        if other != number and index.files[other].kind is index.files[number].kind:
            theirs = set(bare_stem(index.files[other].path).split("_"))
            common = len(own & theirs)
            if common:
                yield other, common / len(own | theirs)


def _shared(path: str, other: str) -> float:
    """How alike two paths are: the share of their parts that both have."""
    mine, theirs = set(PurePosixPath(path).parts), set(PurePosixPath(other).parts)
    return len(mine & theirs) / len(mine | theirs)


def _together(index: Index, weights: Scores, add: Callable[[int, float, str], None]) -> None:
    """Commits that changed a seed vote for what else they changed, the newer the more."""
    seeds = {index.files[number].path: number for number in weights}
    counts: dict[int, float] = dict.fromkeys(weights, 0.0)
    times: dict[int, int] = dict.fromkeys(weights, 0)
    pairs: dict[tuple[int, int], tuple[float, int]] = {}
    weight = 1.0
    for commit in index.history:
        weight *= _FADING
        held = [seeds[path] for path in commit.paths if path in seeds]
        if not held:
            continue
        others = [index.numbers[path] for path in commit.paths if path in index.numbers]
        for seed in held:
            counts[seed] += weight
            times[seed] += 1
            for other in others:
                if other != seed:
                    value, number = pairs.get((seed, other), (0.0, 0))
                    pairs[seed, other] = (value + weight / math.sqrt(len(others)), number + 1)
    for (seed, other), (value, number) in sorted(pairs.items()):
        share = value / (counts[seed] + 2.0)
        why = f"changed with {index.files[seed].path} in {number} of {times[seed]} commits"
        add(other, weights[seed] * share, why)


def related_paths(index: Index, numbers: Iterable[int]) -> dict[int, list[int]]:
    """Tests of files, by name and import, likeliest first."""
    found: dict[int, list[int]] = {}
    for number in numbers:
        named = _tests_by_name(index, number)
        importing = [other for other in _importers(index, number) if _is_test_of(index, other, number)]
        found[number] = list(dict.fromkeys((*named, *importing)))
    return found
