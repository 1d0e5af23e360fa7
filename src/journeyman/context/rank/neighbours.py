"""What speaks for a file because of others: imports, commits that changed both, twins, tests."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import PurePosixPath

from journeyman.context.index.kinds import PACKAGE_FILES, FileKind, bare_stem
from journeyman.context.index.segment import IMPORTS
from journeyman.context.index.view import Index
from journeyman.context.rank.features import Evidence, Scores
from journeyman.context.rank.query import Query

_SEEDS = 8
_MOST_IMPORTERS = 200
_FADING = 0.9995
_PRIOR = 2.0
"""Commits that are thought to have changed a file without any other: few say little."""
_CHANGES_NAMES = re.compile(
    r"\b(add|adds|added|new|introduc\w+|expos\w+|export\w*|public|renam\w+|support|implement\w*|deprecat\w+"
    r"|remov\w+|feat|allow|mov\w+)\b",
    re.IGNORECASE,
)


_SIGNALS = ("imported", "importing", "together", "twin", "tests", "export")
Found = tuple[str, int, float, str]
"""A signal, the file that it is for, how much, and why."""


def neighbour_signals(index: Index, scores: Scores, evidence: Evidence, query: Query) -> dict[str, Scores]:
    """Signals from the files that are first by ``scores``."""
    seeds = sorted(scores, key=lambda number: (-scores[number], number))[:_SEEDS]
    top = scores[seeds[0]] if seeds else 1.0
    weights = {number: scores[number] / top for number in seeds if scores[number] > 0}
    signals: dict[str, Scores] = {name: {} for name in _SIGNALS}
    told: dict[int, tuple[float, str]] = {}
    new_names = _CHANGES_NAMES.search(query.title) is not None
    near = (
        found for seed, weight in weights.items() for found in _near(index, seed, weight, new_names=new_names)
    )
    for name, number, value, why in chain(near, _together(index, weights)):
        signals[name][number] = signals[name].get(number, 0.0) + value
        if number not in told or told[number][0] < value:
            told[number] = (value, why)
    evidence.neighbours = {number: why for number, (_, why) in told.items()}
    return signals


def _near(index: Index, seed: int, weight: float, *, new_names: bool) -> Iterator[Found]:
    """What the tree says of the files around one."""
    path = index.files[seed].path
    targets = [index.numbers[target] for target in index.imports(seed)]
    for target in targets:
        yield "imported", target, weight / math.sqrt(len(targets)), f"imported by {path}"
    importers = _importers(index, seed)
    for importer in importers:
        name = "tests" if _is_test_of(index, importer, seed) else "importing"
        yield name, importer, weight / math.sqrt(len(importers)), f"imports {path}"
    for twin, value in _twins(index, seed):
        yield "twin", twin, weight * value, f"sibling of {path}"
    for test in _tests_by_name(index, seed):
        yield "tests", test, weight, f"tests {path}"
    if new_names:
        for package, share in _package_files(index, seed):
            yield "export", package, weight * share, f"shows others what {path} defines"


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


def _package_files(index: Index, number: int) -> Iterator[tuple[int, float]]:
    """Files that export a source's names: its folder's and, half as much, the next folder's."""
    if index.files[number].kind is not FileKind.SOURCE:
        return
    for share, folder in zip((1.0, 0.5), PurePosixPath(index.files[number].path).parents, strict=False):
        for package in index.in_folder(str(folder), PACKAGE_FILES):
            if package != number:
                yield package, share


def _together(index: Index, weights: Scores) -> Iterator[Found]:
    """Commits that changed a seed vote for what else they changed, the newer and the smaller the more; what
    changes with everything gets less.
    """
    counts: dict[int, float] = {}
    times: dict[int, int] = dict.fromkeys(weights, 0)
    pairs: dict[tuple[int, int], tuple[float, int]] = {}
    weight = 1.0
    for commit in index.history:
        weight *= _FADING
        changed = [index.numbers[path] for path in commit.paths if path in index.numbers]
        for number in changed:
            counts[number] = counts.get(number, 0.0) + weight
        for seed in weights.keys() & changed:
            times[seed] += 1
            for other in changed:
                if other != seed:
                    value, number = pairs.get((seed, other), (0.0, 0))
                    pairs[seed, other] = (value + weight / math.sqrt(len(changed) - 1), number + 1)
    for (seed, other), (value, number) in sorted(pairs.items()):
        share = value / math.sqrt((counts[seed] + _PRIOR) * (counts[other] + _PRIOR))
        why = f"changed with {index.files[seed].path} in {number} of {times[seed]} commits"
        yield "together", other, weights[seed] * share, why


def related_paths(index: Index, numbers: Iterable[int]) -> dict[int, list[int]]:
    """Tests of files, by name and import, likeliest first."""
    found: dict[int, list[int]] = {}
    for number in numbers:
        named = _tests_by_name(index, number)
        importing = [other for other in _importers(index, number) if _is_test_of(index, other, number)]
        found[number] = list(dict.fromkeys((*named, *importing)))
    return found
