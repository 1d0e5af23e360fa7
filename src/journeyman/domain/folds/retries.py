"""Which attempts of a worker followed one that was sent back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from journeyman.domain.events import Event, RetryDecided, RungDecided
from journeyman.domain.policy.ladder import MODEL_RUNGS


@dataclass(frozen=True)
class Retry:
    """Another attempt at a milestone, and why."""

    milestone: int
    attempt: int
    reason: str


def retries_of(events: Iterable[Event]) -> tuple[Retry, ...]:
    """Each attempt once, in order. Earlier versions told of it as a retry, some as a rung as well."""
    found: dict[tuple[int, int], Retry] = {}
    for event in events:
        match event.payload:
            case RungDecided(milestone=milestone, attempt=attempt, decision=decision) if (
                decision.rung in MODEL_RUNGS
            ):
                retry = Retry(milestone, attempt + 1, decision.reason)
            case RetryDecided(milestone=milestone, next_attempt=attempt, reason=reason):
                retry = Retry(milestone, attempt, reason)
            case _:
                continue
        found.setdefault((retry.milestone, retry.attempt), retry)
    return tuple(found.values())
