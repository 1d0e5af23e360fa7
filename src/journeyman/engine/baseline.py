"""The checks on the base commit, in the background: what was broken before the run is not its fault."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from journeyman.domain.events import CheckFinished, CheckStarted, Role

if TYPE_CHECKING:
    from journeyman.domain.checks import Check, CheckResult
    from journeyman.engine.recorder import Recorder
    from journeyman.engine.trees import Trees
    from journeyman.store import Artifacts
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
        self._task: asyncio.Task[Mapping[str, CheckResult]] | None = None

    def start(self, tree: str) -> None:
        """Begin; harmless when begun."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(tree))

    def cancel(self) -> None:
        """End it when nobody will ask any more."""
        if self._task is not None:
            self._task.cancel()

    def results_so_far(self) -> Mapping[str, CheckResult]:
        """Like :meth:`results`, without waiting: nothing when it is not done."""
        done = self._task is not None and self._task.done() and not self._task.cancelled()
        if self._task is None or not done or self._task.exception() is not None:
            return {}
        return self._task.result()

    async def results(self) -> Mapping[str, CheckResult]:
        """The base's result of each check by name, once they are there."""
        if self._task is None:
            return {}
        return await asyncio.shield(self._task)

    async def _run(self, tree: str) -> Mapping[str, CheckResult]:
        events = self._recorder.step("baseline")

        def started(check: Check) -> None:
            events.record(CheckStarted(check.name, tree, Role.BASELINE), check.name)

        def finished(result: CheckResult) -> None:
            events.record(CheckFinished(result, Role.BASELINE), result.check)

        environment = await self._trees.base(self._commit)
        logs = self._artifacts.path("logs/baseline/.")
        results = await self._runner.run(
            self._checks, environment, tree, logs, on_started=started, on_finished=finished
        )
        return {result.check: result for result in results}
