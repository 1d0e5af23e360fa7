"""How a run ends: the stop in words, the worktrees put away, the end on the timeline."""

from __future__ import annotations

from dataclasses import replace
from itertools import zip_longest

from journeyman.domain.checks import CheckFailure, VerifyVerdict
from journeyman.domain.errors import JourneymanError
from journeyman.domain.events import (
    Outcome,
    PlanMade,
    RunFinished,
    SnapshotMade,
    TaskSized,
    last_of,
)
from journeyman.domain.phases import Phase
from journeyman.domain.plan import Finding, Question
from journeyman.domain.policy.environment import MissingPiece
from journeyman.domain.policy.ladder import RungDecision
from journeyman.domain.policy.size import DiffSize, decide_size
from journeyman.domain.policy.uncertainty import disagreement
from journeyman.engine.model import Run
from journeyman.engine.phases import SHOWN, BlockedError, known_trees, snapshots_of, timed


async def finalize(run: Run, end: RunFinished) -> None:
    """Put the worktrees away and write the end on the timeline."""

    async def put_away() -> None:
        run.baseline.cancel()
        snapshots = snapshots_of(run)
        last = end.commit or (snapshots[-1].commit if snapshots else None)
        if last is not None:
            run.artifacts.write("diff.patch", await run.workspace.diff_text(run.spec.base_commit, last))
        if end.outcome is not Outcome.VERIFIED:
            # A worker that failed leaves work that no snapshot has. When it cannot be kept, its worktree is.
            await run.trees.keep_unsaved(known_trees(run))
        await run.workspace.close()

    try:
        async with timed(run, Phase.FINALIZE):
            await run.journal.step("finalize", put_away, type(None))
    except JourneymanError as trouble:
        # A clean-up that fails changes nothing of what the run came to.
        stays = f"its worktree stays at {run.workspace.work_path}: {trouble.message}"
        end = replace(end, facts=(*end.facts[: SHOWN - 1], stays))
    _record_size(run)
    run.recorder.record("finish", replace(end, branch=run.workspace.branch))


def _record_size(run: Run) -> None:
    """Write down what the run will be compared under, when that can be told."""
    events = run.recorder.events()
    planned, last = last_of(events, PlanMade), last_of(events, SnapshotMade)
    diff = DiffSize(len(last.files), last.lines_added + last.lines_removed) if last else None
    decided = decide_size(run.spec.task.size, planned.plan if planned else None, diff)
    if decided is not None:
        run.recorder.record("size", TaskSized(decided.size.value, decided.reason))


def stopped_by(stop: JourneymanError, question: Question | None = None) -> RunFinished:
    """The end that a stop is."""
    return RunFinished(
        Outcome.STOPPED,
        stop_code=stop.code,
        stop_message=stop.message,
        facts=stop.facts,
        hint=stop.hint,
        question=question,
    )


def nothing_may_change(denied: tuple[str, ...]) -> JourneymanError:
    """The stop of a scope that denies all that it allows."""
    message = f"the scope allows only {', '.join(denied)}, and denies that too: nothing may change"
    hint = "allow something else or deny less, in a new run; jm config show tells where a list comes from"
    return JourneymanError("uncertain", message, hint=hint)


def sent_back(
    decision: RungDecision,
    verdict: VerifyVerdict,
    findings: tuple[Finding, ...],
    *,
    disagree: bool = False,
    missing: MissingPiece | None = None,
) -> JourneymanError:
    """The stop after the last attempt was sent back; a question when the reviewer's wish is to be one."""
    if findings and disagree:
        return BlockedError(disagreement(findings), "uncertain")
    if findings:
        facts = tuple(f"{finding.path or 'review'}: {finding.message}" for finding in findings)
        reason = findings[0].message
    else:
        facts = tuple(f"{new.check}: {new.failure.message}" for new in _in_turn(verdict.new_failures))
        reason = verdict.reason
    if not verdict.proven and not verdict.new_failures:
        told = (missing.what,) if missing else ()
        return JourneymanError(
            "nothing-proven", reason, facts=(*told, *facts)[:SHOWN], hint=missing.fix if missing else None
        )
    return JourneymanError(
        decision.stop_code or "verify-failed", f"{reason}; {decision.reason}", facts=facts[:SHOWN]
    )


def _in_turn(failures: tuple[CheckFailure, ...]) -> list[CheckFailure]:
    """Each check's first failure, then each one's second: none hides the others."""
    by_check: dict[str, list[CheckFailure]] = {}
    for new in failures:
        by_check.setdefault(new.check, []).append(new)
    return [new for turn in zip_longest(*by_check.values()) for new in turn if new is not None]
