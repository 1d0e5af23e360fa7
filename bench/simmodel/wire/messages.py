"""Anthropic's Messages."""

from __future__ import annotations

import json
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
    Turn,
    Usage,
)
from bench.simmodel.wire import reading
from bench.simmodel.wire.errors import invalid
from bench.simmodel.wire.events import Event, pieces

_FINISHES = {
    Finish.STOP: "end_turn",
    Finish.CALLS: "tool_use",
    Finish.LENGTH: "max_tokens",
    Finish.REFUSAL: "refusal",
}


def read(body: dict[str, Any], *, counting: bool = False) -> Conversation:
    """The request. Raises ApiError(400) as the provider would."""
    max_tokens = reading.positive(body.get("max_tokens"), "max_tokens")
    if max_tokens is None and not counting:
        raise invalid("max_tokens: Field required")
    tools = tuple(
        _tool(tool, number) for number, tool in enumerate(reading.sequence(body.get("tools"), "tools"))
    )
    messages = reading.sequence(body.get("messages"), "messages")
    if not messages:
        raise invalid("messages: at least one message is required")
    choice = body.get("tool_choice") or {}
    output = body.get("output_config") or {}
    wanted = (output.get("format") if isinstance(output, dict) else None) or body.get("output_format") or {}
    return Conversation(
        Protocol.MESSAGES,
        reading.text(body.get("model"), "model"),
        "\n\n".join(_system(body, messages)),
        reading.merged(_turns(messages)),
        tools,
        _prompt(body, messages),
        forced=_forced(choice, tools),
        parallel=choice.get("disable_parallel_tool_use") is not True,
        stream=body.get("stream") is True,
        max_tokens=max_tokens,
        schema=wanted.get("schema") if isinstance(wanted, dict) else None,
    )


def write(conversation: Conversation, answer: Answer, usage: Usage, answer_id: str) -> dict[str, Any]:
    """The whole answer."""
    content: list[dict[str, Any]] = [{"type": "text", "text": answer.text}] if answer.text else []
    content += [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": _input(call.raw)}
        for call in answer.calls
    ]
    head = _head(conversation, usage, answer_id)
    return head | {"content": content, "stop_reason": _FINISHES[answer.finish]}


def events(conversation: Conversation, answer: Answer, usage: Usage, answer_id: str) -> Iterator[Event]:
    """The answer as its events."""
    started = Usage(usage.prompt, usage.cached, usage.written, 1)
    yield _event({"type": "message_start", "message": _head(conversation, started, answer_id)})
    yield _event({"type": "ping"})
    index = 0
    if answer.text:
        yield from _block(index, {"type": "text", "text": ""}, "text_delta", "text", answer.text)
        index += 1
    for call in answer.calls:
        block = {"type": "tool_use", "id": call.id, "name": call.name, "input": {}}
        yield from _block(index, block, "input_json_delta", "partial_json", call.raw)
        index += 1
    delta = {"stop_reason": _FINISHES[answer.finish], "stop_sequence": None}
    yield _event({"type": "message_delta", "delta": delta, "usage": _usage(usage)})
    yield _event({"type": "message_stop"})


def _block(index: int, block: dict[str, Any], kind: str, key: str, text: str) -> Iterator[Event]:
    yield _event(
        {"type": "content_block_start", "index": index, "content_block": block}, len(block.get("name", ""))
    )
    for piece in pieces(text):
        delta = {"type": kind, key: piece}
        yield _event({"type": "content_block_delta", "index": index, "delta": delta}, len(piece))
    yield _event({"type": "content_block_stop", "index": index})


def _event(data: dict[str, Any], characters: int = 0) -> Event:
    return Event(data, data["type"], characters)


def _head(conversation: Conversation, usage: Usage, answer_id: str) -> dict[str, Any]:
    return {
        "id": f"msg_{answer_id}",
        "type": "message",
        "role": "assistant",
        "model": conversation.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": _usage(usage) | {"service_tier": "standard"},
    }


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "input_tokens": usage.prompt - usage.cached - usage.written,
        "cache_creation_input_tokens": usage.written,
        "cache_read_input_tokens": usage.cached,
        "output_tokens": usage.completion,
    }


def _input(raw: str) -> dict[str, Any]:
    """The input as an object, as this protocol wants it even where the model wrote none."""
    try:
        value = json.loads(raw)
    except ValueError:
        return {"INVALID_JSON": raw}
    return value if isinstance(value, dict) else {"INVALID_JSON": raw}


def _tool(value: object, number: int) -> Tool:
    item = reading.mapping(value, f"tools.{number}")
    if item.get("type") not in {None, "custom"}:
        return Tool(str(item.get("name")))
    if "input_schema" not in item:
        raise invalid(f"tools.{number}.custom.input_schema: Field required")
    return reading.function_tool(item, f"tools.{number}", "input_schema")


