"""Other providers, through pydantic-ai: its own model for tests, and a real one of it against loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("pydantic_ai")

from pydantic_ai import exceptions
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ThinkingPart, ToolCallPart
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.usage import RequestUsage

from journeyman.domain.errors import JourneymanError
from journeyman.domain.model import Finish, Message, ModelError, ModelRequest, Speaker, ToolCall, ToolResult
from journeyman.models.endpoints import Endpoint
from journeyman.models.pydantic_ai_client import PydanticAIClient, build_model
from tests.support.http_stub import HttpStub, json_response
from tests.support.models import HASTY, REQUEST, ask, listening

Function = Callable[[list[ModelMessage], AgentInfo], ModelResponse]


def client(function: Function) -> PydanticAIClient:
    return PydanticAIClient(
        "other:m",
        Endpoint("other", "", "m"),
        first_byte_s=5,
        patience=HASTY,
        build=lambda: FunctionModel(function),
    )


def test_a_conversation_goes_there_and_back():
    heard: list[tuple[list[ModelMessage], AgentInfo]] = []

    def function(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        heard.append((list(messages), info))
        usage = RequestUsage(input_tokens=10, cache_read_tokens=4, output_tokens=3)
        thought = ThinkingPart("hm", signature="s", provider_name="function")
        return ModelResponse(
            [thought, TextPart("I'll edit"), ToolCallPart("edit", '{"path": "x"}', "a")], usage=usage
        )

    said: list[str] = []
    model = client(function)
    first = ask(model, on_text=said.append)
    assert (first.text, said, first.finish) == ("I'll edit", ["I'll edit"], Finish.TOOLS)
    assert first.calls == (ToolCall("a", "edit", {"path": "x"}, '{"path": "x"}'),)
    assert (first.usage.tokens_in, first.usage.tokens_cached, first.usage.tokens_out) == (10, 4, 3)
    assert first.usage.cost_usd is None

    turn = Message(Speaker.ASSISTANT, first.text, first.calls, opaque=first.opaque)
    result = Message(Speaker.USER, "go on", results=(ToolResult("a", "no", is_error=True),))
    ask(model, ModelRequest("be brief", (*REQUEST.messages, turn, result), REQUEST.tools, force_tool="edit"))
    messages, info = heard[1]
    assert [type(part).__name__ for message in messages for part in message.parts] == [
        "UserPromptPart",
        "ThinkingPart",
        "TextPart",
        "ToolCallPart",
        "ToolReturnPart",
        "UserPromptPart",
    ]
    assert info.instructions == "be brief"
    assert [tool.name for tool in info.function_tools] == ["edit"]
    assert info.model_settings is not None
    assert info.model_settings.get("tool_choice") == ["edit"]
    assert info.model_settings.get("max_tokens") == 16_000


def test_a_turn_of_another_provider():
    def function(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        return ModelResponse([TextPart(f"{len(messages)}")], finish_reason="length")

    turn = Message(Speaker.ASSISTANT, "x", (ToolCall("a", "edit", None, "{"),), opaque={"anthropic": {}})
    result = Message(Speaker.USER, results=(ToolResult("a", "no"),))
    answer = ask(client(function), ModelRequest("", (*REQUEST.messages, turn, result)))
    assert (answer.text, answer.finish, answer.opaque, answer.usage.requests) == ("3", Finish.LENGTH, None, 1)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (exceptions.ModelHTTPError(401, "m", {"error": {"message": "no"}}), "model-unauthorized"),
        (exceptions.ModelHTTPError(404, "m", "gone"), "model-not-found"),
        (
            exceptions.ModelHTTPError(400, "m", {"error": {"message": "prompt is too long"}}),
            "context-too-long",
        ),
        (exceptions.ModelQuotaExceededError("m", "nothing left"), "model-quota"),
        (exceptions.ModelContextWindowExceededError("m", "too long"), "context-too-long"),
        (exceptions.ModelAuthenticationError("m", "no"), "model-unauthorized"),
        (exceptions.UserError("tools are not supported"), "model-refused-request"),
        (exceptions.ModelHTTPError(503, "m", None), "model-unreachable"),
        (exceptions.ModelConnectionError("m", "Connection error."), "model-unreachable"),
        (exceptions.UnexpectedModelBehavior("odd"), "model-misbehaved"),
    ],
)
def test_errors(error: Exception, code: str):
    def function(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        raise error

    waits: list[str] = []
    with pytest.raises(ModelError) as raised:
        ask(client(function), on_wait=listening(lambda _, reason: waits.append(reason)))
    assert raised.value.code == code
    assert len(waits) == (3 if code in {"model-unreachable", "model-misbehaved"} else 0)


def test_what_heals_is_tried_again():
    outcomes: list[Any] = [
        exceptions.ModelHTTPError(429, "m", None, headers={"Retry-After": "0.01"}),
        exceptions.ModelTimeoutError("m", "timed out"),
        ModelResponse([TextPart("hello")]),
    ]

    def function(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        assert isinstance(outcome, ModelResponse)
        return outcome

    answer = ask(client(function))
    assert (answer.text, answer.retries) == ("hello", 2)


def test_a_filtered_answer_is_a_refusal():
    def function(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        raise exceptions.ContentFilterError("filtered")

    assert ask(client(function)).finish is Finish.REFUSAL


def test_models_that_cannot_be_made(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("GROQ_API_KEY", raising=False)
    for name in ("openai-responses:x", "groq:x"):
        with pytest.raises(JourneymanError) as raised:
            build_model(name)
        assert raised.value.code in {"model-unauthorized", "bad-config"}


def test_a_real_model_of_theirs(monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("openai")
    completion = {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "sim-1",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}
        ],
        "usage": {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12},
    }
    with HttpStub([json_response(200, completion)]) as stub:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{stub.url}/v1")
        monkeypatch.setenv("OPENAI_API_KEY", "k")
        model = PydanticAIClient(
            "openai-chat:sim-1", Endpoint("openai-chat", "", "sim-1"), first_byte_s=5, patience=HASTY
        )
        answer = asyncio.run(model.answer(REQUEST))
        assert stub.seen[0].body["messages"][0] == {"role": "system", "content": "be brief"}
    assert (answer.text, answer.usage.tokens_in, answer.usage.tokens_out) == ("hello", 10, 2)
