"""The places that a plan asks for by a name or a text: shown before what the ranking finds likely."""

from __future__ import annotations

import re
from collections.abc import Iterator

from journeyman.context.index.kinds import FileKind
from journeyman.context.index.segment import Facts
from journeyman.context.pack.companions import CHANGELOG_LINES, changelog_of, companions
from journeyman.context.pack.filling import Filling

_SHARE = 0.7
"""Of the room, at most so much goes to them."""
_AROUND = 10
_LONGEST = 60
_SMALL_LINES = 60
_HITS_BESIDE = 2
"""Of a text in a file that only goes with those of the plan."""
_MOST_HITS = 10
"""A text that stands more often in a file is shown so often."""


Chunks = dict[int, dict[int, float]]
"""Scores of a file's chunks, by its number and theirs."""


def show_places(filling: Filling, paths: tuple[str, ...], look_for: tuple[str, ...], chunks: Chunks) -> None:
    """Show where the texts stand in the files: definitions with such a name first, then other lines; and
    what mostly changes with the files, in few lines: of a test also the chunk that is most like the task.
    """
    least = filling.room * (1 - _SHARE)
    texts = [text.strip() for text in look_for if text.strip()]
    numbers = [filling.index.numbers[path] for path in paths if path in filling.index.numbers]
    found = [place for number in numbers for text in texts for place in _places(filling, number, text)]
    for _, number, first, last in sorted(found, key=lambda place: place[0]):
        if filling.room <= least:
            break
        filling.add(number, first, last)
    if numbers:
        _show_companions(filling, numbers, texts, chunks)


def _show_companions(filling: Filling, planned: list[int], texts: list[str], chunks: Chunks) -> None:
    changelog = changelog_of(filling.index)
    if changelog is not None and changelog not in planned:
        filling.add(changelog, 1, CHANGELOG_LINES)
    for number in companions(filling.index, planned):
        lines = filling.read(number)
        if len(lines) <= _SMALL_LINES:
            filling.add(number, 1, len(lines))
            continue
        for text in texts:
            for _, _, first, last in list(_places(filling, number, text))[:_HITS_BESIDE]:
                filling.add(number, first, last)
        if filling.index.files[number].kind is FileKind.TEST:
            _show_best(filling, number, chunks.get(number, {}))


def _show_best(filling: Filling, number: int, scores: dict[int, float]) -> None:
    facts = filling.index.facts(number)
    best = max(scores, key=lambda at: (scores[at], -at), default=None)
    for first, last in facts.chunks[best][0] if best is not None and best < len(facts.chunks) else ():
        filling.add(number, first, min(last, first + _LONGEST))


def _places(filling: Filling, number: int, text: str) -> Iterator[tuple[int, int, int, int]]:
    """How far from a definition (0 is one), file, first and last line of each place of a text."""
    lines, facts = filling.read(number), filling.index.facts(number)
    word = re.split(r"\W+", text.strip("()"))[-1]
    hits = [at for at, line in enumerate(lines, 1) if text in line]
    for count, at in enumerate(hits[:_MOST_HITS]):
        name, first, last = _enclosing(facts, at)
        defines = bool(word) and name.rsplit(".", 1)[-1] == word
        if last - first >= _LONGEST:
            first, last = max(first, at - _AROUND), min(last, at + _AROUND)
        yield (0 if defines else 1 + count), number, first - 2, last + 2


def _enclosing(facts: Facts, line: int) -> tuple[str, int, int]:
    """The name and the range of the chunk that holds a line."""
    for ranges, name in facts.chunks:
        for first, last in ranges:
            if first <= line <= last:
                return name, first, last
    return "", line - _AROUND, line + _AROUND
