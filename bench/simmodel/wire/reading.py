"""Helpers for reading request bodies: what is not as the protocol says is a 400 that names the place."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from bench.simmodel.values import Call, Result, Tool, Turn
from bench.simmodel.wire.errors import invalid

_NAME = re.compile(r"^[a-zA-Z0-9_-]{1,128}$")


def mapping(value: object, place: str) -> dict[str, Any]:
    """A JSON object."""
    if not isinstance(value, dict):
        raise invalid(f"Invalid type for '{place}': expected an object.", place)
    return value


def sequence(value: object, place: str) -> list[Any]:
    """A JSON array; missing is empty."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise invalid(f"Invalid type for '{place}': expected an array.", place)
    return value


def text(value: object, place: str) -> str:
    """A JSON string."""
    if not isinstance(value, str):
        raise invalid(f"Invalid type for '{place}': expected a string.", place)
    return value


def text_of(content: object, place: str, kinds: tuple[str, ...]) -> str:
    """The text of a string, of nothing, or of a list of parts, of which others than ``kinds`` say nothing."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    texts = []
    for number, part in enumerate(sequence(content, place)):
        item = mapping(part, f"{place}[{number}]")
        if item.get("type") in kinds:
            texts.append(text(item.get("text") or "", f"{place}[{number}].text"))
    return "\n".join(texts)


def function_tool(item: dict[str, Any], place: str, schema_key: str = "parameters") -> Tool:
    """A tool with a JSON schema."""
    name = text(item.get("name"), f"{place}.name")
    if not _NAME.match(name):
        raise invalid(
            f"Invalid '{place}.name': string does not match pattern '{_NAME.pattern}'.", f"{place}.name"
        )
    schema = item.get(schema_key)
    if schema is not None and mapping(schema, f"{place}.{schema_key}").get("type") != "object":
        raise invalid(
            f"Invalid schema for function '{name}': schema must be of type 'object'.", f"{place}.{schema_key}"
        )
    return Tool(name, parameters=schema or {})


def merged(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """Neighbours of one speaker as one turn."""
    whole: list[Turn] = []
    for turn in turns:
        if whole and whole[-1].by_user == turn.by_user:
            last = whole.pop()
            joined = "\n\n".join(part for part in (last.text, turn.text) if part)
            turn = Turn(turn.by_user, joined, last.calls + turn.calls, last.results + turn.results)  # noqa: PLW2901
        whole.append(turn)
    return tuple(whole)


def said(content: str) -> Turn:
    """The user said something."""
    return Turn(by_user=True, text=content)


def answered(content: str, calls: tuple[Call, ...] = ()) -> Turn:
    """The model said something."""
    return Turn(by_user=False, text=content, calls=calls)


def told(result: Result) -> Turn:
    """The client gave a call's result."""
    return Turn(by_user=True, results=(result,))


def forced_name(name: str | None, tools: Iterable[Tool]) -> str | None:
    """The forced tool, which must be among those offered."""
    if name is not None and all(tool.name != name for tool in tools):
        raise invalid(f"Tool choice '{name}' not found in 'tools' parameter.", "tool_choice")
    return name


def positive(value: object, place: str) -> int | None:
    """A limit of tokens; missing is none."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise invalid(f"Invalid '{place}': integer below minimum value. Expected a value >= 1.", place)
    return value
