"""The ladder's side of a milestone: what was tried, which facts decide, how the next try begins."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from journeyman.domain.checks import CheckFailure, CheckStatus, VerifyVerdict
from journeyman.domain.events import RungDecided, RungTaken
from journeyman.domain.plan import Finding
from journeyman.domain.policy.environment import MissingPiece, missing_piece
from journeyman.domain.policy.ladder import (
    MODEL_RUNGS,
    LadderFacts,
    Rung,
    Tried,
    attempts_of,
    decide_rung,
    looks_flaky,
)
from journeyman.domain.policy.uncertainty import findings_signature
from journeyman.domain.settings import StopCondition
from journeyman.engine import ending
from journeyman.engine.attempt import Attempt, Judged
from journeyman.engine.fixing import can_fix, fixers_at
from journeyman.engine.model import Run
from journeyman.verify.judge import failure_signature

_PUT_BACK = "your change there is out of scope and was put back; do without it"
"""Told to the worker, which may believe that it still stands."""


@dataclass
class Ladder:
    """Counts the rungs of the whole run; knows the tries of the milestone that is worked on."""

    run: Run
    taken: int = 0
    """Calls for a new test are among them."""
    history: list[Tried] = field(default_factory=list)
    rejected: dict[str, tuple[Finding, ...]] = field(default_factory=dict)
    """By tree: what REVIEW wants changed."""
    session: str | None = None
    """The worker's own, to go on from."""
    told: str = ""
    """What came of the rung that is being taken."""

    def begin(self) -> None:
        """Another milestone: nothing was tried yet."""
        self.history.clear()
        self.rejected.clear()
        self.session = None

    @contextmanager
    def booked(self, attempt: Attempt) -> Iterator[None]:
        """Book what a rung cost and came to, however it ends; a first attempt is no rung."""
        started, self.told = self.run.recorder.clock_s, ""
        try:
            yield
        except asyncio.CancelledError:
            raise
        except BaseException:
            self._book(attempt, started)
            raise
        self._book(attempt, started)

    def _book(self, attempt: Attempt, started: float) -> None:
        if attempt.rung is not None:
            event = RungTaken(
                attempt.milestone_number,
                attempt.number,
                attempt.rung,
                attempt.reason,
                self.run.recorder.clock_s - started,
                self.told,
            )
            self.run.recorder.record(f"{attempt.key}.rung", event)

    @property
    def failed_verifies(self) -> int:
        """Attempts of the worker at this milestone that were sent back."""
        return attempts_of(tuple(self.history))

    async def climb(self, attempt: Attempt, judged: Judged, findings: tuple[Finding, ...]) -> Attempt:
        """The next try after this one was sent back. Raises the stop when there is none."""
        signature = findings_signature(findings) if findings else failure_signature(judged.verdict)
        if findings:
            self.rejected[judged.snapshot.tree] = findings
        self.history.append(Tried(attempt.rung, judged.snapshot.tree, signature))
        settings = self.run.spec.settings.autonomy
        facts = await self._facts(attempt, judged, findings)
        tried = tuple(self.history)
        decision = decide_rung(tried, settings, facts)
        event = RungDecided(attempt.milestone_number, attempt.number, decision, facts, tried)
        self.run.recorder.record(f"{attempt.key}.rung/decided", event)
        if decision.rung is None:
            disagree = decision.stop_code == "no-progress" and settings.stops_for(StopCondition.UNCERTAINTY)
            piece = missing_in(judged.verdict)
            raise ending.sent_back(decision, judged.verdict, findings, disagree=disagree, missing=piece)
        self.taken += 1
        following = replace(
            attempt,
            rung=decision.rung,
            reason=decision.reason,
            failures=judged.verdict.new_failures or _in_the_way(judged.verdict),
            findings=(*findings, *(Finding(_PUT_BACK, path=path) for path in judged.snapshot.dropped)),
        )
        if decision.rung not in MODEL_RUNGS:
            return replace(following, rungs=attempt.rungs + 1, judge_only=False)
        session = None if decision.rung is Rung.STRONGER else self.session
        return replace(
            following,
            number=attempt.number + 1,
            rungs=0,
            judge_only=False,
            session_id=session,
            remembered=session is not None,
        )

    async def _facts(self, attempt: Attempt, judged: Judged, findings: tuple[Finding, ...]) -> LadderFacts:
        run, failing = self.run, judged.verdict.new_failures
        asked = any(tried.rung is Rung.STRONGER for tried in self.history)
        if findings:
            return LadderFacts(
                taken=self.taken, rejected=True, tests_fail=True, stronger=None if asked else run.stronger
            )
        piece = missing_in(judged.verdict)
        fixers = await fixers_at(run, attempt.key)
        fixable = {check.name for check in run.spec.settings.checks if can_fix(check, fixers)}
        return LadderFacts(
            taken=self.taken,
            fixable=any(new.check in fixable for new in failing),
            flaky=flaky_checks(judged),
            tests_fail=any(new.check not in fixable for new in failing),
            stronger=None if asked else run.stronger,
            judged=bool(judged.verdict.results),
            missing=piece.what if piece else "",
        )


def missing_in(verdict: VerifyVerdict) -> MissingPiece | None:
    """What the machine lacks, where nothing was proven and the base fails so too."""
    if verdict.proven or verdict.new_failures:
        return None
    outputs = (result.excerpt for result in verdict.results if not result.passed)
    return next((piece for output in outputs if (piece := missing_piece(output))), None)


def _in_the_way(verdict: VerifyVerdict) -> tuple[CheckFailure, ...]:
    """The base's own failures, where they are all that keeps any check from passing."""
    return () if verdict.proven else verdict.known_failures


def flaky_checks(judged: Judged) -> tuple[str, ...]:
    """Checks all of whose new failures look flaky."""
    new = judged.verdict.new_failures
    counts = Counter(failure.check for failure in new)
    failed = {result.check for result in judged.verdict.results if result.status is CheckStatus.FAILED}
    return tuple(name for name in counts if name in failed and _all_flaky(new, name, counts[name]))


def _all_flaky(new: tuple[CheckFailure, ...], check: str, count: int) -> bool:
    return all(looks_flaky(failure, count) for failure in new if failure.check == check)
