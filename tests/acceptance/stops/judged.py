"""Stops by VERIFY, by REVIEW, by a question, by a budget, by a signal."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

from tests.support.project import CHECKS, Answer, write
from tests.support.stops import Stage, stops_with

BROKEN = {"edits": [write("c.txt", "BROKEN\n")]}
WHOLE = {"edits": [write("c.txt", "1\n")]}


@stops_with("verify-failed")
def _(stage: Stage) -> None:
    worse = {"edits": [write("c.txt", "BROKEN again\n")]}
    stage.run("--retries", "1", worker=stage.replay(BROKEN, worse, WHOLE))


@stops_with("no-progress")
def _(stage: Stage) -> None:
    stage.run(worker=stage.replay(BROKEN, {"say": "again"}))


@stops_with("review-rejected")
def _(stage: Stage) -> None:
    no = {
        "verdict": "request_changes",
        "attempt": 1,
        "summary": "no",
        "findings": [{"message": "not like this"}],
    }
    yes = {"verdict": "approve", "attempt": 2, "summary": "fine"}
    better = {"edits": [write("c.txt", "2\n")]}
    worker = stage.project.session({"attempts": [WHOLE, better], "reviews": [no, yes]})
    stage.run("--retries", "0", worker=worker)


@stops_with("nothing-changed")
def _(stage: Stage) -> None:
    stage.run(worker=stage.replay({"say": "It is done already."}))


@stops_with("nothing-to-fix")
def _(stage: Stage) -> None:
    fixed = '[[checks]]\nname = "tidy"\nrun = "test -f a.txt"\nfix = "touch a.txt"\n'
    stage.project.write({"journeyman.toml": fixed})
    stage.project.commit("a check with a fixer")
    stage.run(worker="autofix")


@stops_with("nothing-proven")
def _(stage: Stage) -> None:
    stage.project.write({"journeyman.toml": '[[checks]]\nname = "never"\nrun = "echo no; false"\n'})
    stage.project.commit("a check that always fails")
    stage.run("--retries", "0", worker=stage.edits("c.txt", "1\n"))


@stops_with("worker-blocked")
def _(stage: Stage) -> None:
    question = {"reason": "two ways", "question": "Which one?", "options": ["left", "it's right"]}
    asking = {"edits": [write("c.txt", "half\n")], "blocked": question}
    stage.run(worker=stage.replay(asking, {"run": ["test -f c.txt && echo whole >> c.txt"]}))


@stops_with("uncertain")
def _(stage: Stage) -> None:
    stage.run("--allow", "c.txt", "--deny", "c.txt", worker=stage.replay(WHOLE))


@stops_with("out-of-time")
def _(stage: Stage) -> None:
    stage.run("--minutes", "0.03", worker=stage.replay({"wait_s": 30, **WHOLE}))


def waiting(stage: Stage) -> Path:
    """Configures the worker ``w``, which waits until the file ``go`` is there; its first sign of life."""
    begun, go = stage.folder / "begun", stage.folder / "go"
    script = f"touch {begun}; while [ ! -f {go} ]; do sleep 0.05; done; echo 1 > c.txt"
    command = json.dumps(["sh", "-c", script])
    stage.project.write({"journeyman.toml": f"{CHECKS}[workers.w]\ntype = 'command'\ncommand = {command}\n"})
    stage.project.commit("a worker that waits")
    stage.before_pasting = go.touch
    return begun


def until(sign: Path) -> None:
    """Wait for a file to be there."""
    deadline = time.monotonic() + 60
    while not sign.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@stops_with("interrupted")
def _(stage: Stage) -> None:
    begun = waiting(stage)
    process = stage.project.start("run", "Do it", "--worker", "w", env=stage.env)
    until(begun)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    stage.ended(Answer(process.returncode, out.decode(), err.decode()))


@stops_with("run-locked")
def _(stage: Stage) -> None:
    begun = waiting(stage)
    process = stage.project.start("run", "Do it", "--worker", "w", "--quiet", env=stage.env)
    until(begun)
    stage.known |= {"run": stage.jm("status", "--json").json[0]["run_id"], "pid": str(process.pid)}
    stage.refused("resume", stage.known["run"])
    process.communicate(timeout=60)
    assert process.returncode == 0
