"""Chat Completions: requests, dialects, and answers as all kinds of servers stream them."""

from __future__ import annotations

from typing import Any

import pytest

from journeyman.domain.model import Finish, Message, ModelRequest, Speaker, ToolCall, ToolResult, ToolSpec
from journeyman.models.answers import TryUsage
from journeyman.models.errors import ModelFailure, output_cap, output_room
from journeyman.models.openai.dialect import Dialect, Forcing, OutputField, fix_dialect
from journeyman.models.openai.messages import chat_body
from journeyman.models.openai.stream import ChatStream

EDIT = ToolSpec("edit", "Edit files.", {"type": "object", "properties": {}})
ASKED = Message(Speaker.USER, "mend it")


def chunk(finish: str | None = None, **delta: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def piece(
    index: int | None = None, call_id: str | None = None, name: str | None = None, arguments: Any = None
) -> dict[str, Any]:
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    made: dict[str, Any] = {"function": function}
    return made | ({} if index is None else {"index": index}) | ({} if call_id is None else {"id": call_id})


def read(*chunks: dict[str, Any]) -> ChatStream:
    stream = ChatStream(id_prefix="call_1")
    for one in chunks:
        stream.feed(one)
    return stream


def test_a_request():
    calls = (ToolCall("a", "edit", {"path": "x"}, '{"path":  "x"}'), ToolCall("b", "edit", None, '{"path": '))
    request = ModelRequest(
        system="be brief",
        messages=(
            ASKED,
            Message(Speaker.ASSISTANT, "", calls),
            Message(
                Speaker.USER,
                "go on",
                results=(ToolResult("a", "done"), ToolResult("b", "no JSON", is_error=True)),
            ),
            Message(Speaker.ASSISTANT, "finished"),
        ),
        tools=(EDIT,),
        force_tool="edit",
        max_output_tokens=500,
    )
    assert chat_body("gpt-5", request, Dialect()) == {
        "model": "gpt-5",
        "messages": [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": "mend it"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": "a", "type": "function", "function": {"name": "edit", "arguments": '{"path":  "x"}'}},
                    {"id": "b", "type": "function", "function": {"name": "edit", "arguments": '{"not_an_object": "{\\"path\\": "}'}},
                ],
            },
            {"role": "tool", "tool_call_id": "a", "content": "done"},
            {"role": "tool", "tool_call_id": "b", "content": "Error: no JSON"},
            {"role": "user", "content": "go on"},
            {"role": "assistant", "content": "finished"},
        ],
        "stream": True,
        "tools": [{"type": "function", "function": {"name": "edit", "description": "Edit files.", "parameters": EDIT.parameters}}],
        "tool_choice": {"type": "function", "function": {"name": "edit"}},
        "stream_options": {"include_usage": True},
        "max_completion_tokens": 500,
    }  # fmt: skip


def test_a_request_in_other_dialects():
    request = ModelRequest("", (ASKED,), (EDIT,), "edit", 500)
    plain = Dialect(OutputField.OLD, Forcing.NONE, stream_usage=False, cap=400, room=300)
    assert chat_body("m", request, plain).keys() == {"model", "messages", "stream", "tools", "max_tokens"}
    assert chat_body("m", request, plain)["max_tokens"] == 300
    assert chat_body("m", request, Dialect(forcing=Forcing.REQUIRED))["tool_choice"] == "required"
    assert "tool_choice" not in chat_body("m", ModelRequest("", (ASKED,), (EDIT,)), Dialect())
    assert "tools" not in chat_body("m", ModelRequest("", (ASKED,)), Dialect())


