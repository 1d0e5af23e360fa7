"""How a check's command is put, and what its end means. Pure but for reading the report."""

from __future__ import annotations

import os
import re
import shlex
import stat
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from journeyman.domain.checks import Check, CheckResult, CheckStatus, Failure
from journeyman.domain.errors import JourneymanError
from journeyman.domain.process import Command, CommandResult, Confinement, command_text
from journeyman.verify.judge import TIMED_OUT_KEY, UNAVAILABLE_KEY
from journeyman.verify.parsers.base import ParsedOutput
from journeyman.verify.parsers.registry import parse_output
from journeyman.verify.parsers.text import clean, clip, tail

EXCERPT_CHARACTERS = 4_000
MAX_REPORT_BYTES = 32_000_000
NO_TESTS_KEY = "(no tests)"
_PYTEST = re.compile(r"(?<![\w./-])(?:[\w./-]*/)?(?:pytest|py\.test)(?![\w.=/-])")
_PYTEST_NO_TESTS = 5
_PYTEST_DID_NOT_BEGIN = frozenset({3, 4})
"""An internal error, and a command line or configuration that pytest does not take."""
_BUILDS_TESTS = re.compile(
    r"(?<![\w./-])(?:cargo(?: \S+)*? (?:test|nextest)|(?:\S*/)?mvnw?(?: \S+)*? (?:test|verify|install))\b"
)
_NOT_FOUND = (
    re.compile(r"^(?:.*/)?python[\d.]*(?:\.exe)?: No module named \S+$", re.MULTILINE),
    re.compile(r"^g?make(?:\[\d+\])?: \*\*\* .*\bError 127$", re.MULTILINE),
)
_MISSING = re.compile(
    r"^.*(?:: (?:command )?not found|: No such file or directory|No module named .*|: Permission denied)$",
    re.MULTILINE,
)


def runs_pytest(check: Check) -> bool:
    """Whether pytest is a word of the command line."""
    return bool(_PYTEST.search(command_text(check.run)))


def put_command(
    check: Check,
    tree: Path,
    env: Mapping[str, str],
    readable: tuple[Path, ...],
    private: Path,
    log: Path,
) -> Command:
    """The confined command: it may write its tree and ``private``, which is also its temporary folder."""
    variables = {**env, "TMPDIR": str(private), "TMP": str(private), "TEMP": str(private)}
    if runs_pytest(check):
        options = ["-rfE"]
        if check.report is None:
            options += [f"--junitxml={shlex.quote(str(own_report(private)))}", "-o junit_family=xunit2"]
        variables["PYTEST_ADDOPTS"] = " ".join([env.get("PYTEST_ADDOPTS", ""), *options]).strip()
    return Command(
        argv=("/bin/sh", "-c", check.run) if isinstance(check.run, str) else check.run,
        cwd=tree,
        env=variables,
        timeout_s=check.timeout_s,
        confinement=Confinement(writable=(tree, private), readable=readable, network=check.network),
        log_path=log,
    )


def own_report(private: Path) -> Path:
    """Where pytest is told to leave its results."""
    return private / "junit.xml"


def named_report(check: Check, tree: Path) -> Path | None:
    """Where the check says that it leaves structured results. Raises JourneymanError("bad-config")."""
    if check.report is None:
        return None
    kind, _, name = check.report.partition(":")
    path = Path(os.path.normpath(tree / name))
    if kind != "junit" or not name or not path.is_relative_to(tree):
        raise JourneymanError(
            "bad-config",
            f"report of check {check.name!r} is {check.report!r}, not junit:PATH inside the repository",
            hint='report = "junit:report.xml"',
        )
    return path


def remove_stale_report(path: Path, tree: Path) -> None:
    """Take away what an earlier run left. Raises JourneymanError("bad-config") where that cannot be done."""
    try:
        # A folder on the way may be a link: nothing outside the tree is ever removed.
        if path.parent.resolve().is_relative_to(tree.resolve()):
            path.unlink(missing_ok=True)
            return
        reason = "it is outside the repository"
    except OSError as error:
        reason = error.strerror or str(error)
    raise JourneymanError("bad-config", f"the report {path.relative_to(tree)} cannot be replaced: {reason}")


