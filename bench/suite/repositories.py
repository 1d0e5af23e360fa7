"""A task's repository: the package with its plants, committed; and the hidden tests, run on a commit."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.suite.packages import BenchError, Package, Pantry, clean_environment, run
from bench.suite.tasks import Edit, SuiteTask

_IGNORED = (".venv/", "node_modules", "__pycache__/", ".pytest_cache/", ".mypy_cache/", ".ruff_cache/")
_HIDDEN_TIMEOUT_S = 120
_OLD = "2026-01-05T09:00:00Z"
"""Commits are dated, so that the same task has the same base commit each time."""


@dataclass(frozen=True)
class Tested:
    """What the hidden tests said."""

    passed: bool
    output: str


def git(root: Path, *arguments: str) -> str:
    """Git's output."""
    dates = {"GIT_AUTHOR_DATE": _OLD, "GIT_COMMITTER_DATE": _OLD, "GIT_OPTIONAL_LOCKS": "0"}
    return run("git", *arguments, cwd=root, env={**os.environ, **dates})


def apply_edits(root: Path, edits: Iterable[Edit]) -> None:
    """Make the edits. Raises BenchError for a text that does not stand exactly once."""
    for edit in edits:
        file = root / edit.path
        if edit.delete:
            file.unlink()
        elif edit.write is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(edit.write, "utf-8")
        else:
            text = file.read_text("utf-8")
            if text.count(edit.old) != 1:
                raise BenchError(f"{edit.path}: {edit.old!r} stands {text.count(edit.old)} times, not once")
            file.write_text(text.replace(edit.old, edit.new), "utf-8")


def make_repository(task: SuiteTask, package: Package, pantry: Pantry, root: Path) -> str:
    """The task's repository at ``root``, ready to work in; its base commit."""
    shutil.copytree(pantry.tree(package), root)
    if package.added:
        shutil.copytree(package.added, root, dirs_exist_ok=True)
    apply_edits(root, task.plants)
    (root / "journeyman.toml").write_text(_checks(package), "utf-8")
    ignored = root / ".gitignore"
    known = ignored.read_text("utf-8") if ignored.exists() else ""
    ignored.write_text("\n".join([known.rstrip(), *_IGNORED, ""]).lstrip("\n"), "utf-8")
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "config", "user.name", "Ada")
    git(root, "config", "user.email", "ada@example.invalid")
    # Whatever was published is part of it, also what its own rules ignore, such as a written version module.
    git(root, "add", "--all", "--force")
    git(root, "commit", "--quiet", "--message", f"{package.name} {package.version}")
    git(root, "tag", package.version)
    lend_tools(root, package, pantry)
    return git(root, "rev-parse", "HEAD").strip()


def lend_tools(root: Path, package: Package, pantry: Pantry) -> None:
    """The tools as a checkout has them: ``.venv``, or ``node_modules``."""
    source = pantry.node_modules() if package.npm else pantry.python()
    target = root / ("node_modules" if package.npm else ".venv")
    target.mkdir()
    for entry in source.iterdir():
        (target / entry.name).symlink_to(entry)
    (target / ".gitignore").write_text("*\n", "utf-8")


def _checks(package: Package) -> str:
    lines = []
    for name, command in package.checks.items():
        lines += ["[[checks]]", f"name = {json.dumps(name)}", f"run = {json.dumps(command)}"]
        lines += [f"tier = {0 if name == 'lint' else 1}", ""]
    return "\n".join(lines)


def check_out(root: Path, commit: str, target: Path) -> None:
    """The commit's files, without a repository around them."""
    packed = subprocess.run(("git", "archive", commit), cwd=root, capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(target, filter="data")


def run_hidden(task: SuiteTask, package: Package, pantry: Pantry, tree: Path) -> Tested:
    """The hidden tests in a tree that ``check_out`` made; they are written into it."""
    if task.hidden is None:
        raise BenchError(f"{task.name} has no hidden tests")
    file = tree / task.hidden.path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(task.hidden.text, "utf-8")
    lend_tools(tree, package, pantry)
    return run_tests(package, pantry, tree, task.hidden.path)


def run_tests(package: Package, pantry: Pantry, tree: Path, path: str) -> Tested:
    """One test file in a tree that has its tools."""
    env = clean_environment()
    if package.npm:
        argv: tuple[str, ...] = ("node", "--test", path)
        env["PATH"] = f"{tree / 'node_modules' / '.bin'}{os.pathsep}{env['PATH']}"
    else:
        tools = pantry.python() / "bin"
        argv = (str(tools / "python"), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "addopts=", path)
        env["PATH"] = f"{tools}{os.pathsep}{env['PATH']}"
        env["PYTHONPATH"] = os.pathsep.join(str(tree / entry) for entry in package.roots)
    try:
        done = subprocess.run(
            argv,
            cwd=tree,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_HIDDEN_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Tested(passed=False, output=f"not done after {_HIDDEN_TIMEOUT_S} s")
    return Tested(done.returncode == 0, (done.stdout + done.stderr)[-2000:])
