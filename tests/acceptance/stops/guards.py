"""Stops by a guard: what no worker may change."""

from __future__ import annotations

from tests.support.project import CHECKS, write
from tests.support.stops import Stage, stops_with


@stops_with("out-of-scope")
def _(stage: Stage) -> None:
    stage.run("--allow", "a.txt", worker=stage.edits("b.txt", "x\n"))


@stops_with("protected-path")
def _(stage: Stage) -> None:
    stage.run(worker=stage.edits(".github/workflows/ci.yml", "x\n"))


@stops_with("lockfile-changed")
def _(stage: Stage) -> None:
    stage.run(worker=stage.edits("uv.lock", "x\n"))


@stops_with("symlink-escape")
def _(stage: Stage) -> None:
    stage.run(worker=stage.replay({"edits": [{"path": "out", "symlink": "../../etc/passwd"}]}))


@stops_with("submodule-changed")
def _(stage: Stage) -> None:
    made = "git init -q sub && git -C sub -c user.name=x -c user.email=x@x commit -q --allow-empty -m x"
    stage.run(worker=stage.replay({"run": [made]}))


@stops_with("mode-changed")
def _(stage: Stage) -> None:
    stage.run(worker=stage.replay({"edits": [{"path": "a.txt", "mode": "755"}]}))


@stops_with("diff-too-large")
def _(stage: Stage) -> None:
    stage.run(worker=stage.edits("big.txt", "x\n" * 10_001))


@stops_with("tests-weakened")
def _(stage: Stage) -> None:
    tests = "def test_a():\n    assert True\n\n\ndef test_b():\n    assert True\n"
    stage.start_over({"a.txt": "alpha\n", "tests/test_a.py": tests, "journeyman.toml": CHECKS})
    weaker = write("tests/test_a.py", "def test_a():\n    assert True\n")
    stage.run("--test-integrity", "stop", worker=stage.replay({"edits": [weaker]}))
