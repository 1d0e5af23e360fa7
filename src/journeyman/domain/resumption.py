"""What a person says when a run goes on: the flags of ``jm resume``, and a part of its event."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Resumption:
    """Permissions and limits; what was not said stays as it was."""

    answer: str | None = None
    """To the question that blocked the run."""
    allow_lockfile: bool = False
    allow_weaker_tests: bool = False
    minutes: float | None = None
    """A new time budget, as are the following in what models may use, all for the whole run."""
    usd: float | None = None
    tokens: int | None = None
    requests: int | None = None
