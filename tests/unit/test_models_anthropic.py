"""Anthropic's Messages: requests with cache breakpoints, and answers put together from events."""

from __future__ import annotations

from typing import Any

import pytest

from journeyman.domain.model import Finish, Message, ModelRequest, Speaker, ToolCall, ToolResult, ToolSpec
from journeyman.models.answers import TryUsage
from journeyman.models.anthropic.messages import messages_body
from journeyman.models.anthropic.stream import MessageStream

CACHE = {"cache_control": {"type": "ephemeral"}}
TOOLS = (ToolSpec("read", "Read.", {"type": "object"}), ToolSpec("edit", "Edit.", {"type": "object"}))


def read(*payloads: dict[str, Any], model: str = "claude") -> MessageStream:
    stream = MessageStream(model)
    for payload in payloads:
        stream.feed(payload)
    return stream


def start(**usage: Any) -> dict[str, Any]:
    return {
        "type": "message_start",
        "message": {"model": "claude-1", "content": [], "stop_reason": None, "usage": usage},
    }


def block(index: int, **content: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": content}


def delta(index: int, kind: str, **content: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **content}}


def stop(reason: str | None, **usage: Any) -> dict[str, Any]:
    return {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage}


def breakpoints(value: Any) -> int:
    if isinstance(value, dict):
        return ("cache_control" in value) + sum(breakpoints(item) for item in value.values())
    return sum(breakpoints(item) for item in value) if isinstance(value, list) else 0


def test_a_request():
    calls = (ToolCall("a", "edit", {"p": 1}, '{"p": 1}'), ToolCall("b", "edit", None, '{"p": '))
    request = ModelRequest(
        system="be brief",
        messages=(
            Message(Speaker.USER, "mend it"),
            Message(Speaker.ASSISTANT, "yes", calls),
            Message(
                Speaker.USER,
                "go on",
                results=(ToolResult("a", "done"), ToolResult("b", "no JSON", is_error=True)),
            ),
        ),
        tools=TOOLS,
        force_tool="edit",
    )
    assert messages_body("claude", request, 500) == {
        "model": "claude",
        "max_tokens": 500,
        "stream": True,
        "tools": [
            {"name": "read", "description": "Read.", "input_schema": {"type": "object"}},
            {"name": "edit", "description": "Edit.", "input_schema": {"type": "object"}, **CACHE},
        ],
        "tool_choice": {"type": "tool", "name": "edit"},
        "system": [{"type": "text", "text": "be brief", **CACHE}],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "mend it", **CACHE}]},
            {
                "role": "assistant",
                "content": [
                    {"type": "text", "text": "yes"},
                    {"type": "tool_use", "id": "a", "name": "edit", "input": {"p": 1}},
                    {"type": "tool_use", "id": "b", "name": "edit", "input": {"not_an_object": '{"p": '}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "a", "content": "done"},
                    {"type": "tool_result", "tool_use_id": "b", "content": "no JSON", "is_error": True},
                    {"type": "text", "text": "go on", **CACHE},
                ],
            },
        ],
    }  # fmt: skip


@pytest.mark.parametrize("turns", range(1, 8))
def test_never_more_than_four_breakpoints(turns: int):
    messages = [Message(Speaker.USER, "0")]
    for turn in range(1, turns):
        call = ToolCall(str(turn), "edit", {})
        messages += [
            Message(Speaker.ASSISTANT, calls=(call,)),
            Message(Speaker.USER, results=(ToolResult(call.id, "x"),)),
        ]
    body = messages_body("claude", ModelRequest("s", tuple(messages), TOOLS), 10)
    assert breakpoints(body) == min(4, 2 + turns)
    assert breakpoints(body["messages"][-1]) == 1
    # Where the request before this one ended.
    assert turns == 1 or breakpoints(body["messages"][-3]) == 1


def test_blank_texts_are_left_out():
    messages = (Message(Speaker.USER, "x"), Message(Speaker.ASSISTANT, " \n"), Message(Speaker.USER, "y"))
    body = messages_body("claude", ModelRequest(" ", messages), 10)
    assert "system" not in body
    assert "tools" not in body
    assert [turn["role"] for turn in body["messages"]] == ["user", "user"]


THINKING = (
    start(input_tokens=3, cache_read_input_tokens=100, cache_creation_input_tokens=20, output_tokens=1),
    block(0, type="thinking", thinking="", signature=""),
    delta(0, "thinking_delta", thinking="let me "),
    delta(0, "thinking_delta", thinking="see"),
    delta(0, "signature_delta", signature="c2ln"),
    {"type": "content_block_stop", "index": 0},
    block(1, type="redacted_thinking", data="eA=="),
    block(2, type="text", text=""),
    {"type": "ping"},
    delta(2, "text_delta", text="I'll edit."),
    block(3, type="tool_use", id="a", name="edit", input={}),
    delta(3, "input_json_delta", partial_json=""),
    delta(3, "input_json_delta", partial_json='{"p": '),
    delta(3, "input_json_delta", partial_json='"ü"}'),
    stop("tool_use", output_tokens=50),
    {"type": "message_stop"},
)


