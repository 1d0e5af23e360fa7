"""OpenAI's Responses: the answer as one object, and as the events that build it up."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

from bench.simmodel.values import Answer, Call, Conversation, Finish, ToolKind, Usage
from bench.simmodel.wire.events import Event, pieces


def write(conversation: Conversation, answer: Answer, usage: Usage, answer_id: str) -> dict[str, Any]:
    """The whole answer."""
    cut = answer.finish is Finish.LENGTH
    output = output_items(answer, answer_id)
    return _response(conversation, answer_id, "incomplete" if cut else "completed") | {
        "output": output,
        "usage": _usage(usage),
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
    }


def output_items(answer: Answer, answer_id: str) -> list[dict[str, Any]]:
    """What the answer adds to the conversation."""
    items = [_message(answer, answer_id, "completed")] if answer.text else []
    return items + [_call(call, "completed") for call in answer.calls]


def events(conversation: Conversation, answer: Answer, usage: Usage, answer_id: str) -> Iterator[Event]:
    """The events, numbered."""
    for number, (data, characters) in enumerate(_events(conversation, answer, usage, answer_id)):
        yield Event(data | {"sequence_number": number}, data["type"], characters)


_Timed = tuple[dict[str, Any], int]


def _events(conversation: Conversation, answer: Answer, usage: Usage, answer_id: str) -> Iterator[_Timed]:
    started = _response(conversation, answer_id, "in_progress")
    yield {"type": "response.created", "response": started}, 0
    yield {"type": "response.in_progress", "response": started}, 0
    index = 0
    if answer.text:
        yield from _message_events(answer, answer_id)
        index += 1
    for call in answer.calls:
        yield from _call_events(call, index)
        index += 1
    whole = write(conversation, answer, usage, answer_id)
    yield {"type": f"response.{whole['status']}", "response": whole}, 0


def _message_events(answer: Answer, answer_id: str) -> Iterator[_Timed]:
    refused = answer.finish is Finish.REFUSAL
    name, key = ("refusal", "refusal") if refused else ("output_text", "text")
    done = _message(answer, answer_id, "completed")
    part = done["content"][0]
    place = {"item_id": done["id"], "output_index": 0, "content_index": 0}
    opened = done | {"status": "in_progress", "content": []}
    extra: dict[str, Any] = {} if refused else {"logprobs": []}
    yield {"type": "response.output_item.added", "output_index": 0, "item": opened}, 0
    yield {"type": "response.content_part.added", **place, "part": part | {key: ""}}, 0
    for piece in pieces(answer.text):
        yield {"type": f"response.{name}.delta", **place, "delta": piece, **extra}, len(piece)
    yield {"type": f"response.{name}.done", **place, key: answer.text, **extra}, 0
    yield {"type": "response.content_part.done", **place, "part": part}, 0
    yield {"type": "response.output_item.done", "output_index": 0, "item": done}, 0


def _call_events(call: Call, index: int) -> Iterator[_Timed]:
    done = _call(call, "completed")
    place = {"item_id": done["id"], "output_index": index}
    if call.kind is ToolKind.LOCAL_SHELL:
        yield (
            {"type": "response.output_item.added", "output_index": index, "item": _call(call, "in_progress")},
            0,
        )
    else:
        custom = call.kind is ToolKind.CUSTOM
        key = "input" if custom else "arguments"
        name = "custom_tool_call_input" if custom else "function_call_arguments"
        opened = _call(call, "in_progress") | {key: ""}
        yield {"type": "response.output_item.added", "output_index": index, "item": opened}, len(call.name)
        for piece in pieces(call.raw):
            yield {"type": f"response.{name}.delta", **place, "delta": piece}, len(piece)
        told = {} if custom else {"name": call.name}
        yield {"type": f"response.{name}.done", **place, key: call.raw, **told}, 0
    yield {"type": "response.output_item.done", "output_index": index, "item": done}, 0


def _message(answer: Answer, answer_id: str, status: str) -> dict[str, Any]:
    part: dict[str, Any] = (
        {"type": "refusal", "refusal": answer.text}
        if answer.finish is Finish.REFUSAL
        else {"type": "output_text", "text": answer.text, "annotations": [], "logprobs": []}
    )
    return {
        "id": f"msg_{answer_id}",
        "type": "message",
        "status": status,
        "role": "assistant",
        "content": [part],
    }


def _call(call: Call, status: str) -> dict[str, Any]:
    head = {"status": status, "call_id": call.id}
    match call.kind:
        case ToolKind.CUSTOM:
            return {
                "id": f"ctc_{call.id}",
                "type": "custom_tool_call",
                **head,
                "name": call.name,
                "input": call.raw,
            }
        case ToolKind.LOCAL_SHELL:
            return {
                "id": f"lsh_{call.id}",
                "type": "local_shell_call",
                **head,
                "action": json.loads(call.raw),
            }
        case ToolKind.FUNCTION:
            named = {"name": call.name, "arguments": call.raw}
            return {"id": f"fc_{call.id}", "type": "function_call", **head, **named}


def _response(conversation: Conversation, answer_id: str, status: str) -> dict[str, Any]:
    return {
        "id": f"resp_{answer_id}",
        "object": "response",
        "created_at": int(time.time()),
        "status": status,
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": conversation.max_tokens,
        "metadata": {},
        "model": conversation.model,
        "output": [],
        "parallel_tool_calls": conversation.parallel,
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "store": True,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": None,
        "user": None,
    }


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "input_tokens": usage.prompt,
        "input_tokens_details": {"cached_tokens": usage.cached},
        "output_tokens": usage.completion,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.prompt + usage.completion,
    }
