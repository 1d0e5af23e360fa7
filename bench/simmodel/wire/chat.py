"""OpenAI's Chat Completions."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from bench.simmodel.tokens import compact
from bench.simmodel.values import (
    Answer,
    Call,
    Conversation,
    Finish,
    Prompt,
    Protocol,
    Result,
    Tool,
    ToolKind,
    Turn,
    Usage,
)
from bench.simmodel.wire import reading
from bench.simmodel.wire.errors import invalid
from bench.simmodel.wire.events import Event, pieces

_FINISHES = {
    Finish.STOP: "stop",
    Finish.CALLS: "tool_calls",
    Finish.LENGTH: "length",
    Finish.REFUSAL: "stop",
}
_TEXT_PARTS = ("text", "refusal")


def read(body: dict[str, Any]) -> Conversation:
    """The request. Raises ApiError(400) as the provider would."""
    messages = reading.sequence(body.get("messages"), "messages")
    if not messages:
        raise invalid("Invalid 'messages': empty array. Expected an array with minimum length 1.", "messages")
    tools = tuple(
        _tool(tool, number) for number, tool in enumerate(reading.sequence(body.get("tools"), "tools"))
    )
    system, turns, open_calls = [], [], dict[str, None]()
    for number, item in enumerate(messages):
        message = reading.mapping(item, f"messages[{number}]")
        place = f"messages[{number}]"
        role = message.get("role")
        if role != "tool" and open_calls:
            raise _unanswered(open_calls)
        content = reading.text_of(message.get("content"), f"{place}.content", _TEXT_PARTS)
        if role in {"system", "developer"}:
            system.append(content)
        elif role == "user":
            turns.append(reading.said(content))
        elif role == "assistant":
            turn = _assistant(message, content, place)
            open_calls = dict.fromkeys(call.id for call in turn.calls)
            turns.append(turn)
        elif role == "tool":
            turns.append(_result(message, content, open_calls, place))
        else:
            raise invalid(
                f"Invalid value: '{role}'. Supported roles: system, assistant, user, tool, developer.", place
            )
    if open_calls:
        raise _unanswered(open_calls)
    options = body.get("stream_options") or {}
    return Conversation(
        Protocol.CHAT,
        reading.text(body.get("model"), "model"),
        "\n\n".join(system),
        reading.merged(turns),
        tools,
        Prompt("".join([*(compact(tool) for tool in body.get("tools") or ()), *map(compact, messages)])),
        forced=_forced(body.get("tool_choice"), tools),
        parallel=body.get("parallel_tool_calls") is not False,
        stream=body.get("stream") is True,
        stream_usage=options.get("include_usage") is True,
        max_tokens=reading.positive(
            body.get("max_completion_tokens") or body.get("max_tokens"), "max_completion_tokens"
        ),
        schema=_schema(body.get("response_format")),
    )


def write(conversation: Conversation, answer: Answer, usage: Usage, answer_id: str) -> dict[str, Any]:
    """The whole answer."""
    refused = answer.finish is Finish.REFUSAL
    message: dict[str, Any] = {
        "role": "assistant",
        "content": None if refused or (answer.calls and not answer.text) else answer.text,
        "refusal": answer.text if refused else None,
    }
    if answer.calls:
        message["tool_calls"] = [_call(call) for call in answer.calls]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _FINISHES[answer.finish]}
    return _head(conversation, answer_id, "chat.completion") | {"choices": [choice], "usage": _usage(usage)}


def events(conversation: Conversation, answer: Answer, usage: Usage, answer_id: str) -> Iterator[Event]:
    """The answer in chunks."""
    head = _head(conversation, answer_id, "chat.completion.chunk")

    def chunk(delta: dict[str, Any], finish: str | None = None, characters: int = 0) -> Event:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        extra = {"usage": None} if conversation.stream_usage else {}
        return Event(head | {"choices": [choice]} | extra, characters=characters)

    yield chunk({"role": "assistant", "content": None if answer.calls and not answer.text else ""})
    key = "refusal" if answer.finish is Finish.REFUSAL else "content"
    for piece in pieces(answer.text):
        yield chunk({key: piece}, characters=len(piece))
    for index, call in enumerate(answer.calls):
        opened = _call(call, "")
        yield chunk({"tool_calls": [{"index": index} | opened]}, characters=len(call.name))
        for piece in pieces(call.raw):
            delta = {"index": index, call.kind.value: {_input_key(call): piece}}
            yield chunk({"tool_calls": [delta]}, characters=len(piece))
    yield chunk({}, _FINISHES[answer.finish])
    if conversation.stream_usage:
        yield Event(head | {"choices": [], "usage": _usage(usage)})
    yield Event("[DONE]")


def _head(conversation: Conversation, answer_id: str, kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{answer_id}",
        "object": kind,
        "created": int(time.time()),
        "model": conversation.model,
        "service_tier": "default",
        "system_fingerprint": None,
    }


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "total_tokens": usage.prompt + usage.completion,
        "prompt_tokens_details": {"cached_tokens": usage.cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _input_key(call: Call) -> str:
    return "input" if call.kind is ToolKind.CUSTOM else "arguments"


def _call(call: Call, raw: str | None = None) -> dict[str, Any]:
    inner = {"name": call.name, _input_key(call): call.raw if raw is None else raw}
    return {"id": call.id, "type": call.kind.value, call.kind.value: inner}


def _tool(value: object, number: int) -> Tool:
    item = reading.mapping(value, f"tools[{number}]")
    kind = item.get("type")
    if kind not in {"function", "custom"}:
        raise invalid(
            f"Invalid value: '{kind}'. Supported values are: 'function' and 'custom'.",
            f"tools[{number}].type",
        )
    tool = reading.function_tool(
        reading.mapping(item.get(kind), f"tools[{number}].{kind}"), f"tools[{number}].{kind}"
    )
    return Tool(tool.name, ToolKind(kind), tool.parameters)


def _assistant(message: dict[str, Any], content: str, place: str) -> Turn:
    calls = []
    for number, value in enumerate(reading.sequence(message.get("tool_calls"), f"{place}.tool_calls")):
        where = f"{place}.tool_calls[{number}]"
        item = reading.mapping(value, where)
        kind = ToolKind.CUSTOM if item.get("type") == "custom" else ToolKind.FUNCTION
        inner = reading.mapping(item.get(kind.value), f"{where}.{kind.value}")
        raw = inner.get("input" if kind is ToolKind.CUSTOM else "arguments")
        name = reading.text(inner.get("name"), f"{where}.{kind.value}.name")
        calls.append(Call(reading.text(item.get("id"), f"{where}.id"), name, reading.text(raw, where), kind))
    if not calls and message.get("content") is None and message.get("refusal") is None:
        raise invalid(
            f"Invalid value for 'content': expected a string, got null. ({place})", f"{place}.content"
        )
    return reading.answered(content, tuple(calls))


def _result(message: dict[str, Any], content: str, open_calls: dict[str, None], place: str) -> Turn:
    call_id = reading.text(message.get("tool_call_id"), f"{place}.tool_call_id")
    if call_id not in open_calls:
        message_text = (
            "messages with role 'tool' must be a response to a preceding message with 'tool_calls'."
        )
        raise invalid(f"Invalid parameter: {message_text}", place)
    del open_calls[call_id]
    return reading.told(Result(call_id, content))


def _unanswered(open_calls: dict[str, None]) -> Exception:
    return invalid(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each"
        f" 'tool_call_id'. The following tool_call_ids did not have response messages:"
        f" {', '.join(open_calls)}",
        "messages",
    )


def _forced(choice: object, tools: tuple[Tool, ...]) -> str | None:
    if choice == "required" and not tools:
        raise invalid(
            "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified."
        )
    if choice == "required" and len(tools) == 1:
        return tools[0].name
    if isinstance(choice, dict):
        inner = choice.get(str(choice.get("type")))
        return reading.forced_name(inner.get("name"), tools) if isinstance(inner, dict) else None
    return None


def _schema(value: object) -> dict[str, Any] | None:
    if isinstance(value, dict) and value.get("type") == "json_schema":
        schema = reading.mapping(value.get("json_schema"), "response_format.json_schema").get("schema")
        return schema if isinstance(schema, dict) else {"type": "object"}
    return {"type": "object"} if isinstance(value, dict) and value.get("type") == "json_object" else None
