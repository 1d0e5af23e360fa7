"""A test for a change that came without one: it counts only when it fails without the change."""

from __future__ import annotations

from dataclasses import dataclass, replace

from journeyman.domain.checks import Tier
from journeyman.domain.errors import JourneymanError
from journeyman.domain.events import NewTestsJudged, PhaseOutcome, Role
from journeyman.domain.phases import Phase
from journeyman.domain.plan import Finding
from journeyman.domain.policy.ladder import Rung, rungs_spent
from journeyman.domain.policy.risk import is_test
from journeyman.domain.stops import Family, stop_reason
from journeyman.engine import phases
from journeyman.engine.attempt import Attempt, Judged
from journeyman.engine.exact import run_exactly
from journeyman.engine.fixing import can_fix
from journeyman.engine.ladder import Ladder
from journeyman.engine.model import Run
from journeyman.verify.judge import judge, needs_baseline

_WISH = (
    "The change is verified, and no test shows it. Add one small test that fails without the change and"
    " passes with it. Change nothing but tests."
)


@dataclass(frozen=True)
class _Trial:
    """What became of the new tests."""

    paths: tuple[str, ...]
    counts: bool
    reason: str


async def with_test(ladder: Ladder, attempt: Attempt, judged: Judged) -> tuple[Attempt, Judged]:
    """The change with a test that counts; as it was when there is one already, or none could be made.

    To ask for one is a rung.
    """
    run = ladder.run
    changes = await run.workspace.changes(attempt.head, judged.snapshot.commit)
    if any(is_test(change.path) for change in changes):
        return attempt, judged
    trying = replace(
        attempt,
        rungs=attempt.rungs + 1,
        rung=Rung.RETRY,
        failures=(),
        findings=(Finding(_WISH),),
        session_id=ladder.session,
    )
    spent = rungs_spent(ladder.taken, run.spec.settings.autonomy)
    if spent is not None:
        _tell(run, trying, _Trial((), counts=False, reason=spent))
        return attempt, judged
    ladder.taken += 1
    trial, made = await _ask(ladder, attempt, trying, judged)
    _tell(run, trying, trial)
    after = replace(attempt, rungs=trying.rungs)
    if trial.counts and made is not None:
        return after, made
    await _put_back(run, trying, judged)
    return after, judged


async def _ask(
    ladder: Ladder, attempt: Attempt, trying: Attempt, judged: Judged
) -> tuple[_Trial, Judged | None]:
    """Let the worker add a test; what became of it, and the change with it when it came that far."""
    run, made = ladder.run, None
    try:
        async with phases.timed(run, Phase.IMPLEMENT, trying):
            asked = replace(trying, number=attempt.number + 1)
            ladder.session = await phases.implement(run, asked, key=f"{trying.key}.test")
        snapshot = await phases.take_snapshot(run, trying)
        async with phases.timed(run, Phase.VERIFY, trying) as phase:
            made = Judged(snapshot, await phases.verify(run, trying, snapshot))
            phase.outcome = PhaseOutcome.OK if made.verdict.ok else PhaseOutcome.FAILED
        return await _try_on_base(run, trying, judged, made), made
    except JourneymanError as trouble:
        family = stop_reason(trouble.code).family
        if family not in {Family.GUARD, Family.WORKER, Family.BLOCKED}:
            raise
        return _Trial((), counts=False, reason=trouble.message), None


def _tell(run: Run, trying: Attempt, trial: _Trial) -> None:
    event = NewTestsJudged(trying.milestone_number, trying.number, trial.paths, trial.counts, trial.reason)
    run.recorder.record(f"{trying.key}.test/judged", event)


async def _try_on_base(run: Run, trying: Attempt, before: Judged, made: Judged) -> _Trial:
    """Whether the new tests fail where the change is not."""

    async def attempt_it() -> _Trial:
        changes = await run.workspace.changes(before.snapshot.tree, made.snapshot.tree)
        paths = tuple(change.path for change in changes)
        if not paths or not all(map(is_test, paths)):
            reason = "no test was added" if not paths else "more than tests was changed"
            return _Trial(paths, counts=False, reason=reason)
        if not made.verdict.ok:
            return _Trial(paths, counts=False, reason=f"it fails on the change: {made.verdict.reason}")
        failing = await _fails_without(run, trying, made, paths)
        reason = (
            f"{', '.join(failing)} fails without the change" if failing else "it passes without the change"
        )
        return _Trial(paths, counts=bool(failing), reason=reason)

    return await run.journal.step(f"{trying.key}.test/base", attempt_it, _Trial)


async def _fails_without(run: Run, trying: Attempt, made: Judged, paths: tuple[str, ...]) -> tuple[str, ...]:
    """The checks that new tests make fail on the commit that the change follows."""
    tree = await run.workspace.tree_with(trying.head, made.snapshot.tree, paths)
    fixers = run.find_fixers()
    judging = (check for check in run.spec.settings.checks if check.tier is not Tier.FAST)
    checks = tuple(check for check in judging if not can_fix(check, fixers))
    exact = run.trees.exactly(Role.VERIFY, await run.workspace.commit_of(tree))
    results = await run_exactly(run.checks, checks, exact, tree, run.artifacts.path(f"logs/{tree[:12]}/."))
    baseline = await run.baseline.results(needs_baseline(results, checks))
    verdict = judge(results, baseline, run.spec.settings.verify.require, tree, checks=checks)
    return tuple(dict.fromkeys(new.check for new in verdict.new_failures))


async def _put_back(run: Run, trying: Attempt, judged: Judged) -> None:
    async def restore() -> None:
        await run.trees.ensure_work_tree()
        await run.trees.keep_unsaved(phases.known_trees(run))
        await run.workspace.restore(judged.snapshot.tree)
        # The last snapshot on the timeline is what the attempt comes to; the one with the test keeps a ref.
        await phases.freeze_work(run, trying, run.recorder.step(f"{trying.key}.test/put back"))

    await run.journal.step(f"{trying.key}.test/put back", restore, type(None))
    run.trees.expect(judged.snapshot.tree)
