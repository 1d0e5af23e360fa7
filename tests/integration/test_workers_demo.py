"""The demo's library and session do what the demo says: real ruff, mypy and pytest over real files."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from journeyman.cli.demo_data import SESSION, write_demo_repository
from journeyman.domain.checks import Fixer
from journeyman.domain.task import parse_task
from journeyman.workers.autofix import AutofixWorker
from journeyman.workers.autofix_task import can_autofix
from journeyman.workers.replay import ReplayWorker
from tests.support.host import GIT_ENV, RecordingHost, files_of, git, make_worktree
from tests.support.requests import implement_request, plan_request

FULL_PAGES = "test_exactly_full_pages_have_no_empty_one_after_them"
NO_ITEMS = "test_no_items_are_one_empty_page"
FIXERS = (
    Fixer("ruff check", (sys.executable, "-m", "ruff", "check", "--fix", ".")),
    Fixer("ruff format", (sys.executable, "-m", "ruff", "format", ".")),
)


def host_for(folder: Path) -> RecordingHost:
    host = RecordingHost(make_worktree(folder, {}), folder / "scratch")
    write_demo_repository(host.worktree)
    return host


def check(host: RecordingHost, *words: str) -> tuple[int, str]:
    env = {**GIT_ENV, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        (sys.executable, "-m", *words),
        cwd=host.worktree,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def pytest_failures(host: RecordingHost) -> set[str]:
    _, output = check(host, "pytest", "-p", "no:cacheprovider")
    return {line.split("::")[1].split(" ")[0] for line in output.splitlines() if line.startswith("FAILED ")}


def attempt(host: RecordingHost, number: int) -> None:
    fresh = RecordingHost(host.worktree, host.worktree.parent / "scratch")
    asyncio.run(ReplayWorker(SESSION).implement(implement_request(attempt=number), fresh))


def test_as_written_lint_and_one_test_fail(tmp_path: Path):
    host = host_for(tmp_path)
    code, output = check(host, "ruff", "check", ".", "--output-format", "concise")
    assert code == 1
    assert output.count("[*]") >= 4
    assert check(host, "mypy")[0] == 0
    assert pytest_failures(host) == {FULL_PAGES}
    assert git(host.worktree, "status", "--porcelain", "--ignored").count("cache") == 2


def test_autofix_makes_lint_clean_and_touches_nothing_else(tmp_path: Path):
    host = host_for(tmp_path)
    before = files_of(host.worktree)
    assert can_autofix(parse_task("Fix lint"), FIXERS).possible
    asyncio.run(AutofixWorker(FIXERS).implement(implement_request(), host))
    assert check(host, "ruff", "check", ".")[0] == 0
    assert check(host, "ruff", "format", "--check", ".")[0] == 0
    assert check(host, "mypy")[0] == 0
    assert pytest_failures(host) == {FULL_PAGES}
    after = files_of(host.worktree)
    changed = {path for path in after if after[path] != before.get(path)}
    assert changed == {"src/shelf/catalog.py", "src/shelf/report.py"}


def test_the_first_recorded_attempt_breaks_a_test_and_the_second_mends_both(tmp_path: Path):
    host = host_for(tmp_path)
    lint = check(host, "ruff", "check", ".", "--output-format", "concise")
    assert not can_autofix(parse_task("Fix the failing pagination test"), FIXERS).possible
    assert len(asyncio.run(ReplayWorker(SESSION).plan(plan_request(), host)).milestones) == 1
    attempt(host, 1)
    assert pytest_failures(host) == {NO_ITEMS}
    attempt(host, 2)
    assert pytest_failures(host) == set()
    assert check(host, "mypy")[0] == 0
    assert check(host, "ruff", "check", ".", "--output-format", "concise") == lint
    code, output = check(host, "ruff", "format", "--check", "src/shelf/paging.py", "tests")
    assert code == 0, output


def test_the_session_fits_the_tree_that_autofix_leaves_too(tmp_path: Path):
    host = host_for(tmp_path)
    asyncio.run(AutofixWorker(FIXERS).implement(implement_request(), host))
    attempt(host, 1)
    attempt(host, 2)
    assert check(host, "ruff", "check", ".")[0] == 0
    assert pytest_failures(host) == set()
