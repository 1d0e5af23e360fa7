"""The real `claude`, `codex` and `opencode`, driven by the real `jm`, against the simulated model."""

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

from bench.simmodel import SimModel
from tests.clis.binaries import BIN, MISSING, PINS, installed
from tests.support.project import FILES, Project

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not installed(), reason=MISSING)]

WORKERS = {"claude_code": "claude", "codex": "codex", "opencode": "opencode"}
each_cli = pytest.mark.parametrize("worker", WORKERS)
MEND = {"say": "Mended it.", "edits": [{"path": "b.txt", "old": "BROKEN", "new": "mended"}]}
HALF = {"say": "Half of it.", "edits": [{"path": "b.txt", "old": "BROKEN", "new": "BROKEN by half"}]}
REST = {"say": "The rest.", "edits": [{"path": "b.txt", "old": "BROKEN by half", "new": "mended"}]}


# What a model would understand by itself: that its edit has been undone, or was not enough.
SENT_BACK = "You were interrupted|BROKEN by half"


def session(*steps: dict[str, Any]) -> dict[str, Any]:
    task = {"match": "Mend b.txt", "needs": ["b.txt"], "steps": list(steps), "failure": SENT_BACK}
    return {"simmodel_session": 1, "tasks": [task]}


@dataclass
class Bench:
    """A project whose checks fail until b.txt is mended, and the model that a CLI talks to."""

    project: Project
    model: SimModel

    @property
    def env(self) -> dict[str, str]:
        return {
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "JOURNEYMAN_AUTONOMY__TRANSIENT_RETRIES": "0",
            "ANTHROPIC_BASE_URL": self.model.url,
            "ANTHROPIC_API_KEY": "sk-test",
            "OPENAI_BASE_URL": f"{self.model.url}/v1",
            "OPENAI_API_KEY": "sk-test",
            "CLAUDE_CODE_MAX_RETRIES": "1",
        }

    def run(self, worker: str, **env: str) -> tuple[int, dict[str, Any]]:
        answer = self.project.jm("run", "Mend b.txt", *flags(worker), env={**self.env, **env})
        assert "Traceback" not in answer.err, answer.err
        return answer.code, answer.json

    def resume(self) -> tuple[int, dict[str, Any]]:
        answer = self.project.jm("resume", "--output-format", "json", env=self.env)
        assert "Traceback" not in answer.err, answer.err
        return answer.code, answer.json

    def configure(self, worker: str, **settings: float) -> None:
        lines = [f'[workers.{worker}]\ntype = "{worker}"', *(f"{k} = {v}" for k, v in settings.items())]
        text = FILES["journeyman.toml"] + "\n" + "\n".join(lines) + "\n"
        self.project.write({"journeyman.toml": text})
        self.project.commit("configure the worker")

    def sessions(self) -> set[str]:
        """The sessions that the CLI says its requests are part of."""
        names = ("x-claude-code-session-id", "thread-id", "x-session-id")
        headers = [{k.lower(): v for k, v in request.headers.items()} for request in self.model.requests]
        return {next(each[name] for name in names if name in each) for each in headers}


def flags(worker: str) -> tuple[str, ...]:
    provider = "anthropic" if worker == "claude_code" else "openai"
    return ("--worker", worker, "--model", f"{provider}:sim-1", "--output-format", "json")


@pytest.fixture
def steps() -> tuple[dict[str, Any], ...]:
    return (MEND,)


@pytest.fixture
def bench(tmp_path: Path, steps: tuple[dict[str, Any], ...]) -> Iterator[Bench]:
    with SimModel(session(*steps)) as model:
        yield Bench(Project(tmp_path / "project", {**FILES, "b.txt": "BROKEN\n"}), model)


@each_cli
def test_a_small_task_ends_in_a_verified_commit(worker: str, bench: Bench) -> None:
    before = bench.project.fingerprint()
    code, result = bench.run(worker)
    assert (code, result["outcome"]) == (0, "verified"), result
    assert bench.project.git("show", f"{result['commit']}:b.txt") == "mended"
    assert bench.project.fingerprint() == before
    (spent,) = result["kpi"]["workers"]
    counted = bench.model.stats()
    assert spent["tokens_in"] == counted["prompt_tokens"]
    assert spent["tokens_cached"] == counted["cached_tokens"]
    assert spent["tokens_out"] == counted["completion_tokens"]
    assert spent["cost_usd"] is None, "nobody knows the price of sim-1"
    folders = (bench.project.root / ".journeyman" / "runs" / result["run_id"] / "workers").iterdir()
    assert [folder.stat().st_mode & 0o777 for folder in folders] == [0o700]


