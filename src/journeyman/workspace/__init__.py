"""Git: worktrees, snapshots, checkpoints, refs. The user's checkout is never touched."""

from journeyman.workspace.objects import CommitInfo
from journeyman.workspace.repository import (
    Repository,
    checkout_git,
    create_repository,
    open_repository,
    resolve_commit,
)
from journeyman.workspace.workspace import OpenedWorkspace, Snapshot, Workspace

__all__ = [
    "CommitInfo",
    "OpenedWorkspace",
    "Repository",
    "Snapshot",
    "Workspace",
    "checkout_git",
    "create_repository",
    "open_repository",
    "resolve_commit",
]
