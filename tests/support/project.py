"""A small real repository, and the real ``jm`` in a process of its own: what acceptance tests talk to."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.jm import FRESH, run_fresh, run_jm

CRASHING = Path(__file__).parents[2] / "bench" / "crashing.py"
CHECKS = """
[[checks]]
name = "content"
run = "! grep -rn BROKEN --include=*.txt ."
tier = 0

[[checks]]
name = "names"
run = "test -f a.txt"
"""
FILES = {"a.txt": "alpha\n", "b.txt": "beta\n", "journeyman.toml": CHECKS}


@dataclass(frozen=True)
class Answer:
    """What one ``jm`` command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one object on stdout."""
        return json.loads(self.out)


def program_of(crash_after: int | None = None) -> tuple[str, ...]:
    """The words that start ``jm``."""
    if crash_after is None:
        return FRESH
    return (sys.executable, "-P", str(CRASHING), str(crash_after))


class Project:
    """A git repository in a temporary folder."""

    def __init__(self, root: Path, files: dict[str, str] | None = None) -> None:
        self.root = root
        root.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("config", "user.name", "Ada")
        self.git("config", "user.email", "ada@example.invalid")
        self.write(FILES if files is None else files)
        self.commit("start")

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def commit(self, message: str) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str) -> str:
        done = subprocess.run(("git", *arguments), cwd=self.root, capture_output=True, check=True)
        return done.stdout.decode("utf-8", "backslashreplace").strip()

    def session(self, *milestones: list[dict[str, Any]] | dict[str, Any], **more: Any) -> str:
        """A replay worker for the milestones, each a list of attempts; its ``--worker`` value."""
        path = self.root.parent / f"session-{time.monotonic_ns()}.json"
        entries = [entry if isinstance(entry, dict) else {"attempts": entry} for entry in milestones]
        path.write_text(
            json.dumps({"journeyman_session": 1, "recorded": "by hand", "milestones": entries, **more})
        )
        return f"replay:{path}"

    def jm(
        self,
        *arguments: str,
        env: dict[str, str] | None = None,
        cwd: Path | None = None,
        input: bytes | None = None,  # noqa: A002 - as subprocess.run has it
        crash_after: int | None = None,
        program: tuple[str, ...] | None = None,
    ) -> Answer:
        """A ``jm`` command, to its end; with ``crash_after`` it is killed right after so many events.

        ``program`` are the words that start it, if not the usual ones.
        """
        folder = cwd or self.root
        if program is None and crash_after is None:
            done = run_jm(arguments, folder, env or {}, input)
        else:
            words = program or program_of(crash_after)
            done = run_fresh(arguments, folder, {**os.environ, **(env or {})}, input, words)
        return Answer(
            done.returncode,
            done.stdout.decode(errors="backslashreplace"),
            done.stderr.decode(errors="backslashreplace"),
        )

    def start(
        self, *arguments: str, env: dict[str, str] | None = None, crash_after: int | None = None
    ) -> subprocess.Popen[bytes]:
        """A ``jm`` that the test goes on beside."""
        return subprocess.Popen(
            (*program_of(crash_after), *arguments),
            cwd=self.root,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def run_json(self, task: str, worker: str, *flags: str) -> tuple[int, dict[str, Any]]:
        answer = self.jm("run", task, "--worker", worker, "--output-format", "json", *flags)
        assert "Traceback" not in answer.err, answer.err
        return answer.code, answer.json

    def fingerprint(self) -> tuple[str, ...]:
        """Everything of the user's that a run must leave alone."""
        index = (self.root / ".git" / "index").read_bytes()
        return (
            self.git("status", "--porcelain=v2", "--branch", "--ignored=no"),
            self.git("stash", "list"),
            self.git("for-each-ref", "refs/heads/main", "refs/tags", "refs/stash"),
            self.git("reflog"),
            str(hash(index)),
            self.git("symbolic-ref", "-q", "HEAD"),
            self.git("config", "--local", "--list"),
        )


def write(path: str, text: str) -> dict[str, str]:
    """A recorded edit."""
    return {"path": path, "write": text}


def wait_for_line(process: subprocess.Popen[bytes], needle: bytes, timeout_s: float = 60) -> bytes:
    """Read a process's stderr until a line holds the needle."""
    assert process.stderr is not None
    seen = b""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        line = process.stderr.readline()
        seen += line
        if needle in line:
            return seen
        if not line:
            break
    process.send_signal(signal.SIGKILL)
    raise AssertionError(f"{needle!r} never came; seen: {seen.decode()}")
