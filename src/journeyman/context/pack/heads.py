"""A few lines of files that change along with others: a changelog's head, a test's head, export lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from journeyman.context.index.kinds import FileKind
from journeyman.context.index.view import Index
from journeyman.context.pack.filling import Filling
from journeyman.context.rank.fuse import Ranking

_CHANGELOG = re.compile(
    r"^(changes|changelog|history|news|release[-_]?notes)(\.(md|rst|txt|adoc))?$", re.IGNORECASE
)
_CHANGELOG_LINES = 8
_COMMITS, _LEAST_SHARE = 100, 0.15
"""A changelog that so small a share of the last commits changed is kept by other means."""
_TEST_PLACES, _TEST_LINES = 20, 15
_EXPORTERS = ("__init__.py", "index.ts", "index.js", "mod.rs", "lib.rs")
_EXPORTED_FILES, _EXPORT_LINES = 3, 8


def add_heads(filling: Filling, ranking: Ranking) -> None:
    """Add them to a pack, each where there is room for it."""
    for number, first, last in (*_exports(filling, ranking), *_test_head(filling, ranking)):
        filling.add(number, first, last)
    changelog = changelog_of(filling.index)
    if changelog is not None:
        filling.add(changelog, 1, _CHANGELOG_LINES)


def changelog_of(index: Index) -> int | None:
    """The changelog nearest to the root, when commits are used to change it."""
    named = [number for number, file in enumerate(index.files) if _CHANGELOG.match(_name(file.path))]
    last = index.history[:_COMMITS]
    for number in sorted(named, key=lambda n: (index.files[n].path.count("/"), n)):
        times = sum(index.files[number].path in commit.paths for commit in last)
        if times and times >= _LEAST_SHARE * len(last):
            return number
    return None


def _name(path: str) -> str:
    return path.rsplit("/", 1)[-1]


def _test_head(filling: Filling, ranking: Ranking) -> Iterator[tuple[int, int, int]]:
    """Imports and what else is above the first function of the likeliest test."""
    index = filling.index
    for file in ranking.files[:_TEST_PLACES]:
        if index.files[file.number].kind is FileKind.TEST and file.score > 0:
            functions = (s.first for s in index.facts(file.number).symbols if s.kind == "function")
            last = min(next(functions, _TEST_LINES) - 1, _TEST_LINES)
            if last > 0:
                yield file.number, 1, last
            return


def _exports(filling: Filling, ranking: Ranking) -> Iterator[tuple[int, int, int]]:
    """The lines that export what the first files define."""
    index = filling.index
    sources = [file for file in ranking.files if index.files[file.number].kind is FileKind.SOURCE]
    for file in sources[:_EXPORTED_FILES]:
        path = PurePosixPath(file.path)
        module = re.compile(rf"\b{re.escape(path.stem)}\b")
        for name in _EXPORTERS:
            exporter = index.numbers.get(str(path.parent / name))
            if exporter is None or exporter == file.number:
                continue
            lines = enumerate(filling.read(exporter), start=1)
            told = [number for number, line in lines if module.search(line)]
            yield from ((exporter, line, line) for line in told[:_EXPORT_LINES])
