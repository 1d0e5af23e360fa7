"""What each phase does: its journal steps, its events, its errors. The order of phases is in ``run.py``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from journeyman.domain.checks import VerifyVerdict
from journeyman.domain.context import Pack, PackRequest
from journeyman.domain.errors import JourneymanError
from journeyman.domain.events import (
    CheckpointMade,
    EnvironmentReady,
    PhaseFinished,
    PhaseOutcome,
    PhaseStarted,
    PlanMade,
    ReviewMade,
    ScopeDropped,
    ScopeJudged,
    SnapshotMade,
    VerifyJudged,
    WorkRescued,
    WorkspaceOpened,
    of_kind,
)
from journeyman.domain.identity import attempt_ref
from journeyman.domain.phases import Phase
from journeyman.domain.plan import Implementation, Milestone, Plan, Question, Review
from journeyman.domain.policy.tolerance import drop_paths, tolerated
from journeyman.domain.scope import Change, advice, judge_scope
from journeyman.domain.worker import ImplementRequest, PlanRequest, ReviewRequest, Worker
from journeyman.engine import checking
from journeyman.engine.attempt import Attempt, AttemptSnapshot
from journeyman.engine.evidence import checkpoint_message, checkpoint_trailers, evidence_lines
from journeyman.engine.host import RunHost
from journeyman.engine.model import Run
from journeyman.engine.packing import packed_context
from journeyman.engine.recorder import StepRecorder
from journeyman.engine.transient import retry_transient
from journeyman.workspace import OpenedWorkspace, workspace

_HIDDEN = 5
"""Files hidden by ignore rules that are named."""
SHOWN = 3
"""Lines of evidence in a receipt, at most."""


@dataclass
class PhaseNote:
    """How a phase is about to end; the caller may set it."""

    outcome: PhaseOutcome = PhaseOutcome.OK
    note: str = ""


class BlockedError(JourneymanError):
    """There is a question that only a person can answer."""

    def __init__(
        self, question: Question, code: str = "worker-blocked", session_id: str | None = None
    ) -> None:
        """``session_id`` is that of the worker who asks."""
        super().__init__(code, question.question, facts=(question.reason,))
        self.question = question
        self.session_id = session_id


def phase_key(phase: Phase, attempt: Attempt | None) -> str:
    """The key of a phase's events."""
    return f"{attempt.key}.{phase.value.lower()}" if attempt else phase.value.lower()


@asynccontextmanager
async def timed(run: Run, phase: Phase, attempt: Attempt | None = None) -> AsyncIterator[PhaseNote]:
    """Frame a phase by its two events, also when a stop leaves it."""
    key = phase_key(phase, attempt)
    number, count = (attempt.milestone_number, attempt.number) if attempt else (None, None)
    run.recorder.record(f"{key}/started", PhaseStarted(phase, number, count))
    note = PhaseNote()
    try:
        yield note
    except JourneymanError as stop:
        finished = PhaseFinished(phase, number, count, PhaseOutcome.STOPPED, stop.code)
        run.recorder.record(f"{key}/finished", finished)
        raise
    run.recorder.record(f"{key}/finished", PhaseFinished(phase, number, count, note.outcome, note.note))


async def set_up(run: Run) -> OpenedWorkspace:
    """Worktree, branch, environment and right-tree proof; the baseline then starts in the background."""

    async def open_workspace() -> OpenedWorkspace:
        opened = await run.workspace.open()
        if run.point.tree is not None:
            await run.trees.keep_unsaved(known_trees(run))
            await run.workspace.restore(run.point.tree)
        run.recorder.step("open").record(
            WorkspaceOpened(str(opened.worktree), opened.branch, opened.base_tree, run.point.unfinished)
        )
        return opened

    async def prove_environment() -> None:
        # Both to their end: what is told of a failure does not hang on which came first.
        environment, work = await asyncio.gather(
            run.trees.verify(run.spec.base_commit), run.trees.work(), return_exceptions=True
        )
        if isinstance(environment, BaseException):
            raise environment
        if isinstance(work, BaseException):
            raise work
        run.recorder.step("environment").record(EnvironmentReady(environment.proofs, environment.warnings))

    async with timed(run, Phase.SETUP):
        opened = await run.journal.step("open", open_workspace, OpenedWorkspace)
        run.trees.expect(run.point.tree or opened.base_tree, opened.base_tree)
        await run.journal.step("environment", prove_environment, type(None))
    run.baseline.start(opened.base_tree)
    return opened


