"""When a failed try is tried again."""

from __future__ import annotations

import asyncio

import pytest

from journeyman.models.errors import ModelFailure, TryFailed
from journeyman.models.retry import GaveUp, GiveUp, RetryPolicy, Tries, Wait, call_with_retries, decide_retry
from tests.support.models import listening

PATIENCE = RetryPolicy(max_tries=10, budget_s=300, base_s=0.5, cap_s=60)
HEALS = ModelFailure("500")


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
        (ModelFailure("no", code="model-quota"), 1, 0, 1.0, GiveUp()),
        (ModelFailure("429", retry_after_s=20), 1, 0, 0.0, Wait(20.0)),
        (ModelFailure("429", retry_after_s=20), 1, 0, 1.0, Wait(21.0)),
        (ModelFailure("429", retry_after_s=0.1), 1, 0, 1.0, Wait(0.11)),
        (ModelFailure("429", retry_after_s=0), 1, 0, 1.0, Wait(0.5)),
        (ModelFailure("429", retry_after_s=3600), 1, 0, 0.0, GiveUp("the provider asks to wait 3600 s")),
        (
            ModelFailure("429", retry_after_s=200),
            2,
            150,
            0.0,
            GiveUp("another wait would go over 300 s (models.patience_s)"),
        ),
        (ModelFailure("refused", max_tries=4), 3, 0, 1.0, Wait(2.0)),
        (ModelFailure("refused", max_tries=4), 4, 0, 1.0, GiveUp("4 tries failed")),
    ],
)
def test_next_step(failure: ModelFailure, tries: int, lost_s: float, chance: float, step: Wait | GiveUp):
    assert decide_retry(failure, tries, lost_s, PATIENCE, chance) == step


def test_one_try_only():
    assert decide_retry(HEALS, 1, 0, RetryPolicy(max_tries=1), 1.0) == GiveUp()


def test_silence_counts_as_waiting():
    assert (
        Tries([ModelFailure("hang", silent_s=120), ModelFailure("cut", silent_s=1)], waited_s=2).lost_s == 123
    )


def test_persevering():
    policy, waits = RetryPolicy(max_tries=3, base_s=0.001), list[tuple[float, str]]()

    async def run(outcomes: list[ModelFailure | str]) -> tuple[str | GaveUp[str], Tries]:
        tries = Tries()

        async def one_try() -> str:
            outcome = outcomes.pop(0)
            if isinstance(outcome, ModelFailure):
                raise TryFailed(outcome)
            return outcome

        return await call_with_retries(
            one_try, tries, policy, listening(lambda seconds, reason: waits.append((seconds, reason)))
        ), tries

    outcome, tries = asyncio.run(run([HEALS, ModelFailure("cut"), "answer"]))
    assert outcome == "answer"
    assert [reason for _, reason in waits] == ["500", "cut"]
    assert tries.waited_s == sum(seconds for seconds, _ in waits)

    outcome, tries = asyncio.run(run([HEALS] * 3))
    assert outcome == GaveUp("3 tries failed")
    assert len(tries.failures) == 3
    assert len(waits) == 4

    outcome, tries = asyncio.run(run([HEALS, ModelFailure("401", code="model-unauthorized")]))
    assert outcome == GaveUp("")
