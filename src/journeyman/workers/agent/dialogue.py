"""A conversation held with a model: each request is paid once, within the budget, whatever crashes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from journeyman.domain.errors import JourneymanError
from journeyman.domain.model import (
    Finish,
    ModelAnswer,
    ModelClient,
    ModelError,
    ModelRequest,
    ToolResult,
    ToolSpec,
)
from journeyman.domain.plan import Plan, Review
from journeyman.domain.policy.spending import Spending
from journeyman.domain.worker import WorkerHost
from journeyman.workers.agent.conversation import Conversation
from journeyman.workers.agent.redact import redacted
from journeyman.workers.agent.toolbox import carry_out

T = TypeVar("T", Plan, Review)
MAX_USELESS_ANSWERS = 3
"""Answers of no use that are borne with before a call ends."""
_MAX_LOOKS = 6
"""Answers of a planner that read or search; then it is to plan."""


@dataclass(frozen=True)
class Asked:
    """One finished model call, as the journal keeps it."""

    answer: ModelAnswer


@dataclass(frozen=True)
class Dialogue:
    """What one call of the worker holds: a host, a model, and what was said between them."""

    host: WorkerHost
    model: ModelClient
    conversation: Conversation
    spending: Spending

    async def ask(self, name: str, tools: tuple[ToolSpec, ...], force_tool: str | None = None) -> ModelAnswer:
        """The model's next answer, which the conversation has heard. ``name`` begins the name of its step."""
        limits = self.spending.limits
        request = ModelRequest(
            self.conversation.system,
            self.conversation.messages,
            tools,
            force_tool,
            limits.call_output_tokens,
        )
        share = self.conversation.repeated_share()

        async def call() -> Asked:
            return Asked(await self._paid(request, share))

        self.spending.refuse_when_exhausted(len(self.conversation.serial()))
        answer = (await self.host.step(f"{name}/model", call, Asked)).answer
        self.spending.add(answer.usage)
        self.conversation.hear(answer)
        if answer.finish is Finish.REFUSAL:
            raise JourneymanError("model-refused", answer.text.strip()[:300] or "it gave no reason")
        return answer

    async def _paid(self, request: ModelRequest, repeated_share: float) -> ModelAnswer:
        """One call, with what it cost booked, also when it fails."""
        host, model = self.host, self.model
        host.activity(f"asks {model.name}")
        try:
            async with asyncio.timeout(self.spending.limits.call_seconds):
                answer = await model.answer(request, on_wait=host.waiting)
        except TimeoutError:
            raise self.spending.too_slow() from None
        except ModelError as error:
            if error.usage is not None:
                host.spent(replace(error.usage, model=error.usage.model or model.name))
            raise
        sent = answer.usage.tokens_in
        repeated = None if sent is None else round(repeated_share * sent)
        usage = replace(answer.usage, model=answer.usage.model or model.name, tokens_repeated=repeated)
        host.spent(usage)
        return replace(answer, usage=usage)

    def keep_transcript(self) -> None:
        """Write down what was said so far, without secrets."""
        self.host.scratch_file("transcript.md", redacted(self.conversation.serial()))

    async def submitted(
        self, tool: ToolSpec, read: Callable[[dict[str, Any]], T], looks: tuple[ToolSpec, ...] = ()
    ) -> T:
        """What a tool call submits, asked for again when it cannot be used.

        ``looks`` may be used before: after some of them, and after an answer that was of no use, the call
        is forced.
        """
        tools, useless = (tool, *looks), 0
        for turn in range(1, _MAX_LOOKS + MAX_USELESS_ANSWERS + 1):
            forced = not looks or useless > 0 or turn > _MAX_LOOKS
            answer = await self.ask(f"turn{turn}", tools, tool.name if forced else None)
            self.keep_transcript()
            call = next((call for call in answer.calls if call.name == tool.name), None)
            if call is None and not forced and _looks_around(answer, looks):
                looked = await carry_out(self.host, f"turn{turn}/tools", answer.calls, tools)
                self.conversation.tell(results=looked.results)
                continue
            problem = f"call {tool.name} with a JSON object"
            if call is not None and call.arguments is not None:
                try:
                    return read(call.arguments)
                except ValueError as error:
                    problem = str(error)
            self._refuse(answer, problem)
            useless += 1
            if useless == MAX_USELESS_ANSWERS:
                break
        raise JourneymanError("model-misbehaved", f"it never called {tool.name} in a usable way")

    def _refuse(self, answer: ModelAnswer, problem: str) -> None:
        results = tuple(ToolResult(call.id, f"error: {problem}", is_error=True) for call in answer.calls)
        self.conversation.tell(f"That could not be used: {problem}", results)


def _looks_around(answer: ModelAnswer, looks: tuple[ToolSpec, ...]) -> bool:
    names = {look.name for look in looks}
    return any(call.name in names for call in answer.calls)
