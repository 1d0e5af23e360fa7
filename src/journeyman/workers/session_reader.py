"""Strict reading of a session file: known keys, values of their kind, and the place in every complaint."""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from journeyman.domain.errors import JourneymanError
from journeyman.domain.task import nearest

MAX_BYTES = 20_000_000


def bad_session(place: str, message: str, *facts: str) -> JourneymanError:
    """The error for a session that cannot be read."""
    return JourneymanError("bad-session", f"{place}: {message}", facts=facts)


def load_table(path: Path) -> StrictTable:
    """The file's top-level mapping. ``.json`` is read as JSON, everything else as YAML."""
    place = path.name
    try:
        if path.stat().st_size > MAX_BYTES:
            raise bad_session(place, f"larger than {MAX_BYTES:,} bytes")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise bad_session(place, f"cannot be read: {error.strerror or error}", str(path)) from None
    except UnicodeDecodeError as error:
        raise bad_session(place, f"is not UTF-8 text (byte {error.start})") from None
    value = _parse_json(text, place) if path.suffix.lower() == ".json" else _parse_yaml(text, place)
    if not isinstance(value, Mapping):
        raise bad_session(place, "is not a mapping with journeyman_session, recorded and milestones")
    return StrictTable(value, place)


class StrictTable:
    """One mapping of the file, and where it stands."""

    def __init__(self, values: Mapping[object, object], place: str) -> None:
        self._values = values
        self.place = place

    def keys(self, *known: str) -> None:
        """Refuse any other key, naming the nearest known one."""
        for key in self._values:
            if key not in known:
                guess = nearest(str(key), known)
                message = f"unknown key {key!r}" + (f"; did you mean {guess!r}?" if guess else "")
                raise bad_session(self.place, message, f"known keys: {', '.join(known)}")

    def has(self, key: str) -> bool:
        """Whether the key is there, whatever its value."""
        return key in self._values

    def text(self, key: str, *, required: bool = False, blank: bool = False) -> str:
        """A text. Missing is an error when ``required`` or ``blank``; ``blank`` lets it be empty."""
        value = self._values.get(key)
        if value is None and not (required or blank):
            return ""
        if not isinstance(value, str) or not (value or blank):
            # YAML reads an unquoted no, on or 3 as something else than what it looks like.
            quoted = f", in quotes: not {value!r}" if isinstance(value, bool | int | float) else ""
            raise self._wrong(key, ("a text" if blank else "a text that is not empty") + quoted)
        try:
            value.encode()
        except UnicodeEncodeError:
            raise self._wrong(key, "a text without lone surrogates") from None
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts."""
        value = self._values.get(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            raise self._wrong(key, "a list of texts")
        return tuple(value)

    def commands(self, key: str) -> tuple[str | tuple[str, ...], ...]:
        """A list of commands: a text for the shell, or a list of texts as argv."""
        value = self._values.get(key)
        if value is None:
            return ()
        commands = [tuple(item) if isinstance(item, list) else item for item in _listed(value)]
        if not isinstance(value, list) or not all(_is_command(command) for command in commands):
            raise self._wrong(key, "a list of commands, each a text or a list of texts")
        return tuple(commands)

    def integer(self, key: str, *, required: bool = False) -> int | None:
        """A whole number, not negative."""
        value = self._values.get(key)
        if value is None and not required:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self._wrong(key, "a whole number")
        return value

    def number(self, key: str) -> float | None:
        """A finite number, not negative."""
        value = self._values.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
            raise self._wrong(key, "a number from 0 up")
        return float(value)

    def choice(self, key: str, kind: type[StrEnum], default: StrEnum | None = None) -> str:
        """One of the enum's values."""
        value = self._values.get(key)
        if value is None and default is not None:
            return default.value
        values = tuple(member.value for member in kind)
        if value not in values:
            guess = nearest(str(value), values)
            hint = f"; did you mean {guess!r}?" if guess else ""
            raise bad_session(self.place, f"{key} is {value!r}, not one of {', '.join(values)}{hint}")
        return str(value)

    def true(self, key: str) -> None:
        """Refuse any value but true."""
        if self._values.get(key) is not True:
            raise self._wrong(key, "true")

    def mode(self, key: str) -> int:
        """Permission bits, written as three octal digits in quotes."""
        value = self._values.get(key)
        if not isinstance(value, str) or not re.fullmatch(r"[0-7]{3}", value):
            raise self._wrong(key, "three octal digits in quotes, such as '755'")
        return int(value, 8)

    def path(self, key: str) -> str:
        """A path that stays in the worktree and out of its .git, as far as its text can tell."""
        value = self.text(key, required=True)
        parts = value.split("/")
        if value.startswith("/") or "\0" in value or any(part in {"", ".", ".."} for part in parts):
            raise self._wrong(key, f"a plain path relative to the worktree, not {value!r}")
        if parts[0].casefold() == ".git":
            raise self._wrong(key, "a path outside of .git")
        return value

    def table(self, key: str) -> StrictTable | None:
        """A mapping."""
        value = self._values.get(key)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise self._wrong(key, "a mapping")
        return StrictTable(value, f"{self.place}, {key}")

    def tables(self, key: str, word: str, *, required: bool = False) -> list[StrictTable]:
        """A list of mappings, placed as ``word 1``, ``word 2``, …"""
        value = self._values.get(key)
        if value is None and not required:
            return []
        if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
            raise self._wrong(key, "a list of mappings")
        if required and not value:
            raise self._wrong(key, "a list with at least one entry")
        return [
            StrictTable(item, f"{self.place}, {word} {number}") for number, item in enumerate(value, start=1)
        ]

    def _wrong(self, key: str, wanted: str) -> JourneymanError:
        missing = "is missing: it must be" if self._values.get(key) is None else "must be"
        return bad_session(self.place, f"{key} {missing} {wanted}")


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_command(command: object) -> bool:
    words = (command,) if isinstance(command, str) else command
    return isinstance(words, tuple) and bool(words) and all(isinstance(word, str) and word for word in words)


def _parse_json(text: str, place: str) -> object:
    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise bad_session(place, f"a key stands twice among {', '.join(key for key, _ in pairs)}")
        return found

    try:
        value: object = json.loads(text, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        message = f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        raise bad_session(place, message) from None
    except (RecursionError, ValueError) as error:
        raise bad_session(place, f"is not JSON: {error}") from None
    return value


def _parse_yaml(text: str, place: str) -> object:
    import yaml

    class UniqueKeys(yaml.SafeLoader):
        """YAML lets a key stand twice and keeps the last; a recording never means that."""

        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - PyYAML's
            seen: set[object] = set()
            for key_node, _ in node.value:
                if key_node.value in seen:
                    line = key_node.start_mark.line + 1
                    raise bad_session(place, f"key {key_node.value!r} stands twice, again at line {line}")
                if isinstance(key_node.value, str):
                    seen.add(key_node.value)
            return super().construct_mapping(node, deep=deep)

    try:
        return yaml.load(text, UniqueKeys)  # noqa: S506 - it derives from the safe loader
    except (yaml.YAMLError, ValueError, RecursionError, TypeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
        raise bad_session(place, f"is not YAML{where}", str(error)) from None
