"""The user's set-up command: run once in each fresh tree, before anything is linked into it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

from journeyman.domain.errors import JourneymanError
from journeyman.domain.process import Command, CommandResult, CommandRunner, Confinement, Network
from journeyman.domain.settings import WorkspaceSettings
from journeyman.verify.repositories import inside

_LOG_NAME = "setup.log"
_TELLING_LINES = 20


async def run_setup(
    tree: Path,
    settings: WorkspaceSettings,
    env: Mapping[str, str],
    runner: CommandRunner,
    *,
    git_common_dir: Path,
    log_dir: Path,
) -> str | None:
    """Run the command unless this tree has had it; a line on what was done, ``None`` without a command.

    Raises JourneymanError("setup-failed") with the end of its output.
    """
    if not settings.setup:
        return None
    marker, mark = _marker(tree), _mark(tree, settings.setup)
    if _read(marker) == mark:
        return f"set up earlier with: {shown(settings.setup)}"
    argv = ("/bin/sh", "-c", settings.setup) if isinstance(settings.setup, str) else settings.setup
    log_path = log_dir / _LOG_NAME
    command = Command(
        argv=argv,
        cwd=tree,
        env=env,
        timeout_s=settings.setup_timeout_s,
        confinement=Confinement(writable=(tree,), readable=(git_common_dir,), network=Network.ON),
        log_path=log_path,
    )
    result = await runner.run(command)
    if not result.ok:
        raise _failure(settings, result, log_path)
    _publish(marker, mark)
    return f"set up with: {shown(settings.setup)}"


def setup_environment(base_env: Mapping[str, str], checkout: Path) -> dict[str, str]:
    """The environment of the set-up command: nothing in it leads into the user's checkout.

    An activated virtual environment of the checkout's would otherwise be what ``pip install`` changes.
    """
    env = dict(base_env)
    for name in ("PATH", "PYTHONPATH", "NODE_PATH"):
        if name in env:
            parts = [part for part in env[name].split(os.pathsep) if part]
            env[name] = os.pathsep.join(part for part in parts if inside(Path(part), checkout) is None)
    if "VIRTUAL_ENV" in env and inside(Path(env["VIRTUAL_ENV"]), checkout) is not None:
        del env["VIRTUAL_ENV"]
    return env


def setup_digest(setup: str | tuple[str, ...] | None) -> str:
    """Identity of the command; empty without one."""
    return hashlib.sha256(json.dumps(setup).encode()).hexdigest() if setup else ""


def shown(command: str | tuple[str, ...]) -> str:
    """The command on one line."""
    return command if isinstance(command, str) else " ".join(command)


def _marker(tree: Path) -> Path:
    return tree.with_name(f"{tree.name}.ready")


def _mark(tree: Path, setup: str | tuple[str, ...]) -> str:
    """What the marker says: the command, and which tree of this name it was. A new one has a new ``.git``."""
    entry = tree / ".git"
    status = (entry if entry.exists() else tree).stat()
    made = status.st_mtime_ns if entry.is_file() else 0
    return f"{setup_digest(setup)} {status.st_ino} {made}\n"


def _read(marker: Path) -> str:
    try:
        return marker.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _publish(marker: Path, mark: str) -> None:
    unfinished = marker.with_name(f"{marker.name}.{os.getpid()}")
    unfinished.write_text(mark, encoding="utf-8")
    unfinished.replace(marker)


def _failure(settings: WorkspaceSettings, result: CommandResult, log_path: Path) -> JourneymanError:
    lines = [line.rstrip() for line in result.text.splitlines() if line.strip()]
    how = (
        f"did not finish in {settings.setup_timeout_s:g} s"
        if result.timed_out
        else f"ended with exit code {result.exit_code}"
    )
    return JourneymanError(
        "setup-failed",
        f"the set-up command {how}: {shown(settings.setup or '')}",
        facts=(*lines[-_TELLING_LINES:], f"whole output: {log_path}"),
        hint="it runs in a bare worktree, before anything is linked: let it install all that it needs",
    )
