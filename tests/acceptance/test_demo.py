"""``jm demo``: two verified commits in a repository of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOW = {
    ("journeyman", "demo"): "by a recorded session of model edits",
    ("bench.demo_agent",): "by the built-in agent; its model is simulated",
}


@pytest.mark.parametrize("program", HOW, ids=" ".join)
def test_two_tasks_end_in_two_verified_commits(tmp_path: Path, program: tuple[str, ...]) -> None:
    command = (sys.executable, "-m", *program, "--directory", str(tmp_path))
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, env={**os.environ})
    assert done.returncode == 0, done.stderr
    assert HOW[program] in done.stderr
    assert "not accepted: tests: 1 new failure" in done.stderr  # the first attempt, which VERIFY refused
    assert "Verified: Fix lint" in done.stdout
    assert "Verified: Fix the failing pagination test" in done.stdout
    assert f"cd {tmp_path / 'shelf'}" in done.stdout
    log = ("git", "log", "--branches=journeyman/*", "--format=%T %(trailers:key=Verified-Tree,valueonly)")
    told = subprocess.run(log, capture_output=True, text=True, cwd=tmp_path / "shelf", check=True).stdout
    commits = [line.split() for line in told.splitlines() if line.strip()]
    checkpoints = [words for words in commits if len(words) == 2]
    assert len(checkpoints) == 2
    assert all(tree == verified for tree, verified in checkpoints)


@pytest.mark.parametrize("program", HOW, ids=" ".join)
def test_again_in_the_same_place(tmp_path: Path, program: tuple[str, ...]) -> None:
    (tmp_path / "shelf").mkdir()
    command = (sys.executable, "-m", *program, "--directory", str(tmp_path))
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, "exists already" in done.stderr) == (2, True)
