"""What a context pack is asked for, what it holds, and who makes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class ContextWanted:
    """What a worker is about to be asked."""

    text: str
    """The task, and the milestone when there is one."""
    failures: tuple[tuple[str, int], ...] = ()
    """Paths and lines that failures point to: they come first."""
    files: tuple[str, ...] = ()
    """Paths that a plan names."""


@dataclass(frozen=True)
class ContextPack:
    """Lines of the repository for one worker call, within a token budget."""

    text: str
    tokens: int
    """Estimated."""
    files: tuple[str, ...]
    """Those with lines in it, best first."""
    left_out: int
    index_s: float
    pack_s: float
    notes: tuple[str, ...] = ()


class ContextMaker(Protocol):
    """Makes packs of a run's worktree; implemented by ``context``."""

    # Indexes the user's checkout, which holds nearly what the worktree will: while git makes that one.
    async def warm(self) -> None: ...

    # The pack of what the worktree holds now. Raises JourneymanError("context-failed" or a disk's trouble).
    async def pack(self, wanted: ContextWanted) -> ContextPack: ...
