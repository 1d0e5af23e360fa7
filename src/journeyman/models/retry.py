"""Whether and when to try again, decided as values; and the loop that tries."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from random import SystemRandom
from typing import Generic, TypeVar

from journeyman.domain.model import OnWait
from journeyman.models.errors import ModelFailure, TryFailed

T = TypeVar("T")


@dataclass(frozen=True)
class RetryPolicy:
    """How long to try for, and how often."""

    max_tries: int = 10
    budget_s: float = 300.0
    """For waiting between tries and for silence within them; a try that hears something costs nothing."""
    base_s: float = 0.5
    cap_s: float = 60.0


@dataclass(frozen=True)
class Wait:
    """Try again after this."""

    seconds: float


@dataclass(frozen=True)
class GiveUp:
    """Try no more, because of this; empty when the last failure says it all."""

    why: str = ""


def decide_retry(
    failure: ModelFailure, tries: int, lost_s: float, policy: RetryPolicy, chance: float
) -> Wait | GiveUp:
    """What to do after ``tries`` failed ones. ``chance``, in 0…1, is the jitter: all of it, or none.

    Exponential backoff with full jitter; a time that the server names is honoured, and spread a little.
    """
    if failure.code is not None:
        return GiveUp()
    allowed = min(policy.max_tries, failure.max_tries or policy.max_tries)
    if tries >= allowed:
        return GiveUp(f"{tries} tries failed" if tries > 1 else "")
    seconds = min(policy.cap_s, policy.base_s * 2 ** (tries - 1)) * chance
    if failure.retry_after_s:
        seconds = failure.retry_after_s + min(1.0, failure.retry_after_s / 10) * chance
        if seconds > policy.budget_s:
            return GiveUp(f"the provider asks to wait {failure.retry_after_s:.0f} s")
    if lost_s + seconds > policy.budget_s:
        return GiveUp(f"another wait would go over {policy.budget_s:g} s (models.patience_s)")
    return Wait(seconds)


@dataclass
class Tries:
    """What was tried so far."""

    failures: list[ModelFailure] = field(default_factory=list)
    waited_s: float = 0.0

    @property
    def lost_s(self) -> float:
        """Seconds in which nothing was heard."""
        return self.waited_s + sum(failure.silent_s for failure in self.failures)


@dataclass(frozen=True)
class GaveUp(Generic[T]):
    """No try succeeded."""

    why: str


async def call_with_retries(
    one_try: Callable[[], Awaitable[T]], tries: Tries, policy: RetryPolicy, on_wait: OnWait | None = None
) -> T | GaveUp[T]:
    """The first success, or the end of the policy. What failed is noted in ``tries``."""
    chance = SystemRandom().random
    while True:
        try:
            return await one_try()
        except TryFailed as failed:
            tries.failures.append(failed.failure)
        step = decide_retry(tries.failures[-1], len(tries.failures), tries.lost_s, policy, chance())
        if isinstance(step, GiveUp):
            return GaveUp(step.why)
        tries.waited_s += step.seconds
        with on_wait(step.seconds, tries.failures[-1].reason) if on_wait else nullcontext():
            await asyncio.sleep(step.seconds)
