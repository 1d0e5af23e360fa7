"""OpenAI's Responses: reading the request."""

from __future__ import annotations

from typing import Any

from bench.simmodel.tokens import compact
from bench.simmodel.values import Call, Conversation, Prompt, Protocol, Result, Tool, ToolKind, Turn
from bench.simmodel.wire import reading
from bench.simmodel.wire.errors import invalid

_TEXT_PARTS = ("input_text", "output_text", "text", "refusal")
_CALLS = {
    "function_call": ("arguments", ToolKind.FUNCTION),
    "custom_tool_call": ("input", ToolKind.CUSTOM),
    "local_shell_call": ("action", ToolKind.LOCAL_SHELL),
}
_RESULTS = frozenset({"function_call_output", "custom_tool_call_output", "local_shell_call_output"})


def items_of(body: dict[str, Any]) -> list[Any]:
    """The request's input as items; a text is one message."""
    given = body.get("input")
    if isinstance(given, str):
        return [{"type": "message", "role": "user", "content": given}]
    return reading.sequence(given, "input")


def read(body: dict[str, Any], earlier: list[Any]) -> Conversation:
    """The request, after the ``earlier`` items that previous_response_id stands for. Raises ApiError(400)."""
    items = [*earlier, *items_of(body)]
    if not items:
        raise invalid("Missing required parameter: 'input'.", "input", "missing_required_parameter")
    offered = reading.sequence(body.get("tools"), "tools")
    tools = tuple(tool for number, item in enumerate(offered) if (tool := _tool(item, number)))
    system = [str(body.get("instructions") or "")]
    turns = list(_turns(items, system))
    wanted = (body.get("text") or {}).get("format") or {}
    return Conversation(
        Protocol.RESPONSES,
        reading.text(body.get("model"), "model"),
        "\n\n".join(part for part in system if part),
        reading.merged(turns),
        tools,
        Prompt("".join([*map(compact, offered), system[0], *map(compact, items)])),
        forced=_forced(body.get("tool_choice"), tools),
        parallel=body.get("parallel_tool_calls") is not False,
        stream=body.get("stream") is True,
        max_tokens=reading.positive(body.get("max_output_tokens"), "max_output_tokens"),
        schema=wanted.get("schema") if wanted.get("type") == "json_schema" else None,
    )


def _tool(value: object, number: int) -> Tool | None:
    item = reading.mapping(value, f"tools[{number}]")
    match item.get("type"):
        case "function":
            return reading.function_tool(item, f"tools[{number}]")
        case "custom":
            return Tool(reading.text(item.get("name"), f"tools[{number}].name"), ToolKind.CUSTOM)
        case "local_shell":
            return Tool("local_shell", ToolKind.LOCAL_SHELL)
        case None:
            raise invalid(f"Missing required parameter: 'tools[{number}].type'.", f"tools[{number}].type")
        case _:
            return None  # web search and the like run at the provider


def _turns(items: list[Any], system: list[str]) -> list[Turn]:
    turns: list[Turn] = []
    open_calls = dict[str, None]()
    for number, value in enumerate(items):
        place = f"input[{number}]"
        item = reading.mapping(value, place)
        kind = item.get("type") or ("message" if "role" in item else None)
        if kind == "message":
            _message(item, place, turns, system)
        elif kind in _CALLS:
            call = _call(item, str(kind), place)
            open_calls[call.id] = None
            turns.append(reading.answered("", (call,)))
        elif kind in _RESULTS:
            turns.append(_result(item, open_calls, place))
        elif kind is None:
            raise invalid(f"Missing required parameter: '{place}.type'.", f"{place}.type")
    if open_calls:
        raise invalid(f"No tool output found for function call {next(iter(open_calls))}.", "input")
    return turns


def _message(item: dict[str, Any], place: str, turns: list[Turn], system: list[str]) -> None:
    content = reading.text_of(item.get("content"), f"{place}.content", _TEXT_PARTS)
    match item.get("role"):
        case "system" | "developer":
            system.append(content)
        case "user":
            turns.append(reading.said(content))
        case "assistant":
            turns.append(reading.answered(content))
        case role:
            raise invalid(f"Invalid value: '{role}'.", f"{place}.role", "invalid_value")


def _call(item: dict[str, Any], kind: str, place: str) -> Call:
    key, tool_kind = _CALLS[kind]
    given = item.get(key)
    raw = compact(given) if tool_kind is ToolKind.LOCAL_SHELL else reading.text(given, f"{place}.{key}")
    return Call(
        reading.text(item.get("call_id"), f"{place}.call_id"), str(item.get("name", kind)), raw, tool_kind
    )


def _result(item: dict[str, Any], open_calls: dict[str, None], place: str) -> Turn:
    call_id = reading.text(item.get("call_id") or item.get("id"), f"{place}.call_id")
    if call_id not in open_calls:
        raise invalid(f"No tool call found for function call output with call_id {call_id}.", "input")
    del open_calls[call_id]
    return reading.told(Result(call_id, reading.text_of(item.get("output"), f"{place}.output", _TEXT_PARTS)))


def _forced(choice: object, tools: tuple[Tool, ...]) -> str | None:
    if isinstance(choice, dict) and choice.get("type") in {"function", "custom"}:
        return reading.forced_name(reading.text(choice.get("name"), "tool_choice.name"), tools)
    return tools[0].name if choice == "required" and len(tools) == 1 else None
