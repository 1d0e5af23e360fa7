"""The built-in agent: the first request holds what the whole job needs, and one answer may do it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from journeyman.domain.errors import JourneymanError
from journeyman.domain.model import Finish, ModelAnswer, ModelClient, ToolCall
from journeyman.domain.phases import Phase
from journeyman.domain.plan import Implementation, Plan, Review
from journeyman.domain.policy.spending import Spending
from journeyman.domain.worker import (
    Health,
    ImplementRequest,
    PlanRequest,
    RequestKind,
    ReviewRequest,
    WorkerHost,
)
from journeyman.workers.agent.conversation import Conversation
from journeyman.workers.agent.dialogue import MAX_USELESS_ANSWERS, Dialogue
from journeyman.workers.agent.messages import (
    implement_conversation,
    plan_conversation,
    review_conversation,
    what_is_new,
)
from journeyman.workers.agent.submitted import read_plan, read_review
from journeyman.workers.agent.toolbox import (
    LOOKS,
    SUBMIT_PLAN,
    SUBMIT_REVIEW,
    TOOLS,
    ToolsOutcome,
    carry_out,
)

MAX_TURNS = 40
"""Requests in one IMPLEMENT attempt."""
_SAME_CALLS = 3
_NUDGE = "Call a tool: edit with done when you know the change, read or search otherwise, blocked when stuck."
_CUT = "Your answer was cut off at the output limit. Send smaller edits, and the rest in the next answer."
_BEGINNINGS = frozenset({RequestKind.FIRST, RequestKind.STRONGER})


@dataclass(frozen=True)
class AgentSession:
    """A conversation about a milestone, and the model that it is held with."""

    conversation: Conversation
    model: ModelClient


class AgentWorker:
    """Implements ``domain.worker.Worker`` over one model per phase."""

    name = "agent"
    wants_context = True

    def __init__(
        self,
        models: Mapping[Phase, ModelClient],
        spending: Spending,
        make_strong: Callable[[], ModelClient] | None = None,
    ) -> None:
        """``make_strong`` makes the model that a request for a stronger one gets. ``spending`` is shared with
        who else asks models.
        """
        self._models = models
        self._make_strong = make_strong
        self._spending = spending
        self._sessions: dict[str, AgentSession] = {}
        """By id: those of this process. A replay makes them again, under the same ids."""

    @property
    def phases(self) -> frozenset[Phase]:
        """Those that have a model."""
        return frozenset(self._models)

    async def plan(self, request: PlanRequest, host: WorkerHost) -> Plan:
        """Milestones, as a structured answer."""
        dialogue = Dialogue(host, self._models[Phase.PLAN], plan_conversation(request), self._spending)
        return await dialogue.submitted(SUBMIT_PLAN, read_plan, LOOKS)

    async def review(self, request: ReviewRequest, host: WorkerHost) -> Review:
        """A verdict on the diff, the task and the evidence."""
        dialogue = Dialogue(host, self._models[Phase.REVIEW], review_conversation(request), self._spending)
        return await dialogue.submitted(SUBMIT_REVIEW, read_review)

    async def implement(self, request: ImplementRequest, host: WorkerHost) -> Implementation:
        """Turns until the work is handed in. A later attempt goes on with the same conversation."""
        session_id, session = self._session(request, host.run_id)
        conversation = session.conversation
        dialogue = Dialogue(host, session.model, conversation, self._spending)
        seen: Counter[str] = Counter()
        useless = 0
        for turn in range(1, MAX_TURNS + 1):
            answer = await dialogue.ask(f"turn{turn}", TOOLS)
            outcome = await _act(host, turn, answer, seen)
            conversation.tell(results=outcome.results)
            dialogue.keep_transcript()
            if outcome.blocked is not None:
                return Implementation(answer.text, outcome.blocked, session_id)
            if outcome.done is not None:
                return Implementation(outcome.done or answer.text, session_id=session_id)
            if answer.calls and not any(result.is_error for result in outcome.results):
                useless = 0
                continue
            useless += 1
            if useless > MAX_USELESS_ANSWERS:
                raise JourneymanError("model-misbehaved", _why_useless(answer, outcome))
            if not answer.calls:
                conversation.tell(_CUT if answer.finish is Finish.LENGTH else _NUDGE)
        raise JourneymanError("model-loop", f"it did not hand its work in within {MAX_TURNS} requests")

    async def health(self, host: WorkerHost) -> Health:
        """The models it would ask; no call is made."""
        del host
        names = ", ".join(f"{phase.value} {model.name}" for phase, model in self._models.items())
        return Health(ok=True, message=f"would ask: {names}", hint=None)

    def _session(self, request: ImplementRequest, run_id: str) -> tuple[str, AgentSession]:
        """The session that a request is worked in, told what is new to it; a new one where it begins one.

        A session is named after the attempt that began it, so that a replay comes to the same name.
        """
        name = request.session_id or f"{run_id}.m{request.milestone_number}.a{request.attempt}"
        known = self._sessions.get(name)
        if known is not None and request.again:
            return name, known
        if known is not None and request.kind not in _BEGINNINGS:
            known.conversation.tell(what_is_new(request))
            return name, known
        model = self._models[Phase.IMPLEMENT]
        if request.kind is RequestKind.STRONGER and self._make_strong is not None:
            model = self._make_strong()
        session = self._sessions[name] = AgentSession(implement_conversation(request), model)
        return name, session


async def _act(host: WorkerHost, turn: int, answer: ModelAnswer, seen: Counter[str]) -> ToolsOutcome:
    """What the calls of an answer come to. Raises JourneymanError("model-loop")."""
    if not answer.calls:
        return ToolsOutcome(())
    seen.update([_fingerprint(answer.calls)])
    if seen[_fingerprint(answer.calls)] > _SAME_CALLS:
        called = ", ".join(call.name for call in answer.calls)
        raise JourneymanError("model-loop", f"it made the same calls {_SAME_CALLS + 1} times ({called})")
    return await carry_out(host, f"turn{turn}/tools", answer.calls)


def _fingerprint(calls: tuple[ToolCall, ...]) -> str:
    return repr([(call.name, call.raw or call.arguments) for call in calls])


def _why_useless(answer: ModelAnswer, outcome: ToolsOutcome) -> str:
    count = MAX_USELESS_ANSWERS + 1
    errors = [result.content.splitlines()[0] for result in outcome.results if result.is_error]
    if errors:
        return f"{count} answers in a row could not be carried out; the last: {errors[0][:200]}"
    said = " ".join(answer.text.split())[:200]
    return f"{count} answers in a row called no tool" + (f"; the last: {said}" if said else "")
