"""A client over a transport that streams: what those of our own share, whatever the endpoint's dialect."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Protocol

from journeyman.domain.model import Finish, ModelAnswer, ModelRequest, OnText, OnWait, ToolCall
from journeyman.models.caller import Answered, Caller
from journeyman.models.endpoints import Endpoint
from journeyman.models.failures import Failure, TryFailed
from journeyman.models.spent import Spent
from journeyman.models.transport import Transport
from journeyman.models.waiting import Patience


class AnswerStream(Protocol):
    """An answer as it is put together."""

    def feed(self, payload: dict[str, Any]) -> None:
        """Take the next part, or all of it."""

    @property
    def complete(self) -> bool:
        """Whether the model said why it stopped."""

    @property
    def trouble(self) -> Failure | None:
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
    def spent(self) -> Spent:
        """What it cost so far."""


class StreamedClient(ABC):
    """One model of one endpoint. Implements ``domain.model.ModelClient``."""

    def __init__(
        self,
        name: str,
        endpoint: Endpoint,
        transport: Transport,
        patience: Patience | None,
    ) -> None:
        self._endpoint = endpoint
        self._transport = transport
        self._caller = Caller(name, endpoint, patience or Patience())

    @property
    def name(self) -> str:
        """``provider:name``, as configured."""
        return self._caller.name

    async def answer(
        self, request: ModelRequest, on_text: OnText | None = None, on_wait: OnWait | None = None
    ) -> ModelAnswer:
        """The model's answer. Raises ModelError."""
        return await self._caller.call(lambda: self._try(request, on_text), on_wait)

    async def aclose(self) -> None:
        """Close the kept connections."""
        await self._transport.aclose()

    @abstractmethod
    async def _try(self, request: ModelRequest, on_text: OnText | None) -> Answered:
        """One try. Raises TryFailed."""

    async def _exchange(
        self, path: str, headers: Mapping[str, str], body: Mapping[str, Any], stream: AnswerStream
    ) -> Answered:
        """One request and its answer, fed to ``stream``. Raises TryFailed, with what it cost."""
        started = time.monotonic()
        try:
            async with aclosing(self._transport.post(path, headers, body)) as answers:
                async for answer in answers:
                    self._caller.pricing.begin()
                    stream.feed(answer)
        except TryFailed as failed:
            if failed.failure.spent is None:
                raise
            # A cut after the model said why it stopped takes nothing away.
            if not stream.complete or failed.failure.status is not None:
                raise TryFailed(replace(failed.failure, spent=stream.spent)) from None
        if stream.trouble is not None:
            raise TryFailed(replace(stream.trouble, spent=stream.spent))
        return Answered(
            text=stream.text,
            calls=stream.calls,
            finish=stream.finish,
            opaque=stream.opaque,
            spent=stream.spent,
            latency_s=time.monotonic() - started,
        )
