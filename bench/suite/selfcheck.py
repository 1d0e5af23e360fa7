"""Is every task a fair one? Proven by doing it: without a model, and without Journeyman."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from bench.suite.packages import BenchError, Package, Pantry, clean_environment
from bench.suite.repositories import Tested, apply_edits, check_out, git, make_repository, run_hidden
from bench.suite.sessions import attempts
from bench.suite.tasks import SuiteTask

_CHECK_TIMEOUT_S = 300


def problems_of(task: SuiteTask, package: Package, pantry: Pantry) -> list[str]:
    """What is wrong with the task; nothing when it is fair.

    Plants and change apply exactly; the checks pass with the true change; the hidden tests fail on the base
    and pass with it; a first attempt with a slip is one that the checks refuse and the second mends.
    """
    with tempfile.TemporaryDirectory(prefix="jm-suite-") as name:
        folder = Path(name)
        try:
            return _problems(task, package, pantry, folder)
        except (BenchError, ValueError, OSError) as error:
            return [str(error)]


def _problems(task: SuiteTask, package: Package, pantry: Pantry, folder: Path) -> list[str]:
    root = folder / "repository"
    base = make_repository(task, package, pantry, root)
    if not task.doable:
        tries = attempts(task)
        apply_edits(root, tries[0] if tries else ())
        return []
    found = []
    if _hidden(task, package, pantry, folder / "base", root, base).passed:
        found.append("the hidden tests pass on the base")
    tries = attempts(task)
    apply_edits(root, tries[0])
    if task.knowledge.slips and not failing_checks(root, package, pantry):
        found.append("no check refuses the first attempt with its slip")
    for edits in tries[1:]:
        apply_edits(root, edits)
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "The true change")
    after = _hidden(task, package, pantry, folder / "changed", root, "HEAD")
    if not after.passed:
        found.append(f"the hidden tests fail with the true change:\n{after.output}")
    known = set(_base_failures(task, package, pantry, folder))
    found += [
        f"check {check} fails with the true change"
        for check in failing_checks(root, package, pantry)
        if check not in known
    ]
    return found


def _hidden(task: SuiteTask, package: Package, pantry: Pantry, tree: Path, root: Path, commit: str) -> Tested:
    check_out(root, commit, tree)
    return run_hidden(task, package, pantry, tree)


def _base_failures(task: SuiteTask, package: Package, pantry: Pantry, folder: Path) -> list[str]:
    """Checks that fail for reasons of the package's own: on the package without any plant."""
    root = folder / "pristine"
    shutil.rmtree(root, ignore_errors=True)
    make_repository(
        SuiteTask(task.name, task.package, task.size, task.kind, task.text), package, pantry, root
    )
    return failing_checks(root, package, pantry)


def failing_checks(root: Path, package: Package, pantry: Pantry) -> list[str]:
    """Names of the package's checks that fail in the tree."""
    env = clean_environment()
    tools = root / "node_modules" / ".bin" if package.npm else pantry.python() / "bin"
    env["PATH"] = f"{tools}:{env['PATH']}"
    env["PYTHONPATH"] = ":".join(str(root / entry) for entry in package.roots)
    failing = []
    for name, command in package.checks.items():
        done = subprocess.run(
            command,
            shell=True,
            cwd=root,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_CHECK_TIMEOUT_S,
            check=False,
        )
        if done.returncode != 0:
            failing.append(name)
    return failing
