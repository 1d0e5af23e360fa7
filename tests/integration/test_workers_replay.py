"""Replay on a real worktree: each kind of edit, and edits that do not fit."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from journeyman.domain.errors import JourneymanError
from journeyman.domain.phases import Phase
from journeyman.domain.plan import Implementation, Question, Verdict
from journeyman.domain.worker import Usage
from journeyman.workers.replay import ReplayWorker
from tests.support.host import RecordingHost, files_of, make_worktree
from tests.support.requests import implement_request, plan_request, review_request

FILES = {"a.txt": "one\ntwo\n", "sub/b.txt": "b", "run.sh": "#!/bin/sh\n"}


def host_for(folder: Path) -> RecordingHost:
    return RecordingHost(make_worktree(folder, FILES), folder / "scratch")


def worker_for(folder: Path, *attempts: dict[str, Any], **more: Any) -> ReplayWorker:
    session = {
        "journeyman_session": 1,
        "recorded": "for a test",
        "milestones": [{"attempts": attempts}],
        **more,
    }
    path = folder / "session.json"
    path.write_text(json.dumps(session))
    return ReplayWorker(path)


def implement(worker: ReplayWorker, host: RecordingHost, **changes: Any) -> Implementation:
    return asyncio.run(worker.implement(implement_request(**changes), host))


def test_every_kind_of_edit(tmp_path: Path):
    host = host_for(tmp_path)
    edits = [
        {"path": "new/deep/c.txt", "write": "caf\u00e9\r\n"},
        {"path": "a.txt", "replace": [{"old": "one", "new": "two"}, {"old": "two\ntwo", "new": "three"}]},
        {"path": "sub/b.txt", "rename_to": "moved/b.txt"},
        {"path": "run.sh", "mode": "755"},
        {"path": "link", "symlink": "../../outside"},
        {"path": "gone.txt", "write": "x"},
        {"path": "gone.txt", "delete": True},
    ]
    implementation = implement(worker_for(tmp_path, {"say": "all of it", "edits": edits}), host)
    assert implementation == Implementation(summary="all of it")
    assert (host.worktree / "new/deep/c.txt").read_bytes() == "caf\u00e9\r\n".encode()
    assert (host.worktree / "a.txt").read_text() == "three\n"
    assert (host.worktree / "moved/b.txt").read_text() == "b"
    assert not (host.worktree / "sub/b.txt").exists()
    assert (host.worktree / "run.sh").stat().st_mode & 0o777 == 0o755
    assert (host.worktree / "link").readlink() == Path("../../outside")
    assert not (host.worktree / "gone.txt").exists()
    assert host.record.effects == ["replay/think", *(f"replay/edit-{n}" for n in range(1, 8))]
    assert host.record.activities[0] == "all of it"
    assert "renamed sub/b.txt to moved/b.txt" in host.record.activities


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        ({"path": "a.txt", "replace": [{"old": "nine", "new": ""}]}, "replacement 1 is not in a.txt"),
        ({"path": "a.txt", "replace": [{"old": "\n", "new": ""}]}, "replacement 1 is 2 times in a.txt"),
        ({"path": "none.txt", "replace": [{"old": "x", "new": ""}]}, "none.txt: No such file or directory"),
        ({"path": "latin.txt", "replace": [{"old": "x", "new": ""}]}, "latin.txt is not UTF-8 text"),
        ({"path": "none.txt", "delete": True}, "none.txt: No such file or directory"),
        ({"path": "none.txt", "rename_to": "x"}, "none.txt: No such file or directory"),
        ({"path": "a.txt", "rename_to": "run.sh"}, "a.txt cannot become run.sh, which exists already"),
        ({"path": "none.txt", "mode": "644"}, "none.txt: No such file or directory"),
        ({"path": "a.txt/x", "write": ""}, "a.txt/x: "),
        ({"path": "sub", "write": ""}, "sub: Is a directory"),
        ({"path": "x" * 300, "write": ""}, "File name too long"),
        ({"path": "out/x", "write": ""}, "out/x leads out of the worktree through a symlink"),
        ({"path": "out", "write": ""}, "out leads out of the worktree through a symlink"),
        ({"path": "out/secret.txt", "replace": [{"old": "s", "new": ""}]}, "leads out of the worktree"),
        ({"path": "out/secret.txt", "delete": True}, "leads out of the worktree"),
        ({"path": "out/secret.txt", "mode": "777"}, "leads out of the worktree"),
        ({"path": "out/secret.txt", "rename_to": "got.txt"}, "leads out of the worktree"),
        ({"path": "a.txt", "rename_to": "out/got.txt"}, "leads out of the worktree"),
        ({"path": "out/l", "symlink": "x"}, "leads out of the worktree"),
        ({"path": "dotgit", "write": "gitdir: elsewhere"}, "dotgit leads into .git through a symlink"),
        ({"path": "loop", "write": ""}, "loop"),
    ],
)
def test_an_edit_that_does_not_fit(edit: dict[str, Any], message: str, tmp_path: Path):
    host = host_for(tmp_path)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("s")
    (host.worktree / "out").symlink_to(outside)
    (host.worktree / "dotgit").symlink_to(".git")
    (host.worktree / "loop").symlink_to("loop")
    (host.worktree / "latin.txt").write_bytes(b"caf\xe9")
    dot_git = (host.worktree / ".git").read_bytes()
    with pytest.raises(JourneymanError) as caught:
        implement(worker_for(tmp_path, {}, {"edits": [edit]}), host, attempt=2)
    assert caught.value.code == "worker-failed"
    assert caught.value.message.startswith("edit 1 of attempt 2 for milestone 1: ")
    assert message in caught.value.message
    assert [path.name for path in outside.iterdir()] == ["secret.txt"]
    assert (outside / "secret.txt").read_text() == "s"
    assert (host.worktree / ".git").read_bytes() == dot_git


def test_a_link_itself_can_be_deleted_or_replaced(tmp_path: Path):
    host = host_for(tmp_path)
    for name in ("gone", "other"):
        (host.worktree / name).symlink_to(tmp_path)
    edits = [{"path": "gone", "delete": True}, {"path": "other", "symlink": "a.txt"}]
    implement(worker_for(tmp_path, {"edits": edits}), host)
    assert not (host.worktree / "gone").is_symlink()
    assert (host.worktree / "other").readlink() == Path("a.txt")


def test_what_is_not_recorded(tmp_path: Path):
    host, worker = host_for(tmp_path), worker_for(tmp_path, {}, {})
    with pytest.raises(JourneymanError, match="the recorded session has no attempt 3 for milestone 1"):
        implement(worker, host, attempt=3)
    with pytest.raises(JourneymanError, match="the recorded session has no milestone 2"):
        implement(worker, host, milestone_number=2)
    with pytest.raises(
        JourneymanError, match="the recorded session has no review of attempt 1 for milestone 1"
    ):
        asyncio.run(worker.review(review_request(), host))


def test_commands_are_run_and_their_end_is_told(tmp_path: Path):
    host = host_for(tmp_path)
    commands = ["echo hello > said.txt", ["false"], ["no-such-program-here"]]
    implement(worker_for(tmp_path, {"run": commands}), host)
    assert files_of(host.worktree)["said.txt"] == "hello\n"
    assert "ran false: exit code 1" in host.record.activities
    assert any(text.startswith("could not run no-such-program-here: ") for text in host.record.activities)


def test_blocked_failed_and_usage(tmp_path: Path):
    host = host_for(tmp_path)
    usage = {"model": "m", "tokens_in": 7}
    blocked = {"say": "hm", "blocked": {"reason": "r", "question": "q"}, "usage": usage}
    worker = worker_for(tmp_path, blocked, {"fail": "hung up", "edits": [{"path": "a.txt", "write": "x"}]})
    assert implement(worker, host) == Implementation(summary="hm", blocked=Question("r", "q"))
    assert host.record.usages == [Usage(model="m", tokens_in=7)]
    with pytest.raises(JourneymanError, match=r"^hung up$"):
        implement(worker, RecordingHost(host.worktree, tmp_path), attempt=2)
    assert files_of(host.worktree)["a.txt"] == "x"


def test_the_plan_is_the_recorded_one_or_the_task(tmp_path: Path):
    host = host_for(tmp_path)
    plan = asyncio.run(worker_for(tmp_path, {}).plan(plan_request(), host))
    assert [each.title for each in plan.milestones] == ["fix lint"]
    two: list[dict[str, Any]] = [{"attempts": [{}]}, {"attempts": [{}]}]
    plan = asyncio.run(worker_for(tmp_path, milestones=two).plan(plan_request(), host))
    assert [each.title for each in plan.milestones] == ["fix lint (1 of 2)", "fix lint (2 of 2)"]
    recorded = {"milestones": [{"title": "A"}, {"title": "B"}]}
    plan = asyncio.run(worker_for(tmp_path, milestones=two, plan=recorded).plan(plan_request(), host))
    assert [each.title for each in plan.milestones] == ["A", "B"]


def test_reviews_by_attempt(tmp_path: Path):
    reviews = [
        {"verdict": "request_changes", "attempt": 1, "usage": {"tokens_out": 4}},
        {"verdict": "approve"},
    ]
    worker = worker_for(tmp_path, milestones=[{"attempts": [{}, {}, {}], "reviews": reviews}])
    assert worker.phases == {Phase.PLAN, Phase.IMPLEMENT, Phase.REVIEW}
    verdicts, host = [], host_for(tmp_path)
    for attempt in (1, 2, 3):
        fresh = RecordingHost(host.worktree, tmp_path, host.record)
        host.record.results.clear()
        verdicts.append(asyncio.run(worker.review(review_request(attempt=attempt), fresh)).verdict)
    assert verdicts == [Verdict.REQUEST_CHANGES, Verdict.APPROVE, Verdict.APPROVE]
    assert host.record.usages == [Usage(tokens_out=4)]


def test_health_tells_the_mistake(tmp_path: Path):
    worker = worker_for(tmp_path, {"edit": []})
    health = asyncio.run(worker.health(host_for(tmp_path)))
    assert not health.ok
    assert "did you mean 'edits'?" in health.message
