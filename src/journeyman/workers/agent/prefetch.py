"""The definitions that a task names, found before the first question is asked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from journeyman.domain.worker import WorkerHost
from journeyman.workers.agent.looking import numbered
from journeyman.workers.confined import followed, real

BUDGET_CHARACTERS = 24_000
_WHOLE_FILE_LINES = 60
_MAX_NAMES = 12
_MAX_PLACES = 6
_GREP_TIMEOUT_S = 20.0
_PATH = re.compile(r"[\w./-]{2,}\.[A-Za-z]{1,5}\b")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{2,}")
_CODE = re.compile(r"`([^`\n]+)`")
_DEFINES = r"(async def|def|class|function|func|fn|struct|enum|interface|trait|type|const|let|var)"


@dataclass(frozen=True)
class Place:
    """A line that defines something the task names."""

    path: str
    line: int


def names_in(text: str) -> tuple[str, ...]:
    """Words of the text that look like identifiers of code, likeliest first."""
    quoted = [word for code in _CODE.findall(text) for word in _WORD.findall(code)]
    shaped = [word for word in _WORD.findall(text) if "_" in word or re.search(r"[a-z][A-Z]", word)]
    called = re.findall(r"\b([A-Za-z_]\w{2,})\(", text)
    dotted = [
        part for chain in re.findall(r"\b\w+(?:\.\w+)+", text) for part in chain.split(".") if len(part) > 2
    ]
    return tuple(dict.fromkeys([*quoted, *called, *shaped, *dotted]))[:_MAX_NAMES]


def paths_in(text: str) -> tuple[str, ...]:
    """Words of the text that look like files."""
    return tuple(dict.fromkeys(match.strip("./") for match in _PATH.findall(text)))[:_MAX_NAMES]


async def prefetch(host: WorkerHost, text: str, extra_paths: tuple[str, ...] = ()) -> str:
    """Numbered lines of the definitions and small files that the text names; or that nothing was found."""
    worktree = real(host.worktree)
    blocks: list[str] = []
    shown: dict[str, list[tuple[int, int]]] = {}
    for path in (*extra_paths, *paths_in(text)):
        lines = _lines(worktree, path)
        if lines is not None and len(lines) <= _WHOLE_FILE_LINES:
            shown[path] = [(1, len(lines))]
            blocks.append(f"{path} (whole)\n{numbered(lines, 1)}")
    names = names_in(text)
    for place in await _definitions(host, names) if names else ():
        lines = _lines(worktree, place.path) or []
        first, last = block(lines, place.line)
        if any(first >= begin and last <= end for begin, end in shown.get(place.path, [])):
            continue
        shown.setdefault(place.path, []).append((first, last))
        part = (
            f"{place.path} (lines {first}-{last} of {len(lines)})\n{numbered(lines[first - 1 : last], first)}"
        )
        if sum(map(len, blocks)) + len(part) > BUDGET_CHARACTERS:
            break
        blocks.append(part)
    return "\n\n".join(blocks) or "None could be told from the task: search and read."


def block(lines: list[str], line: int) -> tuple[int, int]:
    """First and last line of the definition at ``line``: its decorators, and all that is indented deeper.

    A closing brace or bracket at the definition's own indentation belongs to it.
    """
    first = line
    while first > 1 and lines[first - 2].lstrip().startswith("@"):
        first -= 1
    depth = _indent(lines[line - 1])
    last = line
    for number in range(line, len(lines)):
        text = lines[number]
        if text.strip() and _indent(text) <= depth:
            if text.strip()[0] in ")}]":
                last = number + 1
                if text.rstrip().endswith((":", "{")):
                    continue  # the end of a signature that spans lines
            break
        if text.strip():
            last = number + 1
    return first, last


async def _definitions(host: WorkerHost, names: tuple[str, ...]) -> list[Place]:
    pattern = rf"^[[:space:]]*(export |pub |default |static )*{_DEFINES} +({'|'.join(names)})\b"
    command = ("git", "grep", "-nIE", "--untracked", "--no-color", "-e", pattern)
    result = await host.run(command, timeout_s=_GREP_TIMEOUT_S)
    places = []
    for line in result.stdout.decode("utf-8", "replace").splitlines():
        path, number, text = (*line.split(":", 2), "", "")[:3]
        if number.isdigit():
            rank = next(
                (place for place, name in enumerate(names) if re.search(rf"\b{name}\b", text)), len(names)
            )
            places.append((_is_test(path), rank, Place(path, int(number))))
    return [place for _, _, place in sorted(places, key=lambda found: found[:2])][:_MAX_PLACES]


def _is_test(path: str) -> bool:
    return bool(re.search(r"(^|/)(tests?|spec|examples?|docs?)/|(^|/)test_|[._]test\.|\.spec\.", path))


def _lines(worktree: Path, path: str) -> list[str] | None:
    try:
        file = followed(worktree, path)
        return file.read_text("utf-8").splitlines() if file.is_file() else None
    except (ValueError, OSError):
        return None


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())
