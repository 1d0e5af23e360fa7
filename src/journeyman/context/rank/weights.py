"""What each signal is worth. Made by ``bench/retrieval/train.py`` from the dev data alone: texts of commits
and of issues, and more commits of the same repositories; see its docstring.

The weights of kinds that the data hardly shows stayed near where they began.
"""

from __future__ import annotations

from journeyman.context.index.kinds import FileKind

FIRST: dict[str, float] = {
    "chunk": 1.14,
    "defines": 0.71,
    "exact": 0.67,
    "frame": 0.82,
    "joined": 0.94,
    "latest": 0.81,
    "mention": 1.53,
    "path": 1.78,
    "phrase": 0.82,
    "recent": 1.51,
    "second": 0.59,
    "title": 2.06,
    "voted": 0.77,
    "voted_body": 0.74,
}
"""Of the signals that a file has by itself: they choose the seeds."""

SHORT: dict[str, float] = {
    "chunk": 0.99,
    "defines": 1.27,
    "exact": 1.08,
    "frame": 1.01,
    "joined": 1.06,
    "latest": 1.08,
    "mention": 1.43,
    "path": 2.09,
    "phrase": 1.11,
    "recent": 0.81,
    "second": 0.64,
    "title": 1.82,
    "voted": 0.68,
    "voted_body": 0.69,
    "export": 0.93,
    "imported": 1.12,
    "importing": 0.7,
    "tests": 0.98,
    "together": 1.11,
    "twin": 0.55,
}
"""Of all signals together, for a text of few terms."""

LONG: dict[str, float] = {
    "chunk": 1.75,
    "defines": 0.72,
    "exact": 0.71,
    "frame": 0.9,
    "joined": 0.93,
    "latest": 0.78,
    "mention": 1.59,
    "path": 1.58,
    "phrase": 0.93,
    "recent": 0.76,
    "second": 1.07,
    "title": 2.19,
    "voted": 1.06,
    "voted_body": 0.99,
    "export": 0.97,
    "imported": 1.08,
    "importing": 0.69,
    "tests": 1.0,
    "together": 0.8,
    "twin": 0.76,
}
"""The same for a text of many."""

KINDS: dict[FileKind, float] = {
    FileKind.SOURCE: 1.0,
    FileKind.TEST: 0.39,
    FileKind.CONFIG: 0.49,
    FileKind.DOC: 0.15,
    FileKind.EXAMPLE: 0.3,
    FileKind.GENERATED: 0.3,
    FileKind.VENDORED: 0.2,
    FileKind.DATA: 0.2,
}
"""Of what a file is for."""
