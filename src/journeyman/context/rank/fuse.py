"""All signals fused to one order of files, with reasons a person can read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from journeyman.context.index.kinds import FileKind
from journeyman.context.index.view import Index
from journeyman.context.index.words import EXACT
from journeyman.context.rank.features import Evidence, Scores, word_signals
from journeyman.context.rank.neighbours import neighbour_signals
from journeyman.context.rank.query import Query, read_query
from journeyman.context.rank.weights import FIRST, KINDS, LONG, SHORT

_MOST_REASONS = 4
_MOST_WORDS = 4
_FEW_TERMS = 30
"""A text of more distinct terms says much."""
_SHORT_TERMS, _LONG_TERMS = 8, 64
"""A text of so few, and of so many, is weighed as such; one between by a mixture."""


@dataclass(frozen=True)
class RankedFile:
    """One file's place."""

    number: int
    path: str
    score: float
    """Between 0 and 1: a share of what the signals could say."""
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Ranking:
    """Files, best first, and what led to their order."""

    query: Query
    files: tuple[RankedFile, ...]
    evidence: Evidence


def rank(index: Index, task: str, least: int = 50) -> Ranking:
    """The files that a task may be about; all of them when there are fewer than ``least`` with a signal."""
    query = read_query(task)
    evidence = gather(index, query)
    scores = fuse(index, evidence.signals, signal_weights(query), query)
    for number in range(len(index.files)):
        if len(scores) >= least:
            break
        scores.setdefault(number, 0.0)
    # Numbers are in the order of paths, which decides between equal scores.
    order = sorted(sorted(scores), key=scores.__getitem__, reverse=True)
    spoken = query.spoken
    files = tuple(
        RankedFile(n, index.files[n].path, round(scores[n], 4), reasons(index, n, evidence, spoken))
        for n in order
    )
    return Ranking(query, files, evidence)


def gather(index: Index, query: Query) -> Evidence:
    """Every signal of a task. What changed lately helps to choose the seeds; it says nothing more of a file
    when the text itself says much.
    """
    evidence = word_signals(index, query)
    seeds = fuse(index, evidence.signals, FIRST, query)
    evidence.signals |= neighbour_signals(index, seeds, evidence, query)
    if query.count > _FEW_TERMS:
        del evidence.signals["recent"], evidence.signals["latest"]
    return evidence


def fuse(index: Index, signals: dict[str, Scores], weights: dict[str, float], query: Query) -> Scores:
    """Each signal by its largest value, times its weight; then what the file's kind is worth."""
    total = sum(weights.values())
    fused: Scores = {}
    for name, weight in weights.items():
        signal = signals.get(name) or {}
        top = max(signal.values(), default=0.0)
        if top > 0:
            for number, value in signal.items():
                fused[number] = fused.get(number, 0.0) + weight * value / top / total
    kinds = kind_weights(query)
    return {number: value * kinds[index.files[number].kind] for number, value in fused.items()}


def length_of(query: Query) -> float:
    """0 for a short text, 1 for a long one, by the logarithm of its distinct terms."""
    steps = math.log(max(query.count, 1) / _SHORT_TERMS) / math.log(_LONG_TERMS / _SHORT_TERMS)
    return min(1.0, max(0.0, steps))


def signal_weights(query: Query) -> dict[str, float]:
    """What each signal is worth for a text of that length."""
    length = length_of(query)
    return {name: weight ** (1 - length) * LONG[name] ** length for name, weight in SHORT.items()}


def kind_weights(query: Query) -> dict[FileKind, float]:
    """What each kind of file is worth for a task."""
    least = kinds_asked(query)
    return {kind: max(weight, least.get(kind, 0.0)) for kind, weight in KINDS.items()}


def kinds_asked(query: Query) -> dict[FileKind, float]:
    """The kinds of files that a title speaks of, and what they are worth then at least."""
    title = set(query.title_terms)
    least = {}
    if title & {"doc", "docs", "documentation", "document", "docstr", "readme", "changelog", "typo"}:
        least[FileKind.DOC] = 0.5
    if title & {"exampl", "example", "tutorial", "demo", "benchmark"}:
        least[FileKind.EXAMPLE] = 0.6
    if title & {"test", "tests", "fixture", "coverage", "flaky"}:
        least[FileKind.TEST] = 0.9
    return least


def reasons(index: Index, number: int, evidence: Evidence, spoken: Mapping[str, str]) -> tuple[str, ...]:
    """Why a file is where it is, strongest first; ``spoken`` has the task's words by term."""
    said: list[str] = []
    if number in evidence.framed:
        lines = ", ".join(map(str, evidence.framed[number][:3]))
        said.append(f"in the traceback at line {lines}")
    if number in evidence.mentioned:
        said.append(f"named in the task as `{evidence.mentioned[number]}`")
    said += [f"defines `{name}` named in the task" for name in evidence.defined.get(number, ())[:2]]
    said += [f"has `{name}`, told in words" for name in evidence.joined.get(number, ())[:1]]
    words = evidence.words.get(number, {})
    strongest = sorted(words, key=lambda term: (-words[term], term))[:_MOST_WORDS]
    best = [spoken.get(term, term.removeprefix(EXACT)) for term in strongest]
    if best:
        said.append(f"speaks of {', '.join(best)}")
    if number in evidence.neighbours:
        said.append(evidence.neighbours[number])
    if number in evidence.commits:
        said.append(f"changed by {evidence.commits[number]} of the commits most like the task")
    return tuple(said[:_MOST_REASONS]) or (f"a {index.files[number].kind.value} file",)