async def plan(run: Run) -> Plan:
    """Ask the planning worker."""
    worker = run.workers[Phase.PLAN]
    asked = PackRequest(run.spec.task.whole_text, brief=True)
    shown = await packed_context(run, worker, Phase.PLAN, "plan", asked)
    request = PlanRequest(
        run.spec.task, run.spec.settings.scope, run.spec.settings.checks, run.guidance, shown.text
    )

    async def ask(key: str) -> Plan:
        host = RunHost(run, worker.name, Phase.PLAN, key, frozenset(shown.files))
        with host.measured():
            return await worker.plan(request, host)

    made = await retry_transient(run, Phase.PLAN, "plan", ask)
    if not made.milestones:
        made = Plan((_whole_task(run),), made.summary)
    run.recorder.record("plan", PlanMade(made, worker.name))
    return made


async def single_milestone(run: Run) -> Plan:
    """The plan of a worker that does not plan."""
    made = Plan((_whole_task(run),))
    run.recorder.record("plan", PlanMade(made, "journeyman"))
    return made


def _whole_task(run: Run) -> Milestone:
    task = run.spec.task
    return Milestone(title=task.title, goal=task.text, done_when=task.acceptance)


async def implement(run: Run, attempt: Attempt, key: str | None = None) -> str | None:
    """Let the worker edit; its session id. Raises BlockedError, or the worker's own error."""
    worker = run.workers[Phase.IMPLEMENT]
    key = key or f"{attempt.key}.implement" + (".answered" if attempt.answer else "")
    shown = await _context_of(run, worker, attempt, key)
    request = ImplementRequest(
        task=run.spec.task,
        plan=attempt.plan,
        milestone=attempt.milestone,
        milestone_number=attempt.milestone_number,
        attempt=attempt.number,
        scope=run.spec.settings.scope,
        checks=run.spec.settings.checks,
        kind=attempt.kind,
        failures=attempt.failures,
        findings=attempt.findings,
        session_id=attempt.session_id,
        guidance=run.guidance,
        answer=attempt.answer or run.point.answer,
        context=shown.text,
        changed=await _changed_so_far(run, attempt),
    )

    async def ask(try_key: str) -> Implementation:
        host = RunHost(run, worker.name, Phase.IMPLEMENT, try_key, frozenset(shown.files))
        with host.measured():
            said = await worker.implement(replace(request, again=try_key != key), host)
            host.summary = said.summary
        return said

    said = await retry_transient(run, Phase.IMPLEMENT, key, ask)
    if said.blocked is not None:
        raise BlockedError(said.blocked, session_id=said.session_id)
    _refuse_idle(run, attempt, said)
    return said.session_id


def _refuse_idle(run: Run, attempt: Attempt, said: Implementation) -> None:
    """Stop where a first attempt left the base as it is and can say why that is."""
    if attempt.rung is not None or run.trees.work_tree != run.trees.base_tree:
        return
    if said.put_back:
        first, *others = said.put_back
        message = f"the fixers would change {first}, which is out of scope"
        raise JourneymanError("out-of-scope", message, facts=tuple(others[:SHOWN]))
    if said.content:
        raise JourneymanError("nothing-to-fix", said.summary)


async def _changed_so_far(run: Run, attempt: Attempt) -> str:
    """The patch of what was left in the work tree; nothing for whoever remembers it."""
    begun = attempt.failures or attempt.findings or attempt.answer or run.point.unfinished
    if attempt.remembered or not begun:
        return ""
    return await run.workspace.diff_text(attempt.head, run.trees.work_tree)