def test_reasoning_goes_back_with_the_calls_that_it_led_to():
    stream = read(
        chunk(reasoning_content="first "),
        chunk(reasoning_content="this"),
        chunk(reasoning_details=[{"data": "x"}]),
        chunk("tool_calls", tool_calls=[piece(0, "a", "edit", "{}")]),
    )
    turn = Message(Speaker.ASSISTANT, stream.text, stream.calls, opaque=stream.opaque)
    body = chat_body("m", ModelRequest("", (ASKED, turn)), Dialect())
    assert body["messages"][1]["reasoning_content"] == "first this"
    assert body["messages"][1]["reasoning_details"] == [{"data": "x"}]
    for other in (
        chat_body("m", ModelRequest("", (ASKED, turn)), Dialect(returns_reasoning=False)),
        chat_body(
            "m", ModelRequest("", (Message(Speaker.ASSISTANT, "x", opaque=stream.opaque), ASKED)), Dialect()
        ),
        chat_body(
            "m",
            ModelRequest("", (ASKED, Message(Speaker.ASSISTANT, "", stream.calls, opaque={"anthropic": 1}))),
            Dialect(),
        ),
    ):
        assert not any("reasoning_content" in message for message in other["messages"])


@pytest.mark.parametrize(
    ("said", "dialect", "fixed"),
    [
        ("Unrecognized request argument supplied: max_completion_tokens", Dialect(), Dialect(OutputField.OLD)),
        ("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", Dialect(OutputField.OLD), Dialect()),
        ("stream_options is not permitted", Dialect(), Dialect(stream_usage=False)),
        ("tool_choice must be a string", Dialect(), Dialect(forcing=Forcing.REQUIRED)),
        ("does not support this tool_choice", Dialect(forcing=Forcing.REQUIRED), Dialect(forcing=Forcing.NONE)),
        ("does not support this tool_choice", Dialect(forcing=Forcing.NONE), None),
        ("reasoning_content is not allowed in input messages", Dialect(), Dialect(returns_reasoning=False)),
        ("max_tokens is too large: 16000. This model supports at most 4096 completion tokens", Dialect(), Dialect(cap=4096)),
        ("This model supports at most 4096 completion tokens", Dialect(cap=4096), None),
        (
            ("This model's maximum context length is 8192 tokens. However, you requested 17000 tokens "
            "(1000 in the messages, 16000 in the completion)."),
            Dialect(),
            Dialect(room=8192 - 1000 - 32),
        ),
        ("maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens", Dialect(), None),
        ("Invalid schema for function 'edit'", Dialect(), None),
    ],
)  # fmt: skip
def test_what_a_refusal_teaches(said: str, dialect: Dialect, fixed: Dialect | None):
    asked = dialect.output_tokens(16_000)
    assert fix_dialect(dialect, ModelFailure("400", status=400, said=said), asked=asked) == fixed
    assert fix_dialect(dialect, ModelFailure("401", status=401, said=said), asked=asked) is None


@pytest.mark.parametrize(
    ("said", "cap", "room"),
    [
        ("Invalid max_tokens value, the valid range of max_tokens is [1, 8192]", 8192, None),
        ("`max_completion_tokens` must be less than or equal to `8192`, the maximum value", 8192, None),
        ("max_tokens: 64000 > 8192, which is the maximum allowed number of output tokens for x", 8192, None),
        ("input length and `max_tokens` exceed context limit: 190000 + 16000 > 200000, decrease", None, 9968),
        ("'max_tokens' is too large: 16000. This model's maximum context length is 8192 tokens and your request has 10 input tokens", None, 8150),
        ("maximum context length is 32768 tokens. However, you requested about 40000 tokens (24000 of text input, 16000 in the output)", None, 8736),
        ("maximum context length is 8192 tokens (8100 in the messages, 500 in the completion)", None, None),
        ("prompt is too long: 212000 tokens > 200000 maximum", None, None),
    ],
)  # fmt: skip
def test_numbers_in_refusals(said: str, cap: int | None, room: int | None):
    assert (output_cap(said), output_room(said)) == (cap, room)


USAGE = {"prompt_tokens": 100, "completion_tokens": 7}


