"""Every row of providers against loopback: its path and key, and what is peculiar to it, as a user would set it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from journeyman.domain.errors import JourneymanError
from journeyman.domain.model import Finish, Message, ModelRequest, Speaker, ToolResult
from journeyman.models.openai.client import OpenAIChat
from journeyman.models.openai.dialect import Forcing
from journeyman.models.providers import CHAT_PROVIDERS, ChatProvider
from journeyman.models.registry import make_model
from tests.support.http_stub import HttpStub, json_response, openai_events, stream
from tests.support.models import HASTY, KEY, OPENAI, REQUEST, ask, use

rows = pytest.mark.parametrize("row", CHAT_PROVIDERS.values(), ids=lambda row: row.name)
SIGNATURE = {"google": {"thought_signature": "c2ln"}}
LIMITS = ("max_tokens", "max_completion_tokens")


def client(row: ChatProvider, stub: HttpStub, variable: str | None = None) -> OpenAIChat:
    """Of the provider at the path that it has, on loopback."""
    address = f"{stub.url}{urlsplit(row.base_url).path}"
    environ = {row.base_variable: address, variable or row.key_variables[0]: KEY}
    made = make_model(f"{row.name}:sim-1", environ, policy=HASTY)
    assert isinstance(made, OpenAIChat)
    return made


def called(extra: dict[str, Any]) -> bytes:
    call = {"id": "c1", "function": {"name": "edit", "arguments": '{"path": "x"}'}, **extra}
    delta = {"role": "assistant", "content": "I edit", "tool_calls": [call]}
    return openai_events([{"choices": [{"index": 0, "delta": delta, "finish_reason": "stop"}]}])


@rows
def test_its_path_and_every_key_variable(row: ChatProvider):
    for variable in row.key_variables:
        with HttpStub([OPENAI.answer()]) as stub:
            assert ask(client(row, stub, variable)).text == "hello"
        assert stub.seen[0].path == f"{urlsplit(row.base_url).path}/chat/completions"
        assert stub.seen[0].headers["authorization"] == f"Bearer {KEY}"


@rows
def test_what_it_is_asked(row: ChatProvider):
    with HttpStub([OPENAI.answer()]) as stub:
        ask(client(row, stub), replace(REQUEST, force_tool="edit"))
    body = stub.bodies[0]
    assert body["model"] == "sim-1"
    assert [body.get(name) for name in LIMITS].count(16_000) == 1
    assert body.get(row.dialect.output_field.value) == 16_000
    assert ("stream_options" in body) is row.dialect.stream_usage
    assert ("tool_choice" in body) is (row.dialect.forcing is not Forcing.NONE)


@rows
def test_a_call_its_result_and_the_next_word(row: ChatProvider):
    with HttpStub([stream(called({"extra_content": SIGNATURE})), OPENAI.answer()]) as stub:

        async def work(model: Any) -> Any:
            first = await model.answer(REQUEST)
            turn = Message(Speaker.ASSISTANT, first.text, first.calls, opaque=first.opaque)
            result = Message(Speaker.USER, "go on", results=(ToolResult("c1", "done"),))
            second = await model.answer(ModelRequest("", (*REQUEST.messages, turn, result), REQUEST.tools))
            return first, second

        first, second = use(client(row, stub), work)
    assert (first.finish, second.text) == (Finish.TOOLS, "hello")
    roles = [message["role"] for message in stub.bodies[1]["messages"]]
    bridge = [] if row.dialect.user_after_tool else ["assistant"]
    assert roles == ["user", "assistant", "tool", *bridge, "user"]
    # Google's models refuse a call that comes back without the signature of its thought.
    assert stub.bodies[1]["messages"][1]["tool_calls"][0]["extra_content"] == SIGNATURE


@rows
def test_its_refusal_names_its_variable(row: ChatProvider):
    refusal = json_response(401, [{"error": {"message": "no", "status": "UNAUTHENTICATED"}}])
    with HttpStub([refusal]) as stub, pytest.raises(JourneymanError) as raised:
        ask(client(row, stub))
    assert raised.value.code == "model-unauthorized"
    assert row.key_variables[0] in (raised.value.hint or "")


@rows
def test_without_a_base_variable_it_is_at_its_own_address(row: ChatProvider):
    environ = {row.key_variables[0]: KEY}
    if row.has_address:
        made = make_model(f"{row.name}:x", environ)
        assert made._endpoint.base_url == row.base_url
        return
    with pytest.raises(JourneymanError, match=f"{row.base_variable} is not set") as raised:
        make_model(f"{row.name}:x", environ)
    assert raised.value.code == "bad-config"
    assert raised.value.hint == f"export {row.base_variable}={row.base_url}"


@rows
def test_without_a_key(row: ChatProvider):
    address = {} if row.has_address else {row.base_variable: "https://own.example.com/v1"}
    if row.base_url.startswith("http://127."):
        assert make_model(f"{row.name}:x", address)._endpoint.key is None
        return
    with pytest.raises(JourneymanError, match=f"{row.key_variables[0]} is not set") as raised:
        make_model(f"{row.name}:x", address)
    assert raised.value.code == "model-unauthorized"


def test_the_order_of_turns_is_learned_elsewhere_too():
    refusal = json_response(
        400, {"object": "error", "message": "Unexpected role 'user' after role 'tool'", "code": "3230"}
    )
    with HttpStub([stream(called({})), refusal, OPENAI.answer(), OPENAI.answer()]) as stub:

        async def work(model: Any) -> list[str]:
            first = await model.answer(REQUEST)
            turn = Message(Speaker.ASSISTANT, first.text, first.calls, opaque=first.opaque)
            result = Message(Speaker.USER, "go on", results=(ToolResult("c1", "done"),))
            request = ModelRequest("", (*REQUEST.messages, turn, result), REQUEST.tools)
            return [(await model.answer(request)).text for _ in range(2)]

        assert use(client(CHAT_PROVIDERS["openrouter"], stub), work) == ["hello", "hello"]
    bridges = [
        sum(message["role"] == "assistant" for message in body["messages"]) - 1 for body in stub.bodies[1:]
    ]
    assert bridges == [0, 1, 1]
    assert "extra_content" not in stub.bodies[1]["messages"][1]["tool_calls"][0]
