"""Events and results as JSON text, and back. Older timelines stay readable; newer events are passed over."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache, partial
from pathlib import PurePath
from types import UnionType
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

from journeyman.domain.events import EVENT_TYPES, Payload

_Read = Callable[[Any], Any]


def encode(value: object) -> str:
    """JSON text of a domain value. Pure ASCII: file names with undecodable bytes survive as escapes."""
    return json.dumps(to_plain(value), separators=(",", ":"))


def decode(text: str, kind: type[Any]) -> Any:  # noqa: ANN401 - as dynamic as ``kind``
    """The value that :func:`encode` wrote. Raises ValueError when the text does not fit the type."""
    return from_plain(json.loads(text), kind)


def decode_payload(kind: str, text: str) -> Payload | None:
    """The event payload, or ``None`` when its kind is unknown here or its fields no longer fit."""
    event_type = EVENT_TYPES.get(kind)
    if event_type is None:
        return None
    try:
        return cast("Payload", decode(text, event_type))
    except ValueError:
        return None


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


def from_plain(value: Any, kind: Any) -> Any:  # noqa: ANN401 - as dynamic as ``kind``
    """The domain value that :func:`to_plain` made plain. Raises ValueError when it does not fit the type."""
    return _reader(kind)(value)


@cache
def _reader(kind: Any) -> _Read:  # noqa: ANN401, PLR0911 - a table of kinds
    """How values of a type are read. Found out once for each: a timeline is thousands of values of few types.

    Knows the types that domain values are made of, and no more. A validation library would take longer to
    load than a read command may take in all.
    """
    origin, arguments = get_origin(kind), get_args(kind)
    if kind in {Any, object}:
        return lambda value: value
    if origin in {Union, UnionType}:
        return partial(_one_of, tuple(map(_reader, arguments)))
    if origin in {tuple, list}:
        return partial(_items, origin, _reader(arguments[0]))
    if origin in {dict, Mapping}:
        return partial(_mapping, _reader(arguments[1]))
    if dataclasses.is_dataclass(kind):
        return partial(_dataclass, kind)
    if issubclass(kind, Enum | PurePath):
        return cast("_Read", kind)
    return partial(_float if kind is float else _checked, kind)


def _dataclass(kind: Any, value: Any) -> Any:  # noqa: ANN401 - as dynamic as ``kind``
    """Missing fields get their defaults, unknown ones are passed over: other versions wrote them."""
    fields = _checked(dict, value)
    try:
        return kind(**{name: read(fields[name]) for name, read in _fields(kind) if name in fields})
    except TypeError as error:
        raise ValueError(str(error)) from None


@cache
def _fields(kind: Any) -> tuple[tuple[str, _Read], ...]:  # noqa: ANN401 - a dataclass
    hints = get_type_hints(kind)
    return tuple((field.name, _reader(hints[field.name])) for field in dataclasses.fields(kind))


def _one_of(readers: tuple[_Read, ...], value: Any) -> Any:  # noqa: ANN401 - as dynamic as ``readers``
    for read in readers:
        try:
            return read(value)
        except ValueError:
            continue
    raise ValueError(f"{value!r} is of none of the wanted types")


def _items(kind: type[Any], read: _Read, value: Any) -> Any:  # noqa: ANN401 - as dynamic as ``kind``
    return kind([read(item) for item in _checked(list, value)])


def _mapping(read: _Read, value: Any) -> dict[str, Any]:  # noqa: ANN401 - any value
    return {key: read(item) for key, item in _checked(dict, value).items()}


def _float(kind: type[float], value: Any) -> Any:  # noqa: ANN401 - any value
    return float(value) if type(value) is int else _checked(kind, value)


def _checked(kind: type[Any], value: Any) -> Any:  # noqa: ANN401 - as dynamic as ``kind``
    # By exact type: True is no int here, and what JSON gives is never a subclass.
    if type(value) is not kind:
        raise ValueError(f"{value!r} is not a {kind.__name__}")
    return value
