"""What a run tries next when an attempt was sent back, cheapest first: a pure decision over what was tried.

The rungs: the project's own fixers → a re-run of checks whose failures look flaky → the same worker with the
failures → a stronger model with a fresh conversation → a stop. Failures or trees that were seen before show
that more of the same won't do: their rung is skipped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from journeyman.domain.checks import CheckFailure
from journeyman.domain.settings import AutonomySettings

_SAME_FAILURES_LIMIT = 3
"""The same failures may survive two different attempts; a third shows that more of the same won't do."""
_FLAKY = re.compile(
    r"(?i)\b(?:time[d ]?-?outs?|deadline exceeded|connection (?:refused|reset|aborted)|broken pipe"
    r"|address already in use|temporar(?:y|ily) (?:failure|unavailable)|resource temporarily|race condition"
    r"|flaky|econnre\w+|eaddrinuse|\w*timeout\w*|database is locked)\b"
)
_FEW = 3


class Rung(StrEnum):
    """A way to go on."""

    FIX = "fix"
    """The project's own fixers, on the changed files."""
    RERUN = "rerun"
    """A check again, alone: its failures look flaky."""
    RETRY = "retry"
    """The worker again, with what failed."""
    STRONGER = "stronger"
    """A stronger model, from a fresh start."""


MODEL_RUNGS = frozenset({Rung.RETRY, Rung.STRONGER})


@dataclass(frozen=True)
class Tried:
    """One try that was sent back: an attempt (``rung`` is ``None`` for the first), or a rung."""

    rung: Rung | None
    tree: str
    """What it left."""
    signature: str
    """Digest of the failures or findings that sent it back."""


@dataclass(frozen=True)
class LadderFacts:
    """What the rungs need to know of the last try."""

    taken: int
    """Rungs of the whole run so far."""
    rejected: bool = False
    """REVIEW sent it back, not VERIFY."""
    fixable: bool = False
    """A failing check is one that fixers mend."""
    flaky: tuple[str, ...] = ()
    """Checks whose failures look flaky."""
    tests_fail: bool = False
    """Failures that no fixer mends are among them."""
    stronger: str | None = None
    """The stronger model, when there is one that was not asked yet."""
    judged: bool = True
    """Some check applied to what changed."""
    missing: str = ""
    """What the machine lacks, where that is why nothing was proven."""


@dataclass(frozen=True)
class RungDecision:
    """The next rung, or ``None`` and a stop code; with the reason in words."""

    rung: Rung | None
    reason: str
    stop_code: str | None = None


def decide_rung(history: tuple[Tried, ...], settings: AutonomySettings, facts: LadderFacts) -> RungDecision:
    """Decide after the last of ``history`` was sent back."""
    exhausted = "review-rejected" if facts.rejected else "verify-failed"
    if not facts.judged:
        return RungDecision(None, "no check applies, whatever is tried", "nothing-proven")
    if facts.missing:
        return RungDecision(None, f"{facts.missing}: no worker can mend that", "nothing-proven")
    spent = rungs_spent(facts.taken, settings)
    if spent is not None:
        return RungDecision(None, spent, exhausted)
    without_model = _without_model(history, settings, facts)
    if without_model is not None:
        return without_model
    if facts.tests_fail and not settings.auto_fix_tests:
        return RungDecision(None, "failing tests are for a person here (autonomy.auto_fix_tests)", exhausted)
    return _with_model(history, settings, facts, exhausted)


def looks_flaky(new: CheckFailure, failures_of_check: int) -> bool:
    """Whether a failure reads like the machine's or the moment's fault: few, and in such words."""
    failure = new.failure
    return failures_of_check <= _FEW and bool(_FLAKY.search(f"{failure.message}\n{failure.detail}"))


def attempts_of(history: tuple[Tried, ...]) -> int:
    """How many of the tries asked the worker."""
    return sum(map(_asked, history))


def _asked(tried: Tried) -> bool:
    return tried.rung is None or tried.rung in MODEL_RUNGS


def _without_model(
    history: tuple[Tried, ...], settings: AutonomySettings, facts: LadderFacts
) -> RungDecision | None:
    last = history[-1]
    if facts.fixable and settings.auto_fix_lint and not _was_tried(Rung.FIX, last, history):
        return RungDecision(Rung.FIX, "fixers of the project mend such failures without a model")
    if facts.flaky and settings.auto_fix_tests and not _was_tried(Rung.RERUN, last, history):
        names = ", ".join(facts.flaky)
        return RungDecision(Rung.RERUN, f"{names} failed in a way that looks flaky")
    return None


def _was_tried(rung: Rung, last: Tried, history: tuple[Tried, ...]) -> bool:
    """Whether the rung met these failures already: it was taken when they were there, or left them."""
    after = {tried.signature for tried in history if tried.rung is rung}
    before = {tried.signature for tried, later in pairwise(history) if later.rung is rung}
    return last.signature in after | before


def _with_model(
    history: tuple[Tried, ...], settings: AutonomySettings, facts: LadderFacts, exhausted: str
) -> RungDecision:
    limit = settings.verify_auto_retry + 1
    attempts = _attempts(history)
    stuck = _stuck(attempts, history)
    stronger = facts.stronger is not None and settings.verify_auto_retry > 0
    seen = any(earlier.signature == attempts[-1].signature for earlier in attempts[:-1])
    if stronger and (stuck or seen or len(attempts) >= limit):
        why = stuck or ("the same failures came back" if seen else _used_up(limit))
        return RungDecision(Rung.STRONGER, f"{why}: {facts.stronger} starts afresh")
    if stuck:
        return RungDecision(None, stuck, "no-progress")
    if len(attempts) >= limit:
        return RungDecision(None, _used_up(limit), exhausted)
    return RungDecision(Rung.RETRY, f"attempt {len(attempts)} of {limit} was sent back")


def _attempts(history: tuple[Tried, ...]) -> list[Tried]:
    """The worker's attempts, each with the failures that were left of it in the end."""
    attempts: list[Tried] = []
    for tried in history:
        if _asked(tried):
            attempts.append(tried)
        elif attempts:
            attempts[-1] = Tried(attempts[-1].rung, attempts[-1].tree, tried.signature)
    return attempts


def _stuck(attempts: list[Tried], history: tuple[Tried, ...]) -> str | None:
    """How the attempts go round in circles, if they do."""
    last = attempts[-1]
    position = max(number for number, tried in enumerate(history) if _asked(tried))
    if any(earlier.tree == history[position].tree for earlier in history[:position]):
        return "this attempt left exactly the tree of an earlier one"
    if sum(attempt.signature == last.signature for attempt in attempts) >= _SAME_FAILURES_LIMIT:
        return f"{_SAME_FAILURES_LIMIT} attempts left exactly the same failures"
    return None


def rungs_spent(taken: int, settings: AutonomySettings) -> str | None:
    """Why a run that has taken so many rungs may take no other, if it may not."""
    limit = settings.max_auto_iterations
    if taken < limit:
        return None
    told = {0: "the run may take no rung", 1: "the run's only rung is used up"}
    return f"{told.get(limit, f'all {limit} rungs of the run are used up')} (autonomy.max_auto_iterations)"


def _used_up(limit: int) -> str:
    return "its only attempt is used up" if limit == 1 else f"all {limit} attempts are used up"
