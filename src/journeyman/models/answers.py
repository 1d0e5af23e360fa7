"""What one try brought: text, calls and tokens as providers send them, read with tolerance."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from journeyman.domain.model import Finish, ToolCall


@dataclass(frozen=True)
class TryUsage:
    """Tokens of one try; an unknown figure is ``None``."""

    model: str | None = None
    """The model that answered, in the provider's words."""
    tokens_in: int | None = None
    """All prompt tokens: read from a cache, written to one, and neither."""
    tokens_cached: int | None = None
    tokens_written: int | None = None
    """Those of ``tokens_in`` that were written to the provider's cache."""
    tokens_out: int | None = None
    cost_usd: float | None = None
    """Only where the provider itself says it."""

    @property
    def known(self) -> bool:
        """Whether anything is known that costs."""
        return self.tokens_in is not None or self.tokens_out is not None


@dataclass(frozen=True)
class Answered:
    """One successful try."""

    text: str
    calls: tuple[ToolCall, ...]
    finish: Finish
    opaque: Any
    usage: TryUsage
    latency_s: float


def token_count(value: Any) -> int | None:  # noqa: ANN401 - from a provider's JSON
    """A token count, or ``None`` for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
        return None
    return int(value)


def token_total(values: list[int | None]) -> int | None:
    """The sum of what is known; ``None`` when nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def join_surrogates(text: str) -> str:
    """The text with surrogate pairs joined that came in two pieces; a lone half becomes U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def read_tool_call(call_id: str, name: str, raw: str) -> ToolCall:
    """A call with its arguments read. No arguments at all are an empty object."""
    if not raw.strip():
        return ToolCall(call_id, name, {}, raw)
    try:
        arguments = json.loads(raw)
    except (ValueError, RecursionError):
        return ToolCall(call_id, name, None, join_surrogates(raw))
    return ToolCall(
        call_id, name, clean_json(arguments) if isinstance(arguments, dict) else None, join_surrogates(raw)
    )


def clean_json(value: Any) -> Any:  # noqa: ANN401 - JSON
    """JSON data without lone surrogates, which no file and no database takes."""
    match value:
        case str():
            return join_surrogates(value)
        case list():
            return [clean_json(item) for item in value]
        case dict():
            return {join_surrogates(key): clean_json(item) for key, item in value.items()}
        case _:
            return value


def sent_arguments(call: ToolCall) -> dict[str, Any]:
    """The arguments for sending the call back: what was no object goes out as an object that says so."""
    return call.arguments if call.arguments is not None else {"not_an_object": call.raw}