@each_cli
@pytest.mark.parametrize("steps", [(HALF, REST)])
def test_the_next_attempt_goes_on_in_the_same_session(worker: str, bench: Bench) -> None:
    code, result = bench.run(worker)
    assert (code, result["outcome"]) == (0, "verified"), result
    assert result["kpi"]["verification"]["retries"] == 1
    assert len(bench.sessions()) == 1
    last = json.dumps(bench.model.requests[-1].body)
    assert "Half of it." in last, "the second attempt remembers the first"
    assert "You are back in the session" in last
    (spent,) = result["kpi"]["workers"]
    assert spent["tokens_in"] == bench.model.stats()["prompt_tokens"], "nothing is counted twice"


@pytest.mark.parametrize(("worker", "at"), [("claude_code", 3), ("codex", 2), ("opencode", 3)])
@pytest.mark.parametrize("steps", [(MEND, MEND)])
def test_killed_after_its_edit_it_resumes_the_same_session(worker: str, at: int, bench: Bench) -> None:
    """The edit is undone, since it was never recorded: the session is told to look again."""
    bench.model.set_faults(f"hang@{at}+")
    process = bench.project.start("run", "Mend b.txt", *flags(worker), env=bench.env)
    deadline = time.monotonic() + 90
    while len(bench.model.requests) < at and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert bench.model.requests[at - 2].move == "edit"
    bench.model.set_faults()
    code, result = bench.resume()
    assert (code, result["outcome"]) == (0, "verified"), result
    assert bench.project.git("show", f"{result['commit']}:b.txt") == "mended"
    assert len(bench.sessions()) == 1
    opening, again = (bench.model.requests[n].body for n in (0, at))
    told = [body.get("messages") or body["input"] for body in (opening, again)]
    assert len(told[1]) > len(told[0]) + 1, "it remembers more than its task"
    assert "You were interrupted" in json.dumps(told[1])


@each_cli
@pytest.mark.parametrize(
    ("fault", "stop"), [("401", "worker-unauthorized"), ("quota", "worker-quota"), ("hang", "worker-silent")]
)
def test_each_fault_has_its_own_stop(worker: str, fault: str, stop: str, bench: Bench) -> None:
    bench.configure(worker, silence_s=10.0 if fault == "hang" else 60.0)
    bench.model.set_faults(fault)
    code, result = bench.run(worker)
    assert (code, result["stop_reason"]) == (5, stop), result
    assert result["next_actions"]
    if fault == "401":
        bench.model.set_faults()
        code, result = bench.resume()
        assert (code, result["outcome"]) == (0, "verified"), result


@each_cli
def test_the_turn_limit_holds(worker: str, bench: Bench) -> None:
    bench.configure(worker, max_turns=2)
    bench.model.set_faults("loop")
    code, result = bench.run(worker)
    assert (code, result["stop_reason"]) == (124, "over-budget"), result


def test_without_a_login_claude_is_unauthorized(bench: Bench) -> None:
    code, result = bench.run("claude_code", ANTHROPIC_API_KEY="")
    assert (code, result["stop_reason"]) == (5, "worker-unauthorized")
    assert not bench.model.requests


def test_doctor_tells_versions_and_logins(bench: Bench) -> None:
    answer = bench.project.jm("doctor", "--json", env=bench.env)
    probes = {probe["name"]: probe for probe in answer.json["probes"]}
    for worker, version in zip(WORKERS, PINS.values(), strict=True):
        assert probes[f"worker {worker}"]["ok"]
        assert version in probes[f"worker {worker}"]["message"]
        assert "API_KEY is set" in probes[f"worker {worker}"]["message"]
    assert not bench.model.requests, "a health check asks no model"


def test_a_lent_login_reaches_the_cli_and_is_taken_back(bench: Bench, empty_home: Path) -> None:
    login = empty_home / ".codex" / "auth.json"
    login.parent.mkdir()
    login.write_text(json.dumps({"OPENAI_API_KEY": "sk-from-login"}))
    settings = f'name="mine",base_url="{bench.model.url}/v1",wire_api="responses",requires_openai_auth=true'
    providers = f'model_provider = "mine"\n[model_providers]\nmine = {{{settings}}}\n'
    login.with_name("config.toml").write_text(providers)
    code, result = bench.run("codex", OPENAI_API_KEY="", OPENAI_BASE_URL="")
    assert code == 0, result
    headers = {name.lower(): value for name, value in bench.model.requests[0].headers.items()}
    assert headers["authorization"] == "Bearer sk-from-login"
    assert not list((bench.project.root / ".journeyman" / "runs").rglob("auth.json"))
    assert json.loads(login.read_text()) == {"OPENAI_API_KEY": "sk-from-login"}
