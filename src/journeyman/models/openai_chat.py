"""OpenAI's Chat Completions, and every endpoint that speaks like it: Ollama, vLLM, llama.cpp, OpenRouter."""

from __future__ import annotations

import time
from contextlib import aclosing
from dataclasses import replace

from journeyman.domain.model import ModelAnswer, ModelRequest, OnText
from journeyman.models.caller import Answered, Caller
from journeyman.models.endpoints import Endpoint
from journeyman.models.failures import Failure, TryFailed
from journeyman.models.openai_dialect import Dialect, mend
from journeyman.models.openai_messages import request_body
from journeyman.models.openai_stream import ChatStream
from journeyman.models.transport import Transport
from journeyman.models.waiting import OnWait, Patience

_MENDS = 5


class OpenAIChat:
    """One model of one OpenAI-compatible endpoint. Implements ``domain.model.ModelClient``."""

    def __init__(
        self,
        name: str,
        endpoint: Endpoint,
        transport: Transport,
        *,
        patience: Patience | None = None,
        on_wait: OnWait | None = None,
        dialect: Dialect | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._transport = transport
        self._caller = Caller(name, endpoint, patience or Patience(), on_wait)
        self._dialect = dialect or Dialect()

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
        """One try; refusals of a mere dialect are answered in another one, at once."""
        dialect = self._dialect
        for _ in range(_MENDS):
            try:
                answered = await self._exchange(request, dialect, on_text)
            except TryFailed as failed:
                asked = dialect.output_tokens(request.max_output_tokens)
                mended = mend(dialect, failed.failure, asked=asked)
                if mended is None:
                    raise
                dialect = mended
            else:
                self._dialect = replace(dialect, room=None)
                return answered
        return await self._exchange(request, dialect, on_text)

    async def _exchange(self, request: ModelRequest, dialect: Dialect, on_text: OnText | None) -> Answered:
        started = time.monotonic()
        stream = ChatStream(on_text, id_prefix=f"call_{len(request.messages)}")
        key = self._endpoint.key
        headers = {"authorization": f"Bearer {key}"} if key else {}
        body = request_body(self._endpoint.model, request, dialect)
        try:
            async with aclosing(self._transport.post("/chat/completions", headers, body)) as answers:
                async for answer in answers:
                    self._caller.pricing.begin()
                    stream.feed(answer)
        except TryFailed as failed:
            if failed.failure.spent is None:
                raise
            # A cut after the model said that it had finished takes nothing away.
            if not stream.complete or failed.failure.status is not None:
                raise TryFailed(replace(failed.failure, spent=stream.spent)) from None
        if not stream.complete or stream.failed:
            raise TryFailed(replace(_unfinished(stream), spent=stream.spent))
        return Answered(
            text=stream.text,
            calls=stream.calls,
            finish=stream.finish,
            opaque=stream.opaque,
            spent=stream.spent,
            latency_s=time.monotonic() - started,
        )


def _unfinished(stream: ChatStream) -> Failure:
    if stream.failed:
        return Failure("the provider broke the answer off")
    if not stream.recognised:
        return Failure("the answer is no chat completion", unusable=True)
    return Failure("the answer ended before it was complete")
