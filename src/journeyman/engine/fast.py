"""The fast path's two decisions with what they need to know: before PLAN, and on the real diff."""

from __future__ import annotations

import asyncio
import contextlib
import re
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from journeyman.domain.context import Likely, LikelyFile
from journeyman.domain.errors import JourneymanError
from journeyman.domain.events import FastDecided, IntegrityJudged, ReviewDecided, ReviewMade
from journeyman.domain.phases import Phase
from journeyman.domain.plan import Verdict
from journeyman.domain.policy.fast_path import (
    FastPathDecision,
    ReviewDecision,
    ReviewFacts,
    decide_fast_path,
    decide_review,
)
from journeyman.domain.policy.integrity import Weakening, judge_integrity
from journeyman.domain.policy.risk import FileText, is_test, risks_of_change
from journeyman.domain.settings import IntegrityPolicy
from journeyman.engine.attempt import Attempt, Judged
from journeyman.engine.model import Run

_PATH = re.compile(r"[\w./-]*[\w-]\.\w{1,8}|[\w-]+(?:/[\w.-]+)+")
_MOST_FILES = 200
_MOST_CHARACTERS = 500_000


@dataclass(frozen=True)
class ExaminedChange:
    """What is known of a change that VERIFY accepted."""

    facts: ReviewFacts
    weakenings: tuple[Weakening, ...]


async def decide_fast(run: Run) -> FastPathDecision | None:
    """Whether PLAN and REVIEW are left out; ``None`` when nobody plans or reviews anyway."""
    if not {Phase.PLAN, Phase.REVIEW} & run.workers.keys():
        return None
    settings = run.spec.settings

    async def decide() -> FastPathDecision:
        known = settings.fast_path.enabled and not settings.fast_path.force
        likely = await likely_reach(run) if known else Likely()
        decision = decide_fast_path(run.spec.task, settings.scope, likely, settings.fast_path)
        run.recorder.step("fast path").record(FastDecided(decision))
        return decision

    return await run.journal.step("fast path", decide, FastPathDecision)


async def likely_reach(run: Run) -> Likely:
    """What the task seems to be about, as the packer ranks it; without one, the paths that it names."""
    if run.context is not None:
        with contextlib.suppress(JourneymanError):  # a run can do without: nothing more is known then
            await run.trees.ensure_work_tree()
            ranked = await run.context.likely(run.spec.task.whole_text, run.trees.work_tree)
            if ranked.files:
                return ranked
    named = set(_PATH.findall(run.spec.task.whole_text))
    if not named:
        return Likely()
    there = await run.workspace.files_of(run.trees.base_tree)
    tests = {PurePosixPath(path).stem for path in there if is_test(path)}
    files = (
        LikelyFile(path, 1.0, tested=is_test(path) or _tested(path, tests))
        for path in there
        if path in named or PurePosixPath(path).name in named
    )
    return Likely(tuple(files))


def _tested(path: str, tests: set[str]) -> bool:
    stem = PurePosixPath(path).stem
    names = {f"test_{stem}", f"{stem}_test", f"{stem}.test", f"{stem}.spec", f"{stem}_spec"}
    return not names.isdisjoint(tests)


async def examine_change(run: Run, attempt: Attempt, judged: Judged) -> ExaminedChange:
    """Size, risks and integrity of the change since the milestone's begin. Raises the policy's stop."""
    settings = run.spec.settings
    policy = settings.autonomy.test_integrity

    async def examine() -> ExaminedChange:
        changes = await run.workspace.changes(attempt.head, judged.snapshot.commit)
        paths = tuple(change.path for change in changes if not change.binary)[:_MOST_FILES]
        before, after = await asyncio.gather(
            run.workspace.texts_of(attempt.head, paths),
            run.workspace.texts_of(judged.snapshot.commit, paths),
        )
        files = tuple(_file(path, before, after) for path in paths)
        weakenings = judge_integrity(files, run.baseline.known(), judged.verdict.results)
        if weakenings:
            event = IntegrityJudged(attempt.milestone_number, attempt.number, weakenings, policy.value)
            run.recorder.step(f"{attempt.key}.change").record(event)
        lines = sum(change.lines_added + change.lines_removed for change in changes)
        told = () if policy is IntegrityPolicy.ALLOW else tuple(each.message for each in weakenings)
        risks = risks_of_change(files, settings.fast_path)
        facts = ReviewFacts(len(changes), lines, 0, risks, told)
        return ExaminedChange(facts, weakenings)

    change = await run.journal.step(f"{attempt.key}.change", examine, ExaminedChange)
    if change.weakenings and policy is IntegrityPolicy.STOP:
        first, *others = (weakening.message for weakening in change.weakenings)
        raise JourneymanError("tests-weakened", first, facts=tuple(others))
    return change


def _file(path: str, before: dict[str, str], after: dict[str, str]) -> FileText:
    """The file's texts, cut where nobody could read them either."""
    was, now = before.get(path), after.get(path)
    return FileText(path, was and was[:_MOST_CHARACTERS], now and now[:_MOST_CHARACTERS])


def review_needed(
    run: Run, attempt: Attempt, change: ExaminedChange, fast: FastPathDecision | None, failed_verifies: int
) -> ReviewDecision:
    """Whether somebody reviews the change; told on the timeline."""
    settings = run.spec.settings
    named = settings.phases.review.worker
    wished = f"phases.review.worker = {named!r}" if named else None
    rejected = _rejected_before(run, attempt)
    facts = replace(change.facts, failed_verifies=failed_verifies, wished=wished, rejected=rejected)
    on_fast_path = fast is not None and fast.eligible
    decision = decide_review(facts, settings.fast_path, fast=on_fast_path)
    event = ReviewDecided(attempt.milestone_number, attempt.number, decision, facts)
    run.recorder.record(f"{attempt.key}.review/decided", event)
    return decision


def _rejected_before(run: Run, attempt: Attempt) -> bool:
    """Whether a reviewer has sent back an earlier attempt at the milestone, in whatever segment."""
    made = (event.payload for event in run.recorder.events() if isinstance(event.payload, ReviewMade))
    return any(
        each.milestone == attempt.milestone_number
        and each.attempt < attempt.number
        and each.review.verdict is Verdict.REQUEST_CHANGES
        for each in made
    )
