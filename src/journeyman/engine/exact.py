"""Checks whose results are of exactly one tree: what one of them writes, no other sees.

Checks share a worktree, and some write what git tracks: a formatter without ``--check``, a generator, an
update of snapshots. They mend the tree for whoever comes next, and the commit then fails the checks that it
is said to pass. So after each check the tracked files are compared; where one was changed, what ran meanwhile
is run again, each alone on a clean tree, and who writes is remembered and run apart from then on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from journeyman.domain.checks import Check, CheckResult
    from journeyman.verify.environment import CheckEnvironment
    from journeyman.verify.runner import CheckRunner, OnFinished, OnStarted


@dataclass(frozen=True)
class ExactTree:
    """A worktree that can be made to hold exactly its commit again."""

    prepare: Callable[[], Awaitable[CheckEnvironment]]
    """Puts back what was changed; ready for checks then."""
    altered: Callable[[], Awaitable[tuple[str, ...]]]
    """Tracked files that are not as the commit has them."""


async def run_exactly(
    runner: CheckRunner,
    checks: tuple[Check, ...],
    exact: ExactTree,
    tree: str,
    logs: Path,
    on_started: OnStarted | None = None,
    on_finished: OnFinished | None = None,
    *,
    fresh: bool = False,
) -> tuple[CheckResult, ...]:
    """The results in the order of ``checks``, as ``CheckRunner.run`` gives them, each of exactly ``tree``."""
    apart = [check for check in checks if runner.writes(check)]
    together = [check for check in checks if check not in apart]
    results: dict[str, CheckResult] = {}
    doubted: list[Check] = []
    if together:
        environment = await exact.prepare()
        found = await runner.run(
            together, environment, tree, logs, on_started, on_finished, fresh=fresh, altered=exact.altered
        )
        results = {result.check: result for result in found}
        if any(result.wrote for result in found):
            doubted = [check for check in together if not results[check.name].cached]
    for check in (*doubted, *apart):
        environment = await exact.prepare()
        (results[check.name],) = await runner.run(
            (check,),
            environment,
            tree,
            logs,
            on_started,
            on_finished,
            fresh=fresh or check in doubted,
            altered=exact.altered,
            alone=True,
        )
    return tuple(results[check.name] for check in checks)
