"""The ``read`` and ``search`` tools: many files and many patterns in one call, bounded, with line numbers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from journeyman.domain.worker import WorkerHost
from journeyman.workers.confined import followed, real

MAX_READ_CHARACTERS = 40_000
MAX_FILE_LINES = 800
MAX_MATCHES = 60
MAX_MATCH_CHARACTERS = 240
MAX_SHOWN_AROUND = 12
"""Matches of one call; more are only listed."""
AROUND_LINES = 12
MAX_AROUND_CHARACTERS = 10_000
MAX_OUTLINED = 250
MAX_OUTLINE_CHARACTERS = 100
_LEAST_OUTLINED = 10
_SEARCH_TIMEOUT_S = 30.0
_BEGINS = re.compile(
    r"[ \t]{0,4}(?:(?:(?:export|default|public|private|protected|static|abstract|final|async|pub|unsafe)"
    r"(?:\([a-z]+\))?\s+)*"
    r"(?:def|class|function\*?|func|fn|impl|trait|struct|enum|interface|type|module|namespace|describe|test|it)"
    r"\b"
    r"|[A-Za-z_$][\w$]*\s*\([^;]*\)\s*\{$)"
)
"""How a definition or a test begins, at no more than one level of indentation."""
_MATCH = re.compile(r"([^\0]+?):(\d+):")
_HEADING = re.compile(r"#{1,4} ")


def read_files(worktree: Path, files: list[Any]) -> str:
    """The files' lines with their numbers; each may have a range. Says what was left out."""
    root = real(worktree)
    parts, left = [], MAX_READ_CHARACTERS
    for wanted in files:
        if isinstance(wanted, str):
            wanted = {"path": wanted}  # noqa: PLW2901 - a model's shorthand
        if not isinstance(wanted, dict) or not isinstance(wanted.get("path"), str):
            parts.append("error: each file is an object with a path, and perhaps start and end")
            continue
        part = _read(root, wanted["path"], _number(wanted.get("start")), _number(wanted.get("end")))
        if len(part) > left:
            part = part[:left] + "\n[cut: read the rest by range]"
        left = max(0, left - len(part))
        parts.append(part)
    return "\n\n".join(parts)


def numbered(lines: list[str], first: int) -> str:
    """Lines with their numbers, ``  12|text``: edits and failures can refer to them."""
    return "\n".join(f"{number}|{line}" for number, line in enumerate(lines, first))


async def search(host: WorkerHost, patterns: list[Any], path: str | None) -> str:
    """Matches of each pattern (an extended regular expression) in the files that git does not ignore.

    Few matches are shown with the lines around them: to read them would be the next request.
    """
    texts = [pattern for pattern in patterns if isinstance(pattern, str) and pattern]
    if not texts:
        return "error: patterns is a list of regular expressions"
    where = ("--", path) if path else ()
    parts, found = list[str](), list[tuple[str, int]]()
    for pattern in texts:
        command = ("git", "grep", "-nIE", "--untracked", "--no-color", "-e", pattern, *where)
        result = await host.run(command, timeout_s=_SEARCH_TIMEOUT_S)
        if result.exit_code not in {0, 1}:
            parts.append(f"{pattern}: error: {result.text.strip()[:300]}")
            continue
        lines = result.stdout.decode("utf-8", "backslashreplace").splitlines()
        shown = [line[:MAX_MATCH_CHARACTERS] for line in lines[:MAX_MATCHES]]
        more = [f"[{len(lines) - MAX_MATCHES} more matches]"] if len(lines) > MAX_MATCHES else []
        parts.append("\n".join([f"{pattern}: {len(lines)} matches", *shown, *more]))
        found += [(at[1], int(at[2])) for line in lines[:MAX_MATCHES] if (at := _MATCH.match(line))]
    if len(found) <= MAX_SHOWN_AROUND:
        parts += _around(real(host.worktree), found)
    return "\n\n".join(parts)


def _around(root: Path, found: list[tuple[str, int]]) -> list[str]:
    """The lines around matches, file by file; of as many as may be shown."""
    parts, left = list[str](), MAX_AROUND_CHARACTERS
    for path in dict.fromkeys(path for path, _ in found):
        stretches = _stretches(sorted({line for name, line in found if name == path}))
        lines = _lines_of(root, path)
        shown = [lines] if isinstance(lines, str) else [_part(path, lines, *ends) for ends in stretches]
        for part in shown:
            if len(part) > left:
                return parts
            left -= len(part)
            parts.append(part)
    return parts


def _stretches(lines: list[int]) -> list[tuple[int, int]]:
    """Ranges around lines that are in order, those that meet as one."""
    ranges: list[tuple[int, int]] = []
    for line in lines:
        first, last = max(1, line - AROUND_LINES), line + AROUND_LINES
        if ranges and first <= ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], last)
        else:
            ranges.append((first, last))
    return ranges


def _read(root: Path, path: str, start: int | None, end: int | None) -> str:
    lines = _lines_of(root, path)
    return lines if isinstance(lines, str) else _part(path, lines, start, end)


def _lines_of(root: Path, path: str) -> list[str] | str:
    """The file's lines, or in words what there is instead: a folder, a binary file, an error."""
    try:
        target = followed(root, path)
        if target.is_dir():
            names = sorted(f"{item.name}/" if item.is_dir() else item.name for item in target.iterdir())
            return f"{path}/ is a folder:\n" + "\n".join(names[:200])
        data = target.read_bytes()
    except (ValueError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return f"{path}: error: {reason}"
    if b"\0" in data[:8000]:
        return f"{path}: a binary file of {len(data):,} bytes"
    lines = re.split(r"\r?\n", data.decode("utf-8", "backslashreplace"))
    if lines and not lines[-1]:
        lines.pop()
    return lines


def _part(path: str, lines: list[str], start: int | None, end: int | None) -> str:
    """A range of a file's lines, or an outline of a long file."""
    if start is None and end is None and len(lines) > MAX_FILE_LINES and (outline := _outline(path, lines)):
        return f"{path} ({len(lines)} lines, an outline of them: read what you need by range)\n{outline}"
    first = max(1, start or 1)
    last = min(len(lines), end or len(lines), first + MAX_FILE_LINES - 1)
    note = "" if (first, last) == (1, len(lines)) else f", lines {first}-{last}"
    return f"{path} ({len(lines)} lines{note})\n{numbered(lines[first - 1 : last], first)}"


def _outline(path: str, lines: list[str]) -> str:
    """The lines that begin a definition, a test or a heading, with numbers; nothing when there are few."""
    begins = _HEADING if path.endswith(".md") else _BEGINS
    found = [(at, line) for at, line in enumerate(lines, 1) if begins.match(line)]
    if len(found) < _LEAST_OUTLINED:
        return ""
    shown = [f"{at}|{line[:MAX_OUTLINE_CHARACTERS]}" for at, line in found[:MAX_OUTLINED]]
    more = [f"[{len(found) - MAX_OUTLINED} more]"] if len(found) > MAX_OUTLINED else []
    return "\n".join([*shown, *more])


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
