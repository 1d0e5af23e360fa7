"""A provider on loopback in each style, so that the same cases run against every client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from journeyman.domain.model import (
    Message,
    ModelAnswer,
    ModelClient,
    ModelRequest,
    OnWait,
    Speaker,
    ToolSpec,
)
from journeyman.models.registry import make_model
from journeyman.models.retry import RetryPolicy
from tests.support.http_stub import HttpStub, Reply, anthropic_events, openai_events, stream

T = TypeVar("T")

KEY = "a-secret-key-0123456789"
HASTY = RetryPolicy(max_tries=4, budget_s=60, base_s=0.001)
REQUEST = ModelRequest(
    system="be brief",
    messages=(Message(Speaker.USER, "mend it"),),
    tools=(ToolSpec("edit", "Edit files.", {"type": "object"}),),
)


def listening(callback: Callable[[float, str], object]) -> OnWait:
    """What hears of waits, for a test that does not care when they are over."""

    def on_wait(seconds: float, reason: str) -> AbstractContextManager[object]:
        callback(seconds, reason)
        return nullcontext()

    return on_wait


class Closable(ModelClient, Protocol):
    """A client whose connections can be closed."""

    async def aclose(self) -> None: ...


@dataclass(frozen=True)
class Style:
    """How one provider says things."""

    name: str
    base_variable: str
    key_variable: str
    events: Callable[[str, str], bytes]
    """An answer of this text, that ended for this reason."""
    call: bytes
    """An answer that calls edit with {"path": "ü.py"}."""
    stop: str
    length: str
    refusal: str
    error_event: bytes
    """Overloaded, in the middle of a stream."""

    def answer(self, text: str = "hello") -> Reply:
        return stream(self.events(text, self.stop))

    def client(self, stub: HttpStub, **more: Any) -> Closable:
        environ = {self.base_variable: f"{stub.url}/v1", self.key_variable: KEY}
        return make_model(f"{self.name}:sim-1", environ, policy=more.pop("policy", HASTY), **more)


def _openai(text: str, reason: str, **delta: Any) -> bytes:
    half = len(text) // 2
    pieces = [{"role": "assistant", "content": ""}, {"content": text[:half]}, {"content": text[half:]}, delta]
    chunks: list[Any] = [{"model": "sim-1", "choices": [{"index": 0, "delta": piece}]} for piece in pieces]
    chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
    usage = {"prompt_tokens": 100, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 40}}
    return openai_events([*chunks, {"choices": [], "usage": usage}])


def _anthropic(text: str, reason: str, *blocks: dict[str, Any]) -> bytes:
    half = len(text) // 2
    usage = {
        "input_tokens": 50,
        "cache_read_input_tokens": 40,
        "cache_creation_input_tokens": 10,
        "output_tokens": 1,
    }
    return anthropic_events(
        [
            {"type": "message_start", "message": {"model": "sim-1", "content": [], "usage": usage}},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            {"type": "ping"},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text[:half]}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text[half:]}},
            *blocks,
            {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": 7}},
            {"type": "message_stop"},
        ]
    )


_PIECES = ('{"path"', ': "ü.', 'py"}')

OPENAI = Style(
    name="openai",
    base_variable="OPENAI_BASE_URL",
    key_variable="OPENAI_API_KEY",
    events=_openai,
    call=_openai(
        "",
        "tool_calls",
        tool_calls=[{"index": 0, "id": "c1", "function": {"name": "edit", "arguments": "".join(_PIECES)}}],
    ),
    stop="stop",
    length="length",
    refusal="content_filter",
    error_event=openai_events([{"error": {"message": "Provider is overloaded", "code": 503}}], done=False),
)
ANTHROPIC = Style(
    name="anthropic",
    base_variable="ANTHROPIC_BASE_URL",
    key_variable="ANTHROPIC_API_KEY",
    events=_anthropic,
    call=_anthropic(
        "",
        "tool_use",
        {
            "type": "content_block_start",
            "index": 1,
            "content_block": {"type": "tool_use", "id": "c1", "name": "edit", "input": {}},
        },
        *(
            {
                "type": "content_block_delta",
                "index": 1,
                "delta": {"type": "input_json_delta", "partial_json": piece},
            }
            for piece in _PIECES
        ),
    ),
    stop="end_turn",
    length="max_tokens",
    refusal="refusal",
    error_event=anthropic_events(
        [{"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}]
    ),
)
STYLES = (OPENAI, ANTHROPIC)


def use(client: Closable, work: Callable[[Closable], Coroutine[Any, Any, T]]) -> T:
    """Run the work in an event loop of its own, and close the client in it."""

    async def run() -> T:
        try:
            return await work(client)
        finally:
            await client.aclose()

    return asyncio.run(run())


def ask(
    client: Closable,
    request: ModelRequest = REQUEST,
    on_wait: OnWait | None = None,
) -> ModelAnswer:
    """One answer."""
    return use(client, lambda model: model.answer(request, on_wait))
