"""What only Chat Completions have: dialects, endpoints that do not stream, prices, no key on loopback."""

from __future__ import annotations

import json
from typing import Any

import pytest

from journeyman.domain.model import Finish, ModelError, ModelRequest
from journeyman.models.registry import make_model
from tests.support.http_stub import HttpStub, json_response, openai_events, response, stream
from tests.support.models import HASTY, OPENAI, REQUEST, ask, use

WHOLE = {
    "model": "local",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "edit", "arguments": {"path": "x"}}}]},
            "finish_reason": "stop",
        }
    ],
}  # fmt: skip


def refused(message: str) -> Any:
    return json_response(400, {"error": {"message": message}})


def test_dialects_are_learned_once():
    refusals = [
        refused("Unrecognized argument: max_completion_tokens"),
        refused("unknown field stream_options"),
    ]
    with HttpStub([*refusals, OPENAI.answer(), OPENAI.answer()]) as stub:

        async def work(model: Any) -> Any:
            return [await model.answer(REQUEST, on_wait=lambda *_: pytest.fail("waited")) for _ in range(2)]

        answers = use(OPENAI.client(stub), work)
        assert [answer.retries for answer in answers] == [0, 0]
        fields = [
            sorted(body.keys() & {"max_tokens", "max_completion_tokens", "stream_options"})
            for body in stub.bodies
        ]
    assert fields == [
        ["max_completion_tokens", "stream_options"],
        ["max_tokens", "stream_options"],
        ["max_tokens"],
        ["max_tokens"],
    ]


def test_contradictory_refusals_end():
    both = [
        refused("max_completion_tokens is unknown"),
        refused("Use 'max_completion_tokens' instead of max_tokens"),
    ]
    with HttpStub([*both, *both, *both, *both]) as stub:
        with pytest.raises(ModelError, match="refused the request") as raised:
            ask(OPENAI.client(stub))
        assert len(stub.seen) == 6
    assert raised.value.code == "model-refused-request"


def test_the_output_is_fitted_into_a_small_context():
    said = "This model's maximum context length is 8192 tokens. However, you requested 17000 tokens (1000 in the messages, 16000 in the completion)."
    with HttpStub([refused(said), OPENAI.answer(), OPENAI.answer()]) as stub:

        async def work(model: Any) -> None:
            await model.answer(REQUEST)
            await model.answer(REQUEST)

        use(OPENAI.client(stub), work)
        assert [body["max_completion_tokens"] for body in stub.bodies] == [16000, 7160, 16000]


def test_an_endpoint_that_does_not_stream():
    with HttpStub([json_response(200, WHOLE)]) as stub:
        answer = ask(OPENAI.client(stub))
    (call,) = answer.calls
    assert (call.id, call.name, call.arguments) == ("call_1_0", "edit", {"path": "x"})
    assert answer.finish is Finish.TOOLS
    assert (answer.usage.tokens_in, answer.usage.cost_usd) == (None, None)


def test_a_stream_under_another_name():
    data = OPENAI.events("hello", "stop")
    with HttpStub([response(200, data, kind="text/plain")]) as stub:
        assert ask(OPENAI.client(stub)).text == "hello"


def test_a_stream_without_its_end_mark():
    chunks = [{"choices": [{"index": 0, "delta": {"content": "hello"}, "finish_reason": "stop"}]}]
    for reply in (
        stream(openai_events(chunks, done=False)),
        stream(openai_events(chunks, done=False), end=False),
    ):
        with HttpStub([reply]) as stub:
            answer = ask(OPENAI.client(stub))
        assert (answer.text, answer.retries) == ("hello", 0)


def test_an_error_object_with_status_200():
    with HttpStub(
        [json_response(200, {"error": {"message": "upstream", "code": 502}}), OPENAI.answer()]
    ) as stub:
        assert ask(OPENAI.client(stub)).retries == 1
    with (
        HttpStub([json_response(200, {"error": {"message": "bad key", "code": 401}})]) as stub,
        pytest.raises(ModelError) as raised,
    ):
        ask(OPENAI.client(stub))
    assert raised.value.code == "model-unauthorized"


def test_json_that_is_no_completion():
    with HttpStub([json_response(200, {"hello": "world"})]) as stub, pytest.raises(ModelError) as raised:
        ask(OPENAI.client(stub))
    assert raised.value.code == "model-misbehaved"


def test_no_key_is_needed_next_door():
    with HttpStub([OPENAI.answer()]) as stub:
        for name, variable in (
            ("openai:x", "OPENAI_BASE_URL"),
            ("ollama:x", "OLLAMA_BASE_URL"),
            ("vllm:x", "VLLM_BASE_URL"),
        ):
            client = make_model(name, {variable: f"{stub.url}/v1"}, policy=HASTY)
            assert ask(client).text == "hello"
        assert all("authorization" not in request.headers for request in stub.seen)
        assert {request.path for request in stub.seen} == {"/v1/chat/completions"}
        assert "max_tokens" in stub.seen[1].body


def test_a_known_model_has_a_price():
    with HttpStub([OPENAI.answer()]) as stub:
        client = make_model("gpt-5-mini", {"OPENAI_BASE_URL": f"{stub.url}/v1"}, policy=HASTY)
        answer = ask(client)
    assert answer.usage.cost_usd == pytest.approx((60 * 0.25 + 40 * 0.025 + 7 * 2) / 1e6)


def test_equal_prefixes_are_equal_bytes():
    longer = ModelRequest(REQUEST.system, (*REQUEST.messages, *REQUEST.messages), REQUEST.tools)
    with HttpStub([OPENAI.answer()]) as stub:
        for request in (REQUEST, longer):
            ask(OPENAI.client(stub), request)
        short, long = (json.dumps(body["messages"]) for body in stub.bodies)
    assert long.startswith(short[:-1])
