"""What a context pack is asked for, what it holds, and who makes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from journeyman.domain.settings import ContextSettings

GUIDANCE_FILES = ("AGENTS.md", "CLAUDE.md")
"""What a repository may tell whoever works in it, at its root."""


@dataclass(frozen=True)
class LikelyFile:
    """A file that the task seems to be about."""

    path: str
    score: float
    tested: bool
    """Whether a test covers it, as far as names tell."""


@dataclass(frozen=True)
class Likely:
    """What is known of a task's reach before a token is spent."""

    files: tuple[LikelyFile, ...] = ()
    """Those that it is probably about."""
    mentioned_in: int | None = None
    """Files that mention the identifiers it names; ``None`` where it names none that is known."""


@dataclass(frozen=True)
class PackRequest:
    """What a pack is for: what its reader is about to be asked, and how much room there is."""

    text: str
    """The task, and the milestone when there is one."""
    failures: tuple[tuple[str, int], ...] = ()
    """Paths and lines that failures point to: they come first."""
    files: tuple[str, ...] = ()
    """Paths that a plan names: they come next."""
    look_for: tuple[str, ...] = ()
    """Names or texts whose places in those files a plan asks for."""
    only_failures: bool = False
    """Nothing but the lines that failures point to: for a worker that has seen the rest."""
    brief: bool = False
    """For a planner, who is to know where things are and need not see each line."""
    budget: int = ContextSettings.budget
    """Tokens, at most; a brief pack has a part of them."""
    thrifty: bool = True
    """Stop where what is left is little like the task, rather than when the budget is used up."""
    checks: tuple[str, ...] = ()
    """What verifies a change, to be said in a line."""
    guidance: tuple[str, ...] = ()
    """Files of guidance that there are, likewise."""


@dataclass(frozen=True)
class Pack:
    """Lines of the repository for one worker call. A step's result: its fields are durable."""

    text: str = ""
    tokens: int = 0
    """Estimated."""
    files: tuple[str, ...] = ()
    """Those with lines in it, best first."""
    ranges: tuple[tuple[tuple[int, int], ...], ...] = ()
    """For each of them the first and the last line of each stretch."""
    left_out: int = 0
    """Ranked files with no line in it."""
    index_s: float = field(default=0.0, compare=False)
    pack_s: float = field(default=0.0, compare=False)
    """To rank and to pack; like the other, it says nothing of what the pack holds."""


class ContextMaker(Protocol):
    """Makes packs of a run's worktree; implemented by ``context``."""

    # Begins to index the user's checkout, which holds nearly what the worktree will.
    def start(self) -> None: ...

    # The pack of a worktree that holds ``tree``. Raises JourneymanError("context-failed" or of a disk).
    async def pack(self, request: PackRequest, tree: str) -> Pack: ...

    # How far a text seems to reach; nothing when that cannot be told. Raises as ``pack``.
    async def likely(self, text: str, tree: str) -> Likely: ...
