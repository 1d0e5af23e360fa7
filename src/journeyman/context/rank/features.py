"""What speaks for a file: one number for each signal and file, from the words of the task alone."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from itertools import chain
from pathlib import PurePosixPath

from journeyman.context.index.parse import phrases_of
from journeyman.context.index.segment import DEFINES
from journeyman.context.index.view import Index, Posting
from journeyman.context.index.words import EXACT, WORD
from journeyman.context.rank.joined import joined_signal
from journeyman.context.rank.paths import PathTerms
from journeyman.context.rank.query import Query, path_terms, weighted_terms

Scores = dict[int, float]
"""By a file's number."""

_K1, _B, _CHUNK_LENGTH, _FILE_LENGTH = 1.2, 0.75, 150.0, 1500.0
_MOST_TERMS = 70
_COMMON = 0.4
"""A term in so large a share of the files tells none from another."""
_PATH_WEIGHT, _NAME_WEIGHT = 5.0, 4.0
_COMPACT, _SHORTEST_COMPACT = 8.0, 5
"""A file named like an identifier of the text, whatever the case and the underscores."""
_FRAME_DECAY = 0.8
_VOTERS = 60
_FADING = {"recent": 0.97, "latest": 0.8}
"""What a commit counts less than the one after it."""
_FADED = 1e-6
"""A weight that tells nothing any more."""


@dataclass
class Evidence:
    """The signals of one query, and what a person may want to know of them."""

    signals: dict[str, Scores] = field(default_factory=dict)
    chunks: dict[int, dict[int, float]] = field(default_factory=dict)
    """Score of each chunk by file."""
    words: dict[int, dict[str, float]] = field(default_factory=dict)
    """The terms that weigh most in a file."""
    defined: dict[int, list[str]] = field(default_factory=dict)
    """Names that the task uses and the file defines."""
    joined: dict[int, list[str]] = field(default_factory=dict)
    """Identifiers of a file whose words stand side by side in the task."""
    mentioned: dict[int, str] = field(default_factory=dict)
    framed: dict[int, list[int]] = field(default_factory=dict)
    """Lines of tracebacks in a file."""
    commits: dict[int, int] = field(default_factory=dict)
    """How many past commits with like messages changed a file."""
    neighbours: dict[int, str] = field(default_factory=dict)
    """What relates a file to those ranked first."""


class Words:
    """Postings and weights of terms, each looked up once."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._postings: dict[str, Posting] = {}
        self.count = max(1, len(index.files))

    def posting(self, term: str) -> Posting:
        """Where a term is."""
        found = self._postings.get(term)
        if found is None:
            found = self._postings[term] = self._index.posting(term)
        return found

    def idf(self, term: str) -> float:
        """How much a term tells: 0 for one that no file has."""
        found = self._index.count(term)
        return math.log(1 + (self.count - found + 0.5) / (found + 0.5)) if found else 0.0


def word_signals(index: Index, query: Query) -> Evidence:
    """Every signal that needs no other file's score."""
    words, paths, evidence = Words(index), PathTerms(index), Evidence()
    _chunk_signals(index, query, words, evidence)
    evidence.signals["title"] = _title_signal(index, query, words, paths)
    evidence.signals["path"] = _path_signal(index, query, paths)
    _exact_signals(query, words, evidence)
    evidence.signals["joined"], evidence.joined = joined_signal(query, words.posting)
    _mention_signal(index, query, evidence)
    _frame_signal(index, query, evidence)
    evidence.signals["phrase"] = _phrase_signal(query, words)
    _history_signals(index, query, evidence)
    return evidence


def _chunk_signals(index: Index, query: Query, words: Words, evidence: Evidence) -> None:
    weights = {term: weight * words.idf(term) for term, weight in weighted_terms(query).items()}
    best = sorted(weights, key=lambda term: (-weights[term], term))[:_MOST_TERMS]
    chunks: dict[int, dict[int, float]] = {}
    told = evidence.words
    for term in best:
        if index.count(term) > max(20, _COMMON * words.count):
            continue
        posting, weight = words.posting(term), weights[term]
        for number, places in posting.items():
            lengths = index.files[number].lengths
            scores = chunks.get(number)
            if scores is None:
                scores = chunks[number] = {}
            top = 0.0
            for chunk, count in places:
                norm = _K1 * (1 - _B + _B * lengths[chunk] / _CHUNK_LENGTH)
                value = weight * count / (count + norm)
                scores[chunk] = scores[chunk] + value if chunk in scores else value
                if value > top:  # noqa: PLR1730 - the innermost of all loops: max() takes as long as the rest
                    top = value
            if number in told:
                told[number][term] = top
            else:
                told[number] = {term: top}
    evidence.chunks = chunks
    first: Scores = {}
    second: Scores = {}
    for number, scores in chunks.items():
        ordered = sorted(scores.values(), reverse=True)[:4]
        first[number] = sum(value / (1 << place) for place, value in enumerate(ordered))
        if len(ordered) > 1:
            second[number] = ordered[1]
    evidence.signals["chunk"] = first
    evidence.signals["second"] = second


