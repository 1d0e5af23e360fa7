from __future__ import annotations

from dataclasses import replace

import pytest

from journeyman.domain.checks import CheckResult, CheckStatus
from journeyman.domain.events import (
    CheckFinished,
    CheckpointMade,
    CheckStarted,
    Outcome,
    PhaseFinished,
    PhaseOutcome,
    PhaseStarted,
    RetryDecided,
    Role,
    RunFinished,
    RunResumed,
    VerifyJudged,
    WorkerFinished,
    WorkerSpent,
)
from journeyman.domain.kpi import compute_kpi, total_of
from journeyman.domain.phases import Phase
from journeyman.domain.worker import Usage
from tests.support.timeline import STARTED, timeline


def result(check: str, **more: object) -> CheckResult:
    return replace(CheckResult(check, "t", CheckStatus.PASSED, 0, 1.0), **more)  # type: ignore[arg-type]


EVENTS = timeline(
    (0.0, STARTED),
    (0.5, PhaseStarted(Phase.IMPLEMENT, 1, 1)),
    (2.0, WorkerSpent("w", Phase.IMPLEMENT, Usage("m", 100, 40, 10, 0.01, 1.0))),
    (3.0, WorkerSpent("w", Phase.IMPLEMENT, Usage("m", 200, 150, 20, None, 0.5))),
    (3.4, WorkerFinished("w", Phase.IMPLEMENT, 2.5)),
    (3.5, PhaseFinished(Phase.IMPLEMENT, 1, 1)),
    (4.0, PhaseStarted(Phase.VERIFY, 1, 1)),
    (4.0, CheckStarted("lint", "t", Role.VERIFY)),
    (4.5, CheckStarted("tests", "t", Role.VERIFY)),
    (4.6, CheckStarted("tests", "base", Role.BASELINE)),
    (5.0, CheckFinished(result("lint", cpu_s=0.2), Role.VERIFY)),
    (6.0, CheckFinished(result("tests", cpu_s=0.3), Role.VERIFY)),
    (6.1, CheckFinished(result("types", cached=True), Role.VERIFY)),
    (6.2, VerifyJudged(1, 1, ok=True, tree="t", skipped=("e2e",))),
    (6.5, PhaseFinished(Phase.VERIFY, 1, 1)),
    (6.5, RetryDecided(1, 2, "why")),
    (6.6, PhaseStarted(Phase.REVIEW, 1, 1)),
    (6.6, PhaseFinished(Phase.REVIEW, 1, 1, PhaseOutcome.SKIPPED)),
    (7.0, PhaseStarted(Phase.CHECKPOINT, 1, 1)),
    (7.2, CheckpointMade(1, "T", "c", "t", "b")),
    (7.3, PhaseFinished(Phase.CHECKPOINT, 1, 1)),
    (8.0, RunFinished(Outcome.VERIFIED)),
)


def test_the_figures_of_a_verified_run() -> None:
    kpi = compute_kpi(EVENTS)
    assert kpi.tvc_s == pytest.approx(7.2)
    assert kpi.total_s == pytest.approx(8.0)
    assert {name: (round(phase.duration_s, 3), phase.attempts) for name, phase in kpi.phases.items()} == {
        "IMPLEMENT": (3.0, 1),
        "VERIFY": (2.5, 1),
        "REVIEW": (0.0, 0),
        "CHECKPOINT": (0.3, 1),
    }
    assert kpi.unattributed_s == pytest.approx(8.0 - 5.8)
    assert kpi.verification is not None
    assert (kpi.verification.checks_run, kpi.verification.checks_cached, kpi.verification.checks_skipped) == (
        2,
        1,
        1,
    )
    assert kpi.verification.wall_s == pytest.approx(2.0)
    assert kpi.verification.cpu_s == pytest.approx(0.5)
    assert kpi.verification.retries == 1
    assert kpi.overhead_s == pytest.approx(8.0 - 2.5 - 2.0)
    (worker,) = kpi.workers
    assert (worker.calls, worker.tokens_in, worker.tokens_cached, worker.tokens_out) == (2, 300, 190, 30)
    assert worker.cost_usd is None, "one call of unknown price makes the sum unknown, never smaller"
    assert kpi.human_touches == 0


@pytest.mark.parametrize("length", range(len(EVENTS) + 1))
def test_any_prefix_has_figures_and_its_phases_never_exceed_the_total(length: int) -> None:
    kpi = compute_kpi(EVENTS[:length])
    assert kpi.tvc_s is None or length == len(EVENTS)
    if kpi.total_s is not None:
        attributed = sum(phase.duration_s for phase in kpi.phases.values())
        assert attributed <= kpi.total_s + 1e-9


def test_an_empty_timeline_knows_nothing() -> None:
    kpi = compute_kpi(())
    assert (kpi.tvc_s, kpi.total_s, kpi.overhead_s, kpi.outcome) == (None, None, None, None)


def test_a_resume_is_a_touch_and_dead_time_is_told_apart() -> None:
    events = timeline(
        STARTED, PhaseStarted(Phase.IMPLEMENT), (1.0, RunResumed(1, downtime_s=3600.0)), (2.0, STARTED)
    )
    kpi = compute_kpi(events)
    assert (kpi.human_touches, kpi.downtime_s, kpi.total_s) == (1, 3600.0, 2.0)
    unknown = compute_kpi(timeline(STARTED, RunResumed(1, downtime_s=None)))
    assert unknown.downtime_s is None


@pytest.mark.parametrize(
    ("figures", "total"), [([], None), ([1, 2], 3), ([1, None], None), ([None], None), ([0], 0)]
)
def test_a_sum_with_an_unknown_is_unknown(figures: list[int | None], total: int | None) -> None:
    assert total_of(figures) == total
