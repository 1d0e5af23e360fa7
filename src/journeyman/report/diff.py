"""A patch as files and lines, for a page. What is too long is cut, and said."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

MAX_LINES = 4_000
_HEADER = re.compile(r"^diff --git (?:a/|\"a/)?(.*?)\"? (?:\"?b/)(.*?)\"?$")
_STYLES = {"+": "added", "-": "removed", "@": "hunk", "\\": "hunk"}


@dataclass(frozen=True)
class DiffLine:
    """One line; ``style`` is ``added``, ``removed``, ``hunk`` or empty."""

    text: str
    style: str


@dataclass(frozen=True)
class FileDiff:
    """The change of one file."""

    path: str
    lines: tuple[DiffLine, ...]
    added: int
    removed: int


@dataclass(frozen=True)
class Diff:
    """All files, and how many lines were left out at the end."""

    files: tuple[FileDiff, ...]
    left_out: int


def read_diff(patch: bytes | None) -> Diff:
    """The patch that ``git diff`` made. Any bytes do: what is no patch is shown as one file without name."""
    text = (patch or b"").decode("utf-8", "backslashreplace")
    lines = text.split("\n")[:-1] if text.endswith("\n") else text.split("\n") if text else []
    files: list[FileDiff] = []
    current: list[DiffLine] = []
    in_hunk = False
    for line in lines[:MAX_LINES]:
        header = _HEADER.match(line)
        if header:
            _close(files, current)
            files.append(FileDiff(header[2] or header[1], (), 0, 0))
            current, in_hunk = [], False
            continue
        in_hunk = in_hunk or line.startswith("@@")
        style = _STYLES.get(line[:1], "") if in_hunk else "hunk"
        current.append(DiffLine(line, style))
    _close(files, current)
    return Diff(tuple(files), max(0, len(lines) - MAX_LINES))


def _close(files: list[FileDiff], lines: list[DiffLine]) -> None:
    """Give the last file its lines."""
    if not lines and files:
        return
    if not files:
        if not lines:
            return
        files.append(FileDiff("", (), 0, 0))
    counts = [sum(line.style == style for line in lines) for style in ("added", "removed")]
    files[-1] = replace(files[-1], lines=tuple(lines), added=counts[0], removed=counts[1])
