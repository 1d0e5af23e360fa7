"""The simulated model's protocols, read by the providers' own client libraries."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bench.simmodel import SimModel
from tests.support.simulated import AGENT, FILE, NUMBERED, SESSION

PROMPT = f"Mend the paging.\n{FILE}"


@pytest.fixture
def sim() -> Iterator[SimModel]:
    with SimModel(SESSION) as running:
        yield running


def flat(tools: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The tools in the form of Responses."""
    return [{"type": "function", **tool["function"]} for tool in tools]


def anthropic_tools(mark: bool = True) -> list[dict[str, Any]]:
    """The tools in the form of Messages, the last one marked for the cache."""
    tools = [
        {
            "name": tool["function"]["name"],
            "description": tool["function"]["description"],
            "input_schema": tool["function"]["parameters"],
        }
        for tool in AGENT
    ]
    tools[-1] |= {"cache_control": {"type": "ephemeral"}} if mark else {}
    return tools


def openai_client(sim: SimModel, path: str = "/v1") -> Any:
    openai = pytest.importorskip("openai")
    return openai.OpenAI(base_url=sim.url + path, api_key="k", max_retries=0)


def anthropic_client(sim: SimModel) -> Any:
    anthropic = pytest.importorskip("anthropic")
    return anthropic.Anthropic(base_url=sim.url, api_key="k", max_retries=0)


@pytest.mark.parametrize("path", ["/v1", ""])
def test_chat_completions(sim: SimModel, path: str):
    client = openai_client(sim, path)
    messages: list[dict[str, Any]] = [{"role": "user", "content": "Mend the paging"}]
    moves = []
    for result in ("src/paging.py:4:def pages", NUMBERED, "ok"):
        answer = client.chat.completions.create(model="sim-1", messages=messages, tools=AGENT)
        choice = answer.choices[0]
        assert choice.finish_reason == "tool_calls"
        moves.append([call.function.name for call in choice.message.tool_calls])
        messages.append(choice.message.model_dump(exclude_none=True))
        messages += [
            {"role": "tool", "tool_call_id": call.id, "content": result} for call in choice.message.tool_calls
        ]
    assert moves == [["search"], ["read"], ["edit", "done"]]
    usage = answer.usage
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert usage.prompt_tokens_details.cached_tokens == sim.requests[-1].cached
    assert sim.requests[-1].cached in range(128, usage.prompt_tokens + 1, 128)


def test_chat_completions_streamed(sim: SimModel):
    client = openai_client(sim)
    asked: dict[str, Any] = {
        "model": "sim-1",
        "messages": [{"role": "user", "content": PROMPT}],
        "tools": AGENT,
        "stream_options": {"include_usage": True},
    }
    chunks = list(client.chat.completions.create(stream=True, **asked))
    assert len(chunks) > 6
    assert (chunks[-1].choices, chunks[-1].usage.prompt_tokens) == ([], sim.requests[0].prompt_tokens)
    pieces: dict[int, str] = {}
    for chunk in chunks[:-1]:
        for call in chunk.choices[0].delta.tool_calls or ():
            pieces[call.index] = pieces.get(call.index, "") + (call.function.arguments or "")
    assert json.loads(pieces[1]) == {"summary": "Rounded up."}
    with client.chat.completions.stream(**asked) as stream:
        final = stream.get_final_completion()
    assert [call.function.name for call in final.choices[0].message.tool_calls] == ["edit", "done"]


def test_responses(sim: SimModel):
    client = openai_client(sim)
    first = client.responses.create(
        model="sim-1", input="Mend the paging", tools=flat(AGENT), instructions="Be quick"
    )
    call = first.output[0]
    assert (first.status, call.type, call.name) == ("completed", "function_call", "search")
    result = {"type": "function_call_output", "call_id": call.call_id, "output": FILE}
    second = client.responses.create(
        model="sim-1",
        previous_response_id=first.id,
        input=[result],
        tools=flat(AGENT),
        instructions="Be quick",
    )
    assert [item.name for item in second.output] == ["edit", "done"]
    assert second.usage.input_tokens_details.cached_tokens > 0
    text = client.responses.create(model="sim-1", input="Write a title:\npaging")
    assert text.output_text == "paging"


def test_responses_streamed(sim: SimModel):
    client = openai_client(sim)
    with client.responses.stream(model="sim-1", input=PROMPT, tools=flat(AGENT)) as stream:
        events = list(stream)
        final = stream.get_final_response()
    assert [event.sequence_number for event in events] == list(range(len(events)))
    kinds = list(dict.fromkeys(event.type for event in events))
    assert kinds == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert json.loads(final.output[1].arguments) == {"summary": "Rounded up."}
    with client.responses.stream(model="sim-1", input="Write a title:\npaging") as stream:
        said = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
    assert said == "paging"


def test_responses_with_free_text_tools_and_the_built_in_shell(sim: SimModel):
    client = openai_client(sim)
    tools = [
        {"type": "custom", "name": "apply_patch", "format": {"type": "text"}},
        {"type": "local_shell"},
        {"type": "web_search"},
    ]
    with client.responses.stream(model="sim-1", input=PROMPT, tools=tools) as stream:
        patch = next(event for event in stream if event.type == "response.custom_tool_call_input.done")
    assert patch.input.startswith("*** Begin Patch\n*** Update File: src/paging.py")
    look = client.responses.create(model="sim-1", input="Mend the paging", tools=tools).output[0]
    assert (look.type, look.action.command[:2]) == ("local_shell_call", ["bash", "-lc"])
    items = [
        {"role": "user", "content": PROMPT},
        {"type": "custom_tool_call", "call_id": "call_sim_edit_0_0_x", "name": "apply_patch", "input": "…"},
        {"type": "custom_tool_call_output", "call_id": "call_sim_edit_0_0_x", "output": "Success."},
    ]
    tested = client.responses.create(model="sim-1", input=items, tools=tools).output[0]
    assert tested.action.command[2] == "python3 check.py"


