"""One run, top to bottom: PLAN → IMPLEMENT → VERIFY → REVIEW → CHECKPOINT → FINALIZE.

This is the durable function: it is executed again from its top after a crash, and everything it does
goes through the journal, so that what was done is not done twice. Between two journal steps it only
decides, from values that are the same each time.
"""

from __future__ import annotations

from dataclasses import dataclass

from journeyman.domain.checks import NewFailure, VerifyVerdict
from journeyman.domain.errors import JourneymanError
from journeyman.domain.events import (
    Outcome,
    PhaseFinished,
    PhaseOutcome,
    PhaseStarted,
    RetryDecided,
    RunFinished,
)
from journeyman.domain.phases import Phase
from journeyman.domain.plan import Finding, Milestone, Plan, Verdict
from journeyman.domain.retry import AttemptRecord, decide_retry
from journeyman.engine import phases
from journeyman.engine.model import Run
from journeyman.engine.phases import Attempt, Snapshot
from journeyman.verify.judge import failure_signature


@dataclass(frozen=True)
class Verified:
    """A milestone's checkpoint."""

    commit: str
    tree: str


async def work(run: Run) -> None:
    """Work one segment of the run to its end, verified or stopped."""
    try:
        opened = await phases.set_up(run)
        plan = await make_plan(run)
        head = Verified(run.point.head or run.spec.base_commit, opened.base_tree)
        for number, milestone in enumerate(plan.milestones, start=1):
            if number > run.point.milestones_done:
                head = await work_milestone(run, plan, number, milestone, head)
        end = RunFinished(Outcome.VERIFIED, opened.branch, head.commit, head.tree)
    except phases.BlockedError as blocked:
        end = phases.stopped_by(blocked, question=blocked.question)
    except JourneymanError as stop:
        end = phases.stopped_by(stop)
    await phases.finalize(run, end)


async def make_plan(run: Run) -> Plan:
    """The plan of an earlier segment, the worker's, or one milestone that is the whole task."""
    if run.point.plan is not None:
        return run.point.plan
    if Phase.PLAN not in run.workers:
        skip(run, Phase.PLAN, note="one milestone: nobody plans")
        return await phases.single_milestone(run)
    async with phases.timed(run, Phase.PLAN):
        return await phases.plan(run)


async def work_milestone(run: Run, plan: Plan, number: int, milestone: Milestone, head: Verified) -> Verified:
    """Attempts at one milestone until one is verified and approved. Raises the stop when none is."""
    begun = number == run.point.milestones_done + 1
    # An attempt that is judged again keeps its number: the worker was not asked for another.
    judge_first = begun and run.point.judge_first
    first = run.point.attempts_used + (0 if judge_first else 1) if begun else 1
    limit = run.spec.settings.autonomy.verify_auto_retry + 1
    failures: tuple[NewFailure, ...] = run.point.failures if first > 1 else ()
    findings: tuple[Finding, ...] = ()
    session: str | None = None
    history: list[AttemptRecord] = []
    while True:
        attempt = Attempt(
            plan, milestone, number, first + len(history), head.commit, failures, findings, session
        )
        if history or not judge_first:
            async with phases.timed(run, Phase.IMPLEMENT, attempt):
                session = await phases.implement(run, attempt)
        snapshot = await phases.take_snapshot(run, attempt)
        phases.refuse_unchanged(snapshot, head.tree, history)
        async with phases.timed(run, Phase.VERIFY, attempt) as phase:
            verdict = await phases.verify(run, attempt, snapshot)
            phase.outcome = PhaseOutcome.OK if verdict.ok else PhaseOutcome.FAILED
        failures, findings = verdict.new_failures, ()
        if verdict.ok:
            findings = await review(run, attempt, snapshot, verdict)
            if not findings:
                async with phases.timed(run, Phase.CHECKPOINT, attempt):
                    commit = await phases.checkpoint(run, attempt, snapshot, verdict)
                return Verified(commit, snapshot.tree)
        history.append(
            AttemptRecord(snapshot.tree, failure_signature(verdict) if not verdict.ok else repr(findings))
        )
        sent_back = "review-rejected" if verdict.ok else "verify-failed"
        decision = decide_retry(tuple(history), limit, sent_back)
        if not decision.retry:
            raise phases.sent_back(decision, verdict, findings)
        run.recorder.record(
            f"m{number}.a{attempt.number}.retry", RetryDecided(number, attempt.number + 1, decision.reason)
        )


async def review(
    run: Run, attempt: Attempt, snapshot: Snapshot, verdict: VerifyVerdict
) -> tuple[Finding, ...]:
    """What REVIEW wants changed; nothing when it approves or when nobody reviews."""
    if Phase.REVIEW not in run.workers:
        skip(run, Phase.REVIEW, attempt, note="nobody reviews")
        return ()
    async with phases.timed(run, Phase.REVIEW, attempt) as phase:
        judgement = await phases.review(run, attempt, snapshot, verdict)
        if judgement.verdict is Verdict.APPROVE:
            return ()
        phase.outcome = PhaseOutcome.FAILED
        return judgement.findings or (Finding(judgement.summary or "the review asked for changes"),)


def skip(run: Run, phase: Phase, attempt: Attempt | None = None, *, note: str) -> None:
    """Tell the timeline that a phase was left out, and why."""
    number, count = (attempt.milestone_number, attempt.number) if attempt else (None, None)
    key = phases.phase_key(phase, attempt)
    run.recorder.record(f"{key}/started", PhaseStarted(phase, number, count))
    run.recorder.record(f"{key}/finished", PhaseFinished(phase, number, count, PhaseOutcome.SKIPPED, note))
