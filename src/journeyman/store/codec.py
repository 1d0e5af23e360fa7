"""Events and results as JSON text, and back. Older timelines stay readable; newer events are passed over."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from journeyman.domain.events import EVENT_TYPES, Payload

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def encode(value: object, kind: type[Any]) -> str:
    """JSON text of a domain value. Pure ASCII: file names with undecodable bytes survive as escapes."""
    return json.dumps(to_plain(value, kind), separators=(",", ":"))


def decode(text: str, kind: type[Any]) -> Any:  # noqa: ANN401 - as dynamic as ``kind``
    """The value that :func:`encode` wrote. Raises ValueError when the text does not fit the type."""
    return adapter(kind).validate_python(json.loads(text), strict=False)


def to_plain(value: object, kind: type[Any]) -> Any:  # noqa: ANN401 - plain JSON data
    """A domain value as dicts, lists, strings and numbers."""
    return adapter(kind).dump_python(value, mode="json")


def decode_payload(kind: str, text: str) -> Payload | None:
    """The event payload, or ``None`` when its kind is unknown here or its fields no longer fit."""
    event_type = EVENT_TYPES.get(kind)
    if event_type is None:
        return None
    try:
        return cast("Payload", decode(text, event_type))
    except ValueError:
        return None


_adapters: dict[object, TypeAdapter[Any]] = {}


def adapter(kind: type[Any]) -> TypeAdapter[Any]:
    """The validator of a type, built once: building costs milliseconds."""
    from pydantic import TypeAdapter

    found = _adapters.get(kind)
    if found is None:
        found = _adapters[kind] = TypeAdapter(kind)
    return found
