"""The command worker with real programs."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from journeyman.domain.errors import JourneymanError
from journeyman.domain.plan import Implementation, Question
from journeyman.domain.process import Network
from journeyman.domain.settings import WorkerSettings, WorkerType
from journeyman.domain.task import Task
from journeyman.workers.command import MAX_ACTIVITIES, CommandWorker
from tests.support.host import RecordingHost, files_of, make_worktree
from tests.support.requests import implement_request


@pytest.fixture
def host(tmp_path: Path) -> RecordingHost:
    return RecordingHost(make_worktree(tmp_path, {"a.txt": "a"}), tmp_path / "scratch")


def implement(host: RecordingHost, command: tuple[str, ...], **settings: Any) -> Implementation:
    worker = CommandWorker("mine", WorkerSettings(WorkerType.COMMAND, command, **settings))
    request = implement_request(task=Task("Do {prompt} it", "Do {prompt} it"))
    return asyncio.run(worker.implement(request, host))


def test_placeholders_are_filled_in_each_argument_once(host: RecordingHost):
    code = "import sys, json; json.dump(sys.argv[1:], open('argv.json', 'w'))"
    words = ("{prompt_file}", "--in={worktree}", "{run_id}/{unknown}", '{"json": 1}', "{prompt}")
    implement(host, (sys.executable, "-c", code, *words))
    import json

    prompt_file, worktree, run_id, plain, prompt = json.loads(files_of(host.worktree)["argv.json"])
    assert "Do {prompt} it" in prompt
    assert Path(prompt_file).read_text() == prompt
    assert worktree == f"--in={host.worktree}"
    assert run_id == f"{host.run_id}/{{unknown}}"
    assert plain == '{"json": 1}'


def test_output_becomes_activity_and_summary(host: RecordingHost):
    code = "import sys; print('reading'); print(file=sys.stderr); print('{\"summary\": \"mended\"}')"
    assert implement(host, (sys.executable, "-c", code)).summary == "mended"
    assert host.record.activities == ["reading"]


def test_activity_is_bounded(host: RecordingHost):
    implement(host, (sys.executable, "-c", "for n in range(1000): print('x' * 1000)"))
    assert len(host.record.activities) == MAX_ACTIVITIES
    assert host.record.activities[-1] == "… further lines are not shown"
    assert max(map(len, host.record.activities)) <= 300


def test_blocked(host: RecordingHost):
    said = '{"blocked": {"reason": "two ways", "question": "which?", "options": ["a", "b"]}}'
    blocked = implement(host, ("echo", said)).blocked
    assert blocked == Question("two ways", "which?", ("a", "b"))


@pytest.mark.parametrize(("network", "given"), [(True, Network.ON), (False, Network.OFF)])
def test_network_environment_and_time_are_as_configured(network: bool, given: Network, host: RecordingHost):
    implement(host, ("true",), network=network, env=("SOME_KEY",), timeout_s=77.0)
    assert host.record.networks == [given]
    assert host.record.envs == [("SOME_KEY",)]
    assert host.record.commands[0].timeout_s == 77.0


@pytest.mark.parametrize(
    ("command", "code", "message", "fact"),
    [
        (("sh", "-c", "echo so; echo bad >&2; exit 3"), "worker-failed", "sh ended with exit code 3", "bad"),
        (
            ("no-such-program-here",),
            "worker-missing",
            "no-such-program-here could not be started",
            "No such file",
        ),
        (("sh", "-c", "sleep 60"), "worker-timeout", "sh did not finish in 0.5 s", None),
        (("echo", "x" * 200_000), "worker-failed", "the prompt is too long", None),
        ((), "bad-config", "workers.mine has no command", None),
    ],
)
def test_how_it_stops(
    command: tuple[str, ...], code: str, message: str, fact: str | None, host: RecordingHost
):
    with pytest.raises(JourneymanError) as caught:
        implement(host, command, timeout_s=0.5 if "sleep 60" in command else 60.0)
    assert caught.value.code == code
    assert message in caught.value.message
    assert fact is None or fact in caught.value.facts[-1]
    assert files_of(host.worktree) == {"a.txt": "a"}