def test_text_and_usage():
    stream = ChatStream(id_prefix="c")
    for one in (
        chunk(role="assistant", content=""),
        chunk(content="Hel"),
        chunk(content="lo"),
        chunk("stop"),
    ):
        stream.feed({"model": "gpt-5-2025", **one})
    stream.feed(
        {
            "choices": [],
            "usage": {**USAGE, "prompt_tokens_details": {"cached_tokens": 40, "cache_write_tokens": 3}},
        }
    )
    assert (stream.text, stream.finish, stream.calls, stream.opaque) == ("Hello", Finish.STOP, (), None)
    assert stream.usage == TryUsage("gpt-5-2025", 100, 40, 3, 7)


@pytest.mark.parametrize(
    ("sent", "usage"),
    [
        (None, TryUsage()),
        ({}, TryUsage()),
        (USAGE, TryUsage(None, 100, None, None, 7)),
        ({**USAGE, "prompt_tokens_details": None}, TryUsage(None, 100, None, None, 7)),
        ({**USAGE, "prompt_cache_hit_tokens": 64}, TryUsage(None, 100, 64, None, 7)),
        ({**USAGE, "cost": 0.25}, TryUsage(None, 100, None, None, 7, 0.25)),
        ({"prompt_tokens": "many", "completion_tokens": -1, "cost": True}, TryUsage()),
    ],
)
def test_usage_of_all_kinds(sent: Any, usage: TryUsage):
    assert read({**chunk("stop", content="x"), "usage": sent}).usage == usage
    assert (
        read({"choices": [{"delta": {"content": "x"}, "finish_reason": "stop", "usage": sent}]}).usage
        == usage
    )


A, B = ToolCall("a", "edit", {"x": 1}, '{"x":1}'), ToolCall("b", "read", {"y": 2}, '{"y":2}')


@pytest.mark.parametrize(
    "pieces",
    [
        # OpenAI, one call after the other, and mixed.
        [[piece(0, "a", "edit", "")], [piece(0, None, None, '{"x"')], [piece(0, None, None, ":1}")], [piece(1, "b", "read", '{"y":2}')]],
        [[piece(0, "a", "edit", ""), piece(1, "b", "read", "")], [piece(1, None, None, '{"y"')], [piece(0, None, None, '{"x":1}')], [piece(1, None, None, ":2}")]],
        # Id and name repeated with each piece.
        [[piece(0, "a", "edit", '{"x"')], [piece(0, "a", "edit", ":1}")], [piece(1, "b", "read", '{"y":2}')]],
        # Every call has index 0, or none has one.
        [[piece(0, "a", "edit", '{"x":1}')], [piece(0, "b", "read", '{"y":2}')]],
        [[piece(0, "a", "edit", '{"x"')], [piece(0, None, None, ":1}")], [piece(0, "b", "read", '{"y":2}')]],
        [[piece(None, "a", "edit", '{"x":1}'), piece(None, "b", "read", '{"y":2}')]],
        [[piece(None, "a", "edit", '{"x"')], [piece(None, None, None, ":1}")], [piece(None, "b", "read", '{"y":2}')]],
        # Only the first piece has an index.
        [[piece(0, "a", "edit", '{"x"')], [piece(None, None, None, ":1}")], [piece(1, "b", "read", '{"y":2}')]],
    ],
)  # fmt: skip
def test_calls_in_pieces(pieces: list[list[dict[str, Any]]]):
    stream = read(*(chunk(tool_calls=group) for group in pieces), chunk("tool_calls"))
    assert stream.calls == (A, B)
    assert stream.finish is Finish.TOOLS


