"""The size class of a task: what its run's figures are compared with."""

from __future__ import annotations

from dataclasses import dataclass

from journeyman.domain.plan import Plan
from journeyman.domain.task import Size

_SMALL_FILES, _SMALL_LINES = 3, 80
_MEDIUM_FILES, _MEDIUM_LINES, _MEDIUM_MILESTONES = 12, 800, 5


@dataclass(frozen=True)
class DiffSize:
    """How much a run changed, against its base."""

    files: int
    lines: int
    """Added and removed ones."""


@dataclass(frozen=True)
class SizeDecision:
    """The class, and why in a few words."""

    size: Size
    reason: str


def decide_size(said: Size | None, plan: Plan | None, diff: DiffSize | None) -> SizeDecision | None:
    """What the task says of itself; else by the diff and the plan; ``None`` when neither tells anything.

    Small is at most 3 files, 80 lines and one milestone; medium at most 12 files, 800 lines and five.
    Without a diff the files that the plan expects to change are counted.
    """
    if said is not None:
        return SizeDecision(said, "the task says so")
    milestones = len(plan.milestones) if plan else 1
    expected = {path for milestone in plan.milestones for path in milestone.files} if plan else set()
    if diff is None and not expected and milestones == 1:
        return None
    files = diff.files if diff else len(expected)
    lines = diff.lines if diff else 0
    told = f"{files} files, {lines} lines" if diff else f"{files} files planned"
    reason = f"{told}, {milestones} milestone{'s' if milestones != 1 else ''}"
    if files <= _SMALL_FILES and lines <= _SMALL_LINES and milestones == 1:
        return SizeDecision(Size.SMALL, reason)
    if files <= _MEDIUM_FILES and lines <= _MEDIUM_LINES and milestones <= _MEDIUM_MILESTONES:
        return SizeDecision(Size.MEDIUM, reason)
    return SizeDecision(Size.LARGE, reason)
