"""Anthropic's Messages."""

from __future__ import annotations

from journeyman.domain.model import ModelRequest, OnText
from journeyman.models.anthropic_messages import request_body
from journeyman.models.anthropic_stream import MessageStream
from journeyman.models.caller import Answered
from journeyman.models.endpoints import Endpoint
from journeyman.models.failures import TryFailed
from journeyman.models.limits import output_cap, output_room
from journeyman.models.streamed import StreamedClient
from journeyman.models.transport import Transport
from journeyman.models.waiting import Patience

_VERSION = "2023-06-01"


class AnthropicMessages(StreamedClient):
    """One model of an endpoint that speaks Messages.

    ``bearer``: the key is a token for the Authorization header, as gateways want it.
    """

    def __init__(
        self,
        name: str,
        endpoint: Endpoint,
        transport: Transport,
        *,
        patience: Patience | None = None,
        bearer: bool = False,
    ) -> None:
        super().__init__(name, endpoint, transport, patience)
        self._bearer = bearer
        self._cap: int | None = None

    async def _try(self, request: ModelRequest, on_text: OnText | None) -> Answered:
        """One try; when more output was asked for than there is room for, once again with what there is."""
        asked = min(request.max_output_tokens, self._cap or request.max_output_tokens)
        try:
            return await self._ask(request, asked, on_text)
        except TryFailed as failed:
            text = f"{failed.failure.said} {failed.failure.raw}"
            room, cap = output_room(text), output_cap(text)
            fitting = min((number for number in (room, cap) if number), default=asked)
            if failed.failure.status != 400 or fitting >= asked:
                raise
            self._cap = cap or self._cap
        return await self._ask(request, fitting, on_text)

    async def _ask(self, request: ModelRequest, output_tokens: int, on_text: OnText | None) -> Answered:
        body = request_body(self._endpoint.model, request, output_tokens)
        stream = MessageStream(on_text, self._endpoint.model)
        return await self._exchange("/v1/messages", self._headers(), body, stream)

    def _headers(self) -> dict[str, str]:
        headers, key = {"anthropic-version": _VERSION}, self._endpoint.key
        if key:
            headers |= {"authorization": f"Bearer {key}"} if self._bearer else {"x-api-key": key}
        return headers