def _system(body: dict[str, Any], messages: list[Any]) -> Iterator[str]:
    yield reading.text_of(body.get("system"), "system", ("text",))
    for number, value in enumerate(messages):
        place = f"messages.{number}"
        message = reading.mapping(value, place)
        if message.get("role") == "system":
            yield reading.text_of(message.get("content"), f"{place}.content", ("text",))


def _turns(messages: list[Any]) -> Iterator[Turn]:
    open_calls: tuple[str, ...] = ()
    for number, value in enumerate(messages):
        place = f"messages.{number}"
        message = reading.mapping(value, place)
        role = message.get("role")
        if role == "system" and number > 0:
            continue  # the newer way to tell the model something under way
        if role not in {"user", "assistant"} or (number == 0 and role != "user"):
            raise invalid(
                f"{place}.role: unexpected role '{role}'; the first message must use the \"user\" role"
            )
        turn = _turn(message, by_user=role == "user", place=place)
        if role == "assistant" and open_calls:
            raise _unanswered(number - 1, open_calls)
        if role == "user":
            _check_results(turn, open_calls, number)
        open_calls = tuple(call.id for call in turn.calls)
        yield turn
    if open_calls:
        raise _unanswered(len(messages) - 1, open_calls)


def _turn(message: dict[str, Any], *, by_user: bool, place: str) -> Turn:
    content = message.get("content")
    if isinstance(content, str):
        if not content:
            raise invalid(f"{place}: user messages must have non-empty content")
        return Turn(by_user, content)
    texts, calls, results = [], [], []
    for number, value in enumerate(reading.sequence(content, f"{place}.content")):
        where = f"{place}.content.{number}"
        block = reading.mapping(value, where)
        match block.get("type"):
            case "text":
                texts.append(reading.text(block.get("text"), f"{where}.text"))
                if not texts[-1].strip():
                    raise invalid("messages: text content blocks must contain non-whitespace text")
            case "tool_use":
                given = compact(reading.mapping(block.get("input"), f"{where}.input"))
                name = reading.text(block.get("name"), f"{where}.name")
                calls.append(Call(reading.text(block.get("id"), f"{where}.id"), name, given))
            case "tool_result":
                if texts:
                    raise invalid(f"{where}: `tool_result` blocks must come before text in a user message")
                results.append(_result(block, where))
            case None:
                raise invalid(f"{where}.type: Field required")
            case _:
                pass  # thinking, images, …: nothing that this model reads
    return Turn(by_user, "\n\n".join(texts), tuple(calls), tuple(results))


def _result(block: dict[str, Any], place: str) -> Result:
    call_id = reading.text(block.get("tool_use_id"), f"{place}.tool_use_id")
    content = reading.text_of(block.get("content"), f"{place}.content", ("text",))
    return Result(call_id, content, block.get("is_error") is True)


def _check_results(turn: Turn, open_calls: tuple[str, ...], number: int) -> None:
    given = [result.call_id for result in turn.results]
    missing = tuple(call for call in open_calls if call not in given)
    if missing:
        raise _unanswered(number - 1, missing)
    if surplus := [call for call in given if call not in open_calls]:
        raise invalid(
            f"messages.{number}.content: unexpected `tool_use_id` found in `tool_result` blocks:"
            f" {surplus[0]}. Each `tool_result` block must have a corresponding `tool_use` block in"
            " the previous message."
        )


def _unanswered(number: int, missing: tuple[str, ...]) -> Exception:
    return invalid(
        f"messages.{number}: `tool_use` ids were found without `tool_result` blocks immediately after:"
        f" {', '.join(missing)}. Each `tool_use` block must have a corresponding `tool_result` block in"
        " the next message."
    )


def _forced(choice: dict[str, Any], tools: tuple[Tool, ...]) -> str | None:
    if choice.get("type") == "tool":
        return reading.forced_name(reading.text(choice.get("name"), "tool_choice.name"), tools)
    return tools[0].name if choice.get("type") == "any" and len(tools) == 1 else None


def _prompt(body: dict[str, Any], messages: list[Any]) -> Prompt:
    """Tools, system, messages, in the order in which this provider caches them, and where they are marked."""
    parts: list[str] = []
    marks: list[int] = []
    length = 0

    def add(item: object, prefix: str = "") -> None:
        nonlocal length
        marked = False
        if isinstance(item, dict):
            marked = bool(item.get("cache_control"))
            item = {key: value for key, value in item.items() if key != "cache_control"}
        parts.append(prefix + compact(item))
        length += len(parts[-1])
        if marked:
            marks.append(length)

    for tool in body.get("tools") or ():
        add(tool)
    for block in _blocks(body.get("system")):
        add(block)
    for message in messages:
        for number, block in enumerate(_blocks(message.get("content"))):
            add(block, f'{{"{message["role"]}"}}' if number == 0 else "")
    if body.get("cache_control"):
        marks.append(length)
    return Prompt("".join(parts), tuple(marks))


def _blocks(content: Any) -> list[Any]:  # noqa: ANN401 - whatever the client sent
    """A text is the same as one block of it."""
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content or ())
