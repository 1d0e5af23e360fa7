"""One attempt at a milestone, what it left, and what came of that."""

from __future__ import annotations

from dataclasses import dataclass

from journeyman.domain.checks import CheckFailure, VerifyVerdict
from journeyman.domain.plan import Finding, Milestone, Plan
from journeyman.domain.policy.ladder import Rung
from journeyman.domain.worker import RequestKind


@dataclass(frozen=True)
class Attempt:
    """One attempt at one milestone, and what the attempt before it left to mend."""

    plan: Plan
    milestone: Milestone
    milestone_number: int
    number: int
    head: str
    """The commit that the checkpoint will follow."""
    failures: tuple[CheckFailure, ...]
    findings: tuple[Finding, ...]
    session_id: str | None
    """The worker's own, to go on in."""
    judge_only: bool = False
    """Its tree is there already: the worker is not asked."""
    rung: Rung | None = None
    """What the ladder takes it for; ``None`` for the first attempt."""
    reason: str = ""
    rungs: int = 0
    """Rungs without a model since the worker's attempt: fixers, checks run again."""
    answer: str | None = None
    """To the question that the worker asked."""
    remembered: bool = False
    """An earlier attempt was handed in from its session: only what failed since is shown there."""

    @property
    def kind(self) -> RequestKind:
        """Why the worker is asked."""
        if self.answer is not None:
            return RequestKind.ANSWERED
        if self.rung is Rung.STRONGER:
            return RequestKind.STRONGER
        return RequestKind.FIRST if self.rung is None else RequestKind.RETRY

    @property
    def key(self) -> str:
        """The prefix of its steps and events."""
        return f"m{self.milestone_number}.a{self.number}" + (f".r{self.rungs}" if self.rungs else "")


@dataclass(frozen=True)
class AttemptSnapshot:
    """What an attempt left, as an immutable commit, within scope."""

    commit: str
    tree: str
    changed: tuple[str, ...]
    """Paths that differ from the run's base."""
    dropped: tuple[str, ...] = ()
    """Paths out of scope that were put back."""
    hidden: tuple[str, ...] = ()
    """Files that ignore rules keep out of it, the first few."""


@dataclass(frozen=True)
class Judged:
    """A snapshot and the verdict on it."""

    snapshot: AttemptSnapshot
    verdict: VerifyVerdict
