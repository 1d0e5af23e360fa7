"""The worker behind the coding CLIs, with programs that behave as badly as the real ones sometimes do."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from journeyman.domain.errors import JourneymanError
from journeyman.domain.plan import Implementation, Question
from journeyman.domain.settings import WorkerSettings
from journeyman.domain.stops import STOP_REASONS
from journeyman.domain.worker import RequestKind
from journeyman.sandbox.processes import ProcessRunner
from journeyman.workers.cli_agents.cli import UserEnvironment
from journeyman.workers.cli_agents.worker import CliAgentWorker
from tests.support.host import Killed, RecordingHost, files_of, make_worktree
from tests.support.requests import implement_request

INIT = {"type": "system", "subtype": "init", "session_id": "sess-1"}
SAID = {
    "type": "assistant",
    "message": {
        "id": "msg_1",
        "model": "sim-1",
        "content": [
            {"type": "text", "text": "hm"},
            {"type": "tool_use", "name": "Edit", "input": {"file_path": "a"}},
        ],
        "usage": {"input_tokens": 10, "cache_read_input_tokens": 90, "output_tokens": 1},
    },
}


def ended(text: str = '{"summary": "did it"}', **more: Any) -> dict[str, Any]:
    models = {"sim-1": {"inputTokens": 10, "cacheReadInputTokens": 90, "outputTokens": 5, "costUSD": 0.01}}
    common = {"type": "result", "is_error": False, "terminal_reason": "completed", "num_turns": 1}
    return {**common, "modelUsage": models, "result": text, **more}


@pytest.fixture
def host(tmp_path: Path) -> RecordingHost:
    tree = make_worktree(tmp_path, {"a.txt": "a"})
    return RecordingHost(tree, tmp_path / "scratch", runner=ProcessRunner())


def worker(program: str, tmp_path: Path, kind: str = "claude_code", **more: Any) -> CliAgentWorker:
    """A CLI that is a Python program; ``say`` prints an event."""
    start = "import json, os, subprocess, sys, time\ndef say(**event): print(json.dumps(event), flush=True)\n"
    command = (sys.executable, "-c", start + program)
    settings = WorkerSettings(kind, command, **{"silence_s": 60.0, **more})
    return CliAgentWorker("mine", settings, UserEnvironment(tmp_path / "home", {}))


def implement(made: CliAgentWorker, host: RecordingHost, **request: Any) -> Implementation:
    return asyncio.run(made.implement(implement_request(**request), host))


def stop_of(made: CliAgentWorker, host: RecordingHost) -> JourneymanError:
    with pytest.raises(JourneymanError) as caught:
        implement(made, host)
    assert caught.value.code in STOP_REASONS
    return caught.value


def test_it_edits_and_tells(host: RecordingHost, tmp_path: Path) -> None:
    program = f"open('b.txt', 'w').write(sys.stdin.read()); say(**{INIT}); say(**{SAID}); say(**{ended()})"
    done = implement(worker(program, tmp_path), host)
    assert done == Implementation("did it", None, "sess-1")
    assert "You are working in a git repository" in files_of(host.worktree)["b.txt"]
    assert host.record.activities == ["hm", "Edit: a"]
    (usage,) = host.record.usages
    assert (usage.tokens_in, usage.tokens_cached, usage.tokens_out, usage.cost_usd) == (100, 90, 5, 0.01)


def test_a_question_blocks(host: RecordingHost, tmp_path: Path) -> None:
    text = 'Hm.\n{"blocked": {"reason": "two ways", "question": "which?", "options": ["a"]}}'
    done = implement(worker(f"say(**{INIT}); say(**{ended(text)})", tmp_path), host)
    assert done.blocked == Question("two ways", "which?", ("a",))


def test_one_that_hangs_after_its_result_is_ended_with_all_it_started(
    host: RecordingHost, tmp_path: Path
) -> None:
    program = f"say(**{ended()}); subprocess.run(['sleep', '987.5'])"
    began = time.monotonic()
    assert implement(worker(program, tmp_path), host).summary == "did it"
    assert time.monotonic() - began < 60, "about 3 seconds on a quiet machine"
    assert not [p for p in psutil.process_iter(["cmdline"]) if "987.5" in (p.info["cmdline"] or ())]


def test_silence_is_noticed(host: RecordingHost, tmp_path: Path) -> None:
    stop = stop_of(worker(f"say(**{INIT}); time.sleep(987)", tmp_path, silence_s=1.0), host)
    assert stop.code == "worker-silent"
    assert "workers.mine.silence_s" in (stop.hint or "")


def test_one_that_only_tries_again_is_ended_with_its_trouble(host: RecordingHost, tmp_path: Path) -> None:
    program = "while True: say(type='error', message='Reconnecting... waiting for network'); time.sleep(0.05)"
    stop = stop_of(worker(program, tmp_path, "codex", silence_s=2.0), host)
    assert stop.code == "worker-network"


def test_it_is_ended_when_its_turns_are_used_up(host: RecordingHost, tmp_path: Path) -> None:
    program = (
        "for n in range(9): say(type='item.started', item={'type': 'command_execution', 'command': 'ls'})"
    )
    stop = stop_of(worker(program + "; time.sleep(0.5)", tmp_path, "codex", max_turns=3), host)
    assert stop.code == "over-budget"


@pytest.mark.parametrize(
    ("program", "settings", "code"),
    [
        ("print('{oops'); print('nothing of this is JSON')", {}, "worker-garbled"),
        (
            "print('Please run /login: not logged in', file=sys.stderr); sys.exit(1)",
            {},
            "worker-unauthorized",
        ),
        ("sys.exit(3)", {}, "worker-failed"),
        (
            "say(type='system', subtype='init', session_id='s'); time.sleep(987)",
            {"timeout_s": 1.0},
            "worker-timeout",
        ),
        ("say(type='result', is_error=True, terminal_reason='prompt_too_long')", {}, "context-too-long"),
    ],
)
def test_each_bad_end_has_its_own_stop(
    program: str, settings: dict[str, Any], code: str, host: RecordingHost, tmp_path: Path
) -> None:
    assert stop_of(worker(program, tmp_path, **settings), host).code == code


def test_a_program_that_is_not_there(host: RecordingHost, tmp_path: Path) -> None:
    settings = WorkerSettings("codex", ("no-such-program-here",))
    made = CliAgentWorker("mine", settings, UserEnvironment(tmp_path, {}))
    stop = stop_of(made, host)
    assert stop.code == "worker-missing"
    assert stop.hint is not None
    assert stop.hint.startswith("install Codex, or set workers.mine.command")
    health = asyncio.run(made.health(host.restarted()))
    assert (health.ok, health.hint) == (False, "install Codex")


def test_codex_knows_no_price_so_that_no_budget_can_hold(host: RecordingHost, tmp_path: Path) -> None:
    made = worker("pass", tmp_path, "codex", max_budget_usd=1.0)
    assert stop_of(made, host).code == "bad-config"


def test_a_model_of_another_provider(host: RecordingHost, tmp_path: Path) -> None:
    settings = WorkerSettings("codex", (sys.executable, "-c", 'print(\'{"type": "turn.completed"}\')'))
    implement(CliAgentWorker("mine", settings, UserEnvironment(tmp_path, {}), "anthropic:x"), host)
    assert host.record.activities[0] == "anthropic:x is no model for Codex, which takes its own default"
    with pytest.raises(JourneymanError) as caught:
        CliAgentWorker("mine", WorkerSettings("codex", model="anthropic:x"), UserEnvironment(tmp_path, {}))
    assert caught.value.code == "bad-config"


KEEPS = """
folder = os.environ["CLAUDE_CONFIG_DIR"] + "/projects/x"; os.makedirs(folder, exist_ok=True)
name = sys.argv[sys.argv.index("--resume" if "--resume" in sys.argv else "--session-id") + 1]
open(f"{folder}/{name}.jsonl", "a").close()
open("args.txt", "a").write(" ".join(sys.argv[1:]) + chr(10))
say(type="system", subtype="init", session_id=name)
"""


def test_killed_before_it_was_recorded_it_resumes_its_session(host: RecordingHost, tmp_path: Path) -> None:
    made = worker(f"{KEEPS}\nopen('prompt.txt', 'w').write(sys.stdin.read()); say(**{ended()})", tmp_path)
    with pytest.raises(Killed):
        implement(made, host.restarted(kill_after="cli/mine"))
    done = implement(made, host.restarted())
    assert f"--resume {done.session_id}" in files_of(host.worktree)["args.txt"]
    assert files_of(host.worktree)["prompt.txt"].startswith("You were interrupted")


def test_the_next_attempt_is_told_only_what_is_new(host: RecordingHost, tmp_path: Path) -> None:
    made = worker(f"{KEEPS}\nopen('prompt.txt', 'w').write(sys.stdin.read()); say(**{ended()})", tmp_path)
    first = implement(made, host)
    implement(made, host, session_id=first.session_id, attempt=2)
    assert files_of(host.worktree)["prompt.txt"].startswith("You are back in the session")
    assert str(first.session_id) in files_of(host.worktree)["args.txt"].splitlines()[1]


def test_an_answer_is_told_once_in_the_session_that_asked(host: RecordingHost, tmp_path: Path) -> None:
    made = worker(f"{KEEPS}\nopen('prompt.txt', 'w').write(sys.stdin.read()); say(**{ended()})", tmp_path)
    session = implement(made, host).session_id
    implement(made, host, session_id=session, kind=RequestKind.ANSWERED, answer="the left one")
    told = files_of(host.worktree)["prompt.txt"]
    assert "You had a question." in told
    assert "# The answer to your question\n\nthe left one" in told
    implement(made, host, session_id=session, kind=RequestKind.RETRY, answer="the left one", attempt=2)
    told = files_of(host.worktree)["prompt.txt"]
    assert "Your changes were judged" in told
    assert "the left one" not in told


def test_a_session_that_is_gone_is_begun_anew(host: RecordingHost, tmp_path: Path) -> None:
    lost = {"type": "result", "is_error": True, "errors": ["No conversation found with session ID: x"]}
    program = f"{KEEPS}\nif '--resume' in sys.argv: say(**{lost}); sys.exit(1)\nsay(**{ended()})"
    made = worker(
        program.replace('say(type="system"', 'if "--resume" not in sys.argv: say(type="system"'), tmp_path
    )
    first = implement(made, host)
    second = implement(made, host, session_id=first.session_id, attempt=2)
    assert second.summary == "did it"
    assert second.session_id != first.session_id
    assert "its session is gone: it begins a new one" in host.record.activities


def test_what_a_killed_call_cost_is_booked_by_the_next(host: RecordingHost, tmp_path: Path) -> None:
    made = worker(f"say(**{INIT}); say(**{SAID}); time.sleep(987)", tmp_path)

    async def cut_off() -> None:
        call = asyncio.ensure_future(made.implement(implement_request(), host))
        memory = host.state_folder() / "m1.json"
        while not (memory.exists() and json.loads(memory.read_text())["pending"]):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        call.cancel()
        await asyncio.wait({call})

    asyncio.run(cut_off())
    assert not [p for p in psutil.process_iter(["cmdline"]) if str(SAID) in str(p.info["cmdline"])]
    assert not host.record.usages
    implement(worker(f"say(**{INIT}); say(**{ended()})", tmp_path), host.restarted())
    assert [usage.tokens_in for usage in host.record.usages] == [100, 100]


def login(tmp_path: Path) -> Path:
    path = tmp_path / "home" / ".claude" / ".credentials.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"claudeAiOauth": {"accessToken": "old", "subscriptionType": "max"}}))
    return path


COPY = "os.environ['CLAUDE_CONFIG_DIR'] + '/.credentials.json'"


def test_a_login_is_lent_and_comes_back_renewed(host: RecordingHost, tmp_path: Path) -> None:
    path = login(tmp_path)
    program = (
        f"copy = {COPY}; text = open(copy).read(); open('mode.txt', 'w').write(oct(os.stat(copy).st_mode))\n"
        f"open(copy, 'w').write(text.replace('old', 'new')); say(**{ended()})"
    )
    implement(worker(program, tmp_path), host)
    assert json.loads(path.read_text())["claudeAiOauth"]["accessToken"] == "new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert files_of(host.worktree)["mode.txt"].endswith("600")
    assert not list(host.state_folder().rglob(".credentials.json"))


@pytest.mark.parametrize(
    "tamper",
    [
        "open(copy, 'w').write(json.dumps({'run': 'evil'}))",
        "os.remove(copy); os.symlink('/etc/passwd', copy)",
    ],
)
def test_nothing_else_comes_back(tamper: str, host: RecordingHost, tmp_path: Path) -> None:
    path = login(tmp_path)
    before = path.read_text()
    implement(worker(f"copy = {COPY}; {tamper}; say(**{ended()})", tmp_path), host)
    assert path.read_text() == before


def test_a_planted_link_cannot_reach_the_users_files(host: RecordingHost, tmp_path: Path) -> None:
    path = login(tmp_path)
    planted = (
        f"d = os.environ['CLAUDE_CONFIG_DIR']; os.rename(d, d + '2'); os.symlink({str(path.parent)!r}, d)"
    )
    stop = stop_of(worker(f"{planted}; say(**{ended()})", tmp_path), host)
    assert stop.code == "worker-failed"
    assert path.exists()


def test_health_tells_version_and_login(host: RecordingHost, tmp_path: Path) -> None:
    made = worker("print('9.9 (Claude Code)')", tmp_path)
    bare = asyncio.run(made.health(host))
    assert (bare.ok, bare.message) == (False, "9.9 (Claude Code), not logged in")
    path = login(tmp_path)
    assert asyncio.run(made.health(host.restarted())).message == f"9.9 (Claude Code), logged in ({path})"
