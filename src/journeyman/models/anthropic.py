"""Anthropic's Messages."""

from __future__ import annotations

import time
from contextlib import aclosing
from dataclasses import replace

from journeyman.domain.model import ModelAnswer, ModelRequest, OnText
from journeyman.models.anthropic_messages import request_body
from journeyman.models.anthropic_stream import MessageStream
from journeyman.models.caller import Answered, Caller
from journeyman.models.endpoints import Endpoint
from journeyman.models.failures import Failure, TryFailed
from journeyman.models.limits import output_cap, output_room
from journeyman.models.transport import Transport
from journeyman.models.waiting import OnWait, Patience

_VERSION = "2023-06-01"


class AnthropicMessages:
    """One model of an endpoint that speaks Messages. Implements ``domain.model.ModelClient``.

    ``bearer``: the key is a token for the Authorization header, as gateways want it.
    """

    def __init__(
        self,
        name: str,
        endpoint: Endpoint,
        transport: Transport,
        *,
        patience: Patience | None = None,
        on_wait: OnWait | None = None,
        bearer: bool = False,
    ) -> None:
        self._endpoint = endpoint
        self._transport = transport
        self._caller = Caller(name, endpoint, patience or Patience(), on_wait)
        self._bearer = bearer
        self._cap: int | None = None

    @property
    def name(self) -> str:
        """``provider:name``, as configured."""
        return self._caller.name

    async def answer(self, request: ModelRequest, on_text: OnText | None = None) -> ModelAnswer:
        """The model's answer. Raises ModelError."""
        return await self._caller.call(lambda: self._try(request, on_text))

    async def aclose(self) -> None:
        """Close the kept connections."""
        await self._transport.aclose()

    async def _try(self, request: ModelRequest, on_text: OnText | None) -> Answered:
        """One try; when more output was asked for than there is room for, once again with what there is."""
        asked = min(request.max_output_tokens, self._cap or request.max_output_tokens)
        try:
            return await self._exchange(request, asked, on_text)
        except TryFailed as failed:
            text = f"{failed.failure.said} {failed.failure.raw}"
            room, cap = output_room(text), output_cap(text)
            fitting = min((number for number in (room, cap) if number), default=asked)
            if failed.failure.status != 400 or fitting >= asked:
                raise
            self._cap = cap or self._cap
        return await self._exchange(request, fitting, on_text)

    async def _exchange(self, request: ModelRequest, output_tokens: int, on_text: OnText | None) -> Answered:
        started = time.monotonic()
        stream = MessageStream(on_text, self._endpoint.model)
        body = request_body(self._endpoint.model, request, output_tokens)
        try:
            async with aclosing(self._transport.post("/v1/messages", self._headers(), body)) as answers:
                async for answer in answers:
                    self._caller.pricing.begin()
                    stream.feed(answer)
        except TryFailed as failed:
            # A cut after the model said why it stopped takes nothing away.
            if failed.failure.spent is None:
                raise
            if not stream.complete or failed.failure.status is not None:
                raise TryFailed(replace(failed.failure, spent=stream.spent)) from None
        if not stream.complete:
            raise TryFailed(replace(_unfinished(stream), spent=stream.spent))
        return Answered(
            text=stream.text,
            calls=stream.calls,
            finish=stream.finish,
            opaque=stream.opaque,
            spent=stream.spent,
            latency_s=time.monotonic() - started,
        )

    def _headers(self) -> dict[str, str]:
        headers, key = {"anthropic-version": _VERSION}, self._endpoint.key
        if key:
            headers |= {"authorization": f"Bearer {key}"} if self._bearer else {"x-api-key": key}
        return headers


def _unfinished(stream: MessageStream) -> Failure:
    if not stream.recognised:
        return Failure("the answer is no message", unusable=True)
    return Failure("the answer ended before it was complete")
