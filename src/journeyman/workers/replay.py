"""The worker that replays a recorded session: for the demo, the tests and the benches."""

from __future__ import annotations

import asyncio
from functools import cached_property
from pathlib import Path

from journeyman.domain.errors import JourneymanError
from journeyman.domain.phases import Phase
from journeyman.domain.plan import Implementation, Milestone, Plan, Review
from journeyman.domain.process import command_text
from journeyman.domain.worker import Health, ImplementRequest, PlanRequest, ReviewRequest, Usage, WorkerHost
from journeyman.workers.replay_edits import apply_edit
from journeyman.workers.replay_session import (
    Edit,
    RecordedAttempt,
    RecordedMilestone,
    RecordedReview,
    Session,
    load_session,
)

_RUN_TIMEOUT_S = 600.0


class ReplayWorker:
    """Does again what a session file recorded. Reads the file once, when it is first needed."""

    name = "replay"

    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def session(self) -> Session:
        """The session; raises JourneymanError("bad-session")."""
        return load_session(self._path)

    wants_context = False

    @property
    def phases(self) -> frozenset[Phase]:
        """PLAN and IMPLEMENT, and REVIEW if any review is recorded; raises JourneymanError("bad-session")."""
        reviewed = any(milestone.reviews for milestone in self.session.milestones)
        return frozenset({Phase.PLAN, Phase.IMPLEMENT} | ({Phase.REVIEW} if reviewed else set()))

    async def plan(self, request: PlanRequest, host: WorkerHost) -> Plan:  # noqa: ARG002 - the protocol's
        """The recorded plan, or one milestone for each that was recorded."""
        if self.session.plan is not None:
            return self.session.plan
        count, task = len(self.session.milestones), request.task
        if count == 1:
            return Plan((Milestone(task.title, goal=task.text),))
        titles = [f"{task.title} ({number} of {count})" for number in range(1, count + 1)]
        return Plan(tuple(Milestone(title, goal=task.text) for title in titles))

    async def implement(self, request: ImplementRequest, host: WorkerHost) -> Implementation:
        """Replay one attempt: each edit and each command is a step of its own."""
        place = f"attempt {request.attempt} for milestone {request.milestone_number}"
        attempts = self._recorded(request.milestone_number).attempts
        if request.attempt > len(attempts):
            raise JourneymanError("worker-failed", f"the recorded session has no {place}")
        attempt = attempts[request.attempt - 1]
        await self._think(attempt, host)
        for number, edit in enumerate(attempt.edits, start=1):
            await self._edit(edit, number, place, host)
        for number, command in enumerate(attempt.run, start=1):
            await self._run(command, number, host)
        if attempt.fail:
            raise JourneymanError("worker-failed", attempt.fail)
        return Implementation(summary=attempt.say, blocked=attempt.blocked)

    async def review(self, request: ReviewRequest, host: WorkerHost) -> Review:
        """The recorded review of the attempt."""
        reviews = {each.attempt: each for each in self._recorded(request.milestone_number).reviews}
        recorded = reviews.get(request.attempt) or reviews.get(None)
        if recorded is None:
            place = f"attempt {request.attempt} for milestone {request.milestone_number}"
            raise JourneymanError("worker-failed", f"the recorded session has no review of {place}")
        await self._book(recorded, host)
        return recorded.review

    async def health(self, host: WorkerHost) -> Health:  # noqa: ARG002 - the protocol's
        """Whether the session can be read."""
        try:
            session = self.session
        except JourneymanError as error:
            return Health(ok=False, message=error.message, hint=f"mend {self._path}")
        count = sum(len(milestone.attempts) for milestone in session.milestones)
        return Health(ok=True, message=f"{count} recorded attempts ({session.recorded})")

    def _recorded(self, number: int) -> RecordedMilestone:
        milestones = self.session.milestones
        if not 1 <= number <= len(milestones):
            raise JourneymanError("worker-failed", f"the recorded session has no milestone {number}")
        return milestones[number - 1]

    async def _think(self, attempt: RecordedAttempt, host: WorkerHost) -> None:
        async def effect() -> bool:
            for text in (attempt.say, *attempt.activity):
                if text:
                    host.activity(text)
            await asyncio.sleep(attempt.wait_s)
            _spend(attempt.usage, host)
            return True

        await host.step("replay/think", effect, bool)

    async def _edit(self, edit: Edit, number: int, place: str, host: WorkerHost) -> None:
        async def effect() -> bool:
            host.activity(apply_edit(edit, host.worktree, f"edit {number} of {place}"))
            return True

        await host.edit(f"replay/edit-{number}", effect, bool)

    async def _run(self, command: str | tuple[str, ...], number: int, host: WorkerHost) -> None:
        shown = command_text(command)

        async def effect() -> bool:
            try:
                result = await host.run(command, timeout_s=_RUN_TIMEOUT_S)
            except JourneymanError as error:
                if error.code != "command-not-found":
                    raise
                host.activity(f"could not run {shown}: {error.message}")
                return False
            host.activity(f"ran {shown}: exit code {result.exit_code}")
            return result.ok

        await host.edit(f"replay/run-{number}", effect, bool)

    async def _book(self, recorded: RecordedReview, host: WorkerHost) -> None:
        async def effect() -> bool:
            _spend(recorded.usage, host)
            return True

        await host.step("replay/review", effect, bool)


def _spend(usage: Usage | None, host: WorkerHost) -> None:
    if usage is not None:
        host.spent(usage)
