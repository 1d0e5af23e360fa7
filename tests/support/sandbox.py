"""What the sandbox's tests share: a runner by name, a HOME of their own, small Python programs."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from journeyman.domain.process import Command, CommandResult, Confinement, OnLine
from journeyman.domain.settings import SandboxMode
from journeyman.sandbox.backend import SandboxRunner, choose_runner
from journeyman.sandbox.processes import ProcessRunner

TOOLS_PATH = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"


def sandbox_runner(home: Path) -> SandboxRunner:
    """The bubblewrap runner; skips the test, saying why, where it does not work."""
    runner = asyncio.run(choose_runner(SandboxMode.AUTO, home=home, path=os.environ["PATH"]))
    if runner.backend != "bubblewrap":
        pytest.skip(runner.warning or "no bubblewrap")
    return runner


class Bench:
    """Runs small programs in ``work`` with one runner. Confined when the runner can confine."""

    def __init__(self, runner: ProcessRunner | SandboxRunner, folder: Path) -> None:
        self.runner = runner
        self.home = folder / "home"
        self.work = folder / "home" / ".cache" / "journeyman" / "work"
        self.work.mkdir(parents=True, exist_ok=True)
        self.env = {"PATH": TOOLS_PATH, "HOME": str(self.home)}

    def command(self, *argv: str, **changes: object) -> Command:
        confinement = Confinement(writable=(self.work,))
        command = Command(argv=argv, cwd=self.work, env=self.env, timeout_s=60, confinement=confinement)
        return replace(command, **changes)  # type: ignore[arg-type]

    def python(self, program: str, *arguments: str, **changes: object) -> Command:
        return self.command("python3", "-S", "-c", program, *arguments, **changes)

    def run(self, command: Command, on_line: OnLine | None = None) -> CommandResult:
        return asyncio.run(self.runner.run(command, on_line))

    def shell(self, script: str, **changes: object) -> CommandResult:
        return self.run(self.command("sh", "-c", script, **changes))


def alive(marker: str) -> list[int]:
    """The living processes, zombies left out, with ``marker`` among their arguments."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        arguments = process.info["cmdline"] or []
        if process.info["status"] != psutil.STATUS_ZOMBIE and marker in arguments:
            found.append(process.pid)
    return found


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Waits for the condition, generously."""
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    pytest.fail(f"never came true: {what}")
