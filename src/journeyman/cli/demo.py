"""``jm demo``: two tasks in a small real repository, through the real command line."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from journeyman.cli.console import answer, run_async, say
from journeyman.cli.demo_data import SESSION, write_demo_repository
from journeyman.domain.errors import JourneymanError
from journeyman.domain.process import Command, CommandRunner

LINT, BUG = "Fix lint", "Fix the failing pagination test"
_TOOLS = ("ruff", "mypy", "pytest")
_COMMIT = (
    ("init", "--quiet", "--initial-branch=main"),
    ("add", "--all"),
    (
        "-c",
        "user.name=Demo",
        "-c",
        "user.email=demo@localhost",
        "commit",
        "--quiet",
        "--message=A small shelf",
    ),
)


@dataclass(frozen=True)
class BugWorker:
    """Who works the demo's second task: flags of ``jm run``, and what is added to its environment."""

    told: str
    flags: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)


_BY_REPLAY = BugWorker("by a recorded session of model edits", ("--worker", f"replay:{SESSION}"))


def register_demo(app: typer.Typer) -> None:
    """Add this file's command."""
    app.command("demo")(demo)


def demo(
    directory: Annotated[
        Path | None,
        typer.Option("--directory", help="Where to make the repository; default is a temp folder."),
    ] = None,
) -> int:
    """Work two tasks in a small repository of its own: no key, no server, nothing of yours touched."""
    return work_demo(directory)


def work_demo(directory: Path | None, bug_worker: BugWorker = _BY_REPLAY) -> int:
    """Make the repository and work both tasks: the exit code. Raises JourneymanError for what is missing."""
    missing = [tool for tool in _TOOLS if importlib.util.find_spec(tool) is None]
    if missing:
        raise JourneymanError(
            "check-unavailable",
            f"the demo's checks need {', '.join(missing)}",
            hint="install them beside Journeyman: its extra is called demo",
        )
    parent = directory or Path(tempfile.mkdtemp(prefix="jm-demo-"))
    target = parent / "shelf"
    if target.exists():
        raise JourneymanError("usage", f"{target} exists already", hint="jm demo --directory ELSEWHERE")
    return run_async(_demo(target, bug_worker))


async def _demo(target: Path, bug_worker: BugWorker) -> int:
    from journeyman.config import read_surroundings
    from journeyman.sandbox.processes import ProcessRunner

    environ = dict(read_surroundings().environ)
    # The demo's checks are Journeyman's own development tools.
    environ["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), environ.get("PATH", os.defpath)))
    environ.pop("VIRTUAL_ENV", None)
    runner = ProcessRunner()
    write_demo_repository(target)
    for arguments in _COMMIT:
        result = await runner.run(Command(("git", *arguments), target, environ))
        if not result.ok:
            raise JourneymanError(
                "git-failed", "the demo's repository could not be made", facts=(result.text,)
            )
    say(f"A small repository with a lint error and a failing test: {target}\n")
    say(f"── {LINT} · by the project's own fixers, no model")
    codes = [await _work(runner, target, environ, LINT, "--worker", "autofix")]
    say(f"── {BUG} · {bug_worker.told}")
    codes.append(await _work(runner, target, {**environ, **bug_worker.variables}, BUG, *bug_worker.flags))
    jm = "jm" if shutil.which("jm") else str(Path(sys.executable).with_name("jm"))
    answer(f"Look closer:\n  cd {target}\n  {jm} status\n  {jm} report\n  git log --graph --oneline --all")
    return max(codes)


async def _work(
    runner: CommandRunner, target: Path, environ: Mapping[str, str], sentence: str, *flags: str
) -> int:
    """One task as its own ``jm run``: the exit code."""

    def show(stream: str, line: str) -> None:
        (answer if stream == "stdout" else say)(line.rstrip("\n"))

    argv = (sys.executable, "-m", "journeyman", "run", sentence, *flags)
    result = await runner.run(Command(argv, target, environ), show)
    answer("")
    return result.exit_code
