"""The definitions that a task speaks of most: what calls them, or is called there, often changes too."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from journeyman.context.index.kinds import FileKind
from journeyman.context.index.segment import Facts
from journeyman.context.index.view import Index
from journeyman.context.index.words import WORD
from journeyman.context.rank.fuse import RankedFile

_MOST, _READ = 12, 6
"""So many definitions are leads; of so many, the text is read."""
_SHORTEST_NAME = 4
_SILENT = 0.05
"""What a chunk without a word of the task counts, of the loudest one."""
_WANTED = 2.0
_OF_FILE = 1.5


@dataclass(frozen=True)
class Lead:
    """One definition that the task speaks of."""

    number: int
    """The file's."""
    at: int
    """The chunk's place in its file."""
    name: str
    line: int
    value: float
    """Between 0 and 1, which is the first one's."""

    @property
    def own(self) -> str:
        """Its name without its parents'."""
        return self.name.rsplit(".", 1)[-1]


@dataclass(frozen=True)
class Leads:
    """The definitions that a task speaks of most."""

    names: dict[str, float]
    """Their own names, and what each counts, most telling first."""
    words: dict[str, float]
    """The words in them, and what each counts."""
    by_file: dict[int, Lead]
    """The first one of each file that has any."""
    first: Lead | None
    patterns: dict[str, re.Pattern[str]]
    """Find the names as whole words."""

    def is_first(self, number: int, at: int) -> bool:
        """Whether a chunk is the most telling definition of all."""
        return self.first is not None and (self.first.number, self.first.at) == (number, at)

    def calls(self, text: str, own: str) -> float:
        """What the most telling name counts that a text holds, its own left out."""
        for name, value in self.names.items():
            if name in text and name != own and self.patterns[name].search(text):
                return value
        return 0.0

    def called(self, own: str) -> float:
        """What the most telling definition counts that uses a name."""
        return self.words.get(own, 0.0) if len(own) >= _SHORTEST_NAME else 0.0


def leads_of(
    index: Index,
    files: tuple[RankedFile, ...],
    chunks: dict[int, dict[int, float]],
    wanted: frozenset[str],
    read: Callable[[int], list[str]],
) -> Leads:
    """The leads among some files; ``chunks`` has the scores, ``wanted`` the names that the task may mean."""
    best = max((file.score for file in files), default=0.0)
    loudest = max((v for file in files for v in chunks.get(file.number, {}).values()), default=0.0) or 1.0
    found = []
    for file in files:
        if index.files[file.number].kind is FileKind.TEST or file.score <= 0:
            continue
        scores = chunks.get(file.number, {})
        share = (file.score / best) ** _OF_FILE
        for at, (ranges, name) in enumerate(index.facts(file.number).chunks):
            if name:
                value = (scores.get(at, 0.0) / loudest + _SILENT) * share
                value *= _WANTED if name.rsplit(".", 1)[-1].lower() in wanted else 1.0
                found.append((-value, file.number, at, name, ranges[0][0]))
    top = sorted(found)[:_MOST]
    leads = [Lead(number, at, name, line, value / top[0][0]) for value, number, at, name, line in top]
    return _gathered(leads, index, read)


def _gathered(leads: list[Lead], index: Index, read: Callable[[int], list[str]]) -> Leads:
    names: dict[str, float] = {}
    words: dict[str, float] = {}
    by_file: dict[int, Lead] = {}
    for place, lead in enumerate(leads):  # the most telling first
        by_file.setdefault(lead.number, lead)
        if len(lead.own) >= _SHORTEST_NAME and WORD.fullmatch(lead.own):
            names.setdefault(lead.own, lead.value)
        if place < _READ:
            for word in WORD.findall(_text_of(index.facts(lead.number), lead.at, read(lead.number))):
                words.setdefault(word, lead.value)
    patterns = {name: re.compile(rf"\b{name}\b") for name in names}
    return Leads(names, words, by_file, leads[0] if leads else None, patterns)


def _text_of(facts: Facts, at: int, lines: list[str]) -> str:
    return "\n".join("\n".join(lines[first - 1 : last]) for first, last in facts.chunks[at][0])
