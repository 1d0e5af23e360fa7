"""One request to a cheap model for an order of files. It never fails: the ranking is there without it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from journeyman.context.index.indexer import Indexer
from journeyman.context.pack.pack import PackRequest
from journeyman.context.packer import Answer, answer_task, candidates_for
from journeyman.context.rank.rerank import SUBMIT_ORDER, order_request, read_order
from journeyman.domain.context import Candidate, Reranked, Reranker
from journeyman.domain.errors import JourneymanError
from journeyman.domain.model import Finish, ModelAnswer, ModelClient, ModelError
from journeyman.domain.settings import BudgetSettings

_PATIENCE_S = 30.0
"""A worker waits for the order: a late one is worth less than none."""


class ModelReranker:
    """Implements ``domain.context.Reranker`` over one model."""

    def __init__(
        self, model: str | None, make_client: Callable[[str], ModelClient], limits: BudgetSettings
    ) -> None:
        """``model`` is ``None`` when none is configured; ``make_client`` may raise JourneymanError."""
        self._model = model
        self._make_client = make_client
        self._limits = limits

    def size(self, text: str, candidates: tuple[Candidate, ...]) -> int:
        """Characters that would be sent."""
        request = order_request(text, candidates, self._limits.call_output_tokens)
        return len(request.system) + sum(len(message.text) for message in request.messages)

    async def order(self, text: str, candidates: tuple[Candidate, ...]) -> Reranked:
        """The model's order, or why there is none."""
        if self._model is None:
            return Reranked(note="no model is configured")
        if len(candidates) < 2:
            return Reranked(self._model, note="there is nothing to order")
        try:
            client = self._make_client(self._model)
        except JourneymanError as error:
            return Reranked(self._model, note=error.message)
        asked = Reranked(client.name, asked=True)
        seconds = min(_PATIENCE_S, self._limits.call_seconds or _PATIENCE_S)
        try:
            async with asyncio.timeout(seconds):
                answer = await client.answer(order_request(text, candidates, self._limits.call_output_tokens))
        except TimeoutError:
            return replace(asked, note=f"no answer within {seconds:g} s")
        except JourneymanError as error:
            spent = error.usage if isinstance(error, ModelError) else None
            usage = spent and replace(spent, model=spent.model or client.name)
            return replace(asked, note=error.message, usage=usage)
        usage = replace(answer.usage, model=answer.usage.model or client.name)
        return _read(replace(asked, usage=usage), answer, candidates)


def _read(asked: Reranked, answer: ModelAnswer, candidates: tuple[Candidate, ...]) -> Reranked:
    if answer.finish is Finish.REFUSAL:
        return replace(asked, note="it refused")
    call = next((call for call in answer.calls if call.name == SUBMIT_ORDER.name), None)
    if call is None:
        return replace(asked, note=f"it did not call {SUBMIT_ORDER.name}")
    try:
        return replace(asked, paths=read_order(call.arguments, candidates))
    except ValueError as error:
        return replace(asked, note=f"its answer is of no use: {error}")


async def answer_reranked(indexer: Indexer, task: str, request: PackRequest, reranker: Reranker) -> Answer:
    """The pack of a task with a model's order blended in. Raises JourneymanError."""
    told = await reranker.order(task, await candidates_for(indexer, task))
    return replace(await answer_task(indexer, task, request, told.order), reranked=told)
