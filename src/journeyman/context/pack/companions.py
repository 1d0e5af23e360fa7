"""Files that change along with those that a plan names: their tests, stubs, export lists, the changelog."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from journeyman.context.index.kinds import EXPORTERS, FileKind
from journeyman.context.index.segment import DEFINES
from journeyman.context.index.view import Index
from journeyman.context.rank.neighbours import related_paths

_CHANGELOG = re.compile(
    r"(changes|changelog|history|news|release[-_]?notes)(\.(md|rst|txt|adoc))?", re.IGNORECASE
)
CHANGELOG_LINES = 10
_COMMITS, _FEW_COMMITS, _LEAST_SHARE = 100, 5, 0.15
"""A changelog that so small a share of the last commits changed is kept by other means, where there are
more than a few to tell by."""
_STUBS = (".pyi", ".d.ts")
_MOST_NAMES = 40
_MOST_TESTS = 2


def changelog_of(index: Index) -> int | None:
    """The changelog nearest to the root, when commits are used to change it."""
    named = [
        (index.files[number].path.count("/"), number)
        for name, numbers in index.by_name.items()
        if _CHANGELOG.fullmatch(name)
        for number in numbers
    ]
    last = index.history[:_COMMITS]
    for _, number in sorted(named):
        times = sum(index.files[number].path in commit.paths for commit in last)
        if times >= _LEAST_SHARE * len(last) or len(last) < _FEW_COMMITS:
            return number
    return None


def companions(index: Index, planned: list[int]) -> list[int]:
    """Stubs that declare what the files define, what their packages export, and their tests."""
    sources = [number for number in planned if index.files[number].kind is FileKind.SOURCE]
    tests = [test for found in related_paths(index, sources).values() for test in found[:_MOST_TESTS]]
    every = dict.fromkeys((*_stubs(index, sources), *_exports(index, sources), *tests))
    return [number for number in every if number not in planned]


def _stubs(index: Index, sources: Iterable[int]) -> list[int]:
    """The stub that shares most names with each file."""
    found = []
    for number in sources:
        shared: Counter[int] = Counter()
        names = {symbol.name.lower() for symbol in index.facts(number).symbols if symbol.kind != "constant"}
        for name in sorted(names)[:_MOST_NAMES]:
            shared.update(set(index.posting(DEFINES + name)))
        stubs = [
            (-count, other) for other, count in shared.items() if index.files[other].path.endswith(_STUBS)
        ]
        found += [min(stubs)[1]] if stubs else []
    return found


def _exports(index: Index, sources: Iterable[int]) -> list[int]:
    folders = {index.files[number].path.rpartition("/")[0] or "." for number in sources}
    return [number for folder in sorted(folders) for number in sorted(index.in_folder(folder, EXPORTERS))]
