"""A batch of parsed files as rows of the database: their facts, and postings from terms to chunks."""

from __future__ import annotations

import json
import re
from array import array
from dataclasses import dataclass, field

from journeyman.context.index.parse import ParsedFile, Symbol

CHUNK_SHIFT = 8
_MOST = 255
DEFINES = "!"
"""Before a name that the file defines, in lower case."""
IMPORTS = "@"
"""Before the last part of what the file imports, in lower case."""
_LAST_PART = re.compile(r"[\w-]+(?=\W*$)")


@dataclass(frozen=True, slots=True)
class Row:
    """One content of a segment."""

    key: str
    place: int
    """Its number in the segment."""
    skipped: str
    """Why it was not read, when it was not."""
    lines: int
    lengths: bytes
    """Terms in each chunk."""
    facts: str
    imports: str


@dataclass
class Segment:
    """A batch under construction. A posting is a pair of numbers: the file's place, and chunk and count."""

    files: list[Row] = field(default_factory=list)
    postings: dict[str, array[int]] = field(default_factory=dict)

    def add(self, key: str, parsed: ParsedFile) -> None:
        """Take one content in."""
        place, postings = len(self.files), self.postings
        for number, chunk in enumerate(parsed.chunks):
            shifted = number << CHUNK_SHIFT
            for term, count in chunk.terms.items():
                posting = postings.get(term)
                if posting is None:
                    posting = postings[term] = array("I")
                posting.append(place)
                posting.append(shifted | (min(_MOST, count)))
        for term in _marks(parsed):
            postings.setdefault(term, array("I")).extend((place, 1))
        lengths = array("I", [chunk.length for chunk in parsed.chunks]).tobytes()
        imports = _compact(parsed.imports)
        self.files.append(Row(key, place, parsed.skipped, parsed.lines, lengths, _facts(parsed), imports))

    def rows(self) -> list[tuple[str, bytes]]:
        """Postings in order of their terms."""
        return [(term, self.postings[term].tobytes()) for term in sorted(self.postings)]


@dataclass(frozen=True)
class Facts:
    """What a file defines, and where its chunks are."""

    symbols: tuple[Symbol, ...]
    chunks: tuple[tuple[tuple[tuple[int, int], ...], str], ...]
    """Ranges and qualified name of each chunk."""


def _marks(parsed: ParsedFile) -> set[str]:
    """Terms for what a file defines and imports."""
    marks = {DEFINES + symbol.name.lower() for symbol in parsed.symbols}
    for name in parsed.imports:
        stem = name.rsplit(".", 1)[0] if name.endswith((".js", ".ts", ".h", ".hpp")) else name
        last = _LAST_PART.search(stem)
        if last:
            marks.add(IMPORTS + last.group().lower())
    return marks


def _facts(parsed: ParsedFile) -> str:
    symbols = [[s.name, s.kind, s.first, s.last, s.parent, int(s.exported)] for s in parsed.symbols]
    chunks = [[[n for pair in chunk.ranges for n in pair], chunk.name] for chunk in parsed.chunks]
    return _compact([symbols, chunks])


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def read_imports(text: str) -> tuple[str, ...]:
    """What a file imports, as written, from its row."""
    return tuple(json.loads(text))


def read_facts(text: str) -> Facts:
    """Facts from their row."""
    symbols, chunks = json.loads(text)
    return Facts(
        tuple(
            Symbol(name, kind, first, last, parent, bool(exported))
            for name, kind, first, last, parent, exported in symbols
        ),
        tuple((tuple(zip(flat[::2], flat[1::2], strict=True)), name) for flat, name in chunks),
    )
