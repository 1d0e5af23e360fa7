"""What one try consumed, as the provider reported it, and the sum over tries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Spent:
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


def count(value: Any) -> int | None:  # noqa: ANN401 - from a provider's JSON
    """A token count, or ``None`` for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
        return None
    return int(value)


def total(values: list[int | None]) -> int | None:
    """The sum of what is known; ``None`` when nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None
