"""Retries are told once, whichever version wrote the timeline."""

from __future__ import annotations

import pytest

from journeyman.domain.events import Payload, RetryDecided, RungDecided
from journeyman.domain.folds.retries import Retry, retries_of
from journeyman.domain.policy.ladder import LadderFacts, Rung, RungDecision
from tests.support.timeline import timeline


def rung(attempt: int, taken: Rung | None, why: str) -> RungDecided:
    return RungDecided(1, attempt, RungDecision(taken, why), LadderFacts(taken=0), ())


@pytest.mark.parametrize(
    ("payloads", "expected"),
    [
        ((RetryDecided(1, 2, "why"),), (Retry(1, 2, "why"),)),
        ((rung(1, Rung.RETRY, "why"), RetryDecided(1, 2, "why")), (Retry(1, 2, "why"),)),
        ((rung(1, Rung.FIX, "lint"), rung(1, Rung.RETRY, "why")), (Retry(1, 2, "why"),)),
        (
            (rung(1, Rung.RETRY, "why"), RetryDecided(1, 2, "why"), rung(2, Rung.STRONGER, "harder")),
            (Retry(1, 2, "why"), Retry(1, 3, "harder")),
        ),
        ((rung(1, Rung.RERUN, "flaky"), rung(1, None, "enough")), ()),
    ],
    ids=["oldest", "both", "fixers are none", "resumed by a newer version", "a stop is none"],
)
def test_retries(payloads: tuple[Payload, ...], expected: tuple[Retry, ...]) -> None:
    assert retries_of(timeline(*payloads)) == expected
