"""Events and results as JSON text, and back. Older timelines stay readable; newer events are passed over."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Mapping
from enum import Enum
from functools import cache
from pathlib import PurePath
from types import UnionType
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

from journeyman.domain.events import EVENT_TYPES, Payload


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


def from_plain(value: Any, kind: Any) -> Any:  # noqa: ANN401, PLR0911 - a table of kinds
    """The domain value that :func:`to_plain` made plain. Raises ValueError when it does not fit the type.

    Knows the types that domain values are made of, and no more. A validation library would take longer to
    load than a read command may take in all.
    """
    origin = get_origin(kind)
    if kind in {Any, object}:
        return value
    if origin in {Union, UnionType}:
        return _one_of(value, get_args(kind))
    if origin in {tuple, list}:
        items = [from_plain(item, get_args(kind)[0]) for item in _checked(value, list)]
        return tuple(items) if origin is tuple else items
    if origin in {dict, Mapping}:
        return {key: from_plain(item, get_args(kind)[1]) for key, item in _checked(value, dict).items()}
    if dataclasses.is_dataclass(kind):
        return _dataclass(_checked(value, dict), kind)
    if issubclass(kind, Enum):
        return kind(value)
    if kind is float and type(value) is int:
        return float(value)
    return kind(value) if issubclass(kind, PurePath) else _checked(value, kind)


def _dataclass(fields: dict[str, Any], kind: Any) -> Any:  # noqa: ANN401 - as dynamic as ``kind``
    """Missing fields get their defaults, unknown ones are passed over: other versions wrote them."""
    hints = _hints(kind)
    try:
        return kind(
            **{name: from_plain(fields[name], hint) for name, hint in hints.items() if name in fields}
        )
    except TypeError as error:
        raise ValueError(str(error)) from None


def _one_of(value: Any, kinds: tuple[Any, ...]) -> Any:  # noqa: ANN401 - as dynamic as ``kinds``
    for kind in kinds:
        with contextlib.suppress(ValueError):
            return from_plain(value, kind)
    raise ValueError(f"{value!r} is none of {kinds}")


def _checked(value: Any, kind: type[Any]) -> Any:  # noqa: ANN401 - as dynamic as ``kind``
    # By exact type: True is no int here, and what JSON gives is never a subclass.
    if type(value) is not kind:
        raise ValueError(f"{value!r} is not a {kind.__name__}")
    return value


@cache
def _hints(kind: Any) -> dict[str, Any]:  # noqa: ANN401 - a dataclass
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def decode_payload(kind: str, text: str) -> Payload | None:
    """The event payload, or ``None`` when its kind is unknown here or its fields no longer fit."""
    event_type = EVENT_TYPES.get(kind)
    if event_type is None:
        return None
    try:
        return cast("Payload", decode(text, event_type))
    except ValueError:
        return None
