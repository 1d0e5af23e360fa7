"""Anthropic's Messages."""

from __future__ import annotations

from journeyman.domain.model import ModelRequest
from journeyman.models.answers import Answered
from journeyman.models.anthropic.messages import messages_body
from journeyman.models.anthropic.stream import MessageStream
from journeyman.models.client import EndpointClient
from journeyman.models.endpoints import Endpoint
from journeyman.models.errors import TryFailed, output_cap, output_room
from journeyman.models.retry import RetryPolicy
from journeyman.models.transport import Transport

_VERSION = "2023-06-01"


class AnthropicMessages(EndpointClient):
    """One model of an endpoint that speaks Messages.

    ``bearer``: the key is a token for the Authorization header, as gateways want it.
    """

    def __init__(
        self,
        name: str,
        endpoint: Endpoint,
        transport: Transport,
        *,
        policy: RetryPolicy | None = None,
        bearer: bool = False,
    ) -> None:
        super().__init__(name, endpoint, transport, policy)
        self._bearer = bearer
        self._cap: int | None = None

    async def _try(self, request: ModelRequest) -> Answered:
        """One try; when more output was asked for than there is room for, once again with what there is."""
        asked = min(request.max_output_tokens, self._cap or request.max_output_tokens)
        try:
            return await self._ask(request, asked)
        except TryFailed as failed:
            text = f"{failed.failure.said} {failed.failure.raw}"
            room, cap = output_room(text), output_cap(text)
            fitting = min((number for number in (room, cap) if number), default=asked)
            if failed.failure.status != 400 or fitting >= asked:
                raise
            self._cap = cap or self._cap
        return await self._ask(request, fitting)

    async def _ask(self, request: ModelRequest, output_tokens: int) -> Answered:
        body = messages_body(self._endpoint.model, request, output_tokens)
        stream = MessageStream(self._endpoint.model)
        return await self._exchange("/v1/messages", self._headers(), body, stream)

    def _headers(self) -> dict[str, str]:
        headers, key = {"anthropic-version": _VERSION}, self._endpoint.key
        if key:
            headers |= {"authorization": f"Bearer {key}"} if self._bearer else {"x-api-key": key}
        return headers
