"""Checks, the verdict over them, and what a change does to the tests that judge it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from journeyman.domain.checks import CheckFailure, CheckKind, CheckResult
from journeyman.domain.policy.integrity import Weakening


class Role(StrEnum):
    """On whose behalf a check runs."""

    BASELINE = "baseline"
    VERIFY = "verify"


@dataclass(frozen=True)
class CheckStarted:
    kind: ClassVar[str] = "check.started"
    check: str
    tree: str
    role: Role


@dataclass(frozen=True)
class CheckFinished:
    kind: ClassVar[str] = "check.finished"
    result: CheckResult
    role: Role


@dataclass(frozen=True)
class VerifyJudged:
    kind: ClassVar[str] = "verify.judged"
    milestone: int
    attempt: int
    ok: bool
    tree: str
    reason: str = ""
    new_failures: tuple[CheckFailure, ...] = ()
    known_failures: tuple[CheckFailure, ...] = ()
    fixed_failures: tuple[CheckFailure, ...] = ()
    skipped: tuple[str, ...] = ()
    proven_by: tuple[CheckKind, ...] = ()
    rests_on: str = ""
    """Why no test and no build is among ``proven_by``, where that is right."""
    waited_s: float = 0.0
    """For the base's results, after the checks themselves."""
    results: tuple[CheckResult, ...] = ()
    """What was judged, without failures and output; ``check.finished`` may be of a try that was cut off."""


@dataclass(frozen=True)
class IntegrityJudged:
    """The change weakens what judges it."""

    kind: ClassVar[str] = "integrity.judged"
    milestone: int
    attempt: int
    weakenings: tuple[Weakening, ...]
    policy: str


@dataclass(frozen=True)
class NewTestsJudged:
    """A worker was asked for a test of a change that had none; ``counts`` when it fails on the base only."""

    kind: ClassVar[str] = "tests.created"
    milestone: int
    attempt: int
    paths: tuple[str, ...]
    counts: bool
    reason: str


VerificationEvent = CheckStarted | CheckFinished | VerifyJudged | IntegrityJudged | NewTestsJudged
