"""Reading a repository's own configuration files: each once, and a broken one is a note, not an error."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

_MAX_BYTES = 2_000_000


class Manifests:
    """The files at one root, read when first asked for. ``notes`` says which could not be understood."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.notes: list[str] = []
        self._texts: dict[str, str] = {}
        self._parsed: dict[str, Mapping[str, object]] = {}

    def exists(self, *names: str) -> str | None:
        """The first of the names that is a file."""
        return next((name for name in names if (self.root / name).is_file()), None)

    def text(self, name: str) -> str:
        """The file's text; empty when there is none, it is no text or it is far too large."""
        if name not in self._texts:
            self._texts[name] = self._read(name)
        return self._texts[name]

    def toml(self, name: str) -> Mapping[str, object]:
        """The file as a table; empty, with a note, when it is broken."""
        if name not in self._parsed:
            self._parsed[name] = self._parse_toml(name)
        return self._parsed[name]

    def json(self, name: str) -> Mapping[str, object]:
        """The file as an object; empty, with a note, when it is broken."""
        if name not in self._parsed:
            self._parsed[name] = self._parse_json(name)
        return self._parsed[name]

    def ini(self, name: str) -> Mapping[str, object]:
        """The file as section → option → text; empty, with a note, when it is broken."""
        if name not in self._parsed:
            self._parsed[name] = self._parse_ini(name)
        return self._parsed[name]

    def _read(self, name: str) -> str:
        path = self.root / name
        try:
            if not path.is_file() or path.stat().st_size > _MAX_BYTES:
                return ""
            return path.read_text(encoding="utf-8-sig", errors="replace")
        except OSError as error:
            self.notes.append(f"{name} could not be read: {error.strerror}")
            return ""

    def _parse_toml(self, name: str) -> Mapping[str, object]:
        text = self.text(name)
        if not text:
            return {}
        import tomllib

        try:
            return tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            self.notes.append(f"{name} is not valid TOML ({error}): nothing was detected from it")
            return {}

    def _parse_json(self, name: str) -> Mapping[str, object]:
        text = self.text(name)
        if not text.strip():
            return {}
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            self.notes.append(f"{name} is not valid JSON ({error}): nothing was detected from it")
            return {}
        if not isinstance(value, dict):
            self.notes.append(f"{name} is not a JSON object: nothing was detected from it")
            return {}
        return value

    def _parse_ini(self, name: str) -> Mapping[str, object]:
        text = self.text(name)
        if not text:
            return {}
        import configparser

        parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
        try:
            parser.read_string(text)
        except configparser.Error as error:
            first_line = str(error).splitlines()[0]
            self.notes.append(f"{name} could not be parsed ({first_line}): nothing was detected from it")
            return {}
        return {section: dict(parser.items(section)) for section in parser.sections()}


def table(value: object, *keys: str) -> Mapping[str, object]:
    """The table below ``keys``; empty when any of them is missing or no table."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def has_table(value: object, *keys: str) -> bool:
    """Whether there is a table below ``keys``, be it an empty one."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return isinstance(value, Mapping)


def texts(value: object) -> tuple[str, ...]:
    """The texts that a text or a list of texts holds; other things count as nothing."""
    if isinstance(value, str):
        return (value,)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
