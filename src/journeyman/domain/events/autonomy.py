"""What a run decided by itself, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from journeyman.domain.phases import Phase
from journeyman.domain.plan import Question
from journeyman.domain.policy.fast_path import FastPathDecision, ReviewDecision, ReviewFacts
from journeyman.domain.policy.ladder import LadderFacts, Rung, RungDecision, Tried


@dataclass(frozen=True)
class FastDecided:
    """Whether the run leaves PLAN out, and REVIEW unless the diff asks for it."""

    kind: ClassVar[str] = "fast.decided"
    decision: FastPathDecision


@dataclass(frozen=True)
class ReviewDecided:
    """Whether somebody reviews this change; made from the real diff."""

    kind: ClassVar[str] = "review.decided"
    milestone: int
    attempt: int
    decision: ReviewDecision
    facts: ReviewFacts


@dataclass(frozen=True)
class RetryDecided:
    """Written by earlier versions only: the rung that was decided says the same."""

    kind: ClassVar[str] = "retry.decided"
    milestone: int
    next_attempt: int
    reason: str


@dataclass(frozen=True)
class RungDecided:
    """What follows after a try was sent back: a rung of the ladder, or a stop."""

    kind: ClassVar[str] = "rung.decided"
    milestone: int
    attempt: int
    decision: RungDecision
    facts: LadderFacts
    tried: tuple[Tried, ...]
    """At this milestone, the one that was sent back last."""


@dataclass(frozen=True)
class RungTaken:
    """One rung of the ladder after an attempt was sent back; written when its outcome is known."""

    kind: ClassVar[str] = "rung.taken"
    milestone: int
    attempt: int
    rung: Rung
    reason: str
    duration_s: float
    outcome: str = ""


@dataclass(frozen=True)
class TransientRetried:
    """A call failed for a reason that passes by itself; it is tried again after the wait."""

    kind: ClassVar[str] = "trouble.retried"
    phase: Phase
    code: str
    message: str
    tried: int
    wait_s: float


@dataclass(frozen=True)
class QuestionDecided:
    """A worker's question that nobody was asked: the policy says that it decides by itself."""

    kind: ClassVar[str] = "question.decided"
    milestone: int
    attempt: int
    question: Question
    answer: str


AutonomyEvent = (
    FastDecided | ReviewDecided | RetryDecided | RungDecided | RungTaken | TransientRetried | QuestionDecided
)
