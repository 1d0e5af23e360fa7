"""From a check's output to its failures: the registry of parsers, and how their findings become one list."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from journeyman.domain.checks import Failure
from journeyman.verify.parsers.base import (
    MAX_FAILURES,
    MORE_KEY,
    FailureParser,
    ParsedOutput,
)
from journeyman.verify.parsers.biome import Biome
from journeyman.verify.parsers.cargo import CargoBuild, CargoTest
from journeyman.verify.parsers.eslint import Eslint
from journeyman.verify.parsers.fallback import opaque_failure
from journeyman.verify.parsers.formatters import Gofmt, Prettier, PythonFormat, Rustfmt
from journeyman.verify.parsers.go import GoBuild, GoTest
from journeyman.verify.parsers.javascript_tests import Jest, Vitest
from journeyman.verify.parsers.junit import JunitXml, UnreadableReportError
from journeyman.verify.parsers.maven import MavenCompile, MavenTest
from journeyman.verify.parsers.node_tests import NodeTest
from journeyman.verify.parsers.pytest_text import (
    PytestText,
    has_subtests,
    is_one_session,
    session_count,
)
from journeyman.verify.parsers.python_lint import Flake8Like, Ruff
from journeyman.verify.parsers.task_runners import (
    failed_environments,
    failed_hooks,
    goes_on_after_failure,
)
from journeyman.verify.parsers.text import clean, key_digest, number_repeats, stable_digest
from journeyman.verify.parsers.types import Mypy, Pyright, Tsc
from journeyman.verify.parsers.unittest_text import UnittestText

TEST_PARSERS: tuple[FailureParser, ...] = (
    PytestText(),
    UnittestText(),
    Jest(),
    Vitest(),
    NodeTest(),
    GoTest(),
    CargoTest(),
    MavenTest(),
)
PARSERS: dict[str, FailureParser] = {
    parser.name: parser
    for parser in (
        *TEST_PARSERS,
        Ruff(),
        Flake8Like(),
        Mypy(),
        Pyright(),
        Tsc(),
        PythonFormat(),
        Prettier(),
        Gofmt(),
        Rustfmt(),
        Eslint(),
        Biome(),
        GoBuild(),
        CargoBuild(),
        MavenCompile(),
    )
}
_MAX_MORE = 20_000
_JUNIT = JunitXml()


def parse_output(
    command: str,
    output: str,
    root: Path,
    *,
    exit_code: int,
    report: bytes | None = None,
    truncated: bool = False,
) -> ParsedOutput:
    """What the output (and the report, where there is one) tells of a run that ended with ``exit_code``.

    A failed run has at least one failure; when they may not be all, ``complete`` is false and the last
    one is opaque, keyed by the whole output. Of a run that succeeded there are the counts, and the failures
    that its report holds all the same.
    """
    text = clean(output, root)
    merged = _read(command, text, root, report)
    if exit_code == 0 and (report is None or not merged.failed_count):
        return replace(merged, failures=(), complete=True)
    # A crash, a cut in the middle, or a second program that failed unseen: there may be more than was read.
    doubts = (
        not merged.failures,
        exit_code < 0 or exit_code > 128,
        truncated,
        goes_on_after_failure(command),
        failed_environments(text) > 1,
    )
    complete = merged.complete and not (exit_code and any(doubts))
    return _capped(replace(merged, complete=complete), text, exit_code)


def _read(command: str, text: str, root: Path, report: bytes | None) -> ParsedOutput:
    hooks = failed_hooks(text)
    if hooks is not None:
        found = [
            failure for hook in hooks for failure in _hook_failures(hook.id, hook.title, hook.output, root)
        ]
        return ParsedOutput(failures=tuple(found))
    findings = [
        parser.parse(text, root, None)
        for parser in PARSERS.values()
        if parser not in TEST_PARSERS and parser.matches(command, text)
    ]
    findings += _read_tests(command, text, root, report)
    return _merged(findings)


def _read_tests(command: str, text: str, root: Path, report: bytes | None) -> list[ParsedOutput]:
    told = [parser.parse(text, root, None) for parser in TEST_PARSERS if parser.matches(command, text)]
    if report is None:
        return told
    try:
        structured = _JUNIT.parse(text, root, report)
    except UnreadableReportError:
        return [*told, ParsedOutput(complete=False)]
    # A second session overwrites the report of the first, and subtests are one case in it.
    overwritten = session_count(text) > 1 and not is_one_session(command)
    if told and (overwritten or has_subtests(text)):
        return told
    return [structured]


def _hook_failures(hook: str, title: str, output: str, root: Path) -> list[Failure]:
    """A hook's failures; one that no parser understands is keyed by what it said, so nothing hides in it."""
    inner = _read(title, output, root, None)
    if inner.failures and inner.complete:
        return [replace(failure, key=f"{hook}::{failure.key}") for failure in inner.failures]
    failure = opaque_failure(output or f"{title} failed", 1)
    return [replace(failure, key=f"{hook}::{stable_digest(output)}", message=f"{title}: {failure.message}")]


def _merged(findings: list[ParsedOutput]) -> ParsedOutput:
    spoke = [finding for finding in findings if finding.failures or finding.failed_count]
    return ParsedOutput(
        failures=tuple(failure for finding in findings for failure in finding.failures),
        passed_count=_sum([finding.passed_count for finding in findings]),
        failed_count=_sum([finding.failed_count for finding in findings]),
        skipped_count=_sum([finding.skipped_count for finding in findings]),
        complete=all(finding.complete for finding in spoke),
    )


def _sum(counts: list[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _capped(parsed: ParsedOutput, text: str, exit_code: int) -> ParsedOutput:
    failures = number_repeats(list(parsed.failures))
    kept, rest = failures[:MAX_FAILURES], failures[MAX_FAILURES:]
    if rest:
        kept.append(Failure(MORE_KEY, f"… and {len(rest):,} more failures; the log has them all"))
    complete = parsed.complete and len(rest) <= _MAX_MORE
    if not complete:
        kept.append(opaque_failure(text, exit_code))
    more = tuple(key_digest(failure.key) for failure in rest[:_MAX_MORE])
    return replace(parsed, failures=tuple(kept), complete=complete, more=more)
