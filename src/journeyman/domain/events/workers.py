"""Calls of workers and models: what they were shown, did and cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from journeyman.domain.phases import Phase
from journeyman.domain.worker import Usage


@dataclass(frozen=True)
class WorkerActivity:
    kind: ClassVar[str] = "worker.activity"
    worker: str
    text: str


@dataclass(frozen=True)
class WorkerSpent:
    kind: ClassVar[str] = "worker.spent"
    worker: str
    phase: Phase
    usage: Usage


@dataclass(frozen=True)
class WorkerFinished:
    """One call of a worker: its share of a phase, in seconds of the run clock."""

    kind: ClassVar[str] = "worker.finished"
    worker: str
    phase: Phase
    duration_s: float
    summary: str = ""


@dataclass(frozen=True)
class WorkerWaited:
    """A model call that a rate limit or an outage held up; written when the wait is over."""

    kind: ClassVar[str] = "worker.waited"
    worker: str
    phase: Phase
    waited_s: float
    reason: str


@dataclass(frozen=True)
class WorkerRead:
    """Files that a worker asked for itself: when a pack was made, they were not in it."""

    kind: ClassVar[str] = "worker.read"
    worker: str
    phase: Phase
    paths: tuple[str, ...]


@dataclass(frozen=True)
class ContextPacked:
    """A context pack for one worker call; its text is the artifact."""

    kind: ClassVar[str] = "context.packed"
    phase: Phase
    milestone: int | None
    attempt: int | None
    tokens: int
    """Estimated; see ``context/pack``."""
    files: tuple[str, ...]
    """Those with lines in the pack, best first."""
    index_s: float
    pack_s: float
    artifact: str
    """Below the run's folder."""
    left_out: int = 0
    """Ranked files that the budget had no room for."""


WorkerEvent = WorkerActivity | WorkerSpent | WorkerFinished | WorkerWaited | WorkerRead | ContextPacked