async def _context_of(run: Run, worker: Worker, attempt: Attempt, key: str) -> Pack:
    """What an attempt is shown: in the worker's own session, only what is new to it."""
    text = run.spec.task.whole_text
    if len(attempt.plan.milestones) > 1:
        text = f"{attempt.milestone.title}\n{attempt.milestone.goal}\n\n{text}"
    places = [(new.failure.path, new.failure.line) for new in attempt.failures]
    places += [(finding.path, finding.line) for finding in attempt.findings]
    asked = PackRequest(
        text,
        tuple(dict.fromkeys((path, line) for path, line in places if path and line)),
        attempt.milestone.files,
        attempt.milestone.look_for,
        only_failures=attempt.remembered,
    )
    return await packed_context(
        run,
        worker,
        Phase.IMPLEMENT,
        key.removesuffix(".implement"),
        asked,
        milestone=attempt.milestone_number,
        attempt=attempt.number,
    )


async def take_snapshot(run: Run, attempt: Attempt) -> AttemptSnapshot:
    """Freeze the worktree, keep it under the attempt's ref, and judge its scope. Raises the guard's stop."""

    async def freeze() -> AttemptSnapshot:
        events = run.recorder.step(f"{attempt.key}.snapshot")
        made, changes, ref, hidden = await freeze_work(run, attempt, events)
        scope, autonomy = run.spec.settings.scope, run.spec.settings.autonomy
        verdict = tolerated(judge_scope(changes, scope), autonomy)
        events.record(ScopeJudged(verdict.ok, verdict.violations))
        droppable = drop_paths(verdict, changes, scope, autonomy)
        if droppable:
            await run.workspace.restore(
                await run.workspace.tree_with(made.tree, run.trees.base_tree, droppable)
            )
            kept = f"{ref}-earlier-{made.commit[:12]}"
            why = tuple(each for each in verdict.violations if each.path in droppable)
            events.record(ScopeDropped(attempt.milestone_number, attempt.number, why, kept))
            made, changes, _, hidden = await freeze_work(run, attempt, events)
            verdict = tolerated(judge_scope(changes, scope), autonomy)
            events.record(ScopeJudged(verdict.ok, verdict.violations))
        if not verdict.ok:
            first, *others = verdict.violations
            shown = tuple(other.message for other in others[: SHOWN - 1])
            more = (f"and {len(others) - len(shown)} more",) if len(others) > len(shown) else ()
            raise JourneymanError(
                first.rule.value, first.message, facts=shown + more, hint=advice(first.rule, scope)
            )
        paths = tuple(change.path for change in changes)
        return AttemptSnapshot(made.commit, made.tree, paths, droppable, hidden)

    snapshot = await run.journal.step(f"{attempt.key}.snapshot", freeze, AttemptSnapshot)
    run.trees.expect(snapshot.tree)  # what was dropped is gone from the work tree, too
    return snapshot


async def freeze_work(
    run: Run, attempt: Attempt, events: StepRecorder
) -> tuple[workspace.Snapshot, tuple[Change, ...], str, tuple[str, ...]]:
    """The worktree as a commit under the attempt's ref, what it changes of the base, that ref, and the files
    that ignore rules keep out of it.
    """
    await run.trees.ensure_work_tree()
    ref = attempt_ref(run.id, attempt.milestone_number, attempt.number, attempt.rungs)
    made = await run.workspace.snapshot(f"attempt {attempt.key} of {run.id}", attempt.head, ref)
    changes = await run.workspace.changes(run.trees.base_tree, made.tree)
    hidden = (await run.workspace.hidden_files())[:_HIDDEN]
    events.record(_snapshot_event(attempt, made.commit, made.tree, ref, changes, hidden))
    return made, changes, ref, hidden


async def keep_blocked(run: Run, attempt: Attempt) -> None:
    """Keep what a worker had done before it asked: the answer goes on from there. The guards wait."""

    async def keep() -> None:
        await run.trees.ensure_work_tree()
        if await run.workspace.current_tree() not in known_trees(run):
            await freeze_work(run, attempt, run.recorder.step(f"{attempt.key}.blocked"))

    await run.journal.step(f"{attempt.key}.blocked", keep, type(None))


def refuse_unchanged(snapshot: AttemptSnapshot, head_tree: str, attempt: Attempt) -> None:
    """Stop a first attempt that changed nothing: there is nothing to verify."""
    if snapshot.tree == head_tree and attempt.rung is None:
        message = "the worker ended without changing a file"
        if snapshot.hidden:
            message += f" but what ignore rules hide ({', '.join(snapshot.hidden)})"
        raise JourneymanError("nothing-changed", message)


