"""Decision tables of the ladder: each rung, each way to a stop."""

from __future__ import annotations

from dataclasses import replace

import pytest

from journeyman.domain.checks import CheckFailure, Failure
from journeyman.domain.policy.ladder import LadderFacts, Rung, Tried, attempts_of, decide_rung, looks_flaky
from journeyman.domain.policy.transient import wait_before_retry
from journeyman.domain.settings import AutonomySettings

SETTINGS = AutonomySettings()
FIX, RERUN, RETRY, STRONGER = Rung.FIX, Rung.RERUN, Rung.RETRY, Rung.STRONGER
PLAIN = LadderFacts(taken=0, tests_fail=True)
STRONG = replace(PLAIN, stronger="sim:big")
FIXABLE = replace(PLAIN, fixable=True, tests_fail=False)
FLAKY = replace(PLAIN, flaky=("tests",))
Step = tuple[Rung | None, str, str]


@pytest.mark.parametrize(
    ("history", "facts", "rung", "code"),
    [
        # The worker's attempts alone: as many as verify_auto_retry says, and no circles.
        ([(None, "t1", "s1")], PLAIN, RETRY, None),
        ([(None, "t1", "s1"), (RETRY, "t2", "s1")], PLAIN, RETRY, None),
        ([(None, "t1", "s1"), (RETRY, "t2", "s2"), (RETRY, "t3", "s3")], PLAIN, RETRY, None),
        ([(None, "t1", "s1"), (RETRY, "t1", "s1")], PLAIN, None, "no-progress"),
        ([(None, "t1", "s1"), (RETRY, "t2", "s2"), (RETRY, "t1", "s3")], PLAIN, None, "no-progress"),
        ([(None, "t1", "s1"), (RETRY, "t2", "s1"), (RETRY, "t3", "s1")], PLAIN, None, "no-progress"),
        ([(None, f"t{n}", f"s{n}") if n == 1 else (RETRY, f"t{n}", f"s{n}") for n in range(1, 5)], PLAIN, None, "verify-failed"),
        # The project's fixers come first, and once for the same failures.
        ([(None, "t1", "s1")], FIXABLE, FIX, None),
        ([(None, "t1", "s1")], replace(FIXABLE, flaky=("lint",)), FIX, None),
        ([(None, "t1", "s1"), (FIX, "t1", "s1")], FIXABLE, RETRY, None),
        ([(None, "t1", "s1"), (FIX, "t2", "s2")], FIXABLE, RETRY, None),
        ([(None, "t1", "s1"), (FIX, "t2", "s2"), (RETRY, "t3", "s3")], FIXABLE, FIX, None),
        ([(None, "t1", "s1"), (FIX, "t2", "s2"), (RETRY, "t3", "s1")], FIXABLE, RETRY, None),
        ([(None, "t1", "s1"), (FIX, "t2", "s2"), (RETRY, "t2", "s2")], FIXABLE, None, "no-progress"),
        # Then checks that look flaky, once for the same failures.
        ([(None, "t1", "s1")], FLAKY, RERUN, None),
        ([(None, "t1", "s1"), (RERUN, "t1", "s1")], FLAKY, RETRY, None),
        ([(None, "t1", "s1"), (RERUN, "t1", "s1"), (RETRY, "t2", "s2")], FLAKY, RERUN, None),
        # A stronger model when the attempts are used up or go in circles, and once.
        ([(None, "t1", "s1")], STRONG, RETRY, None),
        ([(None, "t1", "s1"), (RETRY, "t2", "s1")], STRONG, STRONGER, None),
        ([(None, "t1", "s1"), (RETRY, "t1", "s1")], STRONG, STRONGER, None),
        ([(None, "t1", "s1"), (RETRY, "t1", "s1"), (STRONGER, "t3", "s3")], PLAIN, RETRY, None),
        ([(None, "t1", "s1"), (RETRY, "t2", "s1"), (STRONGER, "t1", "s3")], PLAIN, None, "no-progress"),
        # REVIEW's findings go to the worker, and stop under their own name.
        ([(None, "t1", "s1")], replace(PLAIN, rejected=True), RETRY, None),
        ([(None, "t1", "s1")], replace(PLAIN, rejected=True, taken=5), None, "review-rejected"),
        # Where no check applies, more attempts prove as little.
        ([(None, "t1", "s1")], replace(PLAIN, judged=False, tests_fail=False), None, "nothing-proven"),
        # The bound over everything.
        ([(None, "t1", "s1")], replace(FIXABLE, taken=4), FIX, None),
        ([(None, "t1", "s1")], replace(FIXABLE, taken=5), None, "verify-failed"),
        ([(None, "t1", "s1")], replace(STRONG, taken=5), None, "verify-failed"),
    ],
)  # fmt: skip
def test_rung(history: list[Step], facts: LadderFacts, rung: Rung | None, code: str | None) -> None:
    decision = decide_rung(tuple(Tried(*step) for step in history), SETTINGS, facts)
    assert (decision.rung, decision.stop_code) == (rung, code), decision.reason
    assert decision.reason