@pytest.mark.parametrize(
    "pieces",
    [
        [piece(0, None, "edit", '{"x":1}'), piece(1, None, "read", '{"y":2}')],
        [piece(0, None, "edit", '{"x":1}'), piece(0, None, "read", '{"y":2}')],
        [piece(None, None, "edit", '{"x":1}'), piece(None, None, "read", '{"y":2}')],
        [piece(None, "", "edit", {"x": 1}), piece(None, "", "read", {"y": 2})],
    ],
)
def test_calls_without_ids_get_some(pieces: list[dict[str, Any]]):
    calls = read(chunk("stop", tool_calls=pieces)).calls
    assert [(call.id, call.name, call.arguments) for call in calls] == [
        ("call_1_0", "edit", {"x": 1}),
        ("call_1_1", "read", {"y": 2}),
    ]


def test_ids_are_unique():
    calls = read(
        chunk("stop", tool_calls=[piece(0, "same", "edit", "{}"), piece(1, "same", "edit", "{}")])
    ).calls
    assert [call.id for call in calls] == ["same", "call_1_1"]


@pytest.mark.parametrize(
    ("raw", "arguments"),
    [
        ("", {}),
        ("  ", {}),
        ("{}", {}),
        ('{"a": "\\ud83d\\ude42"}', {"a": "🙂"}),
        ('{"a": "\\ud83d"}', {"a": "\ufffd"}),
        ('{"a": ', None),
        ("[1]", None),
        ("null", None),
        ("[" * 100_000, None),
        ('{"a": ' + "1" * 5000 + "}", None),
    ],
)
def test_arguments(raw: str, arguments: Any):
    (call,) = read(chunk("tool_calls", tool_calls=[piece(0, "a", "edit", raw)])).calls
    assert call.arguments == arguments
    assert call.raw == raw


@pytest.mark.parametrize(
    ("chunks", "finish", "text"),
    [
        ([chunk("stop", content="done")], Finish.STOP, "done"),
        ([chunk("stop", tool_calls=[piece(0, "a", "edit", "{}")])], Finish.TOOLS, ""),
        ([chunk("tool_calls", content="none came")], Finish.STOP, "none came"),
        ([chunk("length", content="cut o")], Finish.LENGTH, "cut o"),
        ([chunk("length", tool_calls=[piece(0, "a", "edit", '{"x')])], Finish.LENGTH, ""),
        ([chunk("content_filter")], Finish.REFUSAL, ""),
        ([chunk(refusal="I can"), chunk("stop", refusal="not.")], Finish.REFUSAL, "I cannot."),
        ([chunk("a new reason", content="x")], Finish.STOP, "x"),
        ([chunk("stop", content=[{"type": "text", "text": "in "}, {"text": "parts"}, {"type": "image"}])], Finish.STOP, "in parts"),
        ([chunk("stop", content="\ud83d"), chunk(content="\ude42")], Finish.STOP, "🙂"),
        ([{"choices": [{"message": {"content": "whole"}, "finish_reason": "stop"}]}], Finish.STOP, "whole"),
        ([{"choices": [{"index": 1, "delta": {"content": "another"}}]}, chunk("stop", content="x")], Finish.STOP, "x"),
    ],
)  # fmt: skip
def test_how_answers_end(chunks: list[dict[str, Any]], finish: Finish, text: str):
    stream = read(*chunks)
    assert (stream.finish, stream.text, stream.complete) == (finish, text, True)


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"choices": None},
        {"choices": ["x"]},
        {"choices": [{"delta": None}]},
        {"choices": [{"delta": {"content": 3, "tool_calls": "x", "refusal": 3, "reasoning": 3}}]},
        {"choices": [{"delta": {"tool_calls": [{"function": None}, {"function": {"arguments": None}}, 3]}}]},
        {"usage": []},
        {"model": None},
    ],
)
def test_oddities_are_borne(odd: dict[str, Any]):
    stream = read(odd)
    assert (stream.text, stream.calls, stream.complete, stream.usage) == ("", (), False, TryUsage())


def test_an_answer_that_the_provider_broke_off():
    assert read(chunk("error", content="half")).failure == ModelFailure("the provider broke the answer off")
