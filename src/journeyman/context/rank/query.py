"""A task's text taken apart: title, prose, code, logs, and what it names."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property, lru_cache

from journeyman.context.index.words import (
    EXACT,
    WORD,
    compounds,
    exact_term,
    parts_of,
    stem,
    terms_in,
    terms_of,
    words_in,
)
from journeyman.domain.policy.prose import FRAME, LINK, take_apart

_TICKED = re.compile(r"`([^`\n]{2,200})`")
_FRAME_OTHER = re.compile(
    r"(?:^|[\s(@])((?:[\w@.-]+/)+[\w.-]+\.\w{1,5}|[\w-]+\.(?:py|go|rs|ts|tsx|js|java|c|cc|cpp)):(\d+)"
)
_ERROR_LINE = re.compile(
    r"^\s*(?:E\s+)?([\w.]*(?:Error|Exception|Warning|Exit|panic|Interrupt)\b:?.*|(?:error|fatal|panic)\b.*)$",
    re.MULTILINE,
)
_PATH = re.compile(r"(?<![\w/.-])((?:[\w@.-]+/)+[\w.-]+|[\w-]+\.[A-Za-z]{1,5})(?![\w/])")
_DOTTED = re.compile(r"\b[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+\b")
_OPTION = re.compile(r"(?<![\w-])--?([a-z][a-z0-9]*(?:-[a-z0-9]+)+)\b")
_PERMALINK = re.compile(
    r"https?://github\.com/[^/\s]+/[^/\s]+/(?:blob|tree)/[^/\s]+/([^\s#?)\]]+)(?:#L(\d+))?"
)
_LAST_ERRORS = 3
_MOST_REPEATS = 3


@dataclass(frozen=True)
class Frame:
    """A line of a traceback."""

    path: str
    line: int
    function: str


@dataclass(frozen=True)
class Query:
    """What a text asks, by part."""

    title: str
    prose: str
    code: str
    log: str
    errors: str
    """The last error lines."""
    names: tuple[str, ...]
    """Identifiers: in backticks, called, or of an identifier's shape."""
    paths: tuple[str, ...]
    """What looks like a file, and dotted names, as written."""
    dotted: tuple[str, ...]
    frames: tuple[Frame, ...]
    """The last one first."""

    @cached_property
    def title_terms(self) -> dict[str, float]:
        """Terms of the title."""
        return _capped(terms_in(self.title))

    @cached_property
    def body_terms(self) -> dict[str, float]:
        """Terms of everything but the title."""
        return _capped(terms_in(f"{self.prose}\n{self.code}\n{self.log}"))

    @cached_property
    def spoken(self) -> dict[str, str]:
        """The word of the text that a term stands for: terms are stemmed, and people read words."""
        told = f"{self.title}\n{self.prose}\n{self.code}\n{self.log}"
        spoken: dict[str, str] = {}
        for word in words_in(told):
            for term in terms_of(word):
                whole = term.startswith(EXACT)
                spoken.setdefault(term, word if whole else _part(word, term))
        return spoken

    @cached_property
    def count(self) -> int:
        """How many different terms it has: a commit's message has some ten, an issue's text some sixty."""
        return len(self.title_terms.keys() | self.body_terms.keys())

    @cached_property
    def exact(self) -> tuple[str, ...]:
        """Exact terms of the identifiers that it names."""
        return tuple(dict.fromkeys(exact_term(name) for name in self.names if name.strip("_")))


def _part(word: str, term: str) -> str:
    """The part of a word that has this stem, in lower case."""
    return next((part for part in parts_of(word) if stem(part) == term), term)


def _capped(terms: list[str]) -> dict[str, float]:
    return {term: float(min(count, _MOST_REPEATS)) for term, count in Counter(terms).items()}


def read_query(text: str) -> Query:
    """The parts of a task's text."""
    text = text.replace("\r\n", "\n").strip()
    linked = tuple(match.group(1) for match in _PERMALINK.finditer(text))
    head, _, rest = text.partition("\n")
    title = LINK.sub(" ", head).strip("# ")
    parts = take_apart(rest)
    code, log, prose = parts.code, parts.log, parts.prose
    told = f"{title}\n{prose}\n{code}\n{log}"
    plain = f"{title}\n{prose}"
    ticked = _TICKED.findall(plain)
    words = [word for span in ticked for word in WORD.findall(span)]
    called = re.findall(r"\b([A-Za-z_]\w{2,})\(", plain)
    options = [option.replace("-", "_") for option in _OPTION.findall(told)]
    names = dict.fromkeys((*words, *called, *options, *compounds(WORD.findall(told))))
    errors = [match.group(1) for match in _ERROR_LINE.finditer(log or plain)][-_LAST_ERRORS:]
    dotted = dict.fromkeys(match.strip(".") for match in _DOTTED.findall(told))
    paths = dict.fromkeys((*linked, *_PATH.findall(LINK.sub(" ", told))))
    return Query(
        title, prose, code, log, "\n".join(errors), tuple(names), tuple(paths), tuple(dotted), _frames(told)
    )


def _frames(text: str) -> tuple[Frame, ...]:
    found = [(m.start(), Frame(m.group(1), int(m.group(2)), m.group(3) or "")) for m in FRAME.finditer(text)]
    found += [(m.start(1), Frame(m.group(1), int(m.group(2)), "")) for m in _FRAME_OTHER.finditer(text)]
    return tuple(dict.fromkeys(frame for _, frame in sorted(found, key=lambda item: -item[0])))


WEIGHTS = {"title": 3.0, "prose": 1.0, "code": 0.7, "log": 0.4, "names": 1.0, "errors": 0.7}


def weighted_terms(query: Query) -> dict[str, float]:
    """Every term with its weight: linear in capped counts, by the part that it is in."""
    weights: dict[str, float] = {}
    parts = {
        "title": terms_in(query.title),
        "prose": terms_in(query.prose),
        "code": terms_in(query.code),
        "log": terms_in(query.log),
        "names": [term for name in query.names for term in terms_of(name)],
        "errors": terms_in(query.errors),
    }
    for part, terms in parts.items():
        for term, count in _capped(terms).items():
            weights[term] = weights.get(term, 0.0) + WEIGHTS[part] * count
    return weights


@lru_cache(maxsize=100_000)
def path_terms(path: str) -> tuple[str, ...]:
    """The terms of a path, each once."""
    folder, _, name = path.rpartition("/")
    return tuple(dict.fromkeys((*_folder_terms(folder), *_name_terms(name))))


def _name_terms(name: str) -> list[str]:
    return [term for word in WORD.findall(name) for term in (*terms_of(word), stem(word.lower()))]


@lru_cache(maxsize=20_000)
def _folder_terms(folder: str) -> tuple[str, ...]:
    return path_terms(folder) if folder else ()
