"""The user's set-up command: run once in each fresh tree, before anything is linked into it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path

from journeyman.domain.errors import JourneymanError
from journeyman.domain.process import Command, CommandResult, CommandRunner, Confinement, Network
from journeyman.domain.settings import WorkspaceSettings
from journeyman.verify.mirror import is_mirror
from journeyman.verify.programs import VENV_NAMES
from journeyman.verify.repositories import inside

_LOG_NAME = "setup.log"
_TELLING_LINES = 20
# Left by any program that runs, and of no use to the next: that they are gone is no reason to set up again.
# *.egg-info is a by-product of editable installs, whose metadata lies in site-packages.
_BY_PRODUCTS = (".git", "__pycache__", "*.pyc", "*.egg-info", ".*_cache", ".cache", "*.log")


async def run_setup(
    tree: Path,
    settings: WorkspaceSettings,
    env: Mapping[str, str],
    runner: CommandRunner,
    *,
    git_common_dir: Path,
    log_dir: Path,
) -> str | None:
    """Run the command unless the tree still has what it made; a line on that, ``None`` without a command.

    A clean-up between two snapshots takes away what was built from the first: then it runs again. Raises
    JourneymanError("setup-failed") with the end of its output.
    """
    if not settings.setup:
        return None
    marker, mark = _marker(tree), _mark(tree, settings.setup)
    earlier = _read(marker, mark)
    if earlier is not None and _all_there(tree, earlier):
        return f"set up earlier with: {command_shown(settings.setup)}"
    before = await asyncio.to_thread(_clear, tree, settings.link, frozenset(earlier or ()))
    argv = ("/bin/sh", "-c", settings.setup) if isinstance(settings.setup, str) else settings.setup
    command = Command(
        argv=argv,
        cwd=tree,
        env=env,
        timeout_s=settings.setup_timeout_s,
        confinement=Confinement(writable=(tree,), readable=(git_common_dir,), network=Network.ON),
        log_path=log_dir / _LOG_NAME,
    )
    result = await runner.run(command)
    if not result.ok:
        raise _failure(settings, result, log_dir / _LOG_NAME)
    products = await asyncio.to_thread(_products, tree, before)
    _publish(marker, json.dumps({"mark": mark, "products": products}))
    return f"set up with: {command_shown(settings.setup)}"


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


def command_shown(command: str | tuple[str, ...]) -> str:
    """The command on one line."""
    return command if isinstance(command, str) else " ".join(command)


def _marker(tree: Path) -> Path:
    return tree.with_name(f"{tree.name}.ready")


def _mark(tree: Path, setup: str | tuple[str, ...]) -> str:
    """Which command it was, and which tree of this name: a new one has a new ``.git`` file."""
    entry = tree / ".git"
    status = (entry if entry.exists() else tree).stat()
    made = status.st_mtime_ns if entry.is_file() else 0
    return f"{setup_digest(setup)} {status.st_ino} {made}"


def _read(marker: Path, mark: str) -> list[str] | None:
    """What the command made here; ``None`` when this tree has not had it."""
    try:
        known = json.loads(marker.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(known, dict) or known.get("mark") != mark:
        return None
    products = known.get("products")
    return [str(path) for path in products] if isinstance(products, list) else None


def _all_there(tree: Path, paths: list[str]) -> bool:
    return all(os.path.lexists(tree / path) for path in paths)


def _clear(tree: Path, links: tuple[str, ...], made_earlier: frozenset[str]) -> frozenset[str]:
    """Take back links that lead into the user's folders, where the command must not write; what remains."""
    for name in (*links, *VENV_NAMES):
        if is_mirror(tree / name):
            shutil.rmtree(tree / name)
    return frozenset(_products(tree, frozenset())) - made_earlier


def _products(tree: Path, before: frozenset[str]) -> list[str]:
    """What is in the tree and was not before: files, and new folders without what they hold."""
    found: list[str] = []
    for base, folders, files in os.walk(tree):
        prefix = os.path.relpath(base, tree) + "/" if base != str(tree) else ""
        named = [f"{prefix}{name}" for name in (*folders, *files) if not _by_product(name)]
        found += [path for path in named if path not in before]
        folders[:] = [
            name for name in folders if not _by_product(name) and (not before or f"{prefix}{name}" in before)
        ]
    return found


def _by_product(name: str) -> bool:
    return any(fnmatch(name, pattern) for pattern in _BY_PRODUCTS)


def _publish(marker: Path, text: str) -> None:
    unfinished = marker.with_name(f"{marker.name}.{os.getpid()}")
    unfinished.write_text(text, encoding="utf-8")
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
        f"the set-up command {how}: {command_shown(settings.setup or '')}",
        facts=(*lines[-_TELLING_LINES:], f"whole output: {log_path}"),
        hint="it runs in a bare worktree, before anything is linked, and must install all that it needs;"
        " another set-up command takes a new run",
    )
