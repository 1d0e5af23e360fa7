"""OpenAI's Chat Completions, and every endpoint that speaks like it: Ollama, vLLM, llama.cpp, OpenRouter."""

from __future__ import annotations

from dataclasses import replace

from journeyman.domain.model import ModelRequest
from journeyman.models.answers import Answered
from journeyman.models.client import EndpointClient
from journeyman.models.endpoints import Endpoint
from journeyman.models.errors import TryFailed
from journeyman.models.openai.dialect import Dialect, fix_dialect
from journeyman.models.openai.messages import chat_body
from journeyman.models.openai.stream import ChatStream
from journeyman.models.retry import RetryPolicy
from journeyman.models.transport import Transport

_MOST_FIXES = 5


class OpenAIChat(EndpointClient):
    """One model of one OpenAI-compatible endpoint."""

    def __init__(
        self,
        name: str,
        endpoint: Endpoint,
        transport: Transport,
        *,
        policy: RetryPolicy | None = None,
        dialect: Dialect | None = None,
    ) -> None:
        super().__init__(name, endpoint, transport, policy)
        self._dialect = dialect or Dialect()

    async def _try(self, request: ModelRequest) -> Answered:
        """One try; refusals of a mere dialect are answered in another one, at once."""
        dialect = self._dialect
        for _ in range(_MOST_FIXES):
            try:
                answered = await self._ask(request, dialect)
            except TryFailed as failed:
                asked = dialect.output_tokens(request.max_output_tokens)
                fixed = fix_dialect(dialect, failed.failure, asked=asked)
                if fixed is None:
                    raise
                dialect = fixed
            else:
                self._dialect = replace(dialect, room=None)
                return answered
        return await self._ask(request, dialect)

    async def _ask(self, request: ModelRequest, dialect: Dialect) -> Answered:
        key = self._endpoint.key
        headers = {"authorization": f"Bearer {key}"} if key else {}
        body = chat_body(self._endpoint.model, request, dialect)
        stream = ChatStream(id_prefix=f"call_{len(request.messages)}")
        return await self._exchange("/chat/completions", headers, body, stream)
