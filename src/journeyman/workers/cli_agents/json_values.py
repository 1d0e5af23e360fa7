"""Values of other people's JSON, which may hold anything: each read as what it should be, else as nothing."""

from __future__ import annotations

from typing import Any, TypeGuard

_HUGE = 1e15


def as_object(value: object) -> dict[str, Any]:
    """The value when it is a JSON object, else an empty one: other people's events may hold anything."""
    return value if isinstance(value, dict) else {}


def as_objects(value: object) -> list[dict[str, Any]]:
    """The JSON objects in a list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def as_text(value: object) -> str:
    """A text, or nothing."""
    return value if isinstance(value, str) else ""


def as_texts(value: object) -> list[str]:
    """The texts in a list."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def as_count(value: object) -> int | None:
    """A count, or ``None`` when it is not known."""
    return int(value) if _finite(value) and value >= 0 else None


def as_price_usd(value: object) -> float | None:
    """A sum of money; 0 says that the CLI does not know the price."""
    return float(value) if _finite(value) and value > 0 else None


def _finite(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and -_HUGE < value < _HUGE
