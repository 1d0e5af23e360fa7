"""What a run was started with, and where it goes on after an end that was not the last."""

from __future__ import annotations

from dataclasses import dataclass

from journeyman.domain.settings import Settings
from journeyman.domain.task import Task

SUSPENDED_CODES = frozenset({"interrupted", "out-of-time"})
"""Stops that cut a run off in the middle of its work: it goes on exactly there."""


@dataclass(frozen=True)
class RunSpec:
    """Everything that decides what a run does. Fixed at its start, so that a resume does the same."""

    task: Task
    settings: Settings
    repository: str
    """Root of the user's checkout."""
    base_commit: str
    base_ref: str | None
    """The branch that was checked out, or ``None`` when detached."""
    worker: str
    """The worker of each phase that names no other."""
    started_at: float = 0.0
    """Wall clock, Unix seconds."""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class WorkOrder:
    """One segment of a run, as the journal holds it: any process that has it and the timeline can work it."""

    run_id: str
    segment: int
    spec: RunSpec

    @property
    def key(self) -> str:
        """The id of the segment's workflow."""
        return f"{self.run_id}.{self.segment}"


@dataclass(frozen=True, kw_only=True)
class Resumption:
    """Permissions and limits; what was not said stays as it was."""

    answer: str | None = None
    """To the question that blocked the run."""
    allow_lockfile: bool = False
    allow_weaker_tests: bool = False
    minutes: float | None = None
    """A new time budget, as are the following in what models may use, all for the whole run."""
    usd: float | None = None
    tokens: int | None = None
    requests: int | None = None
