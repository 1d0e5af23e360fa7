"""The built-in agent: the first request holds what the whole job needs, and one answer may do it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from string import Template
from typing import Any, TypeVar

from journeyman.domain.errors import JourneymanError
from journeyman.domain.model import (
    Finish,
    ModelAnswer,
    ModelClient,
    ModelError,
    ModelRequest,
    ToolCall,
    ToolResult,
    ToolSpec,
)
from journeyman.domain.phases import Phase
from journeyman.domain.plan import Implementation, Plan, Review
from journeyman.domain.policy.spending import Spending
from journeyman.domain.worker import Health, ImplementRequest, PlanRequest, ReviewRequest, WorkerHost
from journeyman.workers.agent.conversation import Conversation
from journeyman.workers.agent.redact import redacted
from journeyman.workers.agent.submitted import read_plan, read_review
from journeyman.workers.agent.toolbox import LOOKS, SUBMIT_PLAN, SUBMIT_REVIEW, TOOLS, Outcome, carry_out
from journeyman.workers.prompt import checks_text, complaints_text, prompt_parts, scope_text

T = TypeVar("T", Plan, Review)
MAX_TURNS = 40
"""Requests in one IMPLEMENT attempt."""
_USELESS_ANSWERS = 3
_MAX_LOOKS = 6
"""Answers of a planner that read or search; then it is to plan."""
_SAME_CALLS = 3
_MAX_DIFF_CHARACTERS = 120_000
_NO_FILES = "None could be told from the task: search and read."
_NUDGE = "Call a tool: edit with done when you know the change, read or search otherwise, blocked when stuck."
_CUT = "Your answer was cut off at the output limit. Send smaller edits, and the rest in the next answer."


@dataclass(frozen=True)
class Asked:
    """One finished model call, as the journal keeps it."""

    answer: ModelAnswer


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
        self._strong: dict[int, ModelClient] = {}
        """By milestone, where it was asked for."""
        self._served: dict[int, tuple[int, str, str | None]] = {}
        """By milestone, where its conversation is: the attempt, its complaints, the answer told there."""
        self._spending = spending
        self._conversations: dict[int, Conversation] = {}

    @property
    def phases(self) -> frozenset[Phase]:
        """Those that have a model."""
        return frozenset(self._models)

    async def plan(self, request: PlanRequest, host: WorkerHost) -> Plan:
        """Milestones, as a structured answer."""
        parts = (
            f"# Repository guidance\n\n{request.guidance or '(none)'}",
            f"# Scope\n\n{scope_text(request.scope)}",
            f"# Checks\n\n{checks_text(request.checks)}",
            f"# Task\n\n{request.task.title}\n\n{request.task.text}",
            f"# Files\n\n{request.context or _NO_FILES}",
        )
        conversation = Conversation(_prompt("plan"), "\n\n".join(parts))
        return await self._submitted(host, Phase.PLAN, conversation, SUBMIT_PLAN, read_plan, LOOKS)

    async def review(self, request: ReviewRequest, host: WorkerHost) -> Review:
        """A verdict on the diff, the task and the evidence."""
        diff = request.diff
        if len(diff) > _MAX_DIFF_CHARACTERS:
            diff = diff[:_MAX_DIFF_CHARACTERS] + f"\n[cut: {len(request.diff):,} characters in all]"
        evidence = "\n".join(f"- {line}" for line in request.evidence)
        if request.answer:
            evidence += f"\n\n# A person decided\n\n{request.answer}"
        first = (
            f"# Task\n\n{request.task.title}\n\n{request.task.text}\n\n"
            f"# Milestone\n\n{request.milestone.title}\n\n{request.milestone.goal}\n\n"
            f"# Evidence\n\n{evidence}\n\n# Diff\n\n{diff}"
        )
        conversation = Conversation(_prompt("review"), first)
        return await self._submitted(host, Phase.REVIEW, conversation, SUBMIT_REVIEW, read_review)

    async def implement(self, request: ImplementRequest, host: WorkerHost) -> Implementation:
        """Turns until the work is handed in. A later attempt goes on with the same conversation."""
        if request.stronger and self._make_strong is not None:
            strong = self._strong.get(request.milestone_number) or self._make_strong()
            self._strong[request.milestone_number] = strong
        model = self._strong.get(request.milestone_number)
        conversation = self._opened(request)
        seen: Counter[str] = Counter()
        useless = 0
        for turn in range(1, MAX_TURNS + 1):
            answer = await self._ask(host, Phase.IMPLEMENT, f"turn{turn}", conversation, TOOLS, model=model)
            conversation.hear(answer)
            outcome = await self._act(host, turn, answer, seen)
            conversation.tell(results=outcome.results)
            host.scratch_file("transcript.md", redacted(conversation.serial()))
            if outcome.blocked is not None:
                return Implementation(answer.text, blocked=outcome.blocked)
            if outcome.done is not None:
                return Implementation(outcome.done or answer.text, session_id=host.run_id)
            if not answer.calls or any(result.is_error for result in outcome.results):
                useless += 1
                if useless >= _USELESS_ANSWERS + 1:
                    raise JourneymanError("model-misbehaved", _why_useless(answer, outcome))
                if not answer.calls:
                    conversation.tell(_CUT if answer.finish is Finish.LENGTH else _NUDGE)
            else:
                useless = 0
        raise JourneymanError("model-loop", f"it did not hand its work in within {MAX_TURNS} requests")

    async def health(self, host: WorkerHost) -> Health:
        """The models it would ask; no call is made."""
        del host
        names = ", ".join(f"{phase.value} {model.name}" for phase, model in self._models.items())
        return Health(ok=True, message=f"would ask: {names}", hint=None)

    def _opened(self, request: ImplementRequest) -> Conversation:
        number = request.milestone_number
        known = self._conversations.get(number)
        complaints = complaints_text(request.failures, request.findings)
        attempt, told, answered = self._served.get(number, (0, "", None))
        self._served[number] = (request.attempt, complaints, request.answer)
        if known is not None and (attempt, told) == (
            request.attempt,
            complaints,
        ):  # cut short by trouble, or by its own question
            if request.answer not in {None, answered}:
                known.tell(f"The answer to your question: {request.answer}")
            return known
        if known is not None and not request.stronger:
            shown = f"\n\nThese lines are as they are now:\n\n{request.context}" if request.context else ""
            known.tell(_template("retry").substitute(failures=complaints) + shown)
            return known
        parts = prompt_parts(request)
        one = len(request.plan.milestones) == 1
        milestone = (
            "" if one else f"\n# This milestone\n\n{parts['milestone_title']}\n\n{parts['milestone']}\n"
        )
        answer = f"\n# A person's answer to your question\n\n{request.answer}\n" if request.answer else ""
        first = _template("implement").substitute(
            parts, milestone=milestone, answer=answer, context=request.context or _NO_FILES
        )
        if request.failures or request.findings:
            afresh = _template("afresh").substitute(parts | {"failures": complaints})
            first += "\n\n" + afresh.rstrip()
        conversation = self._conversations[number] = Conversation(_prompt("system"), first)
        return conversation

    async def _act(self, host: WorkerHost, turn: int, answer: ModelAnswer, seen: Counter[str]) -> Outcome:
        if answer.finish is Finish.REFUSAL:
            raise JourneymanError("model-refused", answer.text.strip()[:300] or "it gave no reason")
        if not answer.calls:
            return Outcome(())
        seen.update([_fingerprint(answer.calls)])
        if seen[_fingerprint(answer.calls)] > _SAME_CALLS:
            called = ", ".join(call.name for call in answer.calls)
            raise JourneymanError("model-loop", f"it made the same calls {_SAME_CALLS + 1} times ({called})")
        return await carry_out(host, f"turn{turn}/tools", answer.calls)

    async def _submitted(
        self,
        host: WorkerHost,
        phase: Phase,
        conversation: Conversation,
        tool: ToolSpec,
        read: Callable[[dict[str, Any]], T],
        looks: tuple[ToolSpec, ...] = (),
    ) -> T:
        """What a tool call submits, asked for again when it cannot be used. ``looks`` may be used before:
        after some of them, and after an answer that was of no use, the call is forced.
        """
        tools, useless = (tool, *looks), 0
        for turn in range(1, _MAX_LOOKS + _USELESS_ANSWERS + 1):
            forced = not looks or useless > 0 or turn > _MAX_LOOKS
            answer = await self._ask(
                host, phase, f"turn{turn}", conversation, tools, force=tool.name if forced else None
            )
            if answer.finish is Finish.REFUSAL:
                raise JourneymanError("model-refused", answer.text.strip()[:300] or "it gave no reason")
            conversation.hear(answer)
            host.scratch_file("transcript.md", redacted(conversation.serial()))
            call = next((call for call in answer.calls if call.name == tool.name), None)
            if call is None and not forced and any(call.name in _names(looks) for call in answer.calls):
                looked = await carry_out(host, f"turn{turn}/tools", answer.calls, tools)
                conversation.tell(results=looked.results)
                continue
            problem = f"call {tool.name} with a JSON object"
            if call is not None and call.arguments is not None:
                try:
                    return read(call.arguments)
                except ValueError as error:
                    problem = str(error)
            results = tuple(ToolResult(call.id, f"error: {problem}", is_error=True) for call in answer.calls)
            conversation.tell(f"That could not be used: {problem}", results)
            useless += 1
            if useless == _USELESS_ANSWERS:
                break
        raise JourneymanError("model-misbehaved", f"it never called {tool.name} in a usable way")

    async def _ask(
        self,
        host: WorkerHost,
        phase: Phase,
        name: str,
        conversation: Conversation,
        tools: tuple[ToolSpec, ...],
        force: str | None = None,
        *,
        model: ModelClient | None = None,
    ) -> ModelAnswer:
        """One model call, paid once whatever crashes."""
        model = model or self._models[phase]
        limits = self._spending.limits
        request = ModelRequest(
            conversation.system, conversation.messages, tools, force, limits.call_output_tokens
        )
        share = conversation.repeated_share()

        async def call() -> Asked:
            host.activity(f"asks {model.name}")
            try:
                async with asyncio.timeout(limits.call_seconds):
                    answer = await model.answer(request, on_wait=host.waiting)
            except TimeoutError:
                raise self._spending.too_slow() from None
            except ModelError as error:
                if error.usage is not None:
                    host.spent(replace(error.usage, model=error.usage.model or model.name))
                raise
            repeated = None if answer.usage.tokens_in is None else round(share * answer.usage.tokens_in)
            usage = replace(answer.usage, model=answer.usage.model or model.name, tokens_repeated=repeated)
            host.spent(usage)
            return Asked(replace(answer, usage=usage))

        self._spending.refuse_when_exhausted(len(conversation.serial()))
        asked = await host.step(f"{name}/model", call, Asked)
        self._spending.add(asked.answer.usage)
        return asked.answer


@cache
def _prompt(name: str) -> str:
    return (resources.files("journeyman.workers.agent") / "prompts" / f"{name}.md").read_text("utf-8").strip()


@cache
def _template(name: str) -> Template:
    return Template(_prompt(name))


def _names(tools: tuple[ToolSpec, ...]) -> set[str]:
    return {tool.name for tool in tools}


def _fingerprint(calls: tuple[ToolCall, ...]) -> str:
    return repr([(call.name, call.raw or call.arguments) for call in calls])


def _why_useless(answer: ModelAnswer, outcome: Outcome) -> str:
    errors = [result.content.splitlines()[0] for result in outcome.results if result.is_error]
    if errors:
        return (
            f"{_USELESS_ANSWERS + 1} answers in a row could not be carried out; the last: {errors[0][:200]}"
        )
    said = " ".join(answer.text.split())[:200]
    return f"{_USELESS_ANSWERS + 1} answers in a row called no tool" + (f"; the last: {said}" if said else "")
