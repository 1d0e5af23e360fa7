"""The real `claude`, `codex` and `opencode`, driven by the real `jm`, against a scripted model on loopback."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.clis.binaries import BIN, MISSING, PINS, installed
from tests.clis.model_server import ModelServer, Script, Seen, model_server
from tests.support.project import FILES, Project

pytestmark = pytest.mark.skipif(not installed(), reason=MISSING)

WORKERS = {"claude_code": "claude", "codex": "codex", "opencode": "opencode"}
each_cli = pytest.mark.parametrize("worker", WORKERS)
MEND = "echo mended > b.txt"
HALF = "echo BROKEN and half > b.txt"


@dataclass
class Bench:
    """A project whose checks fail until b.txt is mended, and the model that a CLI talks to."""

    project: Project
    server: ModelServer

    @property
    def env(self) -> dict[str, str]:
        return {
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "ANTHROPIC_BASE_URL": self.server.url,
            "ANTHROPIC_API_KEY": "sk-test",
            "OPENAI_BASE_URL": f"{self.server.url}/v1",
            "OPENAI_API_KEY": "sk-test",
            "CLAUDE_CODE_MAX_RETRIES": "1",
        }

    def run(self, worker: str, *flags: str) -> tuple[int, dict[str, Any]]:
        answer = self.project.jm("run", "Mend b.txt", *self.flags(worker), *flags, env=self.env)
        assert "Traceback" not in answer.err, answer.err
        return answer.code, answer.json

    def flags(self, worker: str) -> tuple[str, ...]:
        provider = "anthropic" if worker == "claude_code" else "openai"
        return ("--worker", worker, "--model", f"{provider}:sim-1", "--output-format", "json")

    def configure(self, worker: str, **settings: float) -> None:
        lines = [f'[workers.{worker}]\ntype = "{worker}"', *(f"{k} = {v}" for k, v in settings.items())]
        text = FILES["journeyman.toml"] + "\n" + "\n".join(lines) + "\n"
        self.project.write({"journeyman.toml": text})
        self.project.commit("configure the worker")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with model_server(Script(rounds=((MEND,),))) as server:
        yield Bench(Project(tmp_path / "project", {**FILES, "b.txt": "BROKEN\n"}), server)


def session_of(seen: Seen) -> str:
    """The session that a CLI says a request is part of."""
    names = ("x-claude-code-session-id", "thread-id", "x-session-id")
    return next(seen.headers[name] for name in names if name in seen.headers)


@each_cli
def test_a_small_task_ends_in_a_verified_commit(worker: str, bench: Bench) -> None:
    before = bench.project.fingerprint()
    code, result = bench.run(worker)
    assert (code, result["outcome"]) == (0, "verified"), result
    assert bench.project.git("show", f"{result['commit']}:b.txt") == "mended"
    assert bench.project.fingerprint() == before
    (spent,) = result["kpi"]["workers"]
    assert (spent["tokens_in"], spent["tokens_cached"], spent["tokens_out"]) == (2200, 2000, 40)
    assert spent["cost_usd"] is None, "nobody knows the price of sim-1"
    assert len(bench.server.turns) == 2
    folder = bench.project.root / ".journeyman" / "runs" / result["run_id"] / "workers"
    assert folder.stat().st_mode & 0o777 == 0o755
    assert [path.stat().st_mode & 0o777 for path in folder.iterdir()] == [0o700]


@each_cli
def test_the_next_attempt_goes_on_in_the_same_session(worker: str, bench: Bench) -> None:
    bench.server.script.rounds = ((HALF,), (MEND,))
    code, result = bench.run(worker)
    assert (code, result["outcome"]) == (0, "verified"), result
    assert result["kpi"]["verification"]["retries"] == 1
    assert len({session_of(turn) for turn in bench.server.turns}) == 1
    again = bench.server.turns[2]
    assert HALF in json.dumps(again.body), "the second attempt remembers the first"
    assert "You are back in the session" in json.dumps(again.body)
    (spent,) = result["kpi"]["workers"]
    assert (spent["tokens_in"], spent["tokens_out"]) == (4400, 80), "nothing is counted twice"


@each_cli
def test_killed_in_the_middle_it_resumes_the_same_session(worker: str, bench: Bench) -> None:
    bench.server.script = Script(rounds=((HALF, MEND),), fault="hang", fault_from=1)
    process = bench.project.start("run", "Mend b.txt", *bench.flags(worker), env=bench.env)
    deadline = time.monotonic() + 90
    while len(bench.server.turns) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert len(bench.server.turns) == 2
    bench.server.script.fault = None
    answer = bench.project.jm("resume", "--output-format", "json", env=bench.env)
    assert answer.code == 0, answer.out + answer.err
    assert bench.project.git("show", f"{answer.json['commit']}:b.txt") == "mended"
    assert len({session_of(turn) for turn in bench.server.turns}) == 1
    assert HALF in json.dumps(bench.server.turns[2].body), "it remembers what it did before it was killed"
    assert "You were interrupted" in json.dumps(bench.server.turns[2].body)


@each_cli
@pytest.mark.parametrize(
    ("fault", "code"), [("401", "worker-unauthorized"), ("402", "worker-quota"), ("hang", "worker-silent")]
)
def test_each_fault_has_its_own_stop(worker: str, fault: str, code: str, bench: Bench) -> None:
    bench.configure(worker, silence_s=10.0 if fault == "hang" else 60.0)
    bench.server.script.fault = fault
    exit_code, result = bench.run(worker)
    assert (exit_code, result["stop_reason"]) == (5, code), result
    assert result["next_actions"]
    bench.server.script.fault = None
    answer = bench.project.jm("resume", "--output-format", "json", env=bench.env)
    assert (answer.code, answer.json["outcome"]) == (0, "verified"), answer.err


@pytest.mark.parametrize("worker", ["claude_code", "codex"])
def test_rate_limited_for_ever(worker: str, bench: Bench) -> None:
    """OpenCode tries for 79 s before it gives in."""
    bench.server.script.fault = "429"
    exit_code, result = bench.run(worker)
    assert (exit_code, result["stop_reason"]) == (5, "worker-quota")


@each_cli
def test_the_turn_limit_holds(worker: str, bench: Bench) -> None:
    bench.configure(worker, max_turns=1)
    bench.server.script.rounds = (("sleep 1", "sleep 1", "sleep 1", MEND),)
    exit_code, result = bench.run(worker)
    assert (exit_code, result["stop_reason"]) == (124, "over-budget"), result
    assert len(bench.server.turns) <= 3


def test_without_a_login_claude_is_unauthorized(bench: Bench) -> None:
    env = {**bench.env, "ANTHROPIC_API_KEY": ""}
    answer = bench.project.jm("run", "Mend b.txt", *bench.flags("claude_code"), env=env)
    assert (answer.code, answer.json["stop_reason"]) == (5, "worker-unauthorized")
    assert not bench.server.requests


def test_doctor_tells_versions_and_logins(bench: Bench) -> None:
    answer = bench.project.jm("doctor", "--json", env=bench.env)
    probes = {probe["name"]: probe for probe in answer.json["probes"]}
    versions = dict(zip(WORKERS, PINS.values(), strict=True))
    for worker, version in versions.items():
        assert probes[f"worker {worker}"]["ok"]
        assert version in probes[f"worker {worker}"]["message"]
        assert "API_KEY is set" in probes[f"worker {worker}"]["message"]
    assert not bench.server.requests, "a health check asks no model"


def test_a_lent_login_reaches_the_cli_and_is_taken_back(bench: Bench, empty_home: Path) -> None:
    """Codex reads the key from auth.json; the copy is gone afterwards, the user's file as it was."""
    login = empty_home / ".codex" / "auth.json"
    login.parent.mkdir()
    login.write_text(json.dumps({"OPENAI_API_KEY": "sk-from-login"}))
    settings = f'name="mine",base_url="{bench.server.url}/v1",wire_api="responses",requires_openai_auth=true'
    login.with_name("config.toml").write_text(
        f'model_provider = "mine"\n[model_providers]\nmine = {{{settings}}}\n'
    )
    env = {**bench.env, "OPENAI_API_KEY": "", "OPENAI_BASE_URL": ""}
    answer = bench.project.jm("run", "Mend b.txt", *bench.flags("codex"), env=env)
    assert answer.code == 0, answer.out + answer.err
    assert bench.server.turns[0].headers["authorization"] == "Bearer sk-from-login"
    state = bench.project.root / ".journeyman" / "runs"
    assert not list(state.rglob("auth.json"))
    assert json.loads(login.read_text()) == {"OPENAI_API_KEY": "sk-from-login"}