async def verify(run: Run, attempt: Attempt, snapshot: AttemptSnapshot) -> VerifyVerdict:
    """Run the checks on the snapshot, in a worktree of their own, and judge them against the baseline."""

    async def judge_snapshot() -> VerifyVerdict:
        events = run.recorder.step(f"{attempt.key}.verify")
        verdict = await checking.check_snapshot(run, snapshot.commit, snapshot.tree, snapshot.changed, events)
        events.record(verdict_event(attempt, verdict))
        return verdict

    return await run.journal.step(f"{attempt.key}.verify", judge_snapshot, VerifyVerdict)


def verdict_event(attempt: Attempt, verdict: VerifyVerdict) -> VerifyJudged:
    """The verdict, as the timeline has it."""
    return VerifyJudged(
        attempt.milestone_number,
        attempt.number,
        verdict.ok,
        verdict.tree,
        verdict.reason,
        verdict.new_failures,
        verdict.known_failures,
        verdict.fixed_failures,
        verdict.skipped,
        verdict.proven_by,
        verdict.rests_on,
        verdict.waited_s,
        tuple(replace(result, failures=(), more=(), excerpt="") for result in verdict.results),
    )


async def review(run: Run, attempt: Attempt, snapshot: AttemptSnapshot, verdict: VerifyVerdict) -> Review:
    """Show the diff and the evidence to the reviewing worker."""
    worker = run.workers[Phase.REVIEW]
    request = ReviewRequest(
        run.spec.task,
        attempt.milestone,
        attempt.milestone_number,
        attempt.number,
        await run.workspace.diff_text(attempt.head, snapshot.commit),
        evidence_lines(verdict),
        run.point.answer,
    )

    async def ask(key: str) -> Review:
        host = RunHost(run, worker.name, Phase.REVIEW, key)
        with host.measured():
            return await worker.review(request, host)

    judgement = await retry_transient(run, Phase.REVIEW, f"{attempt.key}.review", ask)
    made = ReviewMade(attempt.milestone_number, attempt.number, judgement, worker.name)
    run.recorder.record(f"{attempt.key}.review/made", made)
    return judgement


async def checkpoint(run: Run, attempt: Attempt, snapshot: AttemptSnapshot, verdict: VerifyVerdict) -> str:
    """Commit exactly the verified tree on the run's branch; the commit."""

    async def commit() -> str:
        made = await run.workspace.checkpoint(
            snapshot.tree,
            attempt.head,
            checkpoint_message(attempt.milestone, run.spec.task, len(attempt.plan.milestones)),
            checkpoint_trailers(run.id, run.spec, verdict),
        )
        title = attempt.milestone.title
        run.recorder.step(f"{attempt.key}.checkpoint").record(
            CheckpointMade(attempt.milestone_number, title, made, snapshot.tree, run.workspace.branch)
        )
        return made

    return await run.journal.step(f"{attempt.key}.checkpoint", commit, str)


def snapshots_of(run: Run) -> tuple[SnapshotMade, ...]:
    """What every attempt left, in order."""
    return tuple(of_kind(run.recorder.events(), SnapshotMade))


def known_trees(run: Run) -> frozenset[str]:
    """Trees that need no keeping: the base's, and those with a ref. None before a workspace was opened."""
    known: set[str] = set()
    for event in run.recorder.events():
        match event.payload:
            case WorkspaceOpened(base_tree=tree) | SnapshotMade(tree=tree):
                known.add(tree)
            case WorkRescued(tree=str() as tree):
                known.add(tree)
            case _:
                pass
    return frozenset(known)


def _snapshot_event(
    attempt: Attempt,
    commit: str,
    tree: str,
    ref: str,
    changes: tuple[Change, ...],
    hidden: tuple[str, ...],
) -> SnapshotMade:
    return SnapshotMade(
        attempt.milestone_number,
        attempt.number,
        commit,
        tree,
        ref,
        tuple(change.path for change in changes),
        sum(change.lines_added for change in changes),
        sum(change.lines_removed for change in changes),
        hidden,
    )
