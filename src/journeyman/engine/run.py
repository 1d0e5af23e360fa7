"""One run, top to bottom: PLAN → IMPLEMENT → VERIFY → REVIEW → CHECKPOINT → FINALIZE.

This is the durable function: it is executed again from its top after a crash, and everything it does
goes through the journal, so that what was done is not done twice. Between two journal steps it only
decides, from values that are the same each time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from journeyman.domain.errors import JourneymanError
from journeyman.domain.events import (
    Outcome,
    PhaseFinished,
    PhaseOutcome,
    PhaseStarted,
    QuestionDecided,
    RunFinished,
)
from journeyman.domain.phases import Phase
from journeyman.domain.plan import Finding, Milestone, Plan, Verdict
from journeyman.domain.policy.fast_path import FastPathDecision
from journeyman.domain.policy.ladder import Rung
from journeyman.domain.policy.uncertainty import contradiction, decided_by_policy, unknown_end
from journeyman.domain.settings import StopCondition
from journeyman.engine import ending, fixing, phases
from journeyman.engine.attempt import Attempt, Judged
from journeyman.engine.fast import decide_fast, examine_change, review_needed
from journeyman.engine.ladder import Ladder, flaky_checks
from journeyman.engine.model import Run
from journeyman.engine.new_tests import with_test
from journeyman.engine.phases import BlockedError


@dataclass(frozen=True)
class Verified:
    """A milestone's checkpoint."""

    commit: str
    tree: str


async def work(run: Run) -> None:
    """Work one segment of the run to its end, verified or stopped."""
    try:
        opened = await phases.set_up(run)
        fast = await decide_fast(run)
        plan = await make_plan(run, fast)
        head = Verified(run.point.head or run.spec.base_commit, opened.base_tree)
        ladder = Ladder(run)
        for number, milestone in enumerate(plan.milestones, start=1):
            if number > run.point.milestones_done:
                attempt = first_attempt(run, plan, number, milestone, head)
                head = await work_milestone(ladder, attempt, head, fast)
        end = RunFinished(Outcome.VERIFIED, opened.branch, head.commit, head.tree)
    except BlockedError as blocked:
        end = ending.stopped_by(blocked, question=blocked.question)
    except JourneymanError as stop:
        end = ending.stopped_by(stop)
    await ending.finalize(run, end)


async def make_plan(run: Run, fast: FastPathDecision | None) -> Plan:
    """The plan of an earlier segment, the worker's, or one milestone that is the whole task."""
    ask = run.spec.settings.autonomy.stops_for(StopCondition.UNCERTAINTY) and run.point.answer is None
    denied = contradiction(run.spec.settings.scope) if ask else ()
    if denied:
        raise ending.nothing_may_change(denied)
    if run.point.plan is not None:
        return run.point.plan
    if Phase.PLAN not in run.workers:
        skip(run, Phase.PLAN, note="one milestone: nobody plans")
        return await phases.single_milestone(run)
    if fast is not None and fast.eligible and run.spec.settings.phases.plan.worker is None:
        skip(run, Phase.PLAN, note="fast path")
        return await phases.single_milestone(run)
    async with phases.timed(run, Phase.PLAN):
        plan = await phases.plan(run)
    question = unknown_end(run.spec.task, plan) if ask else None
    if question is not None:
        raise BlockedError(question, "uncertain")
    return plan


async def work_milestone(
    ladder: Ladder, attempt: Attempt, head: Verified, fast: FastPathDecision | None
) -> Verified:
    """Tries at one milestone until one is verified and approved. Raises the stop when none is."""
    run = ladder.run
    judged: Judged | None = None
    ladder.begin()
    while True:
        with ladder.booked(attempt):
            judged = await try_once(ladder, attempt, head, judged)
        findings: tuple[Finding, ...] = ()
        if judged.verdict.ok and run.spec.settings.autonomy.auto_create_tests:
            attempt, judged = await with_test(ladder, attempt, judged)
        if judged.verdict.ok:
            # A tree that was rejected is not shown again: the reviewer has said what there is to say.
            findings = ladder.rejected.get(judged.snapshot.tree, ())
            findings = findings or await review_change(run, attempt, judged, fast, ladder.failed_verifies)
            if not findings:
                async with phases.timed(run, Phase.CHECKPOINT, attempt):
                    commit = await phases.checkpoint(run, attempt, judged.snapshot, judged.verdict)
                return Verified(commit, judged.snapshot.tree)
        attempt = await ladder.climb(attempt, judged, findings)


