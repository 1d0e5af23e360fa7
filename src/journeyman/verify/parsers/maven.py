"""Maven: what the compiler complains of, and the tests that Surefire or Failsafe ran."""

from __future__ import annotations

import re
from pathlib import Path

from journeyman.domain.checks import Failure
from journeyman.verify.parsers.base import ParsedOutput
from journeyman.verify.parsers.text import failed_test, place_failure

_COMPLAINT = re.compile(
    r"^\[ERROR\] (?P<path>\S.*\.(?:java|kt|groovy|scala)):\[(?P<line>\d+),(?P<column>\d+)\] (?P<message>.+)$",
    re.MULTILINE,
)
_TOTAL = re.compile(
    r"^\[(?:INFO|WARNING|ERROR)\] Tests run: (?P<run>\d+), Failures: (?P<failures>\d+),"
    r" Errors: (?P<errors>\d+), Skipped: (?P<skipped>\d+)(?:, Flakes: \d+)?$",
    re.MULTILINE,
)
_TEST = re.compile(
    r"^\[ERROR\] (?P<name>\S.*?)(?: --)? +Time elapsed: \S+ s +<<< (?:FAILURE|ERROR)!$"
    r"(?P<body>(?:\n(?!\[).*)*)",
    re.MULTILINE,
)
_OLD_NAME = re.compile(r"(?P<method>.+)\((?P<owner>[\w.$]+)\)")
_FRAME = re.compile(r"^\s*at (?:\S+/)?(?P<call>[\w.$]+)\(\w+\.\w+:(?P<line>\d+)\)$", re.MULTILINE)
_LEFT_OUT = re.compile(r"^\[INFO\] \S.* SKIPPED(?: \[.*\])?$", re.MULTILINE)
"""A module behind one that failed."""


class MavenCompile:
    """The compiler's complaints; Maven says each of them again at its end."""

    name = "maven-compile"

    def matches(self, command: str, output: str) -> bool:  # noqa: ARG002
        """By a file with its line and column in brackets."""
        return bool(_COMPLAINT.search(output))

    def parse(self, output: str, root: Path, report: bytes | None) -> ParsedOutput:  # noqa: ARG002
        """Each complaint once."""
        found = {
            match.group("path", "line", "column", "message"): None for match in _COMPLAINT.finditer(output)
        }
        failures = [place_failure(path, line, "compile", message) for path, line, _, message in found]
        return ParsedOutput(failures=tuple(failures), complete=not _LEFT_OUT.search(output))


class MavenTest:
    """Failing tests, each told with its trace above the results of its module."""

    name = "maven-test"

    def matches(self, command: str, output: str) -> bool:  # noqa: ARG002
        """By the totals of a module."""
        return bool(_TOTAL.search(output))

    def parse(self, output: str, root: Path, report: bytes | None) -> ParsedOutput:  # noqa: ARG002
        """The failures of all modules; of those behind a failed one nothing is known."""
        totals = list(_TOTAL.finditer(output))
        failed = sum(int(total["failures"]) + int(total["errors"]) for total in totals)
        skipped = sum(int(total["skipped"]) for total in totals)
        failures = [_test(match) for match in _TEST.finditer(output) if "Tests run:" not in match["name"]]
        return ParsedOutput(
            failures=tuple(failures),
            passed_count=sum(int(total["run"]) for total in totals) - failed - skipped,
            failed_count=failed,
            skipped_count=skipped,
            complete=len(failures) == failed > 0 and not _LEFT_OUT.search(output),
        )


def _test(match: re.Match[str]) -> Failure:
    name = match["name"]
    if old := _OLD_NAME.fullmatch(name):
        name = f"{old['owner']}.{old['method']}"
    body = match["body"].strip("\n")
    owner = name.split("(", 1)[0].rpartition(".")[0]
    # The innermost frame of the test's own class: those above it are the assertion library's.
    frames = (frame for frame in _FRAME.finditer(body) if owner and frame["call"].startswith(f"{owner}."))
    own = next(frames, None)
    return failed_test(name, body, line=own["line"] if own else None, detail=body)
