"""``jm doctor``: every piece tried for real."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from journeyman.domain.checks import CheckStatus
from journeyman.domain.errors import JourneymanError
from journeyman.domain.phases import Phase
from journeyman.engine.host import RunHost

if TYPE_CHECKING:
    from journeyman.domain.checks import CheckResult
    from journeyman.domain.worker import Worker
    from journeyman.engine.model import Run

_NOTHING_PASSES = (
    "install what the tests need, in .venv or by [workspace] setup; else a change may break them unseen"
)


@dataclass(frozen=True)
class Probe:
    """One piece that was tried."""

    name: str
    ok: bool
    message: str
    hint: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return dataclasses.asdict(self)


async def examine(run: Run, workers: Mapping[str, Worker | JourneymanError]) -> AsyncIterator[Probe]:
    """Try worktrees, environment, checks on HEAD and workers; the worktrees are gone afterwards."""
    opened = None
    try:
        try:
            opened = await run.workspace.open()
            run.trees.expect(opened.base_tree, opened.base_tree)
            yield Probe("worktree", ok=True, message=f"made in {opened.worktree.parent}")
            environment = await run.trees.verify(run.spec.base_commit)
        except JourneymanError as error:
            yield Probe(error.code, ok=False, message=error.message, hint=error.hint)
            return
        for proof in environment.proofs:
            yield Probe("right tree", ok=True, message=proof)
        for warning in environment.warnings:
            yield Probe("environment", ok=True, message=f"warning: {warning}")
        logs = run.artifacts.path("logs/doctor/.")
        for check in run.spec.settings.checks:
            (result,) = await run.checks.run((check,), environment, opened.base_tree, logs)
            yield _check_probe(result)
        for name, worker in workers.items():
            yield await _worker_probe(run, name, worker)
    finally:
        if opened is not None:
            await run.workspace.discard()


def _check_probe(result: CheckResult) -> Probe:
    """A check that runs is healthy, whether HEAD passes it or not; not so tests none of which pass."""
    name = f"check {result.check}"
    match result.status:
        case CheckStatus.PASSED:
            counted = f", {result.passed_count:,} passed" if result.passed_count else ""
            return Probe(name, ok=True, message=f"passes on HEAD in {result.duration_s:.1f} s{counted}")
        case CheckStatus.FAILED:
            count = len(result.failures)
            known = f"{count} known failures, such as" if count > 1 else "1 known failure:"
            first = result.failures[0].message if count else "it says nothing of why"
            if result.is_blind:
                message = f"fails on HEAD, where no test passes, so it proves nothing: {known} {first}"
                return Probe(name, ok=False, message=message, hint=_NOTHING_PASSES)
            message = f"runs, and fails on HEAD in {result.duration_s:.1f} s: {known} {first}"
            return Probe(name, ok=True, message=message)
        case CheckStatus.TIMED_OUT:
            return Probe(
                name,
                ok=False,
                message=f"did not end in {result.duration_s:.0f} s",
                hint="set its timeout_s in journeyman.toml",
            )
        case CheckStatus.UNAVAILABLE:
            last = result.excerpt.strip().splitlines()[-1:] or ["its program is not there"]
            return Probe(
                name, ok=False, message=last[0], hint="install it, or take the check out of journeyman.toml"
            )


async def _worker_probe(run: Run, name: str, worker: Worker | JourneymanError) -> Probe:
    if isinstance(worker, JourneymanError):
        return Probe(f"worker {name}", ok=False, message=worker.message, hint=worker.hint)
    try:
        health = await worker.health(RunHost(run, name, Phase.IMPLEMENT, f"doctor.{name}"))
    except JourneymanError as error:
        return Probe(f"worker {name}", ok=False, message=error.message, hint=error.hint)
    return Probe(f"worker {name}", ok=health.ok, message=health.message, hint=health.hint)
