"""Without a plan: a few lines of what changes along. A changelog's head, a test's head, export lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from journeyman.context.index.kinds import EXPORTERS, FileKind
from journeyman.context.pack.companions import CHANGELOG_LINES, changelog_of
from journeyman.context.pack.filling import Filling
from journeyman.context.rank.fuse import Ranking

_TEST_PLACES, _TEST_LINES = 20, 15
_EXPORTED_FILES, _EXPORT_LINES = 3, 8


def add_heads(filling: Filling, ranking: Ranking) -> None:
    """Add them to a pack, each where there is room for it."""
    for number, first, last in (*_exports(filling, ranking), *_test_head(filling, ranking)):
        filling.add(number, first, last)
    changelog = changelog_of(filling.index)
    if changelog is not None:
        filling.add(changelog, 1, CHANGELOG_LINES)


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
        for exporter in index.in_folder(str(path.parent), EXPORTERS):
            if exporter == file.number:
                continue
            lines = enumerate(filling.read(exporter), start=1)
            told = [number for number, line in lines if module.search(line)]
            yield from ((exporter, line, line) for line in told[:_EXPORT_LINES])
