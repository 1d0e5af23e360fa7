"""What a context pack is asked for, what it holds, and who makes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from journeyman.domain.worker import Usage

RERANK = "rerank"
"""The name that the calls for a model's order are booked under."""
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
class Candidate:
    """A file as a model is told of it that orders files."""

    path: str
    signatures: tuple[str, ...]


@dataclass(frozen=True)
class ModelOrder:
    """A model's order of the files it found telling, best first."""

    model: str
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Reranked:
    """What came of asking a model for an order."""

    model: str = ""
    paths: tuple[str, ...] = ()
    """Empty when there is no usable answer: the order then stays as it was."""
    note: str = ""
    """Why it stays, in one line."""
    usage: Usage | None = None
    asked: bool = False
    """Whether a request was made."""

    @property
    def order(self) -> ModelOrder | None:
        """The order, if there is one."""
        return ModelOrder(self.model, self.paths) if self.paths else None


@dataclass(frozen=True)
class ContextWanted:
    """What a worker is about to be asked."""

    text: str
    """The task, and the milestone when there is one."""
    failures: tuple[tuple[str, int], ...] = ()
    """Paths and lines that failures point to: they come first."""
    files: tuple[str, ...] = ()
    """Paths that a plan names."""
    look_for: tuple[str, ...] = ()
    """Names or texts whose places in those files a plan asks for."""
    only_failures: bool = False
    """For a worker that has seen the rest."""
    brief: bool = False
    """For a planner, who is to know where things are and need not see each line."""
    order: ModelOrder | None = None
    """A model's, to be blended with the ranking's own."""


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

    # How far a text seems to reach; nothing when that cannot be told. Raises as ``pack``.
    async def likely(self, text: str, tree: str) -> Likely: ...

    # The first files of the ranking, for a model to order; none where nothing is ranked. Raises as ``pack``.
    async def candidates(self, text: str, tree: str) -> tuple[Candidate, ...]: ...


class Reranker(Protocol):
    """Asks a cheap model for an order of files."""

    # Characters that it would send.
    def size(self, text: str, candidates: tuple[Candidate, ...]) -> int: ...

    # One request. Whatever goes wrong with it is told in the result and never raised.
    async def order(self, text: str, candidates: tuple[Candidate, ...]) -> Reranked: ...
