"""Python linters: ruff in its full and concise formats, and everything that speaks like flake8."""

from __future__ import annotations

import re
from pathlib import Path

from journeyman.verify.parsers.base import ParsedOutput
from journeyman.verify.parsers.text import place_failure

_RUFF_FULL = re.compile(
    r"^(?!error\b|warning\b|note\b|help\b)(?P<rule>[A-Z]+[0-9]+|[a-z][a-z-]+):? (?:\[\*\] )?(?P<message>.+)\n"
    r" *--> (?P<path>.+?):(?:cell \d+:)?(?P<line>\d+):\d+\n(?P<body>(?:.+\n)*)",
    re.MULTILINE,
)
_RUFF_CONCISE = re.compile(
    r"^(?P<path>[^\s:][^:\n]*):(?:cell \d+:)?(?P<line>\d+):\d+: "
    r"(?P<rule>[A-Z]+[0-9]+|[a-z][a-z-]+):? (?:\[\*\] )?(?P<message>.+)$",
    re.MULTILINE,
)
_RUFF_TOTAL = re.compile(r"^Found (\d+) errors?(?: \(\d+ fixed, (\d+) remaining\))?\.$", re.MULTILINE)
_RUFF_FORMAT_TOTAL = re.compile(r"^(\d+) files? would be reformatted\b", re.MULTILINE)

_LINE = re.compile(
    r"^(?P<path>[^\s:][^:]*):(?P<line>\d+):(?:(?P<column>\d+):)? "
    r"(?:(?P<rule>[A-Z]+\d+):? (?P<message>.+)|(?P<spelling>.+ ==> .+))$"
)
_TOLERATED = re.compile(
    r"\*{5,} Module |-{5,}$|Your code has been rated|\d+$|\d+ +[A-Z]+\d+ |"
    r"make(?:\[\d+\])?: |npm (?:ERR!|error)|> | *ELIFECYCLE|error Command failed"
)


class Ruff:
    """Lint findings, and the findings of ``ruff format --check`` in its newer form."""

    name = "ruff"

    def matches(self, command: str, output: str) -> bool:  # noqa: ARG002
        """By its totals, or by a finding in its own form."""
        return bool(_RUFF_TOTAL.search(output) or _RUFF_FULL.search(output))

    def parse(self, output: str, root: Path, report: bytes | None) -> ParsedOutput:  # noqa: ARG002
        """Findings in either format; complete when there are as many as ruff says it found."""
        failures = [
            place_failure(match["path"], match["line"], match["rule"], match["message"], match["body"])
            for match in _RUFF_FULL.finditer(output)
        ]
        if not failures:
            failures = [
                place_failure(match["path"], match["line"], match["rule"], match["message"])
                for match in _RUFF_CONCISE.finditer(output)
            ]
        found = sum(int(match[2] or match[1]) for match in _RUFF_TOTAL.finditer(output))
        unformatted = sum(int(count) for count in _RUFF_FORMAT_TOTAL.findall(output))
        return ParsedOutput(
            failures=tuple(failures),
            complete=bool(failures) and len(failures) >= found + unformatted,
        )


class Flake8Like:
    """``path:line:col: CODE message``: flake8, pycodestyle, pylint and many more; codespell's ``==>``."""

    name = "flake8"

    def matches(self, command: str, output: str) -> bool:  # noqa: ARG002
        """By one such line, unless ruff has claimed them."""
        return not _RUFF_TOTAL.search(output) and any(_LINE.match(line) for line in output.splitlines())

    def parse(self, output: str, root: Path, report: bytes | None) -> ParsedOutput:  # noqa: ARG002
        """These tools give no total: complete when every line from the first finding on was understood."""
        failures = []
        strangers = 0
        for line in output.splitlines():
            match = _LINE.match(line)
            if match:
                rule, message = match["rule"] or "spelling", match["message"] or match["spelling"]
                failures.append(place_failure(match["path"], match["line"], rule, message))
            elif failures and line.strip() and not _TOLERATED.match(line):
                strangers += 1
        return ParsedOutput(failures=tuple(failures), complete=bool(failures) and strangers == 0)