def first_attempt(run: Run, plan: Plan, number: int, milestone: Milestone, head: Verified) -> Attempt:
    """The milestone's first try in this segment; in a later one it goes on where the last one stopped."""
    begun = number == run.point.milestones_done + 1
    # An attempt that is judged again keeps its number: the worker was not asked for another.
    judge_only = begun and run.point.judge_first
    count = run.point.attempts_used + (0 if judge_only else 1) if begun else 1
    failures = run.point.failures if count > 1 else ()
    return Attempt(plan, milestone, number, count, head.commit, failures, (), None, judge_only)


async def try_once(ladder: Ladder, attempt: Attempt, head: Verified, last: Judged | None) -> Judged:
    """What the attempt or the rung does, then the guards and VERIFY."""
    run = ladder.run
    if last is not None and attempt.rung in {Rung.FIX, Rung.RERUN}:
        async with phases.timed(run, Phase.VERIFY, attempt) as phase:
            judged, ladder.told = await without_model(run, attempt, last)
            phase.outcome = PhaseOutcome.OK if judged.verdict.ok else PhaseOutcome.FAILED
        return judged
    if not attempt.judge_only:
        await implement_or_ask(ladder, attempt)
    snapshot = await phases.take_snapshot(run, attempt)
    phases.refuse_unchanged(snapshot, head.tree, attempt)
    async with phases.timed(run, Phase.VERIFY, attempt) as phase:
        verdict = await phases.verify(run, attempt, snapshot)
        phase.outcome = PhaseOutcome.OK if verdict.ok else PhaseOutcome.FAILED
    return Judged(snapshot, verdict)


async def implement_or_ask(ladder: Ladder, attempt: Attempt) -> None:
    """Let the worker edit. What it asks stops the run, unless the policy is that it decides by itself."""
    run = ladder.run
    async with phases.timed(run, Phase.IMPLEMENT, attempt):
        try:
            ladder.session = await phases.implement(run, attempt)
        except BlockedError as blocked:
            if run.spec.settings.autonomy.stops_for(StopCondition.PRODUCT_DECISION):
                await phases.keep_blocked(run, attempt)
                raise
            answer = decided_by_policy(blocked.question)
            number, count = attempt.milestone_number, attempt.number
            event = QuestionDecided(number, count, blocked.question, answer)
            run.recorder.record(f"{attempt.key}.question", event)
            try:
                answered = replace(attempt, answer=answer, session_id=blocked.session_id)
                ladder.session = await phases.implement(run, answered)
            except BlockedError:
                await phases.keep_blocked(run, attempt)
                raise


async def without_model(run: Run, attempt: Attempt, last: Judged) -> tuple[Judged, str]:
    """A rung without a model, and what came of it in words."""
    if attempt.rung is Rung.RERUN:
        again = await fixing.run_again(run, attempt, last, flaky_checks(last))
        run.recorder.record(f"{attempt.key}.verify/judged", phases.verdict_event(attempt, again.verdict))
        return Judged(last.snapshot, again.verdict), again.told
    told = await fixing.fix(run, attempt, last.snapshot.changed)
    snapshot = await phases.take_snapshot(run, attempt)
    # The worker that is asked next was not told yet what was put back.
    snapshot = replace(snapshot, dropped=(*last.snapshot.dropped, *snapshot.dropped))
    return Judged(snapshot, await phases.verify(run, attempt, snapshot)), told


async def review_change(
    run: Run, attempt: Attempt, judged: Judged, fast: FastPathDecision | None, failed_verifies: int
) -> tuple[Finding, ...]:
    """What REVIEW wants changed; nothing when it approves, when nobody reviews or when there is no need."""
    change = await examine_change(run, attempt, judged)
    if Phase.REVIEW not in run.workers:
        skip(run, Phase.REVIEW, attempt, note="nobody reviews")
        return ()
    decision = review_needed(run, attempt, change, fast, failed_verifies)
    if not decision.needed:
        skip(run, Phase.REVIEW, attempt, note=f"fast path: {'; '.join(decision.reasons)}")
        return ()
    async with phases.timed(run, Phase.REVIEW, attempt) as phase:
        judgement = await phases.review(run, attempt, judged.snapshot, judged.verdict)
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
