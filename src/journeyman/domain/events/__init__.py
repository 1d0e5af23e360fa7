"""Facts on a run's timeline, by subject. Every KPI, report, page and receipt is computed from these.

An event class is frozen and named by ``kind``. A new kind goes into its subject's module, into the union at
the end of that, and into the names here.
"""

from __future__ import annotations

from journeyman.domain.events.autonomy import (
    FastDecided,
    QuestionDecided,
    RetryDecided,
    ReviewDecided,
    RungDecided,
    RungTaken,
    TransientRetried,
)
from journeyman.domain.events.phases import PhaseFinished, PhaseOutcome, PhaseStarted, PlanMade, ReviewMade
from journeyman.domain.events.run import (
    Measure,
    Outcome,
    RunFinished,
    RunResumed,
    RunSpecified,
    RunStarted,
    TaskSized,
)
from journeyman.domain.events.timeline import EVENT_TYPES, SCHEMA, Event, Payload, last_of, of_kind
from journeyman.domain.events.verification import (
    CheckFinished,
    CheckStarted,
    IntegrityJudged,
    NewTestsJudged,
    Role,
    VerifyJudged,
)
from journeyman.domain.events.work import (
    CheckpointMade,
    EnvironmentReady,
    ScopeDropped,
    ScopeJudged,
    SnapshotMade,
    WorkRescued,
    WorkspaceOpened,
)
from journeyman.domain.events.workers import (
    ContextPacked,
    WorkerActivity,
    WorkerFinished,
    WorkerRead,
    WorkerSpent,
    WorkerWaited,
)

__all__ = [
    "EVENT_TYPES",
    "SCHEMA",
    "CheckFinished",
    "CheckStarted",
    "CheckpointMade",
    "ContextPacked",
    "EnvironmentReady",
    "Event",
    "FastDecided",
    "IntegrityJudged",
    "Measure",
    "NewTestsJudged",
    "Outcome",
    "Payload",
    "PhaseFinished",
    "PhaseOutcome",
    "PhaseStarted",
    "PlanMade",
    "QuestionDecided",
    "RetryDecided",
    "ReviewDecided",
    "ReviewMade",
    "Role",
    "RunFinished",
    "RunResumed",
    "RunSpecified",
    "RunStarted",
    "RungDecided",
    "RungTaken",
    "ScopeDropped",
    "ScopeJudged",
    "SnapshotMade",
    "TaskSized",
    "TransientRetried",
    "VerifyJudged",
    "WorkRescued",
    "WorkerActivity",
    "WorkerFinished",
    "WorkerRead",
    "WorkerSpent",
    "WorkerWaited",
    "WorkspaceOpened",
    "last_of",
    "of_kind",
]
