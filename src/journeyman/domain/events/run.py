"""A run's beginning, its resumes and its end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from journeyman.domain.checks import Check
from journeyman.domain.plan import Question
from journeyman.domain.run import Resumption, RunSpec


class Outcome(StrEnum):
    """How a run ended."""

    VERIFIED = "verified"
    STOPPED = "stopped"


class Measure(StrEnum):
    """What a version books on the timeline beyond the first one: tells "there was none" from "unknown"."""

    WAITS = "waits"
    ESCALATIONS = "escalations"
    AUTO_FIXES = "auto_fixes"


@dataclass(frozen=True)
class RunSpecified:
    """Everything a resume needs; large, and apart so that a list of runs need not read it."""

    kind: ClassVar[str] = "run.specified"
    spec: RunSpec


@dataclass(frozen=True)
class RunStarted:
    kind: ClassVar[str] = "run.started"
    title: str
    repository: str
    base_commit: str
    worker: str
    sandbox: str
    version: str
    checks: tuple[Check, ...] = ()
    warnings: tuple[str, ...] = ()
    """What weakens the evidence: the receipt repeats it."""
    notes: tuple[str, ...] = ()
    """What was seen while looking for checks."""
    tags: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    """Values of ``Measure``: what this version would book; empty in older timelines."""


@dataclass(frozen=True)
class RunResumed(Resumption):
    kind: ClassVar[str] = "run.resumed"
    pid: int
    segment: int = 1
    """Counts the run's workflows: a resume after a final stop begins a new one."""
    downtime_s: float | None = None
    """Wall-clock seconds between the last event and this one; ``None`` when the clock went back."""


@dataclass(frozen=True)
class RunFinished:
    """The end of a segment: for ever when verified, else until a resume."""

    kind: ClassVar[str] = "run.finished"
    outcome: Outcome
    branch: str | None = None
    commit: str | None = None
    tree: str | None = None
    stop_code: str | None = None
    stop_message: str | None = None
    facts: tuple[str, ...] = ()
    hint: str | None = None
    question: Question | None = None


@dataclass(frozen=True)
class TaskSized:
    """The size class that figures compare a run under; decided once, at its end, from plan and diff."""

    kind: ClassVar[str] = "task.sized"
    size: str
    reason: str


RunEvent = RunSpecified | RunStarted | RunResumed | RunFinished | TaskSized
