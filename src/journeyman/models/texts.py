"""Text and arguments as models send them: pieces of surrogate pairs, and JSON that may be none."""

from __future__ import annotations

import json
from typing import Any

from journeyman.domain.model import ToolCall


def whole(text: str) -> str:
    """The text with surrogate pairs joined that came in two pieces; a lone half becomes U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def tool_call(call_id: str, name: str, raw: str) -> ToolCall:
    """A call with its arguments read. No arguments at all are an empty object."""
    if not raw.strip():
        return ToolCall(call_id, name, {}, raw)
    try:
        arguments = json.loads(raw)
    except (ValueError, RecursionError):
        return ToolCall(call_id, name, None, whole(raw))
    return ToolCall(call_id, name, clean(arguments) if isinstance(arguments, dict) else None, whole(raw))


def clean(value: Any) -> Any:  # noqa: ANN401 - JSON
    """JSON data without lone surrogates, which no file and no database takes."""
    match value:
        case str():
            return whole(value)
        case list():
            return [clean(item) for item in value]
        case dict():
            return {whole(key): clean(item) for key, item in value.items()}
        case _:
            return value


def arguments_of(call: ToolCall) -> dict[str, Any]:
    """The arguments for sending the call back: what was no object goes out as an object that says so."""
    return call.arguments if call.arguments is not None else {"not_an_object": call.raw}
