"""One function decides where a run resumes: tested for every phase."""

from __future__ import annotations

import pytest

from journeyman.domain.checks import CheckFailure, Failure
from journeyman.domain.events import (
    CheckpointMade,
    Event,
    Outcome,
    Payload,
    PhaseFinished,
    PhaseStarted,
    PlanMade,
    RunFinished,
    RunResumed,
    SnapshotMade,
    VerifyJudged,
    WorkRescued,
    WorkspaceOpened,
)
from journeyman.domain.folds.resume import ResumeDecision, ResumePoint, decide_resume
from journeyman.domain.phases import Phase
from journeyman.domain.plan import Milestone, Plan
from tests.support.timeline import STARTED, timeline

PLAN = Plan((Milestone("one"), Milestone("two")))
OPENED = WorkspaceOpened("/w", "b", "base-tree")
FAILURE = CheckFailure("tests", Failure("t::a", "boom"))


def snapshot(milestone: int, attempt: int) -> SnapshotMade:
    return SnapshotMade(
        milestone, attempt, f"c{milestone}{attempt}", f"t{milestone}{attempt}", "ref", (), 1, 0
    )


def judged(milestone: int, attempt: int, *failures: CheckFailure) -> VerifyJudged:
    return VerifyJudged(milestone, attempt, not failures, f"t{milestone}{attempt}", "", failures)


def checkpoint(milestone: int, attempt: int) -> CheckpointMade:
    return CheckpointMade(milestone, "one", f"C{milestone}", f"t{milestone}{attempt}", "b")


def stopped(code: str) -> RunFinished:
    return RunFinished(Outcome.STOPPED, stop_code=code)


STORY: list[Payload] = [
    STARTED,
    PhaseStarted(Phase.SETUP),
    OPENED,
    PhaseStarted(Phase.PLAN),
    PlanMade(PLAN, "w"),
    PhaseStarted(Phase.IMPLEMENT, 1, 1),
    snapshot(1, 1),
    PhaseStarted(Phase.VERIFY, 1, 1),
    judged(1, 1, FAILURE),
    PhaseStarted(Phase.IMPLEMENT, 1, 2),
    snapshot(1, 2),
    judged(1, 2),
    PhaseStarted(Phase.REVIEW, 1, 2),
    PhaseStarted(Phase.CHECKPOINT, 1, 2),
    checkpoint(1, 2),
    PhaseStarted(Phase.IMPLEMENT, 2, 1),
    snapshot(2, 1),
    judged(2, 1),
    checkpoint(2, 1),
    PhaseStarted(Phase.FINALIZE),
]


@pytest.mark.parametrize("length", range(1, len(STORY) + 1))
def test_a_crash_anywhere_goes_on_in_the_same_segment_from_its_own_start(length: int) -> None:
    decision = decide_resume(timeline(*STORY[:length]))
    assert decision == ResumeDecision(1, ResumePoint(), cut_off=True)


RESCUED = WorkRescued("refs/r/1", "r1", "rescued-tree")


def cut_short(code: str, *before: Payload, rescued: WorkRescued = RESCUED) -> list[Payload]:
    return [
        *before,
        PhaseFinished(Phase.IMPLEMENT, 1, 1),
        PhaseStarted(Phase.FINALIZE),
        rescued,
        stopped(code),
    ]


@pytest.mark.parametrize(
    ("story", "point"),
    [
        (
            cut_short("worker-timeout", *STORY[:6]),
            ResumePoint(PLAN, tree="rescued-tree", unfinished="refs/r/1"),
        ),
        (cut_short("over-budget", *STORY[:6]), ResumePoint(PLAN, tree="rescued-tree", unfinished="refs/r/1")),
        (cut_short("worker-failed", *STORY[:6]), ResumePoint(PLAN, tree="base-tree")),
        (
            cut_short("worker-timeout", *STORY[:10]),
            ResumePoint(PLAN, 0, None, "rescued-tree", 1, (FAILURE,), unfinished="refs/r/1"),
        ),
        (
            cut_short("worker-timeout", *STORY[:6], rescued=WorkRescued("refs/r/1", "r1")),
            ResumePoint(PLAN, tree="base-tree"),
        ),
        (
            [*STORY[:6], RESCUED, PhaseFinished(Phase.IMPLEMENT, 1, 1), stopped("worker-timeout")],
            ResumePoint(PLAN, tree="base-tree"),
        ),
    ],
    ids=["timeout", "budget", "failed", "second attempt", "older timeline", "of a step done again"],
)
def test_a_worker_that_was_cut_short_goes_on_with_its_own_edits(
    story: list[Payload], point: ResumePoint
) -> None:
    assert decide_resume(timeline(*story)) == ResumeDecision(2, point)


