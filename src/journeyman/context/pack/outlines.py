"""What the files define that a pack shows no line of: for a planner, who is to name the right ones."""

from __future__ import annotations

import re
from collections.abc import Iterator

from journeyman.context.index.kinds import FileKind
from journeyman.context.pack.filling import Filling
from journeyman.context.pack.tokens import raw_tokens

_HEAD = "Not shown, with what they define:"
_MOST_FILES = 120
_NEXT = 12
_NEXT_NAMES = 4
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
    files = list(dict.fromkeys((*tail, *_further(filling))))[:_MOST_FILES]
    most = [_NAMES[place * len(_NAMES) // len(files)] for place in range(len(files))]
    return _with(text, _HEAD, files, most, room, filling)


def with_next(text: str, tail: tuple[str, ...], room: float, filling: Filling) -> str:
    """The files that are ranked next, and a few names of each."""
    files = list(tail[:_NEXT])
    return _with(
        text, f"Ranked next, {_HEAD[0].lower()}{_HEAD[1:]}", files, [_NEXT_NAMES] * len(files), room, filling
    )


def _with(text: str, head: str, files: list[str], most: list[int], room: float, filling: Filling) -> str:
    lines = [head]
    for path, count in zip(files, most, strict=True):
        names = list(dict.fromkeys(_names(filling, path)))
        more = ", …" if len(names) > count else ""
        line = f"{path}: {', '.join(names[:count])}{more}" if names else path
        room -= raw_tokens(line) + 1
        if room < 0:
            break
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
    exported = [symbol.name for symbol in filling.index.facts(number).symbols if symbol.exported]
    if exported:
        yield from exported
    elif filling.index.files[number].kind is FileKind.DOC:
        yield from _headings(filling.read(number))
    else:  # it passes on what others define, or only uses it
        for place, name in enumerate(filling.index.import_names([number])[0]):
            yield name if place else f"imports {name}"


def _headings(lines: list[str]) -> Iterator[str]:
    """Titles of sections, in Markdown or reStructuredText."""
    for at, line in enumerate(lines):
        marked = _HEADING.fullmatch(line.rstrip())
        if marked:
            yield marked.group(1)[:_LONGEST_HEADING]
        elif at and _RULE.fullmatch(line) and len(line.rstrip()) >= len(lines[at - 1].rstrip()) > 0:
            yield lines[at - 1].strip()[:_LONGEST_HEADING]
