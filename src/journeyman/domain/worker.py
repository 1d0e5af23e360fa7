"""What a worker is, what it is asked, and what the host lends it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeVar

from journeyman.domain.checks import Check, CheckFailure
from journeyman.domain.phases import Phase
from journeyman.domain.plan import Finding, Implementation, Milestone, Plan, Review
from journeyman.domain.process import CommandResult, Network, OnLine
from journeyman.domain.scope import Scope
from journeyman.domain.task import Task

T = TypeVar("T")


@dataclass(frozen=True)
class Usage:
    """What one call of a model cost. An unknown figure is ``None``, never 0."""

    model: str | None = None
    tokens_in: int | None = None
    """All prompt tokens, the cached ones included."""
    tokens_cached: int | None = None
    tokens_out: int | None = None
    cost_usd: float | None = None
    latency_s: float | None = None
    requests: int = 1
    tokens_repeated: int | None = None
    """Prompt tokens that repeat the previous request's beginning: what a cache could serve. An estimate."""


@dataclass(frozen=True)
class PlanRequest:
    """What PLAN is asked."""

    task: Task
    scope: Scope
    checks: tuple[Check, ...]
    guidance: str = ""
    """The repository's AGENTS.md and CLAUDE.md."""
    context: str = ""
    """The context pack: numbered lines of what the task is probably about."""


class RequestKind(StrEnum):
    """Why IMPLEMENT is asked."""

    FIRST = "first"
    """For the first time in this segment, whatever earlier ones left: no session of theirs is open."""
    RETRY = "retry"
    """What was handed in was sent back: ``failures`` and ``findings`` say why."""
    ANSWERED = "answered"
    """The worker asked, and ``answer`` is the answer."""
    STRONGER = "stronger"
    """Start afresh, with the stronger model where the worker has one."""


@dataclass(frozen=True)
class ImplementRequest:
    """What IMPLEMENT is asked. ``attempt`` counts from 1 within the milestone."""

    task: Task
    plan: Plan
    milestone: Milestone
    milestone_number: int
    attempt: int
    scope: Scope
    checks: tuple[Check, ...]
    kind: RequestKind = RequestKind.FIRST
    again: bool = False
    """The same request was cut short by trouble that passes: what it told is known."""
    failures: tuple[CheckFailure, ...] = ()
    """What VERIFY complained of in the attempt before."""
    findings: tuple[Finding, ...] = ()
    """What REVIEW complained of in the attempt before."""
    session_id: str | None = None
    """The worker's own session to go on in, as it was named when it handed in or asked last."""
    guidance: str = ""
    answer: str | None = None
    """What was answered to the worker's question: to one of this session, or to the one that ended the run
    before its resume."""
    context: str = ""
    """The context pack; on a later attempt in the worker's own session, only what failures point to."""
    changed: str = ""
    """What was changed so far, as a patch, for a worker that begins a conversation anew."""


@dataclass(frozen=True)
class ReviewRequest:
    """What REVIEW is asked: the diff, the task and the evidence, not the worker's talk."""

    task: Task
    milestone: Milestone
    milestone_number: int
    attempt: int
    diff: str
    evidence: tuple[str, ...]
    """One line per check."""
    answer: str | None = None
    """What a person decided on a question of this run."""


class WorkerHost(Protocol):
    """What the host lends a worker for one call. Durable: a finished step is never done again."""

    # The run that this call is part of.
    @property
    def run_id(self) -> str: ...

    # Where the worker's files are; the current directory of what it runs.
    @property
    def worktree(self) -> Path: ...

    # Runs ``effect`` once: after a crash its recorded result is given back. Must not edit the worktree.
    async def step(self, name: str, effect: Callable[[], Awaitable[T]], returns: type[T]) -> T: ...

    # Like ``step`` for an effect that edits the worktree: an effect that a crash cut short is done again
    # on the tree it started from, and what it left behind is kept under a rescue ref.
    async def edit(self, name: str, effect: Callable[[], Awaitable[T]], returns: type[T]) -> T: ...

    # Runs a program confined to the worktree. A string goes through the shell. ``env`` names further
    # variables of the user's environment that it may see; ``variables`` are set for it. ``writable`` are
    # folders that it may write besides the worktree. ``stdin`` is fed to it, and is empty otherwise.
    # Call it inside a step or an edit only.
    async def run(
        self,
        command: str | tuple[str, ...],
        *,
        timeout_s: float | None = None,
        network: Network = Network.OFF,
        env: tuple[str, ...] = (),
        readable: tuple[Path, ...] = (),
        on_line: OnLine | None = None,
        variables: Mapping[str, str] | None = None,
        writable: tuple[Path, ...] = (),
        stdin: bytes | None = None,
        on_started: Callable[[int], None] | None = None,
    ) -> CommandResult: ...

    # A file for the worker's own use, outside the worktree and readable from within the sandbox.
    def scratch_file(self, name: str, content: str) -> Path: ...

    # A folder of the worker's own for this run: outside the worktree, it outlives the call and the process.
    # A program sees it only when it is passed to ``run`` as ``writable`` or ``readable``.
    def state_folder(self) -> Path: ...

    # Tells the people who watch what is going on, in a few words.
    def activity(self, text: str) -> None: ...

    # Tells that a model makes the worker wait, and books the time when the block is left: the ``on_wait`` of
    # a model's call. A wait that is cut off is not booked.
    def waiting(self, seconds: float, reason: str) -> AbstractContextManager[None]: ...

    # Those of the paths that ignore rules hide: they are in no commit. Call it inside a step or an edit.
    async def hidden(self, paths: tuple[str, ...]) -> tuple[str, ...]: ...

    # Tells which files the worker asked for itself. Call it inside a step or an edit.
    def looked_at(self, paths: tuple[str, ...]) -> None: ...

    # Books one model call. Call it inside the step that made it, so that it is booked once.
    def spent(self, usage: Usage) -> None: ...


@dataclass(frozen=True)
class Health:
    """Whether a worker could work now, and how to mend it when not."""

    ok: bool
    message: str
    hint: str | None = None


class Worker(Protocol):
    """Who does the thinking for a phase. Cancelled through asyncio; the host kills its processes."""

    # The name in the configuration and in events.
    @property
    def name(self) -> str: ...

    # The phases it can work. Without PLAN the task is one milestone; without REVIEW none is held.
    @property
    def phases(self) -> frozenset[Phase]: ...

    # Whether it reads the context packs of its requests; without, none is made.
    @property
    def wants_context(self) -> bool: ...

    async def plan(self, request: PlanRequest, host: WorkerHost) -> Plan: ...

    # Edits the worktree. Raises JourneymanError("worker-failed" or a sibling) when it cannot go on.
    async def implement(self, request: ImplementRequest, host: WorkerHost) -> Implementation: ...

    async def review(self, request: ReviewRequest, host: WorkerHost) -> Review: ...

    # Tried by `jm doctor`; cheap, no model call.
    async def health(self, host: WorkerHost) -> Health: ...
