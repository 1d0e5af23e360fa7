"""Server-sent events, and how an answer is cut into pieces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bench.simmodel.tokens import compact

_PIECE = 32


@dataclass(frozen=True)
class Event:
    """One event. ``characters`` is how much of the answer it carries: what it costs in time."""

    data: dict[str, Any] | str
    name: str | None = None
    characters: int = 0

    def encode(self) -> bytes:
        """The event's lines."""
        head = f"event: {self.name}\n" if self.name else ""
        data = self.data if isinstance(self.data, str) else compact(self.data)
        return f"{head}data: {data}\n\n".encode()


def pieces(text: str) -> Iterator[str]:
    """The text in pieces of some tokens each."""
    for begin in range(0, len(text), _PIECE):
        yield text[begin : begin + _PIECE]
