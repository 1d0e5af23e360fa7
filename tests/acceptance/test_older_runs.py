"""Runs that an earlier Journeyman began: its own code from the history works them until it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from tests.support.project import Project, write

ROOT = Path(__file__).parents[2]
OLDER = "44d5121"
"""The last commit whose journal held only the run's id, and no order."""
PLAN = {"milestones": [{"title": "First", "goal": "c"}, {"title": "Second", "goal": "d"}]}


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source folder of the older version."""
    archived = subprocess.run(("git", "archive", OLDER, "src"), cwd=ROOT, capture_output=True, check=False)
    if archived.returncode != 0:
        pytest.skip(f"this clone has no {OLDER}: {archived.stderr.decode()[:80]}")
    folder = tmp_path_factory.mktemp("older")
    with tarfile.open(fileobj=BytesIO(archived.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder / "src"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def session(project: Project) -> str:
    return project.session(
        {
            "attempts": [
                {"edits": [write("c.txt", "BROKEN\n")]},
                {"edits": [write("c.txt", "1\n")], "run": ["echo ran >> ran.txt"]},
            ],
            "reviews": [{"verdict": "approve"}],
        },
        {"attempts": [{"edits": [write("d.txt", "3\n")]}], "reviews": [{"verdict": "approve"}]},
        plan=PLAN,
    )


@pytest.mark.parametrize("events", [4, 20, 36, 52])
def test_a_run_that_an_older_version_was_killed_in_goes_on(
    project: Project, older: Path, events: int
) -> None:
    killed = subprocess.run(
        (sys.executable, "-m", "journeyman", "run", "Two", "--worker", session(project), "--quiet"),
        cwd=project.root,
        env={**os.environ, "PYTHONPATH": str(older), "JOURNEYMAN_CRASH_AFTER": str(events)},
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    answer = project.jm("resume", "--output-format", "json")
    assert (answer.code, answer.json["outcome"]) == (0, "verified"), answer.err
    assert project.jm("status", "--json").json[0]["run_id"] == answer.json["run_id"]
    commit = answer.json["commit"]
    subjects = project.git("log", "--format=%s", f"{answer.json['base_commit']}..{commit}").splitlines()
    assert len(subjects) == 2
    files = {name: project.git("show", f"{commit}:{name}") for name in ("c.txt", "d.txt", "ran.txt")}
    assert files == {"c.txt": "1", "d.txt": "3", "ran.txt": "ran"}, "no step was done twice"
