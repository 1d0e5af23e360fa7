"""Whether a failed attempt is followed by another one: a pure decision over what the attempts left."""

from __future__ import annotations

from dataclasses import dataclass

_SAME_FAILURES_LIMIT = 3
"""The same failures may survive two different attempts; a third shows that more of the same won't do."""


@dataclass(frozen=True)
class AttemptRecord:
    """What one attempt at a milestone left behind."""

    tree: str
    signature: str
    """Digest of the failures or findings that sent it back."""


@dataclass(frozen=True)
class RetryDecision:
    """``retry`` or a stop code, with the reason in words."""

    retry: bool
    reason: str
    stop_code: str | None = None


def decide_retry(attempts: tuple[AttemptRecord, ...], limit: int, exhausted_code: str) -> RetryDecision:
    """Decide after the last of ``attempts`` was sent back.

    ``limit`` is the number of attempts allowed in all; ``exhausted_code`` the stop code after those.
    A loop that repeats itself burns money: the same tree twice, or the same failures three times, ends it.
    """
    last = attempts[-1]
    if any(earlier.tree == last.tree for earlier in attempts[:-1]):
        return RetryDecision(
            retry=False,
            reason="this attempt left exactly the tree of an earlier one",
            stop_code="no-progress",
        )
    if sum(attempt.signature == last.signature for attempt in attempts) >= _SAME_FAILURES_LIMIT:
        return RetryDecision(
            retry=False,
            reason=f"{_SAME_FAILURES_LIMIT} attempts left exactly the same failures",
            stop_code="no-progress",
        )
    if len(attempts) >= limit:
        return RetryDecision(
            retry=False, reason=f"all {limit} attempts are used up", stop_code=exhausted_code
        )
    return RetryDecision(retry=True, reason=f"attempt {len(attempts)} of {limit} was sent back")
