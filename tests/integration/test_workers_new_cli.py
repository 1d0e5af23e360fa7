"""A coding CLI that nobody knew: an adapter and a line in the registry, and a run takes it everywhere."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from journeyman.bootstrap.project import open_project
from journeyman.bootstrap.workers import make_worker
from journeyman.config import Surroundings, schema
from journeyman.domain.worker import Worker
from journeyman.workers.cli_agents.cli import Call, Invocation, Lent, Traits, UserEnvironment
from journeyman.workers.cli_agents.events import AgentEvent, Ended, TextSeen
from journeyman.workers.cli_agents.json_values import as_text
from journeyman.workers.cli_agents.registry import CODING_CLIS
from tests.support.host import GIT_ENV, RecordingHost, files_of, make_worktree
from tests.support.requests import implement_request

PROGRAM = """#!/bin/sh
if [ "$1" = --version ]; then echo "scribe 1"; exit; fi
cat > prompt.txt; echo '{"say": "wrote it down"}'; echo '{"end": true}'
"""
TABLE = '[workers.mine]\ntype = "scribe"\n'


class Scribe:
    """The whole adapter."""

    traits = Traits(
        program="scribe",
        title="Scribe",
        how_to_log_in="set SCRIBE_KEY",
        secrets=("SCRIBE_KEY",),
        variables=(),
        providers=(),
        idle_cpu=0.1,
        names_sessions=False,
        keeps_limits=False,
        tells_cost=False,
    )

    def lends(self, user: UserEnvironment) -> tuple[Lent, ...]:
        return ()

    def has_session(self, state: Path, session_id: str) -> bool:
        return False

    def invoke(self, call: Call) -> Invocation:
        return Invocation(call.settings.args, {})

    def read(self, line: Mapping[str, Any]) -> tuple[AgentEvent, ...]:
        return (Ended(),) if "end" in line else (TextSeen(as_text(line.get("say"))),)

    def read_log(self, line: str) -> None:
        return None


@pytest.mark.parametrize(("name", "configured"), [("scribe", ""), ("mine", TABLE)])
def test_one_adapter_and_one_line_make_a_worker(
    name: str, configured: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CODING_CLIS, "scribe", Scribe())
    monkeypatch.setitem(GIT_ENV, "PATH", f"{tmp_path}/bin:{GIT_ENV['PATH']}")
    worktree = make_worktree(tmp_path, {"a.txt": "a\n", "journeyman.toml": configured})
    program = tmp_path / "bin" / "scribe"
    program.parent.mkdir()
    program.write_text(PROGRAM)
    program.chmod(0o755)
    environ = {"PATH": GIT_ENV["PATH"], "SCRIBE_KEY": "k", "HOME": str(tmp_path)}
    surroundings = Surroundings(environ, tmp_path, tmp_path / "cache", tmp_path / "user.toml")

    async def work() -> tuple[Worker, str, str]:
        project = await open_project(tmp_path / "repository", surroundings)
        host = RecordingHost(worktree, tmp_path / "scratch")
        made = make_worker(name, project, project.settings)
        health = await made.health(host)
        done = await made.implement(implement_request(), host)
        return made, health.message, done.summary

    made, health, summary = asyncio.run(work())
    assert (made.name, health, summary) == (name, "scribe 1, SCRIBE_KEY is set", "wrote it down")
    assert "You are working in a git repository" in files_of(worktree)["prompt.txt"]
    assert "scribe" in schema()["$defs"]["WorkerSettings"]["properties"]["type"]["enum"]
