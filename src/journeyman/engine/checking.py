"""VERIFY's effect: select, run and judge the checks on one snapshot."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from journeyman.domain.checks import CheckStatus
from journeyman.domain.errors import JourneymanError
from journeyman.domain.events import CheckFinished, CheckStarted, Role
from journeyman.domain.policy.proof import ChangedPaths
from journeyman.engine.exact import run_exactly
from journeyman.verify.judge import judge, needs_baseline
from journeyman.verify.select import select_checks

if TYPE_CHECKING:
    from journeyman.domain.checks import Check, CheckResult, VerifyVerdict
    from journeyman.engine.model import Run
    from journeyman.engine.recorder import StepRecorder


async def check_snapshot(
    run: Run, commit: str, tree: str, changed: tuple[str, ...], events: StepRecorder
) -> VerifyVerdict:
    """The verdict over the checks that the changed paths and the task call for."""

    def started(check: Check) -> None:
        events.record(CheckStarted(check.name, tree, Role.VERIFY), check.name)

    def finished(result: CheckResult) -> None:
        events.record(CheckFinished(result, Role.VERIFY), result.check)

    settings = run.spec.settings
    selection = select_checks(settings.checks, changed, run.spec.task.checks)
    logs = run.artifacts.path(f"logs/{tree[:12]}/.")
    exact = run.trees.exactly(Role.VERIFY, commit)
    results = await run_exactly(run.checks, selection.selected, exact, tree, logs, started, finished)
    missing = [result for result in results if result.status is CheckStatus.UNAVAILABLE]
    if missing:
        # No worker can mend the machine.
        said = missing[0].excerpt.strip().splitlines()[-1:]
        raise JourneymanError(
            "check-unavailable", f"the check {missing[0].check} did not start", facts=tuple(said)
        )
    asked = run.recorder.clock_s
    baseline = await run.baseline.results(needs_baseline(results, settings.checks))
    verdict = judge(
        results,
        baseline,
        settings.verify.require,
        tree,
        selection.skipped,
        checks=settings.checks,
        change=ChangedPaths.of(changed),
    )
    return replace(verdict, waited_s=run.recorder.clock_s - asked)
