"""What only Messages have: tokens for gateways, output limits, the whole path of thinking."""

from __future__ import annotations

from typing import Any

from journeyman.domain.model import Message, ModelRequest, Speaker, ToolResult
from journeyman.models.registry import make_model
from tests.support.http_stub import HttpStub, anthropic_events, json_response, stream
from tests.support.models import ANTHROPIC, HASTY, REQUEST, ask, use


def refused(message: str) -> Any:
    return json_response(
        400, {"type": "error", "error": {"type": "invalid_request_error", "message": message}}
    )


def test_headers():
    with HttpStub([ANTHROPIC.answer()]) as stub:
        base = {"ANTHROPIC_BASE_URL": stub.url}
        for environ in ({"ANTHROPIC_API_KEY": "k"}, {"ANTHROPIC_AUTH_TOKEN": "t"}, {}):
            ask(make_model("anthropic:x", base | environ, policy=HASTY))
        sent = [(seen.headers.get("x-api-key"), seen.headers.get("authorization")) for seen in stub.seen]
        assert sent == [("k", None), (None, "Bearer t"), (None, None)]
        assert stub.seen[0].path == "/v1/messages"
        assert stub.seen[0].headers["anthropic-version"] == "2023-06-01"


def test_output_limits():
    said = [
        refused("max_tokens: 16000 > 8192, which is the maximum allowed number of output tokens for x"),
        ANTHROPIC.answer(),
        refused("input length and `max_tokens` exceed context limit: 195000 + 8192 > 200000, decrease it"),
        ANTHROPIC.answer(),
        ANTHROPIC.answer(),
    ]
    with HttpStub(said) as stub:

        async def work(model: Any) -> None:
            for _ in range(3):
                await model.answer(REQUEST)

        use(ANTHROPIC.client(stub), work)
        assert [body["max_tokens"] for body in stub.bodies] == [16000, 8192, 8192, 4968, 8192]


def test_thinking_goes_there_and_back():
    blocks = [
        {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
        {"type": "tool_use", "id": "a", "name": "edit", "input": {"path": "x"}},
    ]
    whole = {
        "type": "message",
        "model": "sim-1",
        "content": blocks,
        "stop_reason": "tool_use",
        "usage": {"input_tokens": 5},
    }
    with HttpStub([json_response(200, whole), ANTHROPIC.answer()]) as stub:

        async def work(model: Any) -> None:
            answer = await model.answer(REQUEST)
            turn = Message(Speaker.ASSISTANT, answer.text, answer.calls, opaque=answer.opaque)
            result = Message(Speaker.USER, results=(ToolResult("a", "done"),))
            await model.answer(ModelRequest("s", (*REQUEST.messages, turn, result)))

        use(ANTHROPIC.client(stub), work)
        assert stub.bodies[1]["messages"][1] == {"role": "assistant", "content": blocks}


def test_a_stream_cut_after_the_stop_reason_is_whole():
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {"model": "m", "content": [], "usage": {"input_tokens": 1}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "hello"}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}},
    ]
    with HttpStub([stream(anthropic_events(events), end=False)]) as stub:
        answer = ask(ANTHROPIC.client(stub))
    assert (answer.text, answer.retries, answer.usage.tokens_out) == ("hello", 0, 2)
