"""Checks behind the sandbox: what they may write, and that their results still come out."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from journeyman.domain.checks import Check, CheckStatus
from journeyman.verify.environment import CheckEnvironment
from journeyman.verify.runner import CheckRunner
from tests.integration.test_verify_run import FAILING, PASSING, Shelf
from tests.support.sandbox import TOOLS_PATH, sandbox_runner


def test_pytest_results_come_out_of_the_sandbox(tmp_path):
    home = tmp_path / "home"
    tree = home / ".cache" / "tree"
    tree.mkdir(parents=True)
    (tree / "test_a.py").write_text(PASSING + FAILING)
    outside = tmp_path / "outside"
    runner = CheckRunner(sandbox_runner(home), Shelf(), 2)
    environment = CheckEnvironment(tree, {"PATH": TOOLS_PATH, "HOME": str(home)}, (), (), ())
    checks = (
        Check("tests", f"{sys.executable} -m pytest -q -p no:cacheprovider --no-summary"),
        Check("escape", f"echo > {outside}"),
        Check("private", 'echo > "$TMPDIR/f" && echo > here'),
    )
    tests, _, private = asyncio.run(runner.run(checks, environment, "t", tmp_path / "logs"))
    assert (tests.status, tests.parsed) == (CheckStatus.FAILED, True)
    assert (tests.passed_count, tests.failed_count) == (1, 2)
    assert not outside.exists()  # what was written went with the sandbox
    assert private.status is CheckStatus.PASSED
    assert (tree / "here").exists()
    assert Path(tests.log or "").read_text()