def test_an_answer():
    stream = read(*THINKING)
    assert stream.text == "I'll edit."
    assert stream.calls == (ToolCall("a", "edit", {"p": "ü"}, '{"p": "ü"}'),)
    assert (stream.finish, stream.complete) == (Finish.TOOLS, True)
    assert stream.usage == TryUsage("claude-1", 123, 100, 20, 50)


def test_thinking_goes_back_unchanged():
    stream = read(*THINKING)
    turn = Message(Speaker.ASSISTANT, stream.text, stream.calls, opaque=stream.opaque)
    messages = (Message(Speaker.USER, "x"), turn, Message(Speaker.USER, results=(ToolResult("a", "y"),)))
    thought = [
        {"type": "thinking", "thinking": "let me see", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "eA=="},
    ]
    said = [
        {"type": "text", "text": "I'll edit."},
        {"type": "tool_use", "id": "a", "name": "edit", "input": {"p": "ü"}},
    ]
    body = messages_body("claude", ModelRequest("", messages), 10)
    assert body["messages"][1]["content"] == [*thought, *said]

    # Another model cannot read the signatures.
    body = messages_body("other", ModelRequest("", messages), 10)
    assert body["messages"][1]["content"] == said

    # A turn that was shortened since keeps its thinking.
    short = Message(Speaker.ASSISTANT, "…", stream.calls, opaque=stream.opaque)
    body = messages_body("claude", ModelRequest("", (messages[0], short, messages[2])), 10)
    assert body["messages"][1]["content"] == [*thought, {"type": "text", "text": "…"}, said[1]]


def test_thinking_in_between_keeps_its_place():
    blocks = [
        {"type": "thinking", "thinking": "1", "signature": "a"},
        {"type": "text", "text": "one "},
        {"type": "thinking", "thinking": "2", "signature": "b"},
        {"type": "text", "text": "two"},
        {"type": "tool_use", "id": "a", "name": "edit", "input": {}, "caller": {"type": "direct"}},
    ]
    stream = read({"type": "message", "content": blocks, "stop_reason": "tool_use", "usage": {}})
    turn = Message(Speaker.ASSISTANT, stream.text, stream.calls, opaque=stream.opaque)
    assert messages_body("claude", ModelRequest("", (turn,)), 10)["messages"][0]["content"] == blocks


def test_without_thinking_nothing_is_kept():
    assert read(block(0, type="text", text="x"), stop("end_turn")).opaque is None


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("end_turn", Finish.STOP),
        ("stop_sequence", Finish.STOP),
        ("pause_turn", Finish.STOP),
        ("tool_use", Finish.STOP),
        ("max_tokens", Finish.LENGTH),
        ("model_context_window_exceeded", Finish.LENGTH),
        ("refusal", Finish.REFUSAL),
        ("a new reason", Finish.STOP),
    ],
)
def test_how_answers_end(reason: str, finish: Finish):
    assert read(start(), block(0, type="text", text="x"), stop(reason)).finish is finish


@pytest.mark.parametrize(
    ("sent", "usage"),
    [
        ({}, TryUsage("claude-1")),
        ({"input_tokens": 5}, TryUsage("claude-1", 5)),
        (
            {"input_tokens": 5, "cache_read_input_tokens": None, "output_tokens": 2},
            TryUsage("claude-1", 5, None, None, 2),
        ),
    ],
)
def test_usage(sent: dict[str, Any], usage: TryUsage):
    assert read(start(**sent)).usage == usage


def test_later_figures_are_totals():
    stream = read(
        start(input_tokens=5, output_tokens=1), stop(None, output_tokens=4), stop("end_turn", output_tokens=9)
    )
    assert stream.usage == TryUsage("claude-1", 5, None, None, 9)


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"type": "message_start"},
        {"type": "content_block_start", "content_block": None},
        {"type": "content_block_delta", "index": 9, "delta": {"type": "text_delta", "text": "x"}},
        {"type": "content_block_delta", "delta": None},
        {"type": "message_delta"},
        {"type": "something new"},
    ],
)
def test_oddities_are_borne(odd: dict[str, Any]):
    stream = read(odd)
    assert (stream.text, stream.calls, stream.complete) == ("", (), False)


def test_broken_arguments():
    (call,) = read(
        block(0, type="tool_use", id="a", name="edit"), delta(0, "input_json_delta", partial_json='{"x')
    ).calls
    assert (call.arguments, call.raw) == (None, '{"x')
