"""Events and results as JSON text, and back. Older timelines stay readable; newer events are passed over."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from enum import Enum
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, cast

from journeyman.domain.events import EVENT_TYPES, Payload

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def encode(value: object) -> str:
    """JSON text of a domain value. Pure ASCII: file names with undecodable bytes survive as escapes."""
    return json.dumps(to_plain(value), separators=(",", ":"))


def decode(text: str, kind: type[Any]) -> Any:  # noqa: ANN401 - as dynamic as ``kind``
    """The value that :func:`encode` wrote. Raises ValueError when the text does not fit the type."""
    return from_plain(json.loads(text), kind)


def to_plain(value: Any) -> Any:  # noqa: ANN401 - any domain value
    """A domain value as dicts, lists, strings and numbers. No library: this is on every run's path."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, PurePath):
        return str(value)
    return value


def from_plain(value: Any, kind: type[Any]) -> Any:  # noqa: ANN401 - as dynamic as ``kind``
    """The domain value that :func:`to_plain` made plain. Raises ValueError when it does not fit the type."""
    return _adapter(kind).validate_python(value)


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


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    """The validator of a type, built once: building costs milliseconds."""
    from pydantic import TypeAdapter

    found = _adapters.get(kind)
    if found is None:
        found = _adapters[kind] = TypeAdapter(kind)
    return found
