"""One file's text made into definitions, chunks of the size of a function, their terms, and imports."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from itertools import chain
from typing import Any

from journeyman.context.index.languages import Language, language_of
from journeyman.context.index.words import WORD, stem, terms_of, words_in

MAX_BYTES = 1_000_000
MAX_PLAIN_BYTES = 200_000
"""Of text that no grammar parses: data, mostly."""
_WINDOW_LINES = 40
_SHORTEST_CONSTANT = 4
_LONGEST_MEAN_LINE = 300
_LONGEST_LINE = 20_000
_NAME_WEIGHT = 2
"""A definition's name counts so many times more in its own chunk."""
PHRASE = '"'
"""Before a term that is three words in a row of a string literal."""
_STRING = re.compile(r""""([^"\n]{10,300})"|'([^'\n]{10,300})'|`([^`\n]{10,300})`""")
_PLAIN_WORD = re.compile(r"[^\W\d_]{2,}")
_SMALL_WORD = re.compile(r"[a-z]{2,}")
_ABOVE = ("@", "#[", "///", "//!", "//", "/**", "*", "*/", "/*")
_ORDER = {"function": 0, "class": 1, "constant": 2}


@dataclass(frozen=True)
class Symbol:
    """A definition. Lines count from 1 and are inclusive."""

    name: str
    kind: str
    """``function``, ``class`` or ``constant``."""
    first: int
    last: int
    parent: str
    """Qualified name of what it is defined in, or nothing."""
    exported: bool

    @property
    def qualified(self) -> str:
        """Its name with its parents'."""
        return f"{self.parent}.{self.name}" if self.parent else self.name


@dataclass(frozen=True)
class Chunk:
    """Lines that are found together: a function, a class without its functions, or what is between."""

    ranges: tuple[tuple[int, int], ...]
    name: str
    """Qualified name of the definition; empty for what is between definitions."""
    terms: dict[str, int]
    length: int


@dataclass(frozen=True)
class ParsedFile:
    """What is known of one content."""

    lines: int
    symbols: tuple[Symbol, ...]
    chunks: tuple[Chunk, ...]
    imports: tuple[str, ...]
    skipped: str = ""
    """Why it was not read, when it was not."""


def why_unfit(data: bytes, path: str) -> str:
    """Why a content is not worth reading: binary, minified, huge; or nothing."""
    if len(data) > MAX_BYTES:
        return "huge"
    if b"\0" in data[:8000]:
        return "binary"
    if language_of(path) is None and len(data) > MAX_PLAIN_BYTES:
        return "large data"
    lines = data.count(b"\n") + 1
    if len(data) / lines > _LONGEST_MEAN_LINE and len(data) > 2 * _LONGEST_MEAN_LINE:
        return "minified"
    if len(data) > _LONGEST_LINE and max(map(len, data.split(b"\n"))) > _LONGEST_LINE:
        return "minified"
    return ""


def parse_file(data: bytes, path: str) -> ParsedFile:
    """What a content holds; its path says in which language."""
    unfit = why_unfit(data, path)
    if unfit:
        return ParsedFile(0, (), (), (), unfit)
    text = data.decode("utf-8", "replace")
    lines = text.split("\n")
    count = len(lines) - (lines[-1] == "")
    language = language_of(path)
    symbols = _symbols(language, data, lines) if language else ()
    chunks = tuple(_chunks(symbols, lines, count))
    return ParsedFile(count, symbols, chunks, _imports(language, text))


def phrases_of(text: str) -> list[str]:
    """Terms for each three words in a row."""
    if text.isascii():
        words = list(map(stem, _SMALL_WORD.findall(text.lower())))
    else:
        words = [stem(word.lower()) for word in _PLAIN_WORD.findall(text)]
    return [f"{PHRASE}{a} {b} {c}" for a, b, c in zip(words, words[1:], words[2:], strict=False)]


@lru_cache(maxsize=32)
def _parser(language: Language) -> tuple[Any, Any]:
    from tree_sitter import Language as Grammar
    from tree_sitter import Parser, Query, QueryCursor

    grammar = Grammar(getattr(import_module(language.package), language.grammar)())
    return Parser(grammar), QueryCursor(Query(grammar, language.query))


def _symbols(language: Language, data: bytes, lines: list[str]) -> tuple[Symbol, ...]:
    parser, cursor = _parser(language)
    spans: dict[tuple[int, int], tuple[str, str]] = {}
    for _, captures in cursor.matches(parser.parse(data).root_node):
        name = captures["name"][0]
        kind = next(key for key in captures if key != "name")
        node = captures[kind][0]
        span = (node.start_point[0] + 1, node.end_point[0] + 1)
        if span not in spans or _ORDER[kind] < _ORDER[spans[span][0]]:
            spans[span] = (kind, name.text.decode("utf-8", "replace").split("\n")[0][:120])
    return tuple(_nested(spans, lines, language))


