"""When a failed try is tried again."""

from __future__ import annotations

import asyncio

import pytest

from journeyman.models.failures import Failure, TryFailed
from journeyman.models.waiting import GaveUp, GiveUp, Patience, Tries, Wait, next_step, persevere
from tests.support.models import listening

PATIENCE = Patience(max_tries=10, budget_s=300, base_s=0.5, cap_s=60)
HEALS = Failure("500")


@pytest.mark.parametrize(
    ("failure", "tries", "lost_s", "chance", "step"),
    [
        (HEALS, 1, 0, 1.0, Wait(0.5)),
        (HEALS, 1, 0, 0.0, Wait(0.0)),
        (HEALS, 4, 0, 1.0, Wait(4.0)),
        (HEALS, 4, 0, 0.5, Wait(2.0)),
        (HEALS, 9, 0, 1.0, Wait(60.0)),
        (HEALS, 10, 0, 1.0, GiveUp("10 tries failed")),
        (HEALS, 2, 299.5, 1.0, GiveUp("another wait would go over 300 s (models.patience_s)")),
        (Failure("no", code="model-quota"), 1, 0, 1.0, GiveUp()),
        (Failure("429", retry_after_s=20), 1, 0, 0.0, Wait(20.0)),
        (Failure("429", retry_after_s=20), 1, 0, 1.0, Wait(21.0)),
        (Failure("429", retry_after_s=0.1), 1, 0, 1.0, Wait(0.11)),
        (Failure("429", retry_after_s=0), 1, 0, 1.0, Wait(0.5)),
        (Failure("429", retry_after_s=3600), 1, 0, 0.0, GiveUp("the provider asks to wait 3600 s")),
        (
            Failure("429", retry_after_s=200),
            2,
            150,
            0.0,
            GiveUp("another wait would go over 300 s (models.patience_s)"),
        ),
        (Failure("refused", max_tries=4), 3, 0, 1.0, Wait(2.0)),
        (Failure("refused", max_tries=4), 4, 0, 1.0, GiveUp("4 tries failed")),
    ],
)
def test_next_step(failure: Failure, tries: int, lost_s: float, chance: float, step: Wait | GiveUp):
    assert next_step(failure, tries, lost_s, PATIENCE, chance) == step


def test_one_try_only():
    assert next_step(HEALS, 1, 0, Patience(max_tries=1), 1.0) == GiveUp()


def test_silence_counts_as_waiting():
    assert Tries([Failure("hang", silent_s=120), Failure("cut", silent_s=1)], waited_s=2).lost_s == 123


def test_persevering():
    patience, waits = Patience(max_tries=3, base_s=0.001), list[tuple[float, str]]()

    async def run(outcomes: list[Failure | str]) -> tuple[str | GaveUp[str], Tries]:
        tries = Tries()

        async def one_try() -> str:
            outcome = outcomes.pop(0)
            if isinstance(outcome, Failure):
                raise TryFailed(outcome)
            return outcome

        return await persevere(
            one_try, tries, patience, listening(lambda seconds, reason: waits.append((seconds, reason)))
        ), tries

    outcome, tries = asyncio.run(run([HEALS, Failure("cut"), "answer"]))
    assert outcome == "answer"
    assert [reason for _, reason in waits] == ["500", "cut"]
    assert tries.waited_s == sum(seconds for seconds, _ in waits)

    outcome, tries = asyncio.run(run([HEALS] * 3))
    assert outcome == GaveUp("3 tries failed")
    assert len(tries.failures) == 3
    assert len(waits) == 4

    outcome, tries = asyncio.run(run([HEALS, Failure("401", code="model-unauthorized")]))
    assert outcome == GaveUp("")