def _title_signal(index: Index, query: Query, words: Words, paths: PathTerms) -> Scores:
    """BM25F of the title over whole files: path and names of definitions count more."""
    scores: Scores = {}
    norms: dict[int, float] = {}
    for term, count in query.title_terms.items():
        idf = words.idf(term) or math.log(1 + words.count)
        if index.count(term) > 2 * _COMMON * words.count:
            continue
        posting = words.posting(term)
        named = words.posting(DEFINES + term.removeprefix(EXACT))
        on_path, _ = paths.holding(term)
        for number in posting.keys() | on_path:
            times = float(sum(each for _, each in posting.get(number, ())))
            times += _PATH_WEIGHT * (number in on_path) + _NAME_WEIGHT * (number in named)
            norm = norms.get(number)
            if norm is None:
                length = index.files[number].length
                norm = norms[number] = _K1 * (1 - _B + _B * length / _FILE_LENGTH)
            scores[number] = scores.get(number, 0.0) + count * idf * times / (times + norm)
    return scores


def _path_signal(index: Index, query: Query, paths: PathTerms) -> Scores:
    """Terms of the text in a path; the file's own name counts twice, the title's terms three times."""
    weights = weighted_terms(query)
    scores: Scores = {}
    for term in weights:  # in the text's order: sums are then the same each time
        numbers, own = paths.holding(term)
        value = min(weights[term], 4.0) * math.log(1 + len(index.files) / max(1, len(numbers)))
        for number in numbers:
            scores[number] = scores.get(number, 0.0) + value * (2.0 if number in own else 1.0)
    compact = {name.replace("_", "").lower(): _COMPACT for name in query.names}
    compact |= {name.replace("_", "").lower(): 2 * _COMPACT for name in WORD.findall(query.title)}
    for number, file in enumerate(index.files):
        name = file.path.rsplit("/", 1)[-1].split(".")[0].replace("_", "").replace("-", "").lower()
        if len(name) >= _SHORTEST_COMPACT and name in compact:
            scores[number] = scores.get(number, 0.0) + compact[name]
    return {
        number: value / math.sqrt(2 + len(path_terms(index.files[number].path)))
        for number, value in scores.items()
    }


def _exact_signals(query: Query, words: Words, evidence: Evidence) -> None:
    """Identifiers that the text names: rare ones found whole, and those that a file defines."""
    rare: Scores = {}
    for term in query.exact:
        posting = words.posting(term)
        for number in posting:
            rare[number] = rare.get(number, 0.0) + 1 / len(posting)
    defines: Scores = {}
    for name in query.names:
        posting = words.posting(DEFINES + name.lower())
        for number in posting:
            defines[number] = defines.get(number, 0.0) + 1 / len(posting)
            evidence.defined.setdefault(number, []).append(name)
    evidence.signals["exact"] = rare
    evidence.signals["defines"] = defines


def _mention_signal(index: Index, query: Query, evidence: Evidence) -> None:
    """Paths and dotted modules that the text names, by the longest suffix that the tree has."""
    scores: Scores = {}
    for path in query.paths:
        parts = [part for part in path.split("/") if part not in {"", ".", ".."}]
        _mention(index, parts, path, scores, evidence)
    for name in query.dotted:
        parts = name.split(".")
        for size in range(len(parts), 1, -1):
            if _mention(index, parts[:size], name, scores, evidence, module=True):
                break
    evidence.signals["mention"] = scores


