"""What a run is made of while a process works on it: the parts that ``bootstrap`` put together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from journeyman.domain.folds.resume import ResumePoint
from journeyman.domain.phases import Phase
from journeyman.domain.run import RunSpec
from journeyman.domain.worker import Worker

if TYPE_CHECKING:
    from journeyman.domain.checks import Fixer
    from journeyman.domain.context import ContextMaker
    from journeyman.domain.policy.spending import Spending
    from journeyman.domain.process import CommandRunner
    from journeyman.domain.records import Artifacts
    from journeyman.engine.baseline import Baseline
    from journeyman.engine.recorder import Recorder
    from journeyman.engine.trees import Trees
    from journeyman.verify.runner import CheckRunner
    from journeyman.workspace import Workspace

T = TypeVar("T")


class Journal(Protocol):
    """Runs effects once, over crashes; implemented in ``durable.py``, and here for what need not survive."""

    # The result of ``effect``: done now, or recorded by an earlier process.
    async def step(self, name: str, effect: Callable[[], Awaitable[T]], returns: type[T], /) -> T: ...

    # From now on nothing is recorded: the process is about to end.
    def freeze(self) -> None: ...


class DirectJournal:
    """A journal for work that need not survive this process."""

    async def step(self, _name: str, effect: Callable[[], Awaitable[T]], _returns: type[T]) -> T:
        """Do it now."""
        return await effect()

    def freeze(self) -> None:
        """Nothing is recorded anyway."""


@dataclass
class Run:
    """One run in this process."""

    id: str
    spec: RunSpec
    point: ResumePoint
    journal: Journal
    recorder: Recorder
    workspace: Workspace
    trees: Trees
    command_runner: CommandRunner
    checks: CheckRunner
    baseline: Baseline
    workers: Mapping[Phase, Worker]
    """Who works PLAN, IMPLEMENT and REVIEW; a phase without a worker is skipped."""
    artifacts: Artifacts
    spending: Spending
    """Of our own model calls, shared by all who make some."""
    user_environment: Mapping[str, str]
    """The user's environment, of which a worker sees what its configuration names."""
    guidance: str = ""
    context: ContextMaker | None = None
    """``None`` when no packs are made."""
    find_fixers: Callable[[], tuple[Fixer, ...]] = tuple
    """The project's own fixers, looked for when something failed."""
    make_fixing_worker: Callable[[tuple[Fixer, ...]], Worker] | None = None
    """The worker that runs them."""
    stronger: str | None = None
    """The model that IMPLEMENT goes on with when its own does not get there."""
