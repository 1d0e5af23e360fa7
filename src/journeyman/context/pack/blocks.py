"""Stretches of lines that are worth showing, each with its value; pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from journeyman.context.index.segment import Facts
from journeyman.context.index.words import WORD, terms_of
from journeyman.context.rank.fuse import RankedFile, Ranking

_LONGEST = 70
_WINDOW = 45
_STEP = 15
_MARGIN_LINES = 4
_FADING = 0.97
_SMOOTHING = 0.4
_POWER = 3.0
_NAMED = 1.3
_FRAMED = 1.5


@dataclass(frozen=True)
class Block:
    """Lines of one file. ``first`` and ``last`` are inclusive and count from 1."""

    path: str
    first: int
    last: int
    value: float
    name: str = ""


def blocks_of(
    file: RankedFile, ranking: Ranking, facts: Facts, lines: list[str], best: float, terms: dict[str, float]
) -> list[Block]:
    """The blocks of a file, most valuable first. ``best`` is the highest file score there is."""
    scores = ranking.evidence.chunks.get(file.number, {})
    framed = ranking.evidence.framed.get(file.number, [])
    wanted = {name.lower() for name in ranking.query.names} | {
        word.lower() for word in WORD.findall(ranking.query.title)
    }
    smooth = {
        number: scores.get(number, 0.0)
        + _SMOOTHING * (scores.get(number - 1, 0.0) + scores.get(number + 1, 0.0))
        for number in range(len(facts.chunks))
    }
    weight = (file.score / best) ** _POWER if best else 0.0
    found: list[Block] = []
    order = sorted(smooth, key=lambda number: (-smooth[number], number))
    for place, number in enumerate(order):
        ranges, name = facts.chunks[number]
        value = weight * smooth[number] * _FADING**place
        if name and name.rsplit(".", 1)[-1].lower() in wanted:
            value *= _NAMED
        if any(first <= line <= last for line in framed for first, last in ranges):
            value *= _FRAMED
        if value > 0:
            found += _cut(file.path, ranges, value, name, lines, terms)
    return sorted(found, key=lambda block: (-block.value, block.first))


def _cut(
    path: str,
    ranges: tuple[tuple[int, int], ...],
    value: float,
    name: str,
    lines: list[str],
    terms: dict[str, float],
) -> list[Block]:
    """A chunk as blocks; of a long one its head and the windows that speak of the task."""
    blocks = []
    for first, last in ranges:
        last = min(last, len(lines))  # noqa: PLW2901 - the file may have shrunk since
        if first > last or not any(line.strip() for line in lines[first - 1 : last]):
            continue
        if last - first < _LONGEST:
            blocks.append(Block(path, first, last, value, name))
            continue
        windows = []
        spoken = [_spoken(line, terms) for line in lines[first - 1 : last]]
        for start in range(first, last + 1, _STEP):
            end = min(last, start + _WINDOW - 1)
            held = set[str]().union(*spoken[start - first : end - first + 1])
            # The same sum in whatever order.
            windows.append((math.fsum(terms[term] for term in held), start, end))
            if end == last:
                break
        top = max(score for score, _, _ in windows) or 1.0
        blocks.append(Block(path, first, min(last, first + 2), value, name))
        taken: list[tuple[int, int]] = []
        for score, start, end in sorted(windows, key=lambda window: (-window[0], window[1])):
            if all(end < begin or start > stop for begin, stop in taken):
                taken.append((start, end))
                blocks.append(Block(path, start, end, value * (score / top) ** 2, name))
    return blocks


def _spoken(line: str, terms: dict[str, float]) -> set[str]:
    """The task's words that a line holds."""
    return {term for word in WORD.findall(line) for term in terms_of(word) if term in terms}


def widened(first: int, last: int, count: int) -> tuple[int, int]:
    """A block with a few lines around it."""
    return max(1, first - _MARGIN_LINES), min(count, last + _MARGIN_LINES)
