"""What is asked: a sentence, or Markdown with optional YAML front matter."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from journeyman.domain.errors import JourneymanError
from journeyman.domain.plan import Risk

_E = TypeVar("_E", bound=StrEnum)
MAX_TASK_CHARACTERS = 200_000
TASK_KEYS = ("title", "size", "scope", "checks", "risk", "depends_on", "worker", "model", "acceptance")
SCOPE_KEYS = ("allow", "deny")


class Size(StrEnum):
    """How large the author thinks the task is."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


@dataclass(frozen=True)
class Task:
    """One task. ``text`` is what the worker reads; the rest narrows what it may do and how it is judged."""

    title: str
    text: str
    size: Size | None = None
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    """Names of the checks to run; empty is all."""
    risk: Risk | None = None
    depends_on: tuple[str, ...] = ()
    """Other tasks, by name. Refused until it has an effect: see :func:`parse_task`."""
    worker: str | None = None
    model: str | None = None
    acceptance: tuple[str, ...] = ()

    @property
    def whole_text(self) -> str:
        """Title and text, the title once."""
        return self.text if self.title in self.text else f"{self.title}\n\n{self.text}"


def parse_task(text: str, origin: str = "the task") -> Task:
    """The task that ``text`` states.

    Front matter is recognised by a first line of ``---``. Raises JourneymanError("bad-task") for an
    empty text, broken YAML, an unknown key (naming the nearest known one), a value of the wrong kind, or
    ``depends_on``, which nothing heeds yet.
    """
    if len(text) > MAX_TASK_CHARACTERS:
        raise JourneymanError(
            "bad-task", f"{origin} has {len(text):,} characters; at most {MAX_TASK_CHARACTERS:,} are read"
        )
    if "\0" in text:
        raise JourneymanError("bad-task", f"{origin} holds NUL bytes: it is no text")
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    header, body = _split_front_matter(text, origin)
    body = body.strip()
    if not body and not header.get("title"):
        raise JourneymanError("bad-task", f"{origin} is empty", hint='jm run "…"')
    _refuse_unknown(header, TASK_KEYS, origin)
    scope = header.get("scope") or {}
    if not isinstance(scope, Mapping):
        raise _wrong_kind(origin, "scope", "a mapping with allow and deny")
    _refuse_unknown(scope, SCOPE_KEYS, f"scope in {origin}")
    title = _text(header, "title", origin) or _first_line(body)
    if not any(character.isalnum() for character in title):
        raise JourneymanError("bad-task", f"{origin} holds nothing that can be read")
    return Task(
        title=title,
        text=body or title,
        size=_choice(header, "size", Size, origin),
        allow=_texts(scope, "allow", origin),
        deny=_texts(scope, "deny", origin),
        checks=_texts(header, "checks", origin),
        risk=_choice(header, "risk", Risk, origin),
        depends_on=_no_dependencies(header, origin),
        worker=_text(header, "worker", origin),
        model=_text(header, "model", origin),
        acceptance=_texts(header, "acceptance", origin),
    )


def nearest(word: str, known: tuple[str, ...]) -> str | None:
    """The known word that ``word`` was probably meant to be, if any is near."""
    matches = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return matches[0] if matches else None


def _split_front_matter(text: str, origin: str) -> tuple[Mapping[str, object], str]:
    match = re.match(r"---[ \t]*\n(.*?)(?:^|\n)---[ \t]*(?:\n|$)", text, re.DOTALL)
    if not match:
        return {}, text
    import yaml

    try:
        header = yaml.safe_load(match.group(1))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 2}" if mark is not None else ""
        raise JourneymanError(
            "bad-task", f"the front matter of {origin} is not YAML{place}", facts=(str(error),)
        ) from None
    if header is None:
        return {}, text[match.end() :]
    if not isinstance(header, dict):
        raise JourneymanError("bad-task", f"the front matter of {origin} is not a list of KEY: VALUE lines")
    return header, text[match.end() :]


def _refuse_unknown(mapping: Mapping[str, object], known: tuple[str, ...], origin: str) -> None:
    for key in mapping:
        if key not in known:
            guess = nearest(str(key), known)
            raise JourneymanError(
                "bad-task",
                f"unknown key {key!r} in {origin}" + (f"; did you mean {guess!r}?" if guess else ""),
                facts=(f"known keys: {', '.join(known)}",),
            )


def _wrong_kind(origin: str, key: str, wanted: str) -> JourneymanError:
    return JourneymanError("bad-task", f"{key} in {origin} must be {wanted}")


def _text(mapping: Mapping[str, object], key: str, origin: str) -> str | None:
    value = mapping.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip():
        raise _wrong_kind(origin, key, "a text")
    return _printable(value)


def _texts(mapping: Mapping[str, object], key: str, origin: str) -> tuple[str, ...]:
    value = mapping.get(key)
    if value is None:
        return ()
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, str) and item.strip() for item in items):
        raise _wrong_kind(origin, key, "a text or a list of texts")
    return tuple(str(item) for item in items)


def _no_dependencies(header: Mapping[str, object], origin: str) -> tuple[str, ...]:
    """None. To record them and work the task all the same would look like an order that is kept."""
    if _texts(header, "depends_on", origin):
        raise JourneymanError(
            "bad-task",
            f"depends_on in {origin} is not supported yet: a task is worked whatever became of others",
            hint="leave it out; run and merge first what the task depends on, then the task",
        )
    return ()


def _choice(mapping: Mapping[str, object], key: str, kind: type[_E], origin: str) -> _E | None:
    value = mapping.get(key)
    if value is None:
        return None
    values = tuple(member.value for member in kind)
    if value not in values:
        guess = nearest(str(value), values)
        raise JourneymanError(
            "bad-task",
            f"{key} in {origin} is {value!r}, not one of {', '.join(values)}"
            + (f"; did you mean {guess!r}?" if guess else ""),
        )
    return kind(str(value))


def _printable(text: str) -> str:
    """One line that a terminal can be shown: control characters become spaces."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _first_line(body: str) -> str:
    line = next((line for line in body.splitlines() if line.strip()), body)
    line = _printable(line.strip().lstrip("#"))
    return line if len(line) <= 100 else line[:97].rstrip() + "…"
