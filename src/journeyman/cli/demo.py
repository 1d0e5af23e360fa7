"""``jm demo``: two tasks in a small real repository, through the real command line."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from journeyman.cli.console import answer, run_async, say
from journeyman.cli.demo_data import MODEL_SESSION, SESSION, write_demo_repository
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


def register_demo(app: typer.Typer) -> None:
    """Add this file's command."""
    app.command("demo")(demo)


def demo(
    directory: Annotated[
        Path | None,
        typer.Option("--directory", help="Where to make the repository; default is a temp folder."),
    ] = None,
    agent: Annotated[
        bool,
        typer.Option("--agent", help="Let the built-in agent do the second task, with a simulated model."),
    ] = False,
) -> int:
    """Work two tasks in a small repository of its own: no key, no server, nothing of yours touched."""
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
    if agent:
        from journeyman.cli.demo_model import checkout_with_model

        checkout_with_model()
    return run_async(_demo(target, agent=agent))


async def _demo(target: Path, *, agent: bool) -> int:
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
    second = _by_agent if agent else _by_replay
    codes.append(await second(runner, target, environ))
    jm = "jm" if shutil.which("jm") else str(Path(sys.executable).with_name("jm"))
    answer(f"Look closer:\n  cd {target}\n  {jm} status\n  {jm} report\n  git log --graph --oneline --all")
    return max(codes)


async def _by_replay(runner: CommandRunner, target: Path, environ: Mapping[str, str]) -> int:
    say(f"── {BUG} · by a recorded session of model edits")
    return await _work(runner, target, environ, BUG, "--worker", f"replay:{SESSION}")


async def _by_agent(runner: CommandRunner, target: Path, environ: Mapping[str, str]) -> int:
    from journeyman.cli.demo_model import simulated_model

    say(f"── {BUG} · by the built-in agent; its model is simulated, on loopback")
    async with simulated_model(runner, environ, MODEL_SESSION) as url:
        asked = {**environ, "OPENAI_BASE_URL": url, "OPENAI_API_KEY": "none"}
        return await _work(runner, target, asked, BUG, "--worker", "agent", "--model", "openai:simulated")


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
