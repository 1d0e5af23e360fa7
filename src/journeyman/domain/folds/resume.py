"""The one decision where a run goes on, made from its timeline alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

from journeyman.domain.checks import CheckFailure
from journeyman.domain.events import (
    CheckpointMade,
    Event,
    Outcome,
    PhaseFinished,
    PlanMade,
    RunFinished,
    RunResumed,
    SnapshotMade,
    VerifyJudged,
    WorkRescued,
    WorkspaceOpened,
)
from journeyman.domain.phases import Phase
from journeyman.domain.plan import Plan
from journeyman.domain.run import SUSPENDED_CODES
from journeyman.domain.stops import Family, stop_reason

CUT_SHORT_CODES = frozenset(
    {
        *("worker-timeout", "worker-silent", "worker-crashed", "worker-network", "worker-quota"),
        *("worker-unauthorized", "model-unauthorized", "model-unreachable", "model-quota", "over-budget"),
    }
)
"""Stops of a worker that say nothing against the edits that it had made: it goes on with them."""


@dataclass(frozen=True)
class ResumePoint:
    """Where a segment of a run begins. The first segment begins with everything empty."""

    plan: Plan | None = None
    milestones_done: int = 0
    head: str | None = None
    """The last checkpoint's commit; ``None`` is the base."""
    tree: str | None = None
    """The tree that the worktree is to hold: the last attempt's, so that its work is not lost."""
    attempts_used: int = 0
    """Attempts at the current milestone in earlier segments; numbering goes on from there."""
    failures: tuple[CheckFailure, ...] = ()
    answer: str | None = None
    judge_first: bool = False
    """The last attempt's tree was never judged, or not for its own fault: that comes before the worker."""
    unfinished: str | None = None
    """The rescue ref of ``tree``, when that is no attempt's but the work of a worker that was cut short."""


@dataclass(frozen=True)
class ResumeDecision:
    """How to go on: the same segment (a crash or an interruption) or a new one, and from where."""

    segment: int
    point: ResumePoint
    finished: bool = False
    """The run ended verified: there is nothing to resume."""
    cut_off: bool = False
    """The last segment did not reach its end: its finished steps are not done again."""


def decide_resume(events: tuple[Event, ...], answer: str | None = None) -> ResumeDecision:
    """Where the run with this timeline goes on.

    A segment that was cut off is continued as it is: the durable journal knows its finished steps.
    After a final stop a new segment begins at the milestone that was not finished, with the plan, the
    checkpoints and the last attempt's tree kept.
    """
    segment, end, point = 1, None, ResumePoint()
    for index, event in enumerate(events):
        match event.payload:
            case RunResumed(segment=number, answer=given):
                if number != segment:
                    point = _new_point(events[:index], end, given)
                segment, end = number, None
            case RunFinished() as finished:
                end = finished
            case _:
                pass
    if end is not None and end.outcome is Outcome.VERIFIED:
        return ResumeDecision(segment=segment, point=ResumePoint(), finished=True)
    if end is None or end.stop_code in SUSPENDED_CODES:
        return ResumeDecision(segment=segment, point=point, cut_off=True)
    return ResumeDecision(segment=segment + 1, point=_new_point(events, end, answer))


def _new_point(events: tuple[Event, ...], end: RunFinished | None, answer: str | None) -> ResumePoint:
    point = replace(_point(events), answer=answer)
    family = stop_reason(end.stop_code or "").family if end is not None else None
    # A guard's verdict changes with a person's permission, a machine's with what was mended.
    again = family in {Family.GUARD, Family.ENVIRONMENT} and point.attempts_used > 0
    # What a blocked worker had begun waits for the answer, not for a verdict; and where it changed nothing,
    # there is nothing to judge: it is asked again.
    asked = family in {Family.BLOCKED, Family.VERIFICATION}
    return replace(point, judge_first=(point.judge_first or again) and not asked)


def _point(events: tuple[Event, ...]) -> ResumePoint:
    plan: Plan | None = None
    head = tree = unfinished = None
    rescued: WorkRescued | None = None
    unjudged = False
    done = attempts = 0
    failures: tuple[CheckFailure, ...] = ()
    verdicts: dict[str, tuple[CheckFailure, ...]] = {}
    for event in events:
        match event.payload:
            case WorkspaceOpened(base_tree=base_tree) if tree is None:
                tree = base_tree
            case PlanMade(plan=made):
                plan = made
            case SnapshotMade(tree=made_tree, attempt=attempt):
                # A tree that is put back, as after a test that does not count, has its verdict already.
                tree, attempts, unjudged = made_tree, attempt, made_tree not in verdicts
                unfinished = None
                failures = verdicts.get(made_tree, failures)
            case VerifyJudged(tree=judged_tree, new_failures=found):
                verdicts[judged_tree] = failures = found
                unjudged = False
            case CheckpointMade(milestone=milestone, commit=commit, tree=made_tree):
                done, head, tree, attempts, failures = milestone, commit, made_tree, 0, ()
            case PhaseFinished(phase=phase) if phase is not Phase.FINALIZE:
                rescued = None  # by a process, of a step that was done again
            case WorkRescued() as rescued:
                pass
            case RunFinished(stop_code=code) if code in CUT_SHORT_CODES and rescued and rescued.tree:
                tree, unfinished, unjudged = rescued.tree, rescued.ref, False
            case _:
                pass
    return ResumePoint(
        plan, done, head, tree, attempts, failures, judge_first=unjudged, unfinished=unfinished
    )
