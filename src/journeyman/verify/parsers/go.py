"""Go: ``go test`` as text and as JSON, and what the compiler and ``go vet`` say."""

from __future__ import annotations

import json
import re
from pathlib import Path

from journeyman.domain.checks import Failure
from journeyman.verify.parsers.base import ParsedOutput
from journeyman.verify.parsers.text import failed_test, place_failure

_PACKAGE = re.compile(r"^(?P<result>FAIL|ok  )\t(?P<package>\S+)(?:\t| (?P<why>\[.*\])$)")
_RESULT = re.compile(r"^ *--- (?P<result>FAIL|PASS|SKIP): (?P<test>\S+) \([\d.]+s\)$")
_TURN = re.compile(r"^=== (?:RUN|CONT|NAME) +(?P<test>\S+)$")
_PLACE = re.compile(r"^\s*(?P<path>[\w./-]+\.go):(?P<line>\d+): ?(?P<message>.*)$", re.MULTILINE)
_COMPLAINT = re.compile(
    r"^(?:vet: )?(?P<path>[^\s:][^:\n]*\.go):(?P<line>\d+):(?:\d+:)? (?P<message>.+)$", re.MULTILINE
)
_HEADING = re.compile(r"^# \S+(?: \[\S+\])?$", re.MULTILINE)
_TOO_MANY = re.compile(r"^.*too many errors$", re.MULTILINE)


class GoTest:
    """``--- FAIL: TestName`` within a package's output; leaves only, as a parent fails with its subtests."""

    name = "go-test"

    def matches(self, command: str, output: str) -> bool:  # noqa: ARG002
        """By a package's closing line, in text or in JSON."""
        return bool(re.search(r"^(?:FAIL|ok  )\t\S|^\{.*\"Action\":\"(?:fail|pass)\"", output, re.MULTILINE))

    def parse(self, output: str, root: Path, report: bytes | None) -> ParsedOutput:  # noqa: ARG002
        """Failing tests and packages. Passing ones are counted where Go names them (``-v``, ``-json``)."""
        reader = _OutputReader()
        for line in _plain(output).splitlines():
            reader.read(line)
        return reader.parsed()


class _OutputReader:
    def __init__(self) -> None:
        self.failures: list[Failure] = []
        self.counts = {"PASS": 0, "FAIL": 0, "SKIP": 0}
        self._forget()

    def _forget(self) -> None:
        self.failed: list[str] = []
        self.said: dict[str, list[str]] = {}
        self.test = ""

    def read(self, line: str) -> None:
        if package := _PACKAGE.match(line):
            self._close(package)
        elif result := _RESULT.match(line):
            self.counts[result["result"]] += 1
            self.test = result["test"]
            if result["result"] == "FAIL":
                self.failed.append(self.test)
        elif turn := _TURN.match(line):
            self.test = turn["test"]
        elif line.strip() and line != "FAIL":
            self.said.setdefault(self.test, []).append(line.strip())

    def _close(self, match: re.Match[str]) -> None:
        package = match["package"]
        leaves = [
            test for test in self.failed if not any(other.startswith(f"{test}/") for other in self.failed)
        ]
        for test in leaves:
            detail = "\n".join(self.said.get(test, []))
            place = _PLACE.search(detail)
            message = place["message"] if place else detail
            line = place["line"] if place else None
            self.failures.append(failed_test(f"{package}.{test}", message, line=line, detail=detail))
        if match["result"] == "FAIL" and not leaves:
            why = match["why"] or "[failed]"
            detail = "" if match["why"] else "\n".join(self.said.get("", [])[-20:])
            self.failures.append(failed_test(f"{package} {why}", detail or why, detail=detail))
        self._forget()

    def parsed(self) -> ParsedOutput:
        named = any(self.counts.values()) and self.counts["PASS"] > 0
        return ParsedOutput(
            failures=tuple(self.failures),
            passed_count=self.counts["PASS"] if named else None,
            failed_count=len(self.failures),
            skipped_count=self.counts["SKIP"] if named else None,
            # Test results after the last package's closing line: the output was cut.
            complete=bool(self.failures) and not self.failed,
        )


def _plain(output: str) -> str:
    """The text that ``-json`` wraps, package by package: packages are tested side by side."""
    if not re.search(r"^\{.*\"Action\":", output, re.MULTILINE):
        return output
    packages: dict[str, list[str]] = {"": []}
    for line in output.splitlines():
        event = _event(line)
        if event is None:
            packages[""].append(f"{line}\n")
            continue
        said = event.get("Output")
        owner = str(event.get("Package") or event.get("ImportPath") or "")
        if isinstance(said, str):
            packages.setdefault(owner, []).append(said)
    return "".join("".join(parts) for parts in packages.values())


def _event(line: str) -> dict[str, object] | None:
    if not line.startswith("{"):
        return None
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) and "Action" in event else None


class GoBuild:
    """``# package``, then ``path:line:col: message``: go build, go vet, staticcheck."""

    name = "go-build"

    def matches(self, command: str, output: str) -> bool:
        """By a complaint about a .go file, below a heading or from a command that is Go's."""
        plain = _plain(output)
        told = bool(_HEADING.search(plain)) or bool(re.search(r"\b(?:go|staticcheck|golint)\b", command))
        return told and bool(_COMPLAINT.search(plain))

    def parse(self, output: str, root: Path, report: bytes | None) -> ParsedOutput:  # noqa: ARG002
        """The complaints. The compiler stops at ten errors a package, and then says so."""
        plain = _plain(output)
        failures = [
            place_failure(match["path"], match["line"], "go", match["message"])
            for match in _COMPLAINT.finditer(plain)
        ]
        return ParsedOutput(failures=tuple(failures), complete=not _TOO_MANY.search(plain))
