from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.domain.checks import Check, CheckResult, CheckStatus, Tier
from journeyman.domain.events import (
    CheckFinished,
    CheckpointMade,
    CheckStarted,
    ContextPacked,
    Measure,
    Outcome,
    Payload,
    PhaseFinished,
    PhaseOutcome,
    PhaseStarted,
    RetryDecided,
    Role,
    RunFinished,
    RunResumed,
    SnapshotMade,
    VerifyJudged,
    WorkerFinished,
    WorkerRead,
    WorkerSpent,
    WorkerWaited,
)
from journeyman.domain.folds.kpi import ContextKpi, TierKpi, compute_kpi, figures, total_of
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


def test_a_second_in_two_phases_counts_once() -> None:
    kpi = compute_kpi(
        timeline(
            (0.0, STARTED),
            (1.0, PhaseStarted(Phase.VERIFY, 1, 1)),
            (2.0, PhaseStarted(Phase.REVIEW, 1, 1)),
            (5.0, PhaseFinished(Phase.VERIFY, 1, 1)),
            (6.0, PhaseFinished(Phase.REVIEW, 1, 1)),
            (7.0, RunFinished(Outcome.VERIFIED)),
        )
    )
    assert {name: phase.duration_s for name, phase in kpi.phases.items()} == {"VERIFY": 1.0, "REVIEW": 4.0}
    assert kpi.unattributed_s == pytest.approx(2.0)


def test_a_phase_that_a_crash_cut_off_goes_on_in_its_segment_and_ends_with_it() -> None:
    cut = (
        PhaseStarted(Phase.IMPLEMENT, 1, 1),
        RunResumed(1, segment=1),
        PhaseFinished(Phase.IMPLEMENT, 1, 1),
    )
    assert compute_kpi(timeline(*cut)).phases["IMPLEMENT"].duration_s == 2.0
    anew = (PhaseStarted(Phase.IMPLEMENT, 1, 1), RunResumed(1, segment=2), STARTED)
    kpi = compute_kpi(timeline(*anew))
    assert (kpi.phases["IMPLEMENT"].duration_s, kpi.unattributed_s) == (1.0, 1.0)


PHASE_EVENTS = st.builds(
    lambda kind, phase, number: kind(phase, 1, number),
    st.sampled_from([PhaseStarted, PhaseFinished]),
    st.sampled_from(list(Phase)),
    st.integers(1, 2),
)
OTHER_EVENTS = st.one_of(
    st.builds(lambda number: RunResumed(1, segment=number, downtime_s=5.0), st.integers(1, 3)),
    st.builds(
        lambda code: RunFinished(Outcome.STOPPED, stop_code=code), st.sampled_from(["interrupted", "x"])
    ),
    st.builds(lambda name: CheckStarted(name, "t", Role.VERIFY), st.sampled_from("ab")),
    st.builds(lambda name: CheckFinished(result(name), Role.VERIFY), st.sampled_from("ab")),
    st.builds(
        lambda length: WorkerSpent("w", Phase.PLAN, Usage("m", 1, None, 1, None, length)), st.floats(0, 9)
    ),
    st.just(WorkerFinished("w", Phase.IMPLEMENT, 3.0)),
    st.just(WorkerWaited("w", Phase.IMPLEMENT, 2.0, "429")),
)


@given(st.lists(st.tuples(st.floats(0, 100), PHASE_EVENTS | OTHER_EVENTS), min_size=1, max_size=40))
def test_phases_and_what_is_in_none_make_the_total_whatever_overlaps(
    steps: list[tuple[float, Payload]],
) -> None:
    clock, placed = 0.0, []
    for passed, payload in steps:
        clock += passed
        placed.append((clock, payload))
    kpi = compute_kpi(timeline(*placed))
    assert kpi.total_s is not None
    assert kpi.unattributed_s is not None
    assert kpi.overhead_s is not None
    parts = [phase.duration_s for phase in kpi.phases.values()]
    assert sum(parts) + kpi.unattributed_s == pytest.approx(kpi.total_s, abs=0.01)
    assert all(part >= 0 for part in (*parts, kpi.unattributed_s))
    assert 0 <= kpi.overhead_s <= kpi.total_s + 1e-9


