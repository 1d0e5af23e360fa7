"""The rungs without a model: the project's own fixers on the changed files, and checks run again, alone."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from journeyman.domain.checks import Check, CheckResult, Fixer, VerifyVerdict
from journeyman.domain.errors import JourneymanError
from journeyman.domain.events import CheckFinished, CheckStarted, Role
from journeyman.domain.phases import Phase
from journeyman.domain.plan import Implementation
from journeyman.domain.policy.proof import ChangedPaths
from journeyman.domain.process import command_words
from journeyman.domain.worker import ImplementRequest
from journeyman.engine.host import RunHost
from journeyman.engine.model import Run
from journeyman.verify.judge import judge

if TYPE_CHECKING:
    from journeyman.engine.attempt import Attempt, Judged
    from journeyman.engine.recorder import StepRecorder
    from journeyman.verify.environment import CheckEnvironment

_SPECIAL = re.compile(r"([\\*?\[\]!# ])")


def can_fix(check: Check, fixers: tuple[Fixer, ...]) -> bool:
    """Whether a fixer can fix what the check complains of: the check has one, or is the same tool."""
    if check.fix is not None:
        return bool(fixers)
    words = set(map(_program, command_words(check.run)))
    programs = (_program(word) for fixer in fixers for word in command_words(fixer.command)[:1])
    return any(program in words for program in programs)


async def fixers_at(run: Run, key: str) -> tuple[Fixer, ...]:
    """The project's fixers as they are now: a replay must decide from the same ones."""

    async def find() -> tuple[Fixer, ...]:
        return await asyncio.to_thread(run.find_fixers)

    return await run.journal.step(f"{key}.fixers", find, tuple[Fixer, ...])


async def fix(run: Run, attempt: Attempt, changed: tuple[str, ...]) -> str:
    """Run the fixers on the changed files; everything else is put back. What they said of it."""
    fixers = await fixers_at(run, f"{attempt.key}.fix")
    if run.make_fixing_worker is None or not fixers:
        return "there is no fixer"
    fixing = run.make_fixing_worker(fixers)
    settings = run.spec.settings
    allow = tuple("/" + _SPECIAL.sub(r"\\\1", path) for path in changed)
    request = ImplementRequest(
        task=run.spec.task,
        plan=attempt.plan,
        milestone=attempt.milestone,
        milestone_number=attempt.milestone_number,
        attempt=attempt.number,
        scope=replace(settings.scope, allow=allow),
        checks=settings.checks,
    )
    host = RunHost(run, fixing.name, Phase.VERIFY, f"{attempt.key}.fix")
    try:
        with host.measured():
            said: Implementation = await fixing.implement(request, host)
            host.summary = said.summary
    except JourneymanError as trouble:
        if trouble.code != "worker-failed":
            raise
        return trouble.message  # what fixers left is judged as anything else is: the next rung it is
    return said.summary


@dataclass(frozen=True)
class Again:
    """A verdict after checks were run again, and what that showed."""

    verdict: VerifyVerdict
    told: str


async def run_again(run: Run, attempt: Attempt, judged: Judged, checks: tuple[str, ...]) -> Again:
    """Run checks again, each alone, on the same snapshot. Their failures are forgiven only when the check
    then passes twice, or when the base fails in the same way.
    """

    async def rerun() -> Again:
        wanted = [check for check in run.spec.settings.checks if check.name in checks]
        results = {result.check: result for result in judged.verdict.results}
        baseline = dict(await run.baseline.results(tuple(check.name for check in run.spec.settings.checks)))
        told, events = [], run.recorder.step(f"{attempt.key}.rerun")
        for check in wanted:
            now, base, why = await _alone(run, events, judged, check)
            results[check.name] = now
            if base is not None:
                baseline[check.name] = base
            told.append(f"{check.name} {why}")
        require = run.spec.settings.verify.require
        verdict = judge(
            tuple(results.values()),
            baseline,
            require,
            judged.snapshot.tree,
            judged.verdict.skipped,
            checks=run.spec.settings.checks,
            change=ChangedPaths.of(judged.snapshot.changed),
        )
        return Again(verdict, "; ".join(told))

    return await run.journal.step(f"{attempt.key}.rerun", rerun, Again)


async def _alone(
    run: Run, events: StepRecorder, judged: Judged, check: Check
) -> tuple[CheckResult, CheckResult | None, str]:
    """The check's result, that of the base if it was asked, and what they show."""
    snapshot = judged.snapshot
    environment = await run.trees.verify(snapshot.commit)
    first = await _once(run, events, check, environment, snapshot.tree, Role.VERIFY)
    if first.passed:
        second = await _once(run, events, check, environment, snapshot.tree, Role.VERIFY)
        return second, None, "passed twice: flaky" if second.passed else "passed once, and failed again"
    environment = await run.trees.base(run.spec.base_commit)
    base = await _once(run, events, check, environment, run.trees.base_tree, Role.BASELINE)
    same = bool({failure.key for failure in first.failures} & {failure.key for failure in base.failures})
    return first, base if same else None, "fails so on the base too" if same else "failed again"


async def _once(
    run: Run, events: StepRecorder, check: Check, environment: CheckEnvironment, tree: str, role: Role
) -> CheckResult:
    logs = run.artifacts.path(f"logs/{tree[:12]}-again/.")
    events.record(CheckStarted(check.name, tree, role), check.name)
    (result,) = await run.checks.run((replace(check, exclusive=True),), environment, tree, logs, fresh=True)
    events.record(CheckFinished(result, role), check.name)
    return result


def _program(word: str) -> str:
    return PurePosixPath(word).name