def _mention(
    index: Index, parts: list[str], told: str, scores: Scores, evidence: Evidence, *, module: bool = False
) -> bool:
    """Find the files whose paths end like the parts do, the longest agreement alone; whether any does."""
    best, found = 0, []
    for number in _named_like(index, parts[-1], module=module):
        path = index.files[number].path
        own = list(PurePosixPath(path).parts)
        if module:
            own[-1] = own[-1].split(".")[0]
            if own[-1] in {"__init__", "mod", "index"}:
                own.pop()
        agreed = 0
        while agreed < min(len(own), len(parts)) and own[-1 - agreed] == parts[-1 - agreed]:
            agreed += 1
        if agreed > best:
            best, found = agreed, [number]
        elif agreed == best and agreed:
            found.append(number)
    if not found or (module and best < min(2, len(parts))):
        return False
    for number in found:
        scores[number] = scores.get(number, 0.0) + min(best, 3) / len(found)
        evidence.mentioned.setdefault(number, told)
    return True


def _named_like(index: Index, last: str, *, module: bool) -> list[int]:
    return index.by_stem.get(last, []) if module else index.by_name.get(last, [])


def _frame_signal(index: Index, query: Query, evidence: Evidence) -> None:
    """Lines of tracebacks: the last frame counts most."""
    scores: Scores = {}
    weight = 1.0
    for frame in query.frames:
        parts = [part for part in frame.path.replace("\\", "/").split("/") if part]
        best, found = 0, []
        for number in index.by_name.get(parts[-1], []) if parts else []:
            own = PurePosixPath(index.files[number].path).parts
            agreed = 0
            while agreed < min(len(own), len(parts)) and own[-1 - agreed] == parts[-1 - agreed]:
                agreed += 1
            if agreed > best:
                best, found = agreed, [number]
            elif agreed == best:
                found.append(number)
        needed = 2 if len(parts) > 1 else 1
        if best < needed or len(found) > 3:
            continue
        for number in found:
            scores[number] = scores.get(number, 0.0) + weight / len(found)
            evidence.framed.setdefault(number, []).append(frame.line)
        weight *= _FRAME_DECAY
    evidence.signals["frame"] = scores


def _phrase_signal(query: Query, words: Words) -> Scores:
    """Three words in a row of the text in a string literal: it may be the message's place."""
    scores: Scores = {}
    text = "\n".join((query.title, query.errors, query.prose[:3000], query.log[-2000:]))
    for phrase in dict.fromkeys(phrases_of(text)):
        posting = words.posting(phrase)
        for number in posting:
            scores[number] = scores.get(number, 0.0) + 1 / len(posting)
    return scores


def _history_signals(index: Index, query: Query, evidence: Evidence) -> None:
    """Past commits with like messages vote for the files that they changed; recent ones count."""
    everything = weighted_terms(query)
    wanted = everything.keys() | query.title_terms
    held = [sorted(wanted.intersection(commit.terms)) for commit in index.history]
    known = Counter(chain.from_iterable(held))
    voted, times = _votes(index, query.title_terms, known, held)
    evidence.signals["voted"] = voted
    evidence.commits = times
    evidence.signals["voted_body"], _ = _votes(index, everything, known, held)
    evidence.signals |= {name: _recent(index, fading) for name, fading in _FADING.items()}


def _recent(index: Index, fading: float) -> Scores:
    """What changed lately."""
    recent: Scores = {}
    weight = 1.0
    for commit in index.history:
        for path in commit.paths:
            number = index.numbers.get(path)
            if number is not None:
                recent[number] = recent.get(number, 0.0) + weight
        weight *= fading
        if weight < _FADED:
            break
    return {number: math.log1p(value) for number, value in recent.items()}


def _votes(
    index: Index, terms: dict[str, float], known: dict[str, int], held: list[list[str]]
) -> tuple[Scores, dict[int, int]]:
    """What the commits most like some terms say of files, and how many of them changed each.

    ``known`` counts the commits with a term; ``held`` are the terms of interest in each commit.
    """
    count = len(index.history)
    weights = {
        term: value * math.log(1 + (count - known[term] + 0.5) / (known[term] + 0.5))
        for term, value in terms.items()
        if term in known
    }
    votes = []
    for place, commit in enumerate(index.history):
        hits = sum(weights[term] for term in held[place] if term in weights)
        if hits:
            votes.append((hits / (1 + 0.02 * len(commit.terms)), place))
    scores: Scores = {}
    times: dict[int, int] = {}
    for value, place in sorted(votes, key=lambda vote: (-vote[0], vote[1]))[:_VOTERS]:
        commit = index.history[place]
        for path in commit.paths:
            number = index.numbers.get(path)
            if number is not None:
                scores[number] = scores.get(number, 0.0) + value**2 / math.sqrt(len(commit.paths))
                times[number] = times.get(number, 0) + 1
    return scores, times
