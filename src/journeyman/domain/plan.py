"""Plans, reviews and what a worker says of its own work."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Risk(StrEnum):
    """How much a mistake would cost, as the task or the plan judges it."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True)
class Milestone:
    """One verifiable slice of a plan; ends in one checkpoint."""

    title: str
    goal: str = ""
    files: tuple[str, ...] = ()
    """Paths the planner expects to change; a hint, never a permission."""
    risk: Risk = Risk.LOW
    done_when: tuple[str, ...] = ()
    look_for: tuple[str, ...] = ()
    """Names or texts whose places in the files whoever implements it should see."""


@dataclass(frozen=True)
class Plan:
    """Milestones in the order they are worked. Never empty."""

    milestones: tuple[Milestone, ...]
    summary: str = ""


class Verdict(StrEnum):
    """What a review concludes."""

    APPROVE = "approve"
    REQUEST_CHANGES = "request_changes"


class Severity(StrEnum):
    """How grave a finding is; only ``ERROR`` can hold a change back."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Finding:
    """One remark of a review, tied to a place where there is one."""

    message: str
    severity: Severity = Severity.WARNING
    path: str | None = None
    line: int | None = None


@dataclass(frozen=True)
class Review:
    """The verdict on one snapshot."""

    verdict: Verdict
    summary: str = ""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Question:
    """What a blocked worker needs to know from a person."""

    reason: str
    question: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Implementation:
    """What a worker says it did. Never believed: VERIFY decides."""

    summary: str = ""
    blocked: Question | None = None
    session_id: str | None = None
    """The worker's own name of the session to go on in; ``None`` when it keeps none."""
    content: bool = False
    """Whether it looked at all it was to look at and found nothing to do."""
    put_back: tuple[str, ...] = ()
    """Files out of scope that it would have changed, had it been allowed to."""
