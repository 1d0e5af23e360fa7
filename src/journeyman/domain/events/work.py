"""The run's worktree: what it holds, what was kept of it, what was committed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from journeyman.domain.scope import Violation


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
    hidden: tuple[str, ...] = ()
    """Files in the worktree that ignore rules keep out of it, the first few."""


@dataclass(frozen=True)
class ScopeJudged:
    kind: ClassVar[str] = "scope.judged"
    ok: bool
    violations: tuple[Violation, ...] = ()


@dataclass(frozen=True)
class ScopeDropped:
    """Edits outside the scope were put back to the base's; ``ref`` keeps them."""

    kind: ClassVar[str] = "scope.dropped"
    milestone: int
    attempt: int
    violations: tuple[Violation, ...]
    ref: str


@dataclass(frozen=True)
class CheckpointMade:
    kind: ClassVar[str] = "checkpoint.made"
    milestone: int
    title: str
    commit: str
    tree: str
    branch: str


WorkEvent = (
    WorkspaceOpened
    | WorkRescued
    | EnvironmentReady
    | SnapshotMade
    | ScopeJudged
    | ScopeDropped
    | CheckpointMade
)
