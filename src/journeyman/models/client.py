"""One call of a model from the first try to the answer or the stop reason: what all clients share."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Protocol

from journeyman.domain.model import Finish, ModelAnswer, ModelError, ModelRequest, OnWait, ToolCall
from journeyman.domain.worker import Usage
from journeyman.models.answers import Answered, TryUsage, token_total
from journeyman.models.endpoints import Endpoint
from journeyman.models.errors import ModelFailure, TryFailed
from journeyman.models.prices import Pricing
from journeyman.models.retry import GaveUp, RetryPolicy, Tries, call_with_retries
from journeyman.models.transport import Transport

_FACTS = 5
_WHAT = {
    "model-unauthorized": "{host} refused the key",
    "model-not-found": "{host} knows no model {model}",
    "model-quota": "the account at {host} has nothing left",
    "context-too-long": "the request is too long for {model}",
    "model-refused-request": "{host} refused the request",
    "model-misbehaved": "the answers of {model} cannot be used",
}


class AnswerStream(Protocol):
    """An answer as it is put together."""

    def feed(self, payload: dict[str, Any]) -> None:
        """Take the next part, or all of it."""

    @property
    def complete(self) -> bool:
        """Whether the model said why it stopped."""

    @property
    def failure(self) -> ModelFailure | None:
        """Why the answer is of no use, when this is all of it."""

    @property
    def text(self) -> str:
        """What the model says."""

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """The tools that it calls."""

    @property
    def finish(self) -> Finish:
        """Why it stopped."""

    @property
    def opaque(self) -> Any:  # noqa: ANN401 - a provider's JSON
        """What the provider wants back with the next request."""

    @property
    def usage(self) -> TryUsage:
        """What it cost so far."""


class EndpointClient(ABC):
    """One model of one endpoint. Implements ``domain.model.ModelClient``."""

    def __init__(
        self, name: str, endpoint: Endpoint, transport: Transport, policy: RetryPolicy | None
    ) -> None:
        self._name = name
        self._endpoint = endpoint
        self._transport = transport
        self._policy = policy or RetryPolicy()
        self._pricing = Pricing(endpoint)

    @property
    def name(self) -> str:
        """``provider:name``, as configured."""
        return self._name

    async def answer(self, request: ModelRequest, on_wait: OnWait | None = None) -> ModelAnswer:
        """The model's answer, with the usage of every try in it. Raises ModelError."""
        tries = Tries()
        outcome = await call_with_retries(lambda: self._try(request), tries, self._policy, on_wait)
        billed = [failure.usage for failure in tries.failures if failure.usage is not None]
        if isinstance(outcome, GaveUp):
            error = final_error(self._endpoint, tries, outcome.why)
            error.usage = await self._usage(billed, None) if billed else None
            raise error
        return ModelAnswer(
            text=outcome.text,
            calls=outcome.calls,
            finish=outcome.finish,
            usage=await self._usage([*billed, outcome.usage], outcome.latency_s),
            opaque=outcome.opaque,
            retries=len(tries.failures),
            waited_s=tries.waited_s,
        )

    async def aclose(self) -> None:
        """Close the kept connections."""
        await self._transport.aclose()

    @abstractmethod
    async def _try(self, request: ModelRequest) -> Answered:
        """One try. Raises TryFailed."""

    async def _exchange(
        self, path: str, headers: Mapping[str, str], body: Mapping[str, Any], stream: AnswerStream
    ) -> Answered:
        """One request and its answer, fed to ``stream``. Raises TryFailed, with what it cost."""
        started = time.monotonic()
        try:
            async with aclosing(self._transport.post(path, headers, body)) as answers:
                async for answer in answers:
                    self._pricing.begin()
                    stream.feed(answer)
        except TryFailed as failed:
            if failed.failure.usage is None:
                raise
            # A cut after the model said why it stopped takes nothing away.
            if not stream.complete or failed.failure.status is not None:
                raise TryFailed(replace(failed.failure, usage=stream.usage)) from None
        if stream.failure is not None:
            raise TryFailed(replace(stream.failure, usage=stream.usage))
        return Answered(
            text=stream.text,
            calls=stream.calls,
            finish=stream.finish,
            opaque=stream.opaque,
            usage=stream.usage,
            latency_s=time.monotonic() - started,
        )

    async def _usage(self, tries: list[TryUsage], latency_s: float | None) -> Usage:
        costs = [await self._pricing.cost_usd(one) for one in tries if one.known]
        known = [cost for cost in costs if cost is not None]
        return Usage(
            model=self._name,
            tokens_in=token_total([one.tokens_in for one in tries]),
            tokens_cached=token_total([one.tokens_cached for one in tries]),
            tokens_out=token_total([one.tokens_out for one in tries]),
            cost_usd=sum(known) if known and len(known) == len(costs) else None,
            latency_s=latency_s,
            requests=len(tries),
        )


def final_error(endpoint: Endpoint, tries: Tries, why: str) -> ModelError:
    """The stop reason when no try succeeded, with what was tried."""
    last = tries.failures[-1]
    unusable = all(failure.unusable for failure in tries.failures)
    code = last.code or ("model-misbehaved" if unusable else "model-unreachable")
    sentence = _sentence(endpoint, code, last)
    facts = [] if last.code else _told(tries)
    if last.request_id:
        facts.append(f"request {last.request_id}")
    return ModelError(code, f"{sentence}; {why}" if why else sentence, facts=tuple(facts), hint=last.hint)


def _told(tries: Tries) -> list[str]:
    """The reasons that differ, with how often each came, and the waiting."""
    reasons: dict[str, int] = {}
    for failure in tries.failures:
        reasons[failure.reason] = reasons.get(failure.reason, 0) + 1
    lines = [f"{count} times: {reason}" if count > 1 else reason for reason, count in reasons.items()]
    if len(tries.failures) == 1:
        return lines
    return [*lines[-_FACTS:], f"waited {tries.waited_s:.0f} s between {len(tries.failures)} tries"]


def _sentence(endpoint: Endpoint, code: str, last: ModelFailure) -> str:
    what = _WHAT.get(code, "{model} at {host} could not be reached").format(
        host=endpoint.host, model=endpoint.model
    )
    if last.said:
        return f"{what} ({last.status}): {last.said}" if last.status else f"{what}: {last.said}"
    return f"{what}: {last.reason}"
