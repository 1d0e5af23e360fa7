"""Checks, their results, and the judgement over them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import ClassVar

from journeyman.domain.process import Network


class Tier(IntEnum):
    """When a check runs: 0 fast, always; 1 affected tests, each milestone; 2 everything, before the end."""

    FAST = 0
    AFFECTED = 1
    FULL = 2


class CheckKind(StrEnum):
    """What a check can tell of a change."""

    TESTS = "tests"
    """It runs the project's tests."""
    BUILD = "build"
    """It compiles or bundles the project."""
    TYPES = "types"
    LINT = "lint"
    FORMAT = "format"
    OTHER = "other"


CONFIGURED = "config"
"""The source of a check that somebody wrote down."""


@dataclass(frozen=True)
class Check:
    """One verification command. ``run`` and ``fix``: a string is for the shell, a tuple is an argv."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    name: str
    run: str | tuple[str, ...]
    tier: Tier = Tier.AFFECTED
    fix: str | tuple[str, ...] | None = None
    paths: tuple[str, ...] = ()
    """Gitignore-style globs: run only when one of them changed. Empty is always."""
    timeout_s: float = 600.0
    network: Network = Network.OFF
    exclusive: bool = False
    report: str | None = None
    """``junit:PATH`` where the command leaves structured results."""
    kind: CheckKind | None = None
    """``None`` is told by the command's tool, see ``policy/kinds.py``."""
    source: str = CONFIGURED
    """Where it came from: ``config``, or the file that it was detected in."""


@dataclass(frozen=True)
class Fixer:
    """One command that mends what it can without a model, such as ``ruff check --fix``."""

    name: str
    command: str | tuple[str, ...]
    """A string is for the shell, a tuple is an argv; run at the worktree's root, over the whole tree."""
    paths: tuple[str, ...] = ()
    """Gitignore-style globs of what it can mend; empty is anything."""


class CheckStatus(StrEnum):
    """How one check ended."""

    PASSED = "passed"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    UNAVAILABLE = "unavailable"
    """Its program is not there or could not be started."""


@dataclass(frozen=True)
class Failure:
    """One thing a check complained of, as parsed from its output."""

    key: str
    """Identity across runs, without line numbers: a test id, or path + rule + message."""
    message: str
    path: str | None = None
    line: int | None = None
    detail: str = ""
    """The few lines that show why: the assertion and its values, or the error."""


@dataclass(frozen=True)
class CheckResult:
    """One check on one tree."""

    check: str
    tree: str
    status: CheckStatus
    exit_code: int | None
    duration_s: float
    failures: tuple[Failure, ...] = ()
    parsed: bool = False
    """Whether ``failures`` are known to be complete. When not, they hold one opaque entry."""
    passed_count: int | None = None
    failed_count: int | None = None
    skipped_count: int | None = None
    log: str | None = None
    """The log's path below the run's artifacts."""
    excerpt: str = ""
    """The telling end of the output, at most 4,000 characters."""
    cached: bool = False
    cpu_s: float | None = None
    wrote: tuple[str, ...] = ()
    """Tracked files that were changed when it had run, the first few: it writes what it checks."""
    more: tuple[str, ...] = ()
    """Digests of the keys of failures beyond those kept, so that two long lists stay comparable."""

    @property
    def passed(self) -> bool:
        """Whether the check accepted the tree."""
        return self.status is CheckStatus.PASSED

    @property
    def collected(self) -> int | None:
        """How many tests it told of, run or skipped; ``None`` when it told no count."""
        if self.passed_count is None:
            return None
        return self.passed_count + (self.failed_count or 0) + (self.skipped_count or 0)

    @property
    def is_blind(self) -> bool:
        """Whether it runs tests and none passed: whatever a change breaks, it says the same."""
        return self.status is CheckStatus.FAILED and self.passed_count == 0


class Requirement(StrEnum):
    """What VERIFY demands: no failure that the base did not have, or no failure at all."""

    NO_NEW_FAILURES = "no-new-failures"
    GREEN = "green"


@dataclass(frozen=True)
class CheckFailure:
    """A failure that the change is answerable for."""

    check: str
    failure: Failure


@dataclass(frozen=True)
class VerifyVerdict:
    """The judgement over all checks on one snapshot."""

    ok: bool
    tree: str
    results: tuple[CheckResult, ...]
    new_failures: tuple[CheckFailure, ...] = ()
    known_failures: tuple[CheckFailure, ...] = ()
    """Failures the base had too: reported, not held against the change."""
    fixed_failures: tuple[CheckFailure, ...] = ()
    """Failures of the base that this tree no longer has."""
    reason: str = ""
    """One sentence when not ok."""
    skipped: tuple[str, ...] = field(default=())
    """Checks left out because none of their paths changed."""
    proven: bool = True
    """Whether anything was proven at all: a test passed or something was built, where there are any."""
    proven_by: tuple[CheckKind, ...] = ()
    """The kinds of check that prove it."""
    waited_s: float = 0.0
    """For the base's results, after the checks themselves."""
    rests_on: str = ""
    """Why no test and no build is among them, in a few words, where that is right all the same."""
