"""A program's final message: the JSON line that its prompt asked for, read with distrust."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from journeyman.domain.plan import Question

MAX_LINE_CHARACTERS = 300
MAX_ANSWER_CHARACTERS = 4_000
MAX_OPTIONS = 20
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True)
class FinalMessage:
    """What the worker says it did, or what it needs to know."""

    summary: str = ""
    blocked: Question | None = None


def read_final_line(line: str) -> FinalMessage | None:
    """The message that a line holds; ``None`` unless it is a JSON object with ``summary`` or ``blocked``."""
    if not line.startswith("{"):
        return None
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or {"summary", "blocked"}.isdisjoint(value):
        return None
    return FinalMessage(_storable(value.get("summary", "")), _question(value.get("blocked")))


def read_final_message(text: str) -> FinalMessage:
    """The message in a text's last line (a code fence may follow it); else that line is the summary."""
    lines = [line for line in map(plain, text.splitlines()) if line and not line.startswith("```")]
    if not lines:
        return FinalMessage()
    return read_final_line(lines[-1]) or FinalMessage(_storable(shortened(lines[-1])))


def plain(line: str) -> str:
    """The line without escape sequences, control characters and the space around it."""
    return _ESCAPES.sub("", line).strip()


def shortened(line: str) -> str:
    """At most ``MAX_LINE_CHARACTERS`` of the line."""
    return line if len(line) <= MAX_LINE_CHARACTERS else line[: MAX_LINE_CHARACTERS - 1] + "…"


def _question(value: object) -> Question | None:
    if isinstance(value, str) and value.strip():
        return Question(reason=_storable(value), question=_storable(value))
    if not isinstance(value, dict) or not value:
        return None
    options = value.get("options")
    question = _storable(value.get("question") or value.get("reason") or "it did not say what it needs")
    return Question(
        reason=_storable(value.get("reason") or question),
        question=question,
        options=tuple(map(_storable, options[:MAX_OPTIONS])) if isinstance(options, list) else (),
    )


def _storable(value: object) -> str:
    """A value of the program's answer as a text that can be stored: bounded, without lone surrogates."""
    return str(value)[:MAX_ANSWER_CHARACTERS].encode("utf-8", "backslashreplace").decode()
