"""A model request in the words of OpenAI's Chat Completions. Pure; equal prefixes give equal bytes."""

from __future__ import annotations

import json
from typing import Any

from journeyman.domain.model import Message, ModelRequest, Speaker, ToolCall, ToolResult
from journeyman.models.answers import sent_arguments
from journeyman.models.openai.dialect import Dialect, Forcing

OPAQUE = "openai-chat"
REASONING_FIELDS = ("reasoning_content", "reasoning", "reasoning_details")
# Of a call: where Google keeps the signature of the thought behind it, and wants it back.
EXTRA_FIELD = "extra_content"
_BRIDGE = {"role": "assistant", "content": "OK"}


def chat_body(model: str, request: ModelRequest, dialect: Dialect) -> dict[str, Any]:
    """The JSON body, in the endpoint's dialect."""
    body: dict[str, Any] = {"model": model, "messages": _messages(request, dialect), "stream": True}
    if request.tools:
        body["tools"] = [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.parameters,
                },
            }
            for tool in request.tools
        ]
    if request.tools and request.force_tool is not None and dialect.forcing is not Forcing.NONE:
        named = {"type": "function", "function": {"name": request.force_tool}}
        body["tool_choice"] = named if dialect.forcing is Forcing.NAMED else "required"
    if dialect.stream_usage:
        body["stream_options"] = {"include_usage": True}
    body[dialect.output_field.value] = dialect.output_tokens(request.max_output_tokens)
    return body


def _messages(request: ModelRequest, dialect: Dialect) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    if request.system:
        messages.append({"role": "system", "content": request.system})
    for message in request.messages:
        if message.speaker is Speaker.ASSISTANT:
            messages.append(_assistant(message, dialect))
        else:
            messages += [_result(result) for result in message.results]
            if message.text:
                if message.results and not dialect.user_after_tool:
                    messages.append(_BRIDGE)
                messages.append({"role": "user", "content": message.text})
    return messages


def _assistant(message: Message, dialect: Dialect) -> dict[str, Any]:
    turn: dict[str, Any] = {"role": "assistant", "content": message.text or (None if message.calls else "")}
    if message.calls:
        kept = _kept(message)
        turn["tool_calls"] = [{**_call(call), **_extra(kept, call)} for call in message.calls]
        # Only turns with calls need their reasoning again; elsewhere some endpoints refuse it.
        if dialect.returns_reasoning:
            turn |= {name: kept[name] for name in REASONING_FIELDS if name in kept}
    return turn


def _kept(message: Message) -> dict[str, Any]:
    kept = message.opaque.get(OPAQUE) if isinstance(message.opaque, dict) else None
    return kept if isinstance(kept, dict) else {}


def _extra(kept: dict[str, Any], call: ToolCall) -> dict[str, Any]:
    extras = kept.get(EXTRA_FIELD)
    return {EXTRA_FIELD: extras[call.id]} if isinstance(extras, dict) and call.id in extras else {}


def _call(call: ToolCall) -> dict[str, Any]:
    # As the model wrote it, so that the cached prefix holds; unless it is no object, which servers may parse.
    as_written = call.arguments is not None and call.raw.strip()
    arguments = call.raw if as_written else json.dumps(sent_arguments(call), ensure_ascii=False)
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _result(result: ToolResult) -> dict[str, Any]:
    marked = result.is_error and not result.content.lower().startswith("error")
    content = f"Error: {result.content}" if marked else result.content
    return {"role": "tool", "tool_call_id": result.call_id, "content": content}
