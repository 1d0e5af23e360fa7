"""What the files define that a pack shows no line of: for a planner, who is to name the right ones."""

from __future__ import annotations

import re
from collections.abc import Iterator

from journeyman.context.index.kinds import FileKind
from journeyman.context.pack.filling import Filling
from journeyman.context.pack.tokens import raw_tokens

_MOST_FILES = 120
_NAMES = (10, 10, 6, 4)
"""Names of a file: fewer, the further down a quarter of the files it stands."""
_HEADING = re.compile(r"#{1,3} +(\S.*)")
_RULE = re.compile(r"([=~^*#-])\1{2,}\s*")
_LONGEST_HEADING = 40
_TOLD = frozenset((FileKind.SOURCE, FileKind.TEST, FileKind.DOC))


def with_outlines(text: str, tail: tuple[str, ...], room: float, filling: Filling) -> str:
    """The names that files define, a line each: those of the ``tail`` in the order of their rank, then
    the rest of sources, tests and pages; as many as there is room for, in tokens.
    """
    files = [*tail, *(path for path in _further(filling) if path not in set(tail))][:_MOST_FILES]
    lines = ["Not shown, with what they define:"]
    for place, path in enumerate(files):
        names = list(dict.fromkeys(_names(filling, path)))
        most = _NAMES[place * len(_NAMES) // len(files)]
        line = f"{path}: {', '.join(names[:most])}{', …' if len(names) > most else ''}"
        cost = raw_tokens(line) + 1
        if cost > room:
            break
        if names:
            room -= cost
            lines.append(line)
    return "\n\n".join([text, "\n".join(lines)]) if len(lines) > 1 else text


def _further(filling: Filling) -> Iterator[str]:
    """Files that were not even ranked, those near the root first."""
    files = [
        (file.path.count("/"), file.path)
        for number, file in enumerate(filling.index.files)
        if file.kind in _TOLD and number not in filling.shown
    ]
    yield from (path for _, path in sorted(files))


def _names(filling: Filling, path: str) -> Iterator[str]:
    number = filling.index.numbers[path]
    symbols = filling.index.facts(number).symbols
    if symbols:
        yield from (symbol.name for symbol in symbols if symbol.exported)
    elif filling.index.files[number].kind is FileKind.DOC:
        yield from _headings(filling.read(number))


def _headings(lines: list[str]) -> Iterator[str]:
    """Titles of sections, in Markdown or reStructuredText."""
    for at, line in enumerate(lines):
        marked = _HEADING.fullmatch(line.rstrip())
        if marked:
            yield marked.group(1)[:_LONGEST_HEADING]
        elif at and _RULE.fullmatch(line) and len(line.rstrip()) >= len(lines[at - 1].rstrip()) > 0:
            yield lines[at - 1].strip()[:_LONGEST_HEADING]