def test_messages(sim: SimModel):
    client = anthropic_client(sim)
    tools = anthropic_tools()
    marked = {"type": "text", "text": "Mend the paging", "cache_control": {"type": "ephemeral"}}
    messages: list[dict[str, Any]] = [{"role": "user", "content": [marked]}]
    first = client.messages.create(model="sim-1", max_tokens=2000, tools=tools, messages=messages)
    assert (first.stop_reason, [block.name for block in first.content]) == ("tool_use", ["search"])
    assert first.usage.cache_creation_input_tokens > 0 == first.usage.cache_read_input_tokens
    messages += [
        {"role": "assistant", "content": first.content},
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": first.content[0].id, "content": NUMBERED}],
        },
    ]
    second = client.messages.create(model="sim-1", max_tokens=2000, tools=tools, messages=messages)
    assert [block.name for block in second.content] == ["edit", "done"]
    assert second.usage.cache_read_input_tokens == first.usage.cache_creation_input_tokens
    assert second.usage.input_tokens > 0
    counted = client.messages.count_tokens(model="sim-1", tools=tools, messages=messages).input_tokens
    assert counted == sim.requests[-1].prompt_tokens


def test_messages_streamed(sim: SimModel):
    client = anthropic_client(sim)
    asked: dict[str, Any] = {
        "model": "sim-1",
        "max_tokens": 2000,
        "tools": anthropic_tools(mark=False),
        "messages": [{"role": "user", "content": PROMPT}],
    }
    with client.messages.stream(**asked) as stream:
        events = [event.type for event in stream]
        final = stream.get_final_message()
    assert events[0] == "message_start"
    assert events[-1] == "message_stop"
    assert [block.input for block in final.content][1] == {"summary": "Rounded up."}
    assert final.usage.output_tokens == sim.requests[0].completion_tokens
    assert (final.usage.cache_read_input_tokens, final.usage.input_tokens) == (
        0,
        sim.requests[0].prompt_tokens,
    )
    forced = client.messages.create(
        **{**asked, "tools": [{**asked["tools"][0], "name": "submit_plan"}]},
        tool_choice={"type": "tool", "name": "submit_plan"},
    )
    assert forced.content[0].input["milestones"]


ERRORS = {
    "429": ("RateLimitError", "RateLimitError"),
    "500": ("InternalServerError", "InternalServerError"),
    "529": ("InternalServerError", "OverloadedError"),
    "401": ("AuthenticationError", "AuthenticationError"),
    "404": ("NotFoundError", "NotFoundError"),
    "context": ("BadRequestError", "BadRequestError"),
    "quota": ("RateLimitError", "BadRequestError"),
    "cut": ("APIConnectionError", "APIConnectionError"),
}


@pytest.mark.parametrize("fault", ERRORS)
def test_errors_are_known_to_the_clients(sim: SimModel, fault: str):
    sim.set_faults(fault)
    openai, anthropic = pytest.importorskip("openai"), pytest.importorskip("anthropic")
    messages = [{"role": "user", "content": PROMPT}]
    with pytest.raises(getattr(openai, ERRORS[fault][0])) as of_openai:
        openai_client(sim).chat.completions.create(model="sim-1", messages=messages)
    with pytest.raises(openai.APIError):
        openai_client(sim).responses.create(model="sim-1", input=PROMPT)
    wanted = getattr(anthropic, ERRORS[fault][1], anthropic.InternalServerError)
    with pytest.raises(wanted) as of_anthropic:
        anthropic_client(sim).messages.create(model="sim-1", max_tokens=9, messages=messages)
    if fault == "quota":
        assert of_openai.value.code == "insufficient_quota"
        assert "credit balance is too low" in str(of_anthropic.value)
    if fault == "context":
        assert of_openai.value.code == "context_length_exceeded"
        assert "prompt is too long" in str(of_anthropic.value)
    if fault == "429":
        assert of_openai.value.response.headers["retry-after"] == "1"


def test_refusals_in_each_protocol(sim: SimModel):
    sim.set_faults("refusal")
    messages = [{"role": "user", "content": PROMPT}]
    client = openai_client(sim)
    message = client.chat.completions.create(model="sim-1", messages=messages).choices[0].message
    assert (message.content, message.refusal[:9]) == (None, "I'm sorry")
    part = client.responses.create(model="sim-1", input=PROMPT).output[0].content[0]
    assert part.type == "refusal"
    with client.responses.stream(model="sim-1", input=PROMPT) as stream:
        assert "response.refusal.done" in [event.type for event in stream]
    told = anthropic_client(sim).messages.create(model="sim-1", max_tokens=99, messages=messages)
    assert told.stop_reason == "refusal"


def test_the_models_are_listed(sim: SimModel):
    assert [model.id for model in openai_client(sim).models.list()] == ["sim-1"]
    assert [model.id for model in anthropic_client(sim).models.list()] == ["sim-1"]