def _nested(
    spans: dict[tuple[int, int], tuple[str, str]], lines: list[str], language: Language
) -> Iterator[Symbol]:
    """Symbols with their parents, decorators and comments above included, in order of lines."""
    around: list[Symbol] = []
    for (start, last), (kind, name) in sorted(spans.items(), key=lambda item: (item[0][0], -item[0][1])):
        first = _with_above(lines, start)
        while around and around[-1].last < start:
            around.pop()
        if around and around[-1].kind == "function" and kind == "constant":
            continue
        exported = language.exported.search(lines[start - 1]) is not None
        symbol = Symbol(name, kind, first, last, around[-1].qualified if around else "", exported)
        yield symbol
        if kind != "constant":
            around.append(symbol)


def _with_above(lines: list[str], first: int) -> int:
    while first > 1 and lines[first - 2].lstrip().startswith(_ABOVE):
        first -= 1
    return first


def _chunks(symbols: tuple[Symbol, ...], lines: list[str], count: int) -> Iterator[Chunk]:
    """Outermost functions, class headers, and the lines between in windows."""
    owner = _owners(symbols, count)
    held: dict[int, list[tuple[int, int]]] = {}
    loose: list[tuple[int, int]] = []
    line = 1
    while line <= count:
        end = line
        while end < count and owner[end + 1] == owner[line]:
            end += 1
        (held.setdefault(owner[line], []) if owner[line] >= 0 else loose).append((line, end))
        line = end + 1
    for number, ranges in held.items():
        yield _chunk(tuple(ranges), symbols[number].qualified, lines)
    for window in _windows(loose):
        chunk = _chunk(window, "", lines)
        if chunk.terms:
            yield chunk


def _owners(symbols: tuple[Symbol, ...], count: int) -> list[int]:
    """For each line the definition whose chunk it is in, or -1."""
    owner = [-1] * (count + 2)
    for number, symbol in enumerate(symbols):
        if symbol.kind == "constant" and symbol.last - symbol.first < _SHORTEST_CONSTANT:
            continue
        outer = symbols[owner[symbol.first]] if owner[symbol.first] >= 0 else None
        # A function within a function belongs to the outer one.
        inner = outer is not None and outer.kind == "function" and outer.last >= symbol.last
        if symbol.kind == "class" or not inner:
            last = min(symbol.last, count)
            owner[symbol.first : last + 1] = [number] * (last + 1 - symbol.first)
    return owner


def _windows(loose: list[tuple[int, int]]) -> Iterator[tuple[tuple[int, int], ...]]:
    """Loose lines gathered, and long stretches cut, to windows of some forty lines."""
    gathered: list[tuple[int, int]] = []
    size = 0
    for begin, end in loose:
        first = begin
        while first <= end:
            last = min(end, first + _WINDOW_LINES - size - 1)
            gathered.append((first, last))
            size += last - first + 1
            first = last + 1
            if size >= _WINDOW_LINES:
                yield tuple(gathered)
                gathered, size = [], 0
    if gathered:
        yield tuple(gathered)


def _chunk(ranges: tuple[tuple[int, int], ...], name: str, lines: list[str]) -> Chunk:
    text = "\n".join("\n".join(lines[first - 1 : last]) for first, last in ranges)
    terms: dict[str, int] = Counter(chain.from_iterable(map(terms_of, words_in(text))))
    length = sum(terms.values())
    for word in WORD.findall(name):
        for term in terms_of(word):
            terms[term] = terms.get(term, 0) + _NAME_WEIGHT
    for literal in _STRING.finditer(text):
        for phrase in phrases_of(literal.group(literal.lastindex or 0)):
            terms[phrase] = terms.get(phrase, 0) + 1
    return Chunk(ranges, name, terms, length)


def _imports(language: Language | None, text: str) -> tuple[str, ...]:
    if language is None:
        return ()
    names: dict[str, None] = {}
    for match in language.imports.finditer(text):
        module, *listed = match.groups()
        if module:
            names[module] = None
            dot = "" if module.endswith(".") else "."
        for group in listed:
            for part in (group or "").replace("\n", ",").split(","):
                name = part.strip().split(" ")[0]
                # What is imported from a module may be a module; those are written small.
                if name and (not module or name.islower()):
                    names[f"{module}{dot}{name}" if module else name] = None
    return tuple(names)
