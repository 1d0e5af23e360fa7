"""Rust: what rustc and clippy say through cargo, and ``cargo test``."""

from __future__ import annotations

import re
from pathlib import Path

from journeyman.domain.checks import Failure
from journeyman.verify.parsers.base import ParsedOutput
from journeyman.verify.parsers.text import clip, failed_test, place_failure, stable

_ERROR = re.compile(
    r"^error(?:\[(?P<code>E\d+)\])?: (?P<message>.+)\n"
    r"(?: *--> (?P<path>.+?):(?P<line>\d+):\d+\n(?P<body>(?:[ \d.=|+~-].*\n|help: .*\n|note: .*\n)*))?",
    re.MULTILINE,
)
_AFTERMATH = re.compile(
    r"could not compile |test failed, to rerun|doctest failed, to rerun|\d+ targets? failed|aborting due to|"
    r"build failed|process didn't exit successfully"
)
_LINT = re.compile(r"`-[DF] (?P<flag>[\w:-]+)`|#\[(?:deny|forbid)\((?P<name>[\w:]+)\)\]")
_DUE = re.compile(r"^error: could not compile .+ due to (?:(\d+) )?previous errors?", re.MULTILINE)
_RESULT = re.compile(
    r"^test result: \w+\. (?P<passed>\d+) passed; (?P<failed>\d+) failed; (?P<ignored>\d+) ignored",
    re.MULTILINE,
)
_LIST = re.compile(r"^failures:\n(?P<names>(?:    \S.*\n)+)", re.MULTILINE)
_OUTPUT = re.compile(
    r"^---- (?P<name>.+?) stdout ----\n(?P<body>(?:(?!---- |failures:$).*\n)*)", re.MULTILINE
)
_PANIC = re.compile(
    r"panicked at (?P<path>[^\s:]+):(?P<line>\d+):\d+:\n(?P<message>(?:(?!stack backtrace|note:).*\n?)*)"
)


class CargoBuild:
    """Errors of rustc and clippy. The same error of two targets is told once, as cargo does."""

    name = "cargo"

    def matches(self, command: str, output: str) -> bool:
        """By an error at a .rs place, or by any error from a cargo command."""
        located = re.search(r"^error.*\n *--> .+\.rs:\d+:\d+$", output, re.MULTILINE)
        return bool(located or (re.search(r"\bcargo\b", command) and _errors(output)))

    def parse(self, output: str, root: Path, report: bytes | None) -> ParsedOutput:  # noqa: ARG002
        """Errors with their lint's name; complete when no target counts more than were told."""
        failures = [_error(match) for match in _errors(output)]
        due = [int(count or 1) for count in _DUE.findall(output)]
        return ParsedOutput(failures=tuple(failures), complete=len(failures) >= max(due, default=1))


def _errors(output: str) -> list[re.Match[str]]:
    text = output if output.endswith("\n") else f"{output}\n"
    return [match for match in _ERROR.finditer(text) if not _AFTERMATH.match(match["message"])]


def _error(match: re.Match[str]) -> Failure:
    if not match["path"]:
        message = match["message"]
        return Failure(f"cargo::{stable(message)}", clip(f"error: {message}", 300))
    lint = _LINT.search(match["body"] or "")
    name = (lint["flag"] or lint["name"]).replace("-", "_") if lint else "error"
    return place_failure(match["path"], match["line"], match["code"] or name, match["message"], match["body"])


class CargoTest:
    """The lists of failures that close each test binary's output."""

    name = "cargo-test"

    def matches(self, command: str, output: str) -> bool:  # noqa: ARG002
        """By a binary's result."""
        return bool(_RESULT.search(output))

    def parse(self, output: str, root: Path, report: bytes | None) -> ParsedOutput:  # noqa: ARG002
        """Failing tests of all binaries that ran."""
        said: dict[str, list[str]] = {}
        for match in _OUTPUT.finditer(output):
            said.setdefault(match["name"], []).append(match["body"])
        names = [name.strip() for match in _LIST.finditer(output) for name in match["names"].splitlines()]
        failures = [_test(name, said.get(name, [])) for name in names]
        results = list(_RESULT.finditer(output))
        failed = sum(int(match["failed"]) for match in results)
        return ParsedOutput(
            failures=tuple(failures),
            passed_count=sum(int(match["passed"]) for match in results),
            failed_count=failed,
            skipped_count=sum(int(match["ignored"]) for match in results),
            complete=len(failures) == failed > 0,
        )


def _test(name: str, bodies: list[str]) -> Failure:
    # Two binaries may each have a test of this name: the outputs are taken in turn.
    body = bodies.pop(0) if bodies else ""
    panic = _PANIC.search(body)
    if not panic:
        return failed_test(name, body, detail=body)
    return failed_test(
        name, panic["message"], path=panic["path"], line=panic["line"], detail=panic[0].strip()
    )
