"""A model request in the words of Anthropic's Messages, with its cache breakpoints. Pure."""

from __future__ import annotations

from typing import Any

from journeyman.domain.model import Message, ModelRequest, Speaker, ToolResult
from journeyman.models.answers import sent_arguments

OPAQUE = "anthropic"
_CACHE = {"type": "ephemeral"}
# Of the four breakpoints that a request may have, one is on the tools and one on the system text.
_CACHED_TURNS = 2


def messages_body(model: str, request: ModelRequest, output_tokens: int) -> dict[str, Any]:
    """The JSON body."""
    body: dict[str, Any] = {"model": model, "max_tokens": output_tokens, "stream": True}
    if request.tools:
        body["tools"] = [
            {"name": tool.name, "description": tool.description, "input_schema": tool.parameters}
            for tool in request.tools
        ]
        body["tools"][-1]["cache_control"] = _CACHE
        if request.force_tool is not None:
            body["tool_choice"] = {"type": "tool", "name": request.force_tool}
    if request.system.strip():
        body["system"] = [{"type": "text", "text": request.system, "cache_control": _CACHE}]
    body["messages"] = _messages(request, model)
    return body


def _messages(request: ModelRequest, model: str) -> list[dict[str, Any]]:
    turns: list[dict[str, Any]] = []
    for message in request.messages:
        speaker = "assistant" if message.speaker is Speaker.ASSISTANT else "user"
        blocks = _assistant(message, model) if message.speaker is Speaker.ASSISTANT else _user(message)
        if blocks:
            turns.append({"role": speaker, "content": blocks})
    # The user's last turn, and the one before it: there the request before this one left its cache entry.
    for turn in [turn for turn in turns if turn["role"] == "user"][-_CACHED_TURNS:]:
        turn["content"][-1] = {**turn["content"][-1], "cache_control": _CACHE}
    return turns


def _user(message: Message) -> list[dict[str, Any]]:
    return [*(_result(result) for result in message.results), *_text(message.text)]


def _result(result: ToolResult) -> dict[str, Any]:
    block: dict[str, Any] = {"type": "tool_result", "tool_use_id": result.call_id, "content": result.content}
    return {**block, "is_error": True} if result.is_error else block


def _text(text: str) -> list[dict[str, Any]]:
    # Empty and blank blocks are refused.
    return [{"type": "text", "text": text}] if text.strip() else []


def _assistant(message: Message, model: str) -> list[dict[str, Any]]:
    calls = [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": sent_arguments(call)}
        for call in message.calls
    ]
    kept = _kept(message, model)
    thinking = [block for block in kept if block.get("type") not in {"text", "tool_use"}]
    if kept and _says(kept) == (message.text, calls):
        return kept
    return [*thinking, *_text(message.text), *calls]


def _kept(message: Message, model: str) -> list[dict[str, Any]]:
    """The blocks as they came, if this model made them: another one could not read its signatures."""
    kept = message.opaque.get(OPAQUE) if isinstance(message.opaque, dict) else None
    if not isinstance(kept, dict) or kept.get("model") != model or not isinstance(kept.get("blocks"), list):
        return []
    return [block for block in kept["blocks"] if isinstance(block, dict)]


def _says(blocks: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    text = "".join(str(block.get("text", "")) for block in blocks if block.get("type") == "text")
    calls = [block for block in blocks if block.get("type") == "tool_use"]
    return text, [{name: call.get(name) for name in ("type", "id", "name", "input")} for call in calls]
