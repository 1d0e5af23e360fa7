"""Stretches of lines that are worth showing, each with its value; pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from journeyman.context.index.kinds import FileKind
from journeyman.context.index.segment import Facts
from journeyman.context.index.view import Index
from journeyman.context.index.words import WORD, terms_of
from journeyman.context.pack.leads import Leads, leads_of
from journeyman.context.pack.weights import BLOCKS
from journeyman.context.rank.features import Words
from journeyman.context.rank.fuse import RankedFile, Ranking
from journeyman.context.rank.query import weighted_terms

_LONGEST = 70
_WINDOW = 30
_MARGIN_LINES = 2
_SMOOTHING = 0.4
_FLOOR = 0.05
_FRAMED = 1.5


@dataclass(frozen=True)
class Block:
    """Lines of one file. ``first`` and ``last`` are inclusive and count from 1."""

    path: str
    first: int
    last: int
    value: float
    """Of each of its characters, not of all of them."""
    name: str = ""


@dataclass(frozen=True)
class Scene:
    """What the blocks of all files are measured by."""

    ranking: Ranking
    best: float
    """The highest score of a file, and of a chunk."""
    loudest: float
    terms: dict[str, float]
    title: dict[str, float]
    wanted: frozenset[str]
    """Names that the task may mean, in lower case."""
    leads: Leads


def scene_of(
    index: Index, ranking: Ranking, files: tuple[RankedFile, ...], read: Callable[[int], list[str]]
) -> Scene:
    """What to measure the blocks of some files by; ``read`` gives a file's lines."""
    words, query = Words(index), ranking.query
    scores = (value for f in files for value in ranking.evidence.chunks.get(f.number, {}).values())
    wanted = frozenset(name.lower() for name in (*query.names, *WORD.findall(query.title)))
    return Scene(
        ranking,
        max((file.score for file in files), default=0.0),
        max(scores, default=0.0) or 1.0,
        {term: weight * words.idf(term) for term, weight in weighted_terms(query).items()},
        {term: words.idf(term) for term in query.title_terms},
        wanted,
        leads_of(index, files, ranking.evidence.chunks, wanted, read),
    )


def blocks_of(
    file: RankedFile, place: int, kind: FileKind, facts: Facts, lines: list[str], scene: Scene
) -> list[Block]:
    """The blocks of a file, most valuable first; ``place`` is the file's, from 0."""
    framed = scene.ranking.evidence.framed.get(file.number, [])
    found = [
        Block(
            file.path,
            first,
            last,
            math.exp(math.fsum(BLOCKS[signal] * value for signal, value in signals.items()))
            * (_FRAMED if any(first <= line <= last for line in framed) else 1.0),
            name,
        )
        for first, last, name, signals in block_signals(file, place, kind, facts, lines, scene)
    ]
    return sorted(found, key=lambda block: (-block.value, block.first))


def block_signals(
    file: RankedFile, place: int, kind: FileKind, facts: Facts, lines: list[str], scene: Scene
) -> Iterator[tuple[int, int, str, dict[str, float]]]:
    """First line, last line, name and signals of each block; ``BLOCKS`` weighs them."""
    if file.score <= 0 or scene.best <= 0:
        return
    scores = scene.ranking.evidence.chunks.get(file.number, {})
    loudest = max(scores.values(), default=0.0) or 1.0
    around = [scores.get(at - 1, 0.0) + scores.get(at + 1, 0.0) for at in range(len(facts.chunks))]
    smooth = [scores.get(at, 0.0) + _SMOOTHING * near for at, near in enumerate(around)]
    places = {at: n for n, at in enumerate(sorted(range(len(smooth)), key=lambda at: (-smooth[at], at)))}
    of_file = {
        "score": math.log(file.score / scene.best),
        "place": math.log1p(place),
        "test": float(kind is FileKind.TEST),
        "other": float(kind not in {FileKind.TEST, FileKind.SOURCE}),
        "lines": math.log(len(lines) + 1),
        "chunks": math.log(len(facts.chunks) + 1),
    }
    leads = scene.leads
    parent, line = _place_of_lead(file.number, facts, smooth, leads)
    for at, (ranges, name) in enumerate(facts.chunks):
        own = name.rsplit(".", 1)[-1]
        score = scores.get(at, 0.0)
        of_chunk = of_file | {
            "in_file": math.log(score / loudest + _FLOOR),
            "chunk": math.log(score / scene.loudest + _FLOOR),
            "silent": float(score == 0),
            "around": math.log(around[at] / 2 / scene.loudest + _FLOOR),
            "order": math.log1p(places[at]),
            "named": float(own.lower() in scene.wanted),
            "title": _title_share(own, scene.title),
            "owner": _title_share(name.rpartition(".")[0].rsplit(".", 1)[-1], scene.title),
            "called": 0.0 if leads.is_first(file.number, at) else leads.called(own),
            "sibling": float(parent in {name, name.rpartition(".")[0]} - {""}),
            "far": math.log1p(abs(ranges[0][0] - line) / 10),
        }
        for first, last, spoken in _cut(ranges, lines, scene.terms):
            of_lines = {
                "spoken": math.log(spoken + 0.1),
                "size": math.log(last - first + 1),
                "calls": leads.calls("\n".join(lines[first - 1 : last]), own),
            }
            yield first, last, name, of_chunk | of_lines


def _place_of_lead(number: int, facts: Facts, smooth: list[float], leads: Leads) -> tuple[str, int]:
    """Parent's name and first line of the definition that speaks most for a file."""
    lead = leads.by_file.get(number)
    if lead is not None:
        return lead.name.rpartition(".")[0], lead.line
    if not smooth:
        return "", 0
    ranges, name = facts.chunks[max(range(len(smooth)), key=lambda at: (smooth[at], -at))]
    return name.rpartition(".")[0], ranges[0][0]


def _title_share(name: str, title: dict[str, float]) -> float:
    """How much of the title a name says."""
    held = math.fsum(title.get(term, 0.0) for term in dict.fromkeys(terms_of(name)))
    return min(1.0, held / (math.fsum(title.values()) or 1.0))


def _cut(
    ranges: tuple[tuple[int, int], ...], lines: list[str], terms: dict[str, float]
) -> Iterator[tuple[int, int, float]]:
    """A chunk's stretches, the long ones in windows; each with what it says of the task, 1 for the most."""
    for first, end in ranges:
        last = min(end, len(lines))  # the file may have shrunk since
        if first > last or not any(line.strip() for line in lines[first - 1 : last]):
            continue
        count = last - first + 1
        if count <= _LONGEST:
            yield first, last, 0.9
            continue
        size = math.ceil(count / math.ceil(count / _WINDOW))
        windows = [(start, min(last, start + size - 1)) for start in range(first, last + 1, size)]
        spoken = [_spoken(lines[start - 1 : stop], terms) for start, stop in windows]
        top = max(spoken) or 1.0
        yield from ((start, stop, said / top) for (start, stop), said in zip(windows, spoken, strict=True))


def _spoken(lines: list[str], terms: dict[str, float]) -> float:
    """How much of the task's words some lines hold."""
    held = {term for word in set(WORD.findall("\n".join(lines))) for term in terms_of(word)}
    return math.fsum(terms[term] for term in held if term in terms)  # the same in whatever order


def widened(first: int, last: int, count: int) -> tuple[int, int]:
    """A block with a few lines around it."""
    return max(1, first - _MARGIN_LINES), min(count, last + _MARGIN_LINES)
