"""One call of a model from first try to answer or stop reason: what all clients share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from journeyman.domain.model import Finish, ModelAnswer, ModelError, OnWait, ToolCall
from journeyman.domain.worker import Usage
from journeyman.models.endpoints import Endpoint
from journeyman.models.failures import Failure
from journeyman.models.prices import Pricing
from journeyman.models.spent import Spent, total
from journeyman.models.waiting import GaveUp, Patience, Tries, persevere

_FACTS = 5
_WHAT = {
    "model-unauthorized": "{host} refused the key",
    "model-not-found": "{host} knows no model {model}",
    "model-quota": "the account at {host} has nothing left",
    "context-too-long": "the request is too long for {model}",
    "model-refused-request": "{host} refused the request",
    "model-misbehaved": "the answers of {model} cannot be used",
}


@dataclass(frozen=True)
class Answered:
    """One successful try."""

    text: str
    calls: tuple[ToolCall, ...]
    finish: Finish
    opaque: Any
    spent: Spent
    latency_s: float


class Caller:
    """Tries until there is an answer, and books what it cost."""

    def __init__(self, name: str, endpoint: Endpoint, patience: Patience) -> None:
        self.name = name
        self.pricing = Pricing(endpoint)
        self._endpoint = endpoint
        self._patience = patience

    async def call(
        self, one_try: Callable[[], Awaitable[Answered]], on_wait: OnWait | None = None
    ) -> ModelAnswer:
        """The answer, with the usage of every try in it. Raises ModelError."""
        tries = Tries()
        outcome = await persevere(one_try, tries, self._patience, on_wait)
        spent = [failure.spent for failure in tries.failures if failure.spent is not None]
        if isinstance(outcome, GaveUp):
            error = give_up(self._endpoint, tries, outcome.why)
            error.usage = await self._usage(spent, None) if spent else None
            raise error
        return ModelAnswer(
            text=outcome.text,
            calls=outcome.calls,
            finish=outcome.finish,
            usage=await self._usage([*spent, outcome.spent], outcome.latency_s),
            opaque=outcome.opaque,
            retries=len(tries.failures),
            waited_s=tries.waited_s,
        )

    async def _usage(self, spent: list[Spent], latency_s: float | None) -> Usage:
        costs = [await self.pricing.cost_usd(one) for one in spent if one.known]
        known = [cost for cost in costs if cost is not None]
        return Usage(
            model=self.name,
            tokens_in=total([one.tokens_in for one in spent]),
            tokens_cached=total([one.tokens_cached for one in spent]),
            tokens_out=total([one.tokens_out for one in spent]),
            cost_usd=sum(known) if known and len(known) == len(costs) else None,
            latency_s=latency_s,
            requests=len(spent),
        )


def give_up(endpoint: Endpoint, tries: Tries, why: str) -> ModelError:
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


def _sentence(endpoint: Endpoint, code: str, last: Failure) -> str:
    what = _WHAT.get(code, "{model} at {host} could not be reached").format(
        host=endpoint.host, model=endpoint.model
    )
    if last.said:
        return f"{what} ({last.status}): {last.said}" if last.status else f"{what}: {last.said}"
    return f"{what}: {last.reason}"
