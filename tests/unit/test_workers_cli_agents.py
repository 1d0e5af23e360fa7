"""What is read from the CLIs' own lines (recorded from the real programs), and the decisions made of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeyman.domain.process import CommandResult
from journeyman.domain.settings import WorkerSettings
from journeyman.domain.worker import Usage
from journeyman.workers.cli_agents.account import Account
from journeyman.workers.cli_agents.cli import Call, UserEnvironment, model_for
from journeyman.workers.cli_agents.events import Acted, Ended, Problem, TextSeen, Trouble, classify
from journeyman.workers.cli_agents.login import renewed
from journeyman.workers.cli_agents.memory import (
    Memory,
    load_memory,
    save_memory,
    since,
    together,
    valid_session,
)
from journeyman.workers.cli_agents.registry import CODING_CLIS
from journeyman.workers.cli_agents.watch import Liveness, Pulse

FIXTURES = Path(__file__).parent.parent / "fixtures" / "cli_output"
TYPES = {"claude": "claude_code", "codex": "codex", "opencode": "opencode"}
DONE = 'All done.\n{"summary": "wrote what was asked"}'


def account_of(recording: str) -> tuple[Account, list[object]]:
    account = Account(CODING_CLIS[TYPES[recording.partition("_")[0]]])
    told: list[object] = []
    for line in (FIXTURES / f"{recording}.jsonl").read_text().splitlines():
        told += account.take("stdout", line)
    return account, told


def result(exit_code: int = 0, **more: Any) -> CommandResult:
    return CommandResult(("x",), Path(), exit_code, b"", b"", 1.0, **more)


@pytest.mark.parametrize(
    ("recording", "tokens", "cached", "out", "cost"),
    [
        ("claude_ok", 3300, 3000, 60, 0.003),
        ("claude_resumed", 5500, 5000, 100, 0.005),
        ("codex_ok", 3300, 3000, 60, None),
        ("codex_resumed", 5500, 5000, 100, None),
        ("opencode_ok", 3300, 3000, 60, None),
    ],
)
def test_a_good_call(recording: str, tokens: int, cached: int, out: int, cost: float | None) -> None:
    account, told = account_of(recording)
    assert account.outcome(result(), None) == Ended(message=DONE if recording.startswith("claude") else "")
    assert account.answer == DONE
    usage = account.total or account.used
    assert usage is not None
    assert (usage.tokens_in, usage.tokens_cached, usage.tokens_out) == (tokens, cached, out)
    assert usage.cost_usd == cost
    assert account.session_id
    assert account.garbled == 0
    assert TextSeen("Let me run that.") in told
    wanted = "again > b.txt" if recording.endswith("resumed") else "echo fixed > a.txt"
    assert any(isinstance(event, Acted) and wanted in event.text for event in told)


@pytest.mark.parametrize(
    ("recording", "problem"),
    [
        ("claude_401", Problem.UNAUTHORIZED),
        ("claude_429", Problem.QUOTA),
        ("claude_nokey", Problem.UNAUTHORIZED),
        ("claude_maxturns", Problem.LIMIT),
        ("claude_budget", Problem.LIMIT),
        ("codex_401", Problem.UNAUTHORIZED),
        ("codex_429", Problem.QUOTA),
        ("opencode_401", Problem.UNAUTHORIZED),
        ("opencode_402", Problem.QUOTA),
    ],
)
def test_a_bad_call(recording: str, problem: Problem) -> None:
    account, _ = account_of(recording)
    end = account.outcome(result(), None)
    assert end.problem is problem, "whatever the exit code says"
    assert end.message


def test_a_budget_that_ended_it_was_still_spent() -> None:
    account, _ = account_of("claude_budget")
    assert account.total is not None
    assert (account.total.tokens_in, account.total.cost_usd) == (1100, 0.001)


def test_the_second_refusal_is_hopeless() -> None:
    lines = (FIXTURES / "codex_401.jsonl").read_text().splitlines()
    refusals = [n for n, line in enumerate(lines) if "401" in line]
    account = Account(CODING_CLIS["codex"])
    for line in lines[: refusals[0] + 1]:
        account.take("stdout", line)
    assert account.hopeless() is None, "a first one may be an access token that it renews"
    account.take("stdout", lines[refusals[1]])
    stopped = account.hopeless()
    assert stopped is not None
    assert stopped.problem is Problem.UNAUTHORIZED


def test_a_lost_session_is_noticed() -> None:
    assert account_of("claude_lost")[0].session_lost
    for worker, line in (
        ("codex", "Error: thread/resume: thread/resume failed: no rollout found for thread id 1"),
        ("opencode", "\x1b[91m\x1b[1mError: \x1b[0mSession not found"),
    ):
        account = Account(CODING_CLIS[worker])
        account.take("stderr", line)
        assert account.session_lost


def test_without_a_result_the_end_is_told_by_what_is_there() -> None:
    def ends(*lines: tuple[str, str], **more: Any) -> Problem | None:
        account = Account(CODING_CLIS["codex"])
        for stream, line in lines:
            account.take(stream, line)
        return account.outcome(result(1, **more), None).problem

    assert ends() is Problem.FAILED
    assert ends(("stderr", "error: not logged in")) is Problem.UNAUTHORIZED
    assert ends(("stdout", "{'not': json"), ("stdout", "[1]")) is Problem.GARBLED
    assert ends(("stdout", '{"type": "turn.started"}'), timed_out=True) is Problem.TIMEOUT
    waiting = '{"type":"error","message":"Reconnecting... waiting for network (Connection failed)"}'
    assert ends(("stdout", waiting)) is Problem.NETWORK


def test_troubles_are_no_signs_of_life() -> None:
    account = Account(CODING_CLIS["codex"])
    account.take("stdout", '{"type":"error","message":"Reconnecting... 1/5"}')
    account.take("stdout", "garbage")
    account.take("stderr", "chatter")
    assert account.signs == 0
    account.take("stdout", '{"type":"something.new","x":[1]}')
    assert account.signs == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
KNOWN = st.sampled_from(
    """type subtype message content usage item part error errors data modelUsage permission_denials tokens cache
    session_id sessionID changes result total_cost_usd num_turns""".split()  # noqa: SIM905
)
TYPE_NAMES = st.sampled_from(
    """system assistant result item.started item.completed error turn.failed turn.completed thread.started text
    tool_use step_finish file_change api_retry init""".split()  # noqa: SIM905
)


@settings(max_examples=400)
@given(st.dictionaries(KNOWN, JSON | TYPE_NAMES, max_size=6), TYPE_NAMES)
def test_no_event_of_any_shape_breaks_a_reader(line: dict[str, Any], kind: str) -> None:
    for cli in CODING_CLIS.values():
        account = Account(cli)
        account.take("stdout", json.dumps({**line, "type": kind}))
        account.outcome(result(), None)


@pytest.mark.parametrize(
    ("message", "status", "problem"),
    [
        ("anything", 401, Problem.UNAUTHORIZED),
        ("anything", 403, Problem.UNAUTHORIZED),
        ("anything", 429, Problem.QUOTA),
        ("anything", 529, Problem.NETWORK),
        ("unexpected status 401 Unauthorized: x", None, Problem.UNAUTHORIZED),
        ("exceeded retry limit, last status: 429 Too Many Requests", None, Problem.QUOTA),
        ("API Error: Request rejected (429) · later", None, Problem.QUOTA),
        ("Not logged in · Please run /login", None, Problem.UNAUTHORIZED),
        ("Missing environment variable: `OPENAI_API_KEY`.", None, Problem.UNAUTHORIZED),
        ("Your credit balance is too low", 400, Problem.QUOTA),
        ("You've hit your usage limit", None, Problem.QUOTA),
        ("Cannot connect to API: Unable to connect", None, Problem.NETWORK),
        ("We're currently experiencing high demand", None, Problem.NETWORK),
        ("prompt is too long: 210000 tokens", 400, Problem.CONTEXT),
        ("panicked at src/main.rs", None, Problem.FAILED),
    ],
)
def test_problems_are_told_apart(message: str, status: int | None, problem: Problem) -> None:
    assert classify(message, status) is problem


def test_a_total_is_booked_once() -> None:
    first = Usage("m", 2200, 2000, 40, 0.002, requests=2)
    second = Usage("m", 4400, 4000, 80, 0.004, requests=2)
    assert since(first, None) == first
    assert since(second, first) == Usage("m", 2200, 2000, 40, 0.002, requests=2)
    assert since(first, second) == first, "a session that counts from the beginning again"


def test_an_unknown_figure_stays_unknown() -> None:
    summed = together([Usage("m", 10, 5, None, 0.1), Usage("m", 20, 5, 3, None)])
    assert summed == Usage("m", 30, 10, None, None, requests=2)
    assert together([]) is None


def test_memory_outlives_and_survives_damage(tmp_path: Path) -> None:
    path = tmp_path / "m1.json"
    assert load_memory(path) == Memory()
    memory = Memory("abc", Usage("m", 1, 2, 3), None)
    save_memory(path, memory)
    assert load_memory(path) == memory
    for damage in ("", "[]", '{"session_id": 1}', '{"session_id":"a","reported":{"x":1},"pending":null}'):
        path.write_text(damage)
        assert load_memory(path) == Memory()


@pytest.mark.parametrize(
    ("name", "valid"),
    [
        ("01a2096a-3097", True),
        ("ses_df69", True),
        ("", False),
        ("--resume", False),
        ("../x", False),
        ("a b", False),
    ],
)
def test_session_names_are_not_trusted(name: str, valid: bool) -> None:
    assert valid_session(name) is valid


OLD = {"claudeAiOauth": {"accessToken": "a", "refreshToken": "r", "expiresAt": 1, "subscriptionType": "max"}}


@pytest.mark.parametrize(
    ("new", "taken"),
    [
        (
            {
                "claudeAiOauth": {
                    **OLD["claudeAiOauth"],
                    "accessToken": "b",
                    "refreshToken": "s",
                    "expiresAt": 2,
                }
            },
            True,
        ),
        (OLD, False),
        ({"claudeAiOauth": {**OLD["claudeAiOauth"], "subscriptionType": "free"}}, False),
        ({"claudeAiOauth": {**OLD["claudeAiOauth"], "accessToken": {"run": "me"}}}, False),
        ({**OLD, "evil": {"type": "wellknown"}}, False),
        ([], False),
    ],
)
def test_only_renewed_tokens_are_taken_back(new: object, taken: bool) -> None:
    assert renewed(json.dumps(OLD).encode(), json.dumps(new).encode()) is taken
    assert not renewed(b"not json", json.dumps(new).encode())


def test_silence_is_no_output_no_work_and_nothing_started() -> None:
    def end(*looks: tuple[float, int, Pulse | None]) -> bool:
        liveness = Liveness(silence_s=10, idle_cpu=0.02)
        return [liveness.silent(*look) for look in looks][-1]

    still = Pulse(1.0, frozenset({1}))
    assert end((0, 0, still), (10, 0, still))
    assert not end((0, 0, still), (9, 0, still))
    assert not end((0, 0, still), (8, 1, still), (12, 1, still)), "output"
    assert not end((0, 0, still), (8, 0, Pulse(3.0, frozenset({1}))), (12, 0, still)), "work"
    assert not end((0, 0, still), (8, 0, Pulse(1.0, frozenset({1, 2}))), (12, 0, still)), "a new process"
    assert end((0, 0, still), (8, 0, Pulse(1.1, frozenset({1}))), (12, 0, still)), "idling is no work"
    assert end((0, 0, None), (10, 0, None))


@pytest.mark.parametrize(
    ("worker", "wanted", "model"),
    [
        ("claude_code", "opus", "opus"),
        ("claude_code", "anthropic:claude-x", "claude-x"),
        ("claude_code", "openai:gpt", None),
        ("codex", "openai:gpt", "gpt"),
        ("codex", None, None),
        ("opencode", "anthropic:claude-x", "anthropic/claude-x"),
        ("opencode", "ollama/qwen:7b", "ollama/qwen:7b"),
    ],
)
def test_models_are_named_as_the_cli_knows_them(worker: str, wanted: str | None, model: str | None) -> None:
    assert model_for(CODING_CLIS[worker].traits, wanted) == model


def invoked(
    worker: str, environ: dict[str, str], *, resume: bool = False, **settings: Any
) -> tuple[str, ...]:
    table = WorkerSettings(worker, **settings)
    call = Call(table, UserEnvironment(Path("/home/ada"), environ), Path("/state"), "sim-1", "sess-1", resume)
    invocation = CODING_CLIS[worker].invoke(call)
    assert all(value.startswith("/state/") for name, value in invocation.variables.items() if "HOME" in name)
    assert not any("sk-" in word for word in invocation.arguments), "no key in the list of processes"
    return invocation.arguments


def test_how_claude_is_called() -> None:
    fresh = invoked("claude_code", {}, max_turns=7, max_budget_usd=0.5, args=("--bare",))
    assert fresh[fresh.index("--session-id") :][:2] == ("--session-id", "sess-1")
    assert fresh[-7:] == ("--model", "sim-1", "--max-turns", "7", "--max-budget-usd", "0.5", "--bare")
    assert "--resume" in invoked("claude_code", {}, resume=True)


def test_how_codex_is_called() -> None:
    own = {"OPENAI_BASE_URL": "http://127.0.0.1:1/v1", "OPENAI_API_KEY": "sk-secret"}
    fresh = invoked("codex", own)
    assert fresh[:2] == ("exec", "--json")
    assert fresh[-1] == "-", "the prompt comes from standard input"
    provider = (
        'name="journeyman",base_url="http://127.0.0.1:1/v1",wire_api="responses",env_key="OPENAI_API_KEY"'
    )
    assert f"model_providers.journeyman={{{provider}}}" in fresh
    resumed = invoked("codex", {}, resume=True)
    assert resumed[:2] == ("exec", "resume")
    assert resumed[-2:] == ("sess-1", "-")


def test_how_opencode_is_called() -> None:
    own = {"OPENAI_BASE_URL": "http://127.0.0.1:1/v1", "OPENAI_API_KEY": "sk-secret"}
    assert "journeyman/sim-1" in invoked("opencode", own)
    assert "sim-1" in invoked("opencode", {})
    assert invoked("opencode", {}, resume=True)[-2:] == ("--session", "sess-1")


def test_a_retry_tells_why() -> None:
    _, told = account_of("claude_429")
    troubles = [event for event in told if isinstance(event, Trouble)]
    assert {trouble.problem for trouble in troubles} == {Problem.QUOTA}
    assert "429" in troubles[0].message
