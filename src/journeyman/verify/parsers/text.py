"""Text in, comparable text out: colours and roots away, unstable parts levelled, long parts clipped."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

from journeyman.domain.checks import Failure

DETAIL_CHARACTERS = 1_500
MESSAGE_CHARACTERS = 300
_STABLE_LIMIT = 1_000_000

_ANSI = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours and cursor moves
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # titles and links
    r"|\x1b[()][A-Z0-9]|\x1b[@-Z\\-_=>]"  # character sets and the rest
)
_OVERWRITTEN = re.compile(r"^.*\r(?!$)", re.MULTILINE)

_LEVELLED: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.IGNORECASE),
        "<uuid>",
    ),
    (re.compile(r"\b0x[0-9a-fA-F]+"), "0x…"),
    (re.compile(r"(?<![\w/])(?:/private)?/(?:var/)?tmp/[^\s'\"`<>:,;)\]]+"), "<tmp>"),
    (re.compile(r"(?<![\w/])(?:/private)?/var/folders/[^\s'\"`<>:,;)\]]+"), "<tmp>"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"), "<date>"),
    (re.compile(r"\b\d{1,2}:\d\d:\d\d(?:\.\d+)?\b"), "<time>"),
    (re.compile(r"\b\d+(?:\.\d+)?\s?(?:ms|µs|us|ns|s|secs?|seconds?|minutes?)\b"), "<time>"),
    (re.compile(r"\b((?:127\.0\.0\.1|localhost|\[::1\])):\d+"), r"\1"),
    (re.compile(r"\b(pid|PID|process)([ =:]+)\d+"), r"\1\2N"),
    (re.compile(r"\b([Ll]ines? )\d+(?:-\d+)?"), r"\1N"),
    (re.compile(r"(\.\w{1,8}):\d+(?::\d+)?"), r"\1"),
    (re.compile(r"(\.\w{1,8})\(\d+,\d+\)"), r"\1"),
    (re.compile(r"^\s*>?\s*\d+\s*\|", re.MULTILINE), "|"),
    (re.compile(r"[ \t]+"), " "),
)


def clean(output: str, root: Path) -> str:
    """The output without colours and overwritten progress, with paths relative to ``root``."""
    # No-break spaces: pyright indents with them.
    text = _ANSI.sub("", output).replace("\r\n", "\n").replace("\u00a0", " ")
    if "\r" in text:
        text = _OVERWRITTEN.sub("", text).replace("\r", "")
    for prefix in dict.fromkeys((str(root), str(root.resolve()))):
        if len(prefix) > 1:
            text = text.replace(f"file://{prefix}/", "").replace(f"{prefix}/", "").replace(prefix, ".")
    return text


def stable(text: str) -> str:
    """The text without what differs between two runs of the same: addresses, times, line numbers."""
    for pattern, replacement in _LEVELLED:
        text = pattern.sub(replacement, text)
    return text.strip()


def stable_digest(text: str) -> str:
    """A digest of the levelled text, the same for the same complaint in another place and at another time."""
    # Levelling very long text costs seconds; unlevelled it only compares equal when it is.
    levelled = stable(text) if len(text) <= _STABLE_LIMIT else text
    return hashlib.sha256(levelled.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def key_digest(key: str) -> str:
    """A short stand-in for a failure's key, where thousands are kept."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def clip(text: str, limit: int) -> str:
    """The text, or its head and a mark that something is missing."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def tail(text: str, limit: int) -> str:
    """The end of the text, cut at a line's start where there is one."""
    text = text.strip("\n")
    if len(text) <= limit:
        return text
    cut = text[-limit:]
    start = cut.find("\n") + 1
    return cut[start:] if 0 < start < limit // 2 else cut


def posix_path(path: str) -> str:
    """The path as the repository names it."""
    return path.strip().replace("\\", "/").removeprefix("./")


def place_failure(path: str, line: str | int | None, rule: str, message: str, detail: str = "") -> Failure:
    """A complaint about a place in a file, by a rule of the tool's."""
    path = posix_path(path)
    message = " ".join(message.split())
    number = int(line) if line else None
    place = f"{path}:{number}" if number else path
    return Failure(
        key=f"{path}::{rule}::{stable(message)}",
        message=clip(f"{place}: {rule} {message}", MESSAGE_CHARACTERS),
        path=path,
        line=number,
        detail=clip(detail.strip("\n"), DETAIL_CHARACTERS),
    )


def failed_test(
    test: str, message: str, *, path: str | None = None, line: str | int | None = None, detail: str = ""
) -> Failure:
    """A test that failed; ``test`` is the identity that its runner gives it."""
    first = next((part.strip() for part in message.splitlines() if part.strip()), "failed")
    return Failure(
        key=stable(test),
        message=clip(f"{test}: {first}", MESSAGE_CHARACTERS),
        path=posix_path(path) if path else None,
        line=int(line) if line else None,
        detail=clip(detail.strip("\n"), DETAIL_CHARACTERS),
    )


def number_repeats(failures: list[Failure]) -> list[Failure]:
    """The failures with distinct keys: the second of two that are equal is ``#2``."""
    seen: Counter[str] = Counter()
    numbered = []
    for failure in failures:
        seen[failure.key] += 1
        count = seen[failure.key]
        numbered.append(failure if count == 1 else replace(failure, key=f"{failure.key} #{count}"))
    return numbered
