"""OpenAI's Chat Completions, and every endpoint that speaks like it: Ollama, vLLM, llama.cpp, OpenRouter."""

from __future__ import annotations

from dataclasses import replace

from journeyman.domain.model import ModelRequest, OnText
from journeyman.models.caller import Answered
from journeyman.models.endpoints import Endpoint
from journeyman.models.failures import TryFailed
from journeyman.models.openai_dialect import Dialect, mend
from journeyman.models.openai_messages import request_body
from journeyman.models.openai_stream import ChatStream
from journeyman.models.streamed import StreamedClient
from journeyman.models.transport import Transport
from journeyman.models.waiting import Patience

_MENDS = 5


class OpenAIChat(StreamedClient):
    """One model of one OpenAI-compatible endpoint."""

    def __init__(
        self,
        name: str,
        endpoint: Endpoint,
        transport: Transport,
        *,
        patience: Patience | None = None,
        dialect: Dialect | None = None,
    ) -> None:
        super().__init__(name, endpoint, transport, patience)
        self._dialect = dialect or Dialect()

    async def _try(self, request: ModelRequest, on_text: OnText | None) -> Answered:
        """One try; refusals of a mere dialect are answered in another one, at once."""
        dialect = self._dialect
        for _ in range(_MENDS):
            try:
                answered = await self._ask(request, dialect, on_text)
            except TryFailed as failed:
                asked = dialect.output_tokens(request.max_output_tokens)
                mended = mend(dialect, failed.failure, asked=asked)
                if mended is None:
                    raise
                dialect = mended
            else:
                self._dialect = replace(dialect, room=None)
                return answered
        return await self._ask(request, dialect, on_text)

    async def _ask(self, request: ModelRequest, dialect: Dialect, on_text: OnText | None) -> Answered:
        key = self._endpoint.key
        headers = {"authorization": f"Bearer {key}"} if key else {}
        body = request_body(self._endpoint.model, request, dialect)
        stream = ChatStream(on_text, id_prefix=f"call_{len(request.messages)}")
        return await self._exchange("/chat/completions", headers, body, stream)