@pytest.mark.parametrize(
    ("settings", "facts", "rung", "code"),
    [
        (replace(SETTINGS, auto_fix_lint=False), FIXABLE, RETRY, None),
        (replace(SETTINGS, auto_fix_tests=False), FLAKY, None, "verify-failed"),
        (replace(SETTINGS, auto_fix_tests=False), FIXABLE, FIX, None),
        (replace(SETTINGS, auto_fix_tests=False), replace(FIXABLE, tests_fail=True), FIX, None),
        (replace(SETTINGS, verify_auto_retry=0), PLAIN, None, "verify-failed"),
        (replace(SETTINGS, verify_auto_retry=0), STRONG, None, "verify-failed"),
        (replace(SETTINGS, verify_auto_retry=0), FIXABLE, FIX, None),
        (replace(SETTINGS, max_auto_iterations=0), FIXABLE, None, "verify-failed"),
    ],
)
def test_policy(settings: AutonomySettings, facts: LadderFacts, rung: Rung | None, code: str | None) -> None:
    decision = decide_rung((Tried(None, "t1", "s1"),), settings, facts)
    assert (decision.rung, decision.stop_code) == (rung, code)


@pytest.mark.parametrize("lucky", [False, True])
def test_no_ladder_is_longer_than_its_bound(lucky: bool) -> None:
    """Whatever comes of the rungs, each taken leads to one more try, and the bound ends it."""
    history = [Tried(None, "t0", "s0")]
    taken = 0
    while True:
        facts = LadderFacts(taken, fixable=True, flaky=("tests",), tests_fail=True, stronger="big")
        decision = decide_rung(tuple(history), replace(SETTINGS, verify_auto_retry=50), facts)
        if decision.rung is None:
            break
        taken += 1
        history.append(Tried(decision.rung, f"t{taken}", f"s{taken}" if lucky else "s0"))
    assert taken <= SETTINGS.max_auto_iterations
    assert attempts_of(tuple(history)) >= 1


@pytest.mark.parametrize(
    ("message", "count", "flaky"),
    [
        ("test_x: TimeoutError: timed out", 1, True),
        ("ConnectionRefusedError: connection refused", 1, True),
        ("OSError: Address already in use", 2, True),
        ("deadline exceeded", 4, False),
        ("assert 1 == 2", 1, False),
        ("test_x: database is locked", 1, True),
    ],
)
def test_looks_flaky(message: str, count: int, flaky: bool) -> None:
    assert looks_flaky(CheckFailure("tests", Failure("k", message)), count) is flaky


@pytest.mark.parametrize(
    ("code", "tried", "wait"),
    [
        ("model-unreachable", 1, 15.0),
        ("model-unreachable", 2, 30.0),
        ("worker-network", 3, 60.0),
        ("worker-crashed", 4, None),
        ("model-unauthorized", 1, None),
        ("model-quota", 1, None),
        ("worker-failed", 1, None),
        ("over-budget", 1, None),
    ],
)
def test_passing_trouble(code: str, tried: int, wait: float | None) -> None:
    assert wait_before_retry(code, tried, replace(SETTINGS, transient_retries=3)) == wait