def test_unfinished_work_stays_until_a_snapshot_holds_it() -> None:
    again: list[Payload] = [
        *cut_short("worker-timeout", *STORY[:6]),
        RunResumed(1, 2),
        PhaseStarted(Phase.IMPLEMENT, 1, 1),
        PhaseFinished(Phase.IMPLEMENT, 1, 1),
    ]
    point = decide_resume(timeline(*again, stopped("worker-timeout"))).point
    assert (point.tree, point.unfinished) == ("rescued-tree", "refs/r/1")
    point = decide_resume(
        timeline(*again, snapshot(1, 1), judged(1, 1, FAILURE), stopped("verify-failed"))
    ).point
    assert (point.tree, point.unfinished) == ("t11", None)


@pytest.mark.parametrize("code", ["interrupted", "out-of-time"])
def test_a_suspended_run_goes_on_like_a_crashed_one(code: str) -> None:
    decision = decide_resume(timeline(*STORY[:8], stopped(code)))
    assert decision == ResumeDecision(1, ResumePoint(), cut_off=True)


def test_a_verified_run_is_finished() -> None:
    events = timeline(*STORY, RunFinished(Outcome.VERIFIED, commit="C2"))
    assert decide_resume(events).finished


@pytest.mark.parametrize(
    ("length", "code", "point"),
    [
        (2, "setup-failed", ResumePoint()),
        (3, "wrong-tree", ResumePoint(tree="base-tree")),
        (5, "worker-failed", ResumePoint(PLAN, tree="base-tree")),
        (7, "lockfile-changed", ResumePoint(PLAN, tree="t11", attempts_used=1, judge_first=True)),
        (7, "disk-full", ResumePoint(PLAN, tree="t11", attempts_used=1, judge_first=True)),
        (
            9,
            "check-unavailable",
            ResumePoint(PLAN, tree="t11", attempts_used=1, failures=(FAILURE,), judge_first=True),
        ),
        (10, "worker-failed", ResumePoint(PLAN, tree="t11", attempts_used=1, failures=(FAILURE,))),
        (9, "verify-failed", ResumePoint(PLAN, tree="t11", attempts_used=1, failures=(FAILURE,))),
        (12, "review-rejected", ResumePoint(PLAN, tree="t12", attempts_used=2)),
        (15, "worker-failed", ResumePoint(PLAN, 1, "C1", "t12")),
        (17, "out-of-scope", ResumePoint(PLAN, 1, "C1", "t21", 1, judge_first=True)),
    ],
)
def test_after_a_final_stop_a_new_segment_keeps_what_was_done(
    length: int, code: str, point: ResumePoint
) -> None:
    assert decide_resume(timeline(*STORY[:length], stopped(code))) == ResumeDecision(2, point)


def test_a_worker_that_changed_nothing_is_asked_again() -> None:
    decision = decide_resume(timeline(*STORY[:7], stopped("nothing-changed")))
    assert (decision.point.judge_first, decision.point.attempts_used) == (False, 1)


def test_a_trial_that_was_put_back_leaves_the_verdict_on_what_stayed() -> None:
    story = [*STORY[:5], snapshot(1, 1), judged(1, 1), snapshot(1, 2), judged(1, 2, FAILURE), snapshot(1, 1)]
    decision = decide_resume(timeline(*story, stopped("review-rejected")))
    assert decision.point == ResumePoint(PLAN, tree="t11", attempts_used=1)


def test_the_answer_reaches_the_new_segment() -> None:
    decision = decide_resume(timeline(*STORY[:6], stopped("worker-blocked")), "the second")
    assert decision.point.answer == "the second"


def test_a_crash_in_a_second_segment_goes_on_there() -> None:
    events: tuple[Event, ...] = timeline(
        *STORY[:9],
        stopped("verify-failed"),
        RunResumed(1, 2),
        PhaseStarted(Phase.IMPLEMENT, 1, 2),
        snapshot(1, 2),
    )
    point = ResumePoint(PLAN, tree="t11", attempts_used=1, failures=(FAILURE,))
    assert decide_resume(events) == ResumeDecision(2, point, cut_off=True)
    again = timeline(*(event.payload for event in events), RunResumed(2, 2), judged(1, 2))
    assert decide_resume(again) == ResumeDecision(2, point, cut_off=True)


def test_what_a_blocked_worker_had_begun_waits_for_the_answer() -> None:
    story: list[Payload] = [STARTED, OPENED, PlanMade(PLAN, "w"), snapshot(1, 1), stopped("worker-blocked")]
    decision = decide_resume(timeline(*story), "left")
    assert (decision.segment, decision.point.tree, decision.point.attempts_used) == (2, "t11", 1)
    assert (decision.point.answer, decision.point.judge_first) == ("left", False)
