"""Requests and answers in the words of pydantic-ai. Imported only together with it."""

from __future__ import annotations

from typing import Any

from pydantic_ai.messages import (
    ModelMessage,
    ModelMessagesTypeAdapter,
    ModelResponse,
    ModelResponsePart,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.messages import ModelRequest as TheirRequest
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition

from journeyman.domain.model import Message, ModelRequest, Speaker, ToolCall
from journeyman.models.texts import arguments_of, clean, tool_call

OPAQUE = "pydantic-ai"


def to_parameters(request: ModelRequest, timeout_s: float) -> tuple[ModelSettings, ModelRequestParameters]:
    """Limits and tools."""
    settings = ModelSettings(max_tokens=request.max_output_tokens, timeout=timeout_s)
    if request.force_tool is not None:
        settings["tool_choice"] = [request.force_tool]
    tools = [
        ToolDefinition(name=tool.name, description=tool.description, parameters_json_schema=tool.parameters)
        for tool in request.tools
    ]
    return settings, ModelRequestParameters(function_tools=tools)


def to_messages(request: ModelRequest, model: str) -> list[ModelMessage]:
    """The conversation. The system text travels as instructions, with every turn of the user."""
    names = {call.id: call.name for message in request.messages for call in message.calls}
    messages: list[ModelMessage] = []
    for message in request.messages:
        if message.speaker is Speaker.ASSISTANT:
            messages.append(_assistant(message, model))
        else:
            messages.append(_user(message, names, request.system or None))
    return messages


def _user(message: Message, names: dict[str, str], system: str | None) -> TheirRequest:
    results = [
        ToolReturnPart(
            tool_name=names.get(result.call_id, ""),
            content=result.content,
            tool_call_id=result.call_id,
            outcome="failed" if result.is_error else "success",
        )
        for result in message.results
    ]
    said = [UserPromptPart(message.text)] if message.text else []
    return TheirRequest(parts=[*results, *said], instructions=system)


def _assistant(message: Message, model: str) -> ModelResponse:
    kept = message.opaque.get(OPAQUE) if isinstance(message.opaque, dict) else None
    if isinstance(kept, dict) and kept.get("model") == model:
        response = ModelMessagesTypeAdapter.validate_python([kept["response"]])[0]
        if isinstance(response, ModelResponse) and _says(response) == _wanted(message):
            return response
    parts: list[ModelResponsePart] = [TextPart(message.text)] if message.text else []
    parts += [ToolCallPart(call.name, arguments_of(call), call.id) for call in message.calls]
    return ModelResponse(parts=parts)


def _says(response: ModelResponse) -> tuple[str, list[str]]:
    return response.text or "", [part.tool_call_id for part in response.tool_calls]


def _wanted(message: Message) -> tuple[str, list[str]]:
    return message.text, [call.id for call in message.calls]


def read_calls(response: ModelResponse, *, id_prefix: str) -> tuple[ToolCall, ...]:
    """The calls, each with an id."""
    return tuple(
        tool_call(part.tool_call_id or f"{id_prefix}_{number}", part.tool_name, _raw(part))
        for number, part in enumerate(response.tool_calls)
    )


def _raw(part: ToolCallPart) -> str:
    return part.args if isinstance(part.args, str) else part.args_as_json_str()


def opaque_of(response: ModelResponse, model: str) -> Any:  # noqa: ANN401 - JSON
    """The whole response, where it holds more than text and calls: thinking, signatures."""
    plain = all(
        isinstance(part, TextPart | ToolCallPart) and not part.provider_details for part in response.parts
    )
    if plain:
        return None
    dumped = ModelMessagesTypeAdapter.dump_python([response], mode="json")[0]
    return {OPAQUE: {"model": model, "response": clean(dumped)}}
