"""Disks that are full or read-only: said plainly, nothing lost, and the work goes on once there is room."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from pathlib import Path

import pytest

from tests.support.project import Project, write
from tests.support.trouble import (
    gamma,
    kept_somewhere,
    read_only,
    run,
    second_try,
    small_disk,
    told,
    untouched,
    verified,
)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def default_cache() -> Path:
    return Path(os.environ["HOME"]) / ".cache"


def goes_on(project: Project, env: dict[str, str]) -> None:
    """With room again, the run ends as if nothing had been; one that had never begun can begin."""
    began = project.jm("status", "--json", env=env)
    if began.code == 0 and began.json:
        verified(project, project.jm("resume", "--output-format", "json", env=env))
    else:
        assert not project.git("for-each-ref", "refs/journeyman")
        verified(project, run(project, env=env))


@pytest.fixture(scope="module")
def state_bytes(tmp_path_factory: pytest.TempPathFactory) -> int:
    """What the state of one undisturbed run takes on the disk."""
    measured = Project(tmp_path_factory.mktemp("measured") / "project")
    verified(measured, run(measured, worker=second_try(measured)))
    return sum(path.stat().st_blocks * 512 for path in (measured.root / ".journeyman").rglob("*"))


@pytest.mark.parametrize("share", [0.01, 0.05, 0.3, 0.6, 0.9])
def test_no_room_for_the_state(project: Project, state_bytes: int, share: float) -> None:
    """At its start, while its store is made, between any two steps: the disk that holds .journeyman/ is full."""
    worker = second_try(project)
    with small_disk(project.root / ".journeyman", f"size={int(state_bytes * share) // 1024}k") as disk:
        with untouched(project):
            answer = run(project, worker=worker)
        told(answer, 2, "No space left on device" if "No space" in answer.err else "is full")
        assert "IMPLEMENT" not in answer.err or kept_somewhere(project, default_cache(), "c.txt", "BROKEN\n")
        if "was cut off here" in answer.err:
            assert "hint: jm resume 2" in answer.err
            told(project.jm("status"), 0, "cut off")
        disk.grow()
        goes_on(project, {})


@pytest.mark.parametrize(
    "options",
    [*(f"size={kb}k" for kb in (4, 44, 80, 92)), "nr_inodes=3", "nr_inodes=36"],
)
def test_no_room_for_the_worktrees(project: Project, tmp_path: Path, options: str) -> None:
    cache = tmp_path / "cache"
    worker, env = second_try(project), {"XDG_CACHE_HOME": str(cache)}
    with small_disk(cache, options) as disk:
        with untouched(project):
            answer = run(project, worker=worker, env=env)
        if answer.code == 0:
            pytest.skip(f"this git finds room enough in {options}")
        told(answer, 2)
        result = answer.json
        assert (result["outcome"], result["stop_reason"]) == ("stopped", "disk-full")
        assert f"jm resume {result['run_id']}" in result["next_actions"]
        if result["last_snapshot"]:
            assert project.git("show", f"{result['last_snapshot']}:c.txt") in {"BROKEN", "gamma"}
        disk.grow()
        goes_on(project, env)


def test_work_that_cannot_be_kept_as_a_snapshot_stays_in_its_worktree(
    project: Project, tmp_path: Path
) -> None:
    """The worker fills the disk to its last byte: even the rescue has no room, and so the folder stays."""
    cache, env = tmp_path / "cache", {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    greedy = "echo precious > c.txt; cat /dev/zero > filler 2> /dev/null; true"
    project.write({".gitignore": "filler\n"})
    project.commit("ignore what fills the disk")
    worker = project.session([{"run": [greedy]}, {"edits": [write("d.txt", "more\n")]}])
    with small_disk(cache, "size=4m") as disk:
        with untouched(project):
            answer = run(project, worker=worker, env=env)
        told(answer, 2)
        assert answer.json["stop_reason"] == "disk-full"
        assert "its worktree stays at" in answer.json["facts"][-1]
        assert kept_somewhere(project, cache, "c.txt", "precious\n")
        disk.grow()
        told(project.jm("resume", "--output-format", "json", env=env), 2)
        assert kept_somewhere(project, tmp_path / "nowhere", "c.txt", "precious\n"), "by now a ref has it"


def test_a_verified_run_stays_verified_when_its_receipt_cannot_be_written(project: Project) -> None:
    run_id = verified(project, run(project))["run_id"]
    receipt = project.root / ".journeyman" / "runs" / run_id / "receipt.json"
    receipt.unlink()
    receipt.mkdir()
    answer = project.jm("resume", "--output-format", "json")
    *_, warning = verified(project, answer)[
        "warnings"
    ]  # before it, that there is no sandbox, where there is none
    assert warning.startswith("the receipt could not be written: ")


def test_a_read_only_repository(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        project = Project(tmp_path / "disk" / "project")
        worker = gamma(project)
        disk.remount("ro")
        for command in (("run", "x", "--worker", worker), ("doctor",), ("init", "--force")):
            told(project.jm(*command), 2, "cannot be written: Read-only file system")
        told(project.jm("status"), 2, "nothing was run in this repository yet")
        told(project.jm("run", "x", "--worker", worker, "--dry-run"), 0, "worker   replay")
        disk.remount("rw")
        with untouched(project):
            done = verified(project, run(project, worker=worker))
        disk.remount("ro")
        for command in (("status",), ("report",), ("follow",)):
            told(project.jm(*command), 0)
        told(project.jm("resume"), 2, "Read-only file system")
        told(project.jm("verify", done["commit"]), 2, "Read-only file system")
        disk.remount("rw")
        # As a clean end of every reader leaves it: one file, which a read-only disk cannot add to.
        database = project.root / ".journeyman" / "journeyman.db"
        connection = sqlite3.connect(database)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        disk.remount("ro")
        told(project.jm("status"), 0, "verified")
        told(project.jm("report"), 0, "Verified: Add gamma")


@pytest.mark.parametrize("place", [".journeyman", ".git"])
def test_a_read_only_part_of_the_repository(project: Project, place: str) -> None:
    (project.root / place).mkdir(exist_ok=True)
    worker = gamma(project)
    with untouched(project), read_only(project.root / place):
        answer = run(project, worker=worker)
    # Of two things that git does at the same time, the one that fails first may not say why.
    reasons = ("Read-only file system", "unable to create directory")
    told(answer, 2, next((reason for reason in reasons if reason in answer.out), reasons[0]))
    if place == ".git":
        verified(project, project.jm("resume", "--output-format", "json"))
    verified(project, run(project, worker=worker))


def test_a_read_only_cache(project: Project, tmp_path: Path) -> None:
    cache, env = tmp_path / "cache", {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    cache.mkdir()
    with untouched(project), read_only(cache):
        answer = run(project, env=env)
        told(answer, 2)
        assert (answer.json["outcome"], answer.json["stop_reason"]) == ("stopped", "not-writable")
        assert "Read-only file system" in answer.json["stop_message"]
        told(project.jm("doctor", env=env), 2, "✗ not-writable", "Read-only file system")
    verified(project, project.jm("resume", "--output-format", "json", env=env))


def test_it_turns_read_only_in_the_middle(project: Project, tmp_path: Path) -> None:
    """As a disk does that has errors: the run stops, and goes on when the disk is well."""
    git_dir, mark = project.root / ".git", tmp_path / "mark"
    flip = f"mount --bind {git_dir} {git_dir} && mount -o remount,bind,ro {git_dir}"
    command = json.dumps(["sh", "-c", f"echo gamma > c.txt; test -e {mark} || {{ touch {mark}; {flip}; }}"])
    check = '[[checks]]\nname = "ok"\nrun = "true"\n'
    project.write({"journeyman.toml": f"{check}[workers.w]\ntype = 'command'\ncommand = {command}\n"})
    project.commit("a worker that breaks the disk")
    with read_only(tmp_path / "elsewhere"):
        try:
            with untouched(project):
                answer = run(project, "--sandbox", "off", worker="w")
        finally:
            subprocess.run(("umount", "--lazy", str(git_dir)), check=True)
    told(answer, 2)
    assert (answer.json["outcome"], answer.json["stop_reason"]) == ("stopped", "not-writable")
    assert "its worktree stays at" in answer.json["facts"][-1]
    assert kept_somewhere(project, default_cache(), "c.txt", "gamma\n")
    resumed = verified(project, project.jm("resume", "--output-format", "json"))
    (rescued,) = resumed["rescued"]
    assert project.git("show", f"{rescued}:c.txt") == "gamma", (
        "the edit nobody wrote down is kept, and done again"
    )
