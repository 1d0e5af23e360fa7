"""What each signal is worth. Made by ``bench/retrieval/train.py`` from the dev data alone: texts of commits
and issues, changes of several files; see its docstring.

The weights of kinds that the data hardly shows stayed near where they began. ``FIRST`` is of an earlier fit,
with ``joined`` at 1: ``ALL`` was fitted on what the seeds that it chooses lead to.
"""

from __future__ import annotations

from journeyman.context.index.kinds import FileKind

FIRST: dict[str, float] = {
    "chunk": 1.01,
    "defines": 0.55,
    "exact": 0.55,
    "frame": 0.75,
    "joined": 1.0,
    "mention": 1.62,
    "path": 1.92,
    "phrase": 0.83,
    "recent": 1.84,
    "second": 0.72,
    "title": 2.4,
    "voted": 0.8,
    "voted_body": 0.67,
}
"""Of the signals that a file has by itself: they choose the seeds."""

ALL: dict[str, float] = {
    "chunk": 1.44,
    "defines": 0.73,
    "exact": 0.7,
    "frame": 0.84,
    "joined": 0.89,
    "mention": 1.94,
    "path": 1.93,
    "phrase": 0.92,
    "recent": 1.28,
    "second": 0.71,
    "title": 2.21,
    "voted": 0.89,
    "voted_body": 0.8,
    "export": 0.88,
    "imported": 1.22,
    "importing": 0.6,
    "tests": 0.97,
    "together": 1.02,
    "twin": 0.62,
}
"""Of all signals together."""

KINDS: dict[FileKind, float] = {
    FileKind.SOURCE: 1.0,
    FileKind.TEST: 0.39,
    FileKind.CONFIG: 0.52,
    FileKind.DOC: 0.15,
    FileKind.EXAMPLE: 0.3,
    FileKind.GENERATED: 0.3,
    FileKind.VENDORED: 0.2,
    FileKind.DATA: 0.2,
}
"""Of what a file is for."""
