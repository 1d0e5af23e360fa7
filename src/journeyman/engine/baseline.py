"""The checks on the base commit, in the background: what was broken before the run is not its fault."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from journeyman.domain.errors import JourneymanError
from journeyman.domain.events import CheckFinished, CheckStarted, Role, WorkerActivity
from journeyman.engine.exact import run_exactly

if TYPE_CHECKING:
    from journeyman.domain.checks import Check, CheckResult
    from journeyman.domain.records import Artifacts
    from journeyman.engine.recorder import Recorder
    from journeyman.engine.trees import Trees
    from journeyman.verify.runner import CheckRunner


class Baseline:
    """Results of the base commit's tree. Not a journal step: the result cache keeps them over crashes."""

    def __init__(
        self,
        checks: tuple[Check, ...],
        commit: str,
        runner: CheckRunner,
        trees: Trees,
        recorder: Recorder,
        artifacts: Artifacts,
    ) -> None:
        self._checks = checks
        self._commit = commit
        self._runner = runner
        self._trees = trees
        self._recorder = recorder
        self._artifacts = artifacts
        self._task: asyncio.Task[None] | None = None
        self._found: dict[str, CheckResult] = {}
        self._news = asyncio.Event()

    def start(self, tree: str) -> None:
        """Begin; harmless when begun."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(tree))
            self._task.add_done_callback(self._ended)

    def cancel(self) -> None:
        """End it when nobody will ask any more."""
        if self._task is not None:
            self._task.cancel()

    async def results(self, checks: tuple[str, ...]) -> Mapping[str, CheckResult]:
        """The base's results by the check's name: those of ``checks`` are waited for, others may be there."""
        while self._task is not None and not set(checks) <= self._found.keys():
            if self._task.done():
                self._task.result()  # what went wrong
                break
            self._news.clear()
            await self._news.wait()
        return dict(self._found)

    def known(self) -> tuple[CheckResult, ...]:
        """What is there by now."""
        return tuple(self._found.values())

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Wake who waits, and tell what went wrong: where all is green, nobody asks for results."""
        self._news.set()
        error = None if task.cancelled() else task.exception()
        if error is not None:
            line = f"the base's checks did not run to their end: {error or type(error).__name__}"
            with contextlib.suppress(JourneymanError):
                self._recorder.record_once(WorkerActivity("baseline", " ".join(line.split())))

    async def _run(self, tree: str) -> None:
        events = self._recorder.step("baseline")

        def started(check: Check) -> None:
            events.record(CheckStarted(check.name, tree, Role.BASELINE), check.name)

        def finished(result: CheckResult) -> None:
            self._found[result.check] = result
            self._news.set()
            events.record(CheckFinished(result, Role.BASELINE), result.check)

        exact = self._trees.exactly(Role.BASELINE, self._commit)
        logs = self._artifacts.path("logs/baseline/.")
        await run_exactly(self._runner, self._checks, exact, tree, logs, started, finished)