def test_what_was_not_booked_then_is_unknown_and_what_did_not_happen_is_zero() -> None:
    old = compute_kpi(timeline(STARTED))
    assert (old.waiting.rate_limits_s, old.escalations) == (None, None)
    assert old.verification is not None
    assert old.verification.auto_fixes is None
    new = compute_kpi(timeline(replace(STARTED, measures=tuple(Measure))))
    assert (new.waiting.rate_limits_s, new.escalations) == (0, 0)
    waited = compute_kpi(timeline(STARTED, WorkerWaited("w", Phase.PLAN, 2.5, "429")))
    assert waited.waiting.rate_limits_s == 2.5


def test_only_a_final_stop_blocks_on_people() -> None:
    stop, cut = (RunFinished(Outcome.STOPPED, stop_code=code) for code in ("worker-blocked", "interrupted"))
    kpi = compute_kpi(
        timeline(STARTED, stop, RunResumed(1, segment=2, downtime_s=60), cut, RunResumed(1, downtime_s=7))
    )
    assert (kpi.waiting.people_s, kpi.downtime_s, kpi.human_touches) == (60, 67, 2)


def test_spending_of_a_verified_run() -> None:
    spent = WorkerSpent("w", Phase.IMPLEMENT, Usage("m", 100, 40, 10, 0.5, 1.0, tokens_repeated=80))
    commits = [CheckpointMade(number, "T", f"c{number}", "t", "b") for number in (1, 2)]
    spend = compute_kpi(timeline(STARTED, spent, *commits, RunFinished(Outcome.VERIFIED))).spend
    assert (spend.prefix_cache_share, spend.repeated_share) == (0.4, 0.8)
    assert spend.cost_per_verified_commit_usd == 0.25
    assert compute_kpi(timeline(STARTED, spent, *commits)).spend.cost_per_verified_commit_usd is None
    assert compute_kpi(timeline(STARTED)).spend.calls is None, (
        "a worker that books nothing may spend all the same"
    )


def test_first_pass_rate_looks_at_each_milestones_first_verdict() -> None:
    verdicts = [(1, False), (1, True), (2, True)]
    events = [VerifyJudged(number, 1, ok=ok, tree="t") for number, ok in verdicts]
    verification = compute_kpi(timeline(STARTED, *events)).verification
    assert verification is not None
    assert verification.first_pass_rate == 0.5


def test_context_is_judged_by_what_the_change_touched() -> None:
    pack = ContextPacked(Phase.IMPLEMENT, 1, 1, 900, ("a", "b", "c", "d"), 0.2, 0.1, "x")
    read = WorkerRead("agent", Phase.IMPLEMENT, ("e", "a"))
    snapshot = SnapshotMade(1, 1, "c", "t", "r", ("a", "e"), 3, 1)
    context = compute_kpi(timeline(STARTED, pack, replace(pack, files=("a",)), read, snapshot)).context
    assert (context.tokens, context.files, context.read_beyond) == (1800, 4, 1)
    assert (context.hit_rate, context.used_share) == (0.5, 0.25)
    assert compute_kpi(timeline(STARTED, read, snapshot)).context == ContextKpi()


def test_tiers_are_told_apart() -> None:
    lint, tests = Check("lint", "x", Tier.FAST), Check("tests", "x", Tier.AFFECTED)
    kpi = compute_kpi(
        timeline(
            replace(STARTED, checks=(lint, tests)),
            CheckStarted("tests", "t", Role.VERIFY),
            CheckFinished(result("tests", cpu_s=0.5), Role.VERIFY),
            CheckFinished(result("lint", cached=True), Role.VERIFY),
        )
    )
    assert kpi.verification is not None
    assert kpi.verification.tiers == (TierKpi(0, 0, 1, 0.0, None), TierKpi(1, 1, 0, 1.0, 0.5))


def test_every_figure_has_a_unit_and_a_name_of_its_own() -> None:
    found = figures(compute_kpi(EVENTS))
    assert len({figure.name for figure in found}) == len(found)
    units = {figure.name: figure.unit for figure in found}
    assert units["phases.VERIFY.duration_s"] == "s"
    assert units["spend.tokens_in"] == "tokens"
    assert units["spend.cost_usd"] == "USD"
    assert units["verification.first_pass_rate"] == "share"
