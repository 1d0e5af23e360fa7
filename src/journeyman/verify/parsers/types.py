"""Type checkers: mypy, pyright and tsc."""

from __future__ import annotations

import re
from pathlib import Path

from journeyman.domain.checks import Failure
from journeyman.verify.parsers.base import ParsedOutput
from journeyman.verify.parsers.text import place_failure

_MYPY = re.compile(
    r"^(?P<path>[^\s:][^:]*?):(?:(?P<line>\d+):)?(?:\d+:)?(?:\d+:\d+:)? "
    r"(?P<kind>error|note): (?P<message>.*)$"
)
_MYPY_CODE = re.compile(r"(?P<message>.*?)\s+\[(?P<code>[a-z][a-z0-9-]*)\]$", re.DOTALL)
_MYPY_TOTAL = re.compile(r"^Found (\d+) errors? in \d+ files?", re.MULTILINE)
_PYRIGHT = re.compile(
    r"^ +(?P<path>\S.*?):(?P<line>\d+):\d+ - error: (?P<message>.+(?:\n    +.+)*)$", re.MULTILINE
)
_PYRIGHT_CODE = re.compile(r"(?P<message>.*?)\s*\((?P<code>report\w+)\)$", re.DOTALL)
_PYRIGHT_TOTAL = re.compile(r"^(\d+) errors?, \d+ warnings?(?:, \d+ (?:informations?|notes?))?", re.MULTILINE)
_TSC = re.compile(
    r"^(?P<path>[^\s(:][^(:\n]*)(?:\((?P<line>\d+),\d+\):|:(?P<line2>\d+):\d+ -) error (?P<code>TS\d+): "
    r"(?P<message>.+)(?P<body>(?:\n  .+)*)$",
    re.MULTILINE,
)
_TSC_GLOBAL = re.compile(r"^error (?P<code>TS\d+): (?P<message>.+)$", re.MULTILINE)
_TSC_TOTAL = re.compile(r"^Found (\d+) errors?\b(?! in \d+ files? \()", re.MULTILINE)


class Mypy:
    """``path:line: error: message  [code]``, also in the wrapped form of ``--pretty``."""

    name = "mypy"

    def matches(self, command: str, output: str) -> bool:  # noqa: ARG002
        """By the totals that it always prints."""
        return bool(_MYPY_TOTAL.search(output))

    def parse(self, output: str, root: Path, report: bytes | None) -> ParsedOutput:  # noqa: ARG002
        """Errors, each with the notes that follow it."""
        failures: list[Failure] = []
        lines = output.splitlines()
        for number, line in enumerate(lines):
            match = _MYPY.match(line)
            if match and match["kind"] == "error":
                failures.append(_mypy_failure(match, lines[number + 1 : number + 12]))
        found = sum(int(count) for count in _MYPY_TOTAL.findall(output))
        return ParsedOutput(failures=tuple(failures), complete=len(failures) == found > 0)


def _mypy_failure(match: re.Match[str], following: list[str]) -> Failure:
    message, notes, wrapped = match["message"], [], True
    for line in following:
        note = _MYPY.match(line)
        if note and note["kind"] == "note":
            notes.append(note["message"])
            wrapped = False
        elif note or _MYPY_TOTAL.match(line):
            break
        elif line.startswith(" ") or not line.strip():
            wrapped = False
        elif wrapped and not _MYPY_CODE.match(message):
            message = f"{message} {line.strip()}"
    coded = _MYPY_CODE.match(message)
    code, text = (coded["code"], coded["message"]) if coded else ("error", message)
    return place_failure(match["path"], match["line"], code, text, "\n".join([text, *notes]))


class Pyright:
    """Errors indented below their file's name; warnings do not fail a run."""

    name = "pyright"

    def matches(self, command: str, output: str) -> bool:  # noqa: ARG002
        """By the totals in its last line."""
        return bool(_PYRIGHT_TOTAL.search(output))

    def parse(self, output: str, root: Path, report: bytes | None) -> ParsedOutput:  # noqa: ARG002
        """Errors with their explanation, which may take several lines."""
        failures = []
        for match in _PYRIGHT.finditer(output):
            coded = _PYRIGHT_CODE.match(match["message"])
            code, text = (coded["code"], coded["message"]) if coded else ("error", match["message"])
            failures.append(place_failure(match["path"], match["line"], code, text, text))
        found = sum(int(count) for count in _PYRIGHT_TOTAL.findall(output))
        return ParsedOutput(failures=tuple(failures), complete=len(failures) == found > 0)


class Tsc:
    """TypeScript's compiler, plain and ``--pretty``; vue-tsc alike."""

    name = "tsc"

    def matches(self, command: str, output: str) -> bool:  # noqa: ARG002
        """By an error with a TS number."""
        return bool(_TSC.search(output) or _TSC_GLOBAL.search(output))

    def parse(self, output: str, root: Path, report: bytes | None) -> ParsedOutput:  # noqa: ARG002
        """Errors of files and of the project; the pretty form also gives a total."""
        failures = [
            place_failure(
                match["path"], match["line"] or match["line2"], match["code"], match["message"], match["body"]
            )
            for match in _TSC.finditer(output)
        ]
        failures += [
            Failure(f"tsc::{match['code']}::{match['message']}", f"{match['code']} {match['message']}")
            for match in _TSC_GLOBAL.finditer(output)
        ]
        totals = [int(count) for count in _TSC_TOTAL.findall(output)]
        return ParsedOutput(failures=tuple(failures), complete=not totals or len(failures) == sum(totals))