def read_report(path: Path) -> bytes | None:
    """The report's content, when it is a regular file of a sane size; links and pipes are not followed."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or not 0 < status.st_size <= MAX_REPORT_BYTES:
        os.close(descriptor)
        return None
    with os.fdopen(descriptor, "rb") as file:
        return file.read(MAX_REPORT_BYTES)


def conclude(
    check: Check, tree_hash: str, root: Path, result: CommandResult, report: bytes | None
) -> CheckResult:
    """The check's result, from how its command ended and what it said."""
    text = clean(result.text, root)
    concluded = CheckResult(
        check=check.name,
        tree=tree_hash,
        status=CheckStatus.PASSED,
        exit_code=result.exit_code,
        duration_s=result.duration_s,
        excerpt=tail(text, EXCERPT_CHARACTERS),
        cpu_s=result.cpu_s,
    )
    if result.timed_out:
        detail = tail(text, 1_500)
        failure = Failure(TIMED_OUT_KEY, f"timed out after {check.timeout_s:g} s", detail=detail)
        return replace(concluded, status=CheckStatus.TIMED_OUT, exit_code=None, failures=(failure,))
    if missing := _what_is_missing(text, result.exit_code):
        return _unavailable(concluded, missing)
    parsed = parse_output(
        command_text(check.run),
        result.text,
        root,
        exit_code=result.exit_code,
        report=report,
        truncated=result.truncated,
    )
    if result.exit_code == _PYTEST_NO_TESTS and runs_pytest(check):
        parsed = _no_tests(parsed)
    elif parsed.passed_count is None and _no_test_began(check, result.exit_code):
        parsed = replace(parsed, passed_count=0)
    # A report that the user named decides too: some runners end with 0 whatever failed.
    told = check.report is not None and bool(parsed.failures)
    return replace(
        concluded,
        status=CheckStatus.FAILED if result.exit_code != 0 or told else CheckStatus.PASSED,
        failures=parsed.failures if result.exit_code != 0 or told else (),
        parsed=parsed.complete,
        passed_count=parsed.passed_count,
        failed_count=parsed.failed_count,
        skipped_count=parsed.skipped_count,
        more=parsed.more,
    )


def could_not_start(check: Check, tree_hash: str, error: JourneymanError) -> CheckResult:
    """The result of a check whose program is not there."""
    empty = CheckResult(check.name, tree_hash, CheckStatus.UNAVAILABLE, None, 0.0)
    return _unavailable(replace(empty, excerpt="\n".join((error.message, *error.facts))), error.message)


def _unavailable(result: CheckResult, why: str) -> CheckResult:
    failure = Failure(UNAVAILABLE_KEY, clip(why.strip(), 300))
    return replace(result, status=CheckStatus.UNAVAILABLE, failures=(failure,))


def _what_is_missing(text: str, exit_code: int) -> str | None:
    """What the shell, make or Python said of a program that is not there."""
    absent = exit_code in {126, 127} or (exit_code != 0 and any(p.search(text) for p in _NOT_FOUND))
    if not absent:
        return None
    said = _MISSING.findall(text)
    return said[-1] if said else f"the program could not be started (exit code {exit_code})"


def _no_test_began(check: Check, exit_code: int) -> bool:
    """Whether a test runner that gave no count gave up before its first test: it did not build, say."""
    if runs_pytest(check):
        return exit_code in _PYTEST_DID_NOT_BEGIN
    return exit_code != 0 and bool(_BUILDS_TESTS.search(command_text(check.run)))


def _no_tests(parsed: ParsedOutput) -> ParsedOutput:
    failure = Failure(NO_TESTS_KEY, "pytest collected no tests (exit code 5)")
    return replace(parsed, failures=(failure,), complete=True, passed_count=0, failed_count=0)
