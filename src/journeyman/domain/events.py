"""Facts on a run's timeline. Every KPI, report, page and receipt is computed from these.

An event class is frozen and named by ``kind``. ``SCHEMA`` is bumped when a field changes its meaning;
new fields get defaults, so that older timelines stay readable.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, get_args

from journeyman.domain.checks import Check, CheckResult, NewFailure
from journeyman.domain.fast_path import FastPathDecision, ReviewDecision, ReviewFacts
from journeyman.domain.integrity import Weakening
from journeyman.domain.ladder import LadderFacts, Rung, RungDecision, Tried
from journeyman.domain.phases import Phase
from journeyman.domain.plan import Plan, Question, Review
from journeyman.domain.resumption import Resumption
from journeyman.domain.run import RunSpec
from journeyman.domain.scope import Violation
from journeyman.domain.worker import Usage

SCHEMA = 1


class Role(StrEnum):
    """On whose behalf a check runs."""

    BASELINE = "baseline"
    VERIFY = "verify"


class Outcome(StrEnum):
    """How a run or a phase ended."""

    VERIFIED = "verified"
    STOPPED = "stopped"


class PhaseOutcome(StrEnum):
    """How a phase ended."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"
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
class WorkspaceOpened:
    kind: ClassVar[str] = "workspace.opened"
    worktree: str
    branch: str
    base_tree: str
    unfinished: str | None = None
    """The rescue ref of the work that a worker is to go on with."""


@dataclass(frozen=True)
class WorkRescued:
    kind: ClassVar[str] = "work.rescued"
    ref: str
    commit: str
    tree: str | None = None
    """Older timelines do not tell it."""


@dataclass(frozen=True)
class EnvironmentReady:
    kind: ClassVar[str] = "environment.ready"
    proofs: tuple[str, ...]
    """What was shown: one line per import root or link."""
    warnings: tuple[str, ...] = ()


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


@dataclass(frozen=True)
class ContextReranked:
    """A model was asked for an order of files, once for this text in the run."""

    kind: ClassVar[str] = "context.reranked"
    phase: Phase
    query: str
    """A digest of the text that files were ranked for."""
    model: str
    paths: tuple[str, ...]
    """Its order; empty when the answer was of no use."""
    note: str = ""
    """Why it was of no use."""
    usage: Usage | None = None
    """What the call cost; booked by ``worker.spent`` all the same."""


@dataclass(frozen=True)
class TaskSized:
    """The size class that figures compare a run under; decided once, at its end, from plan and diff."""

    kind: ClassVar[str] = "task.sized"
    size: str
    reason: str


@dataclass(frozen=True)
class SnapshotMade:
    kind: ClassVar[str] = "snapshot.made"
    milestone: int
    attempt: int
    commit: str
    tree: str
    ref: str
    files: tuple[str, ...]
    lines_added: int
    lines_removed: int


@dataclass(frozen=True)
class ScopeJudged:
    kind: ClassVar[str] = "scope.judged"
    ok: bool
    violations: tuple[Violation, ...] = ()


@dataclass(frozen=True)
class CheckStarted:
    kind: ClassVar[str] = "check.started"
    check: str
    tree: str
    role: Role


@dataclass(frozen=True)
class CheckFinished:
    kind: ClassVar[str] = "check.finished"
    result: CheckResult
    role: Role


@dataclass(frozen=True)
class VerifyJudged:
    kind: ClassVar[str] = "verify.judged"
    milestone: int
    attempt: int
    ok: bool
    tree: str
    reason: str = ""
    new_failures: tuple[NewFailure, ...] = ()
    known_failures: tuple[NewFailure, ...] = ()
    fixed_failures: tuple[NewFailure, ...] = ()
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReviewMade:
    kind: ClassVar[str] = "review.made"
    milestone: int
    attempt: int
    review: Review
    worker: str


@dataclass(frozen=True)
class RetryDecided:
    kind: ClassVar[str] = "retry.decided"
    milestone: int
    next_attempt: int
    reason: str


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
class ScopeDropped:
    """Edits outside the scope were put back to the base's; ``ref`` keeps them."""

    kind: ClassVar[str] = "scope.dropped"
    milestone: int
    attempt: int
    violations: tuple[Violation, ...]
    ref: str


@dataclass(frozen=True)
class IntegrityJudged:
    """The change weakens what judges it."""

    kind: ClassVar[str] = "integrity.judged"
    milestone: int
    attempt: int
    weakenings: tuple[Weakening, ...]
    policy: str


@dataclass(frozen=True)
class TroubleRetried:
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


@dataclass(frozen=True)
class NewTestsJudged:
    """A worker was asked for a test of a change that had none; ``counts`` when it fails on the base only."""

    kind: ClassVar[str] = "tests.created"
    milestone: int
    attempt: int
    paths: tuple[str, ...]
    counts: bool
    reason: str


@dataclass(frozen=True)
class CheckpointMade:
    kind: ClassVar[str] = "checkpoint.made"
    milestone: int
    title: str
    commit: str
    tree: str
    branch: str


Payload = (
    RunSpecified
    | RunStarted
    | RunResumed
    | RunFinished
    | WorkspaceOpened
    | WorkRescued
    | EnvironmentReady
    | PhaseStarted
    | PhaseFinished
    | PlanMade
    | WorkerActivity
    | WorkerSpent
    | WorkerFinished
    | WorkerWaited
    | WorkerRead
    | ContextPacked
    | ContextReranked
    | TaskSized
    | SnapshotMade
    | ScopeJudged
    | CheckStarted
    | CheckFinished
    | VerifyJudged
    | ReviewMade
    | RetryDecided
    | FastDecided
    | ReviewDecided
    | RungDecided
    | RungTaken
    | ScopeDropped
    | IntegrityJudged
    | TroubleRetried
    | QuestionDecided
    | NewTestsJudged
    | CheckpointMade
)

EVENT_TYPES: dict[str, type[Payload]] = {event.kind: event for event in get_args(Payload)}


@dataclass(frozen=True)
class Event:
    """One payload on the timeline of one run."""

    run_id: str
    seq: int
    """Order of arrival in the store, unique over all runs."""
    key: str
    """Unique within the run: a repeated step repeats no event."""
    at: float
    """Wall clock, Unix seconds."""
    clock_s: float
    """Run clock: seconds of work since the run began. Stands still while no process works on the run,
    and is monotonic when the machine's clock is not."""
    payload: Payload

    @property
    def segment(self) -> int:
        """The segment that wrote it: 1, and one more for each resume after a final stop."""
        number = self.key.partition(":")[0]
        return int(number) if number.isdecimal() else 1
