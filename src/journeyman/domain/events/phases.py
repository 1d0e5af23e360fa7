"""Phases, and what the planner and the reviewer made in theirs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from journeyman.domain.phases import Phase
from journeyman.domain.plan import Plan, Review


class PhaseOutcome(StrEnum):
    """How a phase ended."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"
    STOPPED = "stopped"


@dataclass(frozen=True)
class PhaseStarted:
    kind: ClassVar[str] = "phase.started"
    phase: Phase
    milestone: int | None = None
    attempt: int | None = None


@dataclass(frozen=True)
class PhaseFinished:
    kind: ClassVar[str] = "phase.finished"
    phase: Phase
    milestone: int | None = None
    attempt: int | None = None
    outcome: PhaseOutcome = PhaseOutcome.OK
    note: str = ""


@dataclass(frozen=True)
class PlanMade:
    kind: ClassVar[str] = "plan.made"
    plan: Plan
    worker: str


@dataclass(frozen=True)
class ReviewMade:
    kind: ClassVar[str] = "review.made"
    milestone: int
    attempt: int
    review: Review
    worker: str


PhaseEvent = PhaseStarted | PhaseFinished | PlanMade | ReviewMade
