"""What every worker owes the host, driven by the same cases."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from journeyman.domain.checks import Fixer
from journeyman.domain.errors import JourneymanError
from journeyman.domain.phases import Phase
from journeyman.domain.settings import WorkerSettings, WorkerType
from journeyman.domain.stops import STOP_REASONS
from journeyman.domain.worker import Worker
from journeyman.workers.autofix import AutofixWorker
from journeyman.workers.cli_agents.cli import UserEnvironment
from journeyman.workers.cli_agents.worker import CliAgentWorker
from journeyman.workers.command import CommandWorker
from journeyman.workers.replay import ReplayWorker
from tests.support.host import Killed, RecordingHost, files_of, git, make_worktree, tree_of
from tests.support.requests import implement_request, plan_request, review_request

BEFORE = {"a.txt": "one \n", "b.txt": "two\n"}
AFTER = {"a.txt": "one\n", "b.txt": "two!\n"}
STRIP = "import pathlib; p = pathlib.Path('a.txt'); p.write_text(p.read_text().rstrip() + '\\n')"
SHOUT = "import pathlib; p = pathlib.Path('b.txt'); p.write_text(p.read_text().rstrip() + '!\\n')"
SESSION = """
journeyman_session: 1
recorded: for the contract test
milestones:
  - attempts:
      - say: I will strip and shout
        usage: {model: none, tokens_in: 3}
        edits:
          - {path: a.txt, write: "one\\n"}
          - {path: b.txt, replace: [{old: two, new: "two!"}]}
        run: [[git, --version]]
"""


@dataclass(frozen=True)
class Case:
    """A worker that turns BEFORE into AFTER, and one that cannot work."""

    worker: Callable[[Path], Worker]
    broken: Callable[[Path], Worker]
    steps: tuple[str, ...]


def _autofix(folder: Path) -> Worker:
    commands = {"strip": (sys.executable, "-c", STRIP), "shout": (sys.executable, "-c", SHOUT)}
    return AutofixWorker(tuple(Fixer(name, command) for name, command in commands.items()))


def _replay(folder: Path) -> Worker:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "session.yaml").write_text(SESSION)
    return ReplayWorker(folder / "session.yaml")


def _command(folder: Path, program: str = sys.executable) -> Worker:
    command = (program, "-c", f"{STRIP}; {SHOUT}; print('stripped and shouted')")
    return CommandWorker("mine", WorkerSettings(WorkerType.COMMAND, command))


def _codex(folder: Path, program: str = sys.executable) -> Worker:
    """A stand-in for the real program, which tests/clis drives."""
    said = '{"type": "item.completed", "item": {"type": "agent_message", "text": "stripped and shouted"}}'
    version = "import sys; '--version' in sys.argv and sys.exit(print('codex 1'))"
    work = f'{STRIP}; {SHOUT}; print({said!r}); print(\'{{"type": "turn.completed"}}\')'
    settings = WorkerSettings("codex", (program, "-c", f"{version}; {work}"))
    return CliAgentWorker("mine", settings, UserEnvironment(folder, {"OPENAI_API_KEY": "sk-test"}))


CASES = {
    "autofix": Case(
        _autofix,
        lambda _: AutofixWorker((Fixer("gone", ("no-such-program-here", "--fix")),)),
        ("fix/strip", "fix/shout"),
    ),
    "replay": Case(
        _replay,
        lambda folder: ReplayWorker(folder / "missing.yaml"),
        ("replay/think", "replay/edit-1", "replay/edit-2", "replay/run-1"),
    ),
    "command": Case(
        _command, lambda folder: _command(folder, program="no-such-program-here"), ("command/mine",)
    ),
    "codex": Case(_codex, lambda folder: _codex(folder, program="no-such-program-here"), ("cli/mine",)),
}
KILLS = [(name, step) for name, case in CASES.items() for step in case.steps]
each_worker = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@pytest.fixture
def host(tmp_path: Path) -> RecordingHost:
    return RecordingHost(make_worktree(tmp_path, BEFORE), tmp_path / "scratch")


@each_worker
def test_implement_edits_the_worktree_and_commits_nothing(case: Case, host: RecordingHost, tmp_path: Path):
    head = git(host.worktree, "rev-parse", "HEAD")
    implementation = asyncio.run(case.worker(tmp_path / "w").implement(implement_request(), host))
    assert files_of(host.worktree) == AFTER
    assert git(host.worktree, "rev-parse", "HEAD") == head
    assert implementation.blocked is None
    assert implementation.summary
    assert host.record.activities
    assert tuple(host.record.effects) == case.steps


@pytest.mark.parametrize(("name", "step"), KILLS)
def test_killed_after_a_step_it_ends_in_the_same_tree(
    name: str, step: str, host: RecordingHost, tmp_path: Path
):
    worker = CASES[name].worker(tmp_path / "w")
    with pytest.raises(Killed):
        asyncio.run(worker.implement(implement_request(), host.restarted(kill_after=step)))
    again = CASES[name].worker(tmp_path / "w")
    asyncio.run(again.implement(implement_request(), host.restarted()))
    assert files_of(host.worktree) == AFTER
    assert [each for each in host.record.effects if each != step] == [
        each for each in CASES[name].steps if each != step
    ]


@each_worker
def test_a_finished_call_repeats_nothing(case: Case, host: RecordingHost, tmp_path: Path):
    worker = case.worker(tmp_path / "w")
    first = asyncio.run(worker.implement(implement_request(), host))
    tree, usages = tree_of(host.worktree), list(host.record.usages)
    second = asyncio.run(worker.implement(implement_request(), host.restarted()))
    assert second == first
    assert tree_of(host.worktree) == tree
    assert tuple(host.record.effects) == case.steps
    assert host.record.usages == usages


@each_worker
def test_phases_that_it_lacks_end_in_an_expected_error(case: Case, host: RecordingHost, tmp_path: Path):
    worker = case.worker(tmp_path / "w")
    assert Phase.IMPLEMENT in worker.phases
    if Phase.PLAN in worker.phases:
        assert asyncio.run(worker.plan(plan_request(), host)).milestones
    else:
        with pytest.raises(JourneymanError):
            asyncio.run(worker.plan(plan_request(), host))
    assert Phase.REVIEW not in worker.phases
    with pytest.raises(JourneymanError):
        asyncio.run(worker.review(review_request(), host))


@each_worker
def test_health_tells_whether_it_could_work(case: Case, host: RecordingHost, tmp_path: Path):
    good = asyncio.run(case.worker(tmp_path / "w").health(host))
    assert good.ok, good
    bad = asyncio.run(case.broken(tmp_path / "w").health(RecordingHost(host.worktree, tmp_path)))
    assert not bad.ok
    assert bad.message
    assert bad.hint
    assert files_of(host.worktree) == BEFORE


@each_worker
def test_a_broken_one_stops_with_a_registered_reason(case: Case, host: RecordingHost, tmp_path: Path):
    with pytest.raises(JourneymanError) as caught:
        asyncio.run(case.broken(tmp_path / "w").implement(implement_request(), host))
    assert caught.value.code in STOP_REASONS
    assert files_of(host.worktree) == BEFORE
