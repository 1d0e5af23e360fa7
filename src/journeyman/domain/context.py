"""What a context pack is asked for, what it holds, and who makes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from journeyman.domain.fast_path import LikelyFile


@dataclass(frozen=True)
class ContextWanted:
    """What a worker is about to be asked."""

    text: str
    """The task, and the milestone when there is one."""
    failures: tuple[tuple[str, int], ...] = ()
    """Paths and lines that failures point to: they come first."""
    files: tuple[str, ...] = ()
    """Paths that a plan names."""
    only_failures: bool = False
    """For a worker that has seen the rest."""
    brief: bool = False
    """For a planner, who is to know where things are and need not see each line."""


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

    # Begins to index the user's checkout, which holds nearly what the worktree will.
    def start(self) -> None: ...

    # The pack of a worktree that holds ``tree``. Raises JourneymanError("context-failed" or of a disk).
    async def pack(self, wanted: ContextWanted, tree: str) -> ContextPack: ...

    # The files that a text is probably about, best first; none when that cannot be told. Raises as ``pack``.
    async def likely(self, text: str, tree: str) -> tuple[LikelyFile, ...]: ...
