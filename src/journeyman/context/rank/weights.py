"""What each signal is worth. Made by ``bench/retrieval/train.py`` from the dev data alone; see its docstring."""

from __future__ import annotations

from journeyman.context.index.kinds import FileKind

FIRST: dict[str, float] = {'chunk': 0.91, 'defines': 0.74, 'exact': 0.51, 'frame': 0.97, 'mention': 1.69, 'path': 1.55, 'phrase': 0.71, 'recent': 2.11, 'second': 0.6, 'title': 2.35, 'voted': 0.68, 'voted_body': 0.8}
"""Of the signals that a file has by itself: they choose the seeds."""

KINDS: dict[FileKind, float] = {
    FileKind.SOURCE: 1.0, FileKind.TEST: 0.6, FileKind.CONFIG: 0.5, FileKind.DOC: 0.15, FileKind.EXAMPLE: 0.3,
    FileKind.GENERATED: 0.4, FileKind.VENDORED: 0.2, FileKind.DATA: 0.2,
}
ALL: dict[str, float] = dict(FIRST)
"""Of all signals together."""
