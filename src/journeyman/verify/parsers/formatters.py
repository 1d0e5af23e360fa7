"""Formatters in checking mode: black, isort, ruff format, prettier, gofmt and rustfmt. One failure a file."""

from __future__ import annotations

import re
from pathlib import Path

from journeyman.domain.checks import Failure
from journeyman.verify.parsers.base import ParsedOutput
from journeyman.verify.parsers.text import place_failure

_WOULD = re.compile(r"^(?:would reformat|Would reformat:) (?P<path>.+)$", re.MULTILINE)
_DIFF = re.compile(r"^--- (?P<path>[^\t\n]+?)(?:\t.*)?\n\+\+\+ (?P=path)(?:\t.*)?$", re.MULTILINE)
_ISORT = re.compile(r"^ERROR: (?P<path>.+?) Imports are incorrectly sorted", re.MULTILINE)
_UNREADABLE = re.compile(
    r"^error: (?:cannot (?:format|parse)|Failed to (?:format|parse)):? "
    r"(?P<path>[^\s:][^:\n]*)(?::(?P<line>\d+):\d+)?(?:: (?P<message>.*))?$",
    re.MULTILINE,
)
_TOTAL = re.compile(r"\b(\d+) files? would be reformatted\b")
_FAIL_TOTAL = re.compile(r"\b(\d+) files? would fail to reformat\b")

_PRETTIER = re.compile(r"^\[warn\] (?!Code style issues |Error occurred )(?P<path>\S.*)$", re.MULTILINE)
_PRETTIER_ERROR = re.compile(
    r"^\[error\] (?P<path>\S[^:\n]*): (?P<message>\w*Error: .+?)(?: \((?P<line>\d+):\d+\))?$", re.MULTILINE
)
_PRETTIER_END = re.compile(
    r"Code style issues (?:were )?found in (?:the above|(?P<count>\d+)) file|"
    r"Error occurred when checking code style"
)
_GO_FILE = re.compile(r"^[^\s:][^:]*\.go$")
_RUST_DIFF = re.compile(r"^Diff in (?P<path>.+?)(?::| at line )(?P<line>\d+):$", re.MULTILINE)


def _unformatted(path: str, line: str | None = None) -> Failure:
    return place_failure(path, line, "unformatted", "file would be reformatted")


class PythonFormat:
    """black, isort and ``ruff format --check`` (with ``--diff``, or of a version before findings)."""

    name = "python-format"

    def matches(self, command: str, output: str) -> bool:  # noqa: ARG002
        """By a file that would change, or a total of them."""
        return bool(_WOULD.search(output) or _ISORT.search(output) or _FAIL_TOTAL.search(output)) or bool(
            _TOTAL.search(output) and _DIFF.search(output)
        )

    def parse(self, output: str, root: Path, report: bytes | None) -> ParsedOutput:  # noqa: ARG002
        """Files that would change and files that cannot be read."""
        changed = [_unformatted(match["path"]) for match in _WOULD.finditer(output)]
        if not changed:
            changed = [_unformatted(match["path"]) for match in _DIFF.finditer(output)]
        unreadable = [
            place_failure(match["path"], match["line"], "unreadable", match["message"] or "cannot be parsed")
            for match in _UNREADABLE.finditer(output)
        ]
        unsorted = [
            place_failure(match["path"], None, "unsorted", "imports are not sorted")
            for match in _ISORT.finditer(output)
        ]
        total = sum(int(count) for count in _TOTAL.findall(output))
        broken = sum(int(count) for count in _FAIL_TOTAL.findall(output))
        failures = (*changed, *unreadable, *unsorted)
        complete = bool(failures) and len(changed) >= total and len(unreadable) >= broken
        return ParsedOutput(failures=failures, complete=complete)


class Prettier:
    """``[warn] path`` for each file, then one closing sentence."""

    name = "prettier"

    def matches(self, command: str, output: str) -> bool:  # noqa: ARG002
        """By its opening or closing sentence."""
        return "Checking formatting..." in output or bool(_PRETTIER_END.search(output))

    def parse(self, output: str, root: Path, report: bytes | None) -> ParsedOutput:  # noqa: ARG002
        """Files that would change and files that do not parse."""
        changed = [_unformatted(match["path"]) for match in _PRETTIER.finditer(output)]
        broken = [
            place_failure(match["path"], match["line"], "syntax", match["message"])
            for match in _PRETTIER_ERROR.finditer(output)
        ]
        ends = list(_PRETTIER_END.finditer(output))
        counts = sum(int(end["count"] or 1) for end in ends)
        failures = (*changed, *broken)
        return ParsedOutput(failures=failures, complete=bool(ends) and len(failures) >= counts)


class Gofmt:
    """``gofmt -l`` and ``goimports -l``: nothing but the names of the files."""

    name = "gofmt"

    def matches(self, command: str, output: str) -> bool:
        """By the command: bare names are no signature."""
        return bool(re.search(r"\b(?:gofmt|gofumpt|goimports)\b", command)) and any(
            _GO_FILE.match(line) for line in output.splitlines()
        )

    def parse(self, output: str, root: Path, report: bytes | None) -> ParsedOutput:  # noqa: ARG002
        """The files named; complete when there is nothing else."""
        lines = [line for line in output.splitlines() if line.strip()]
        files = [line for line in lines if _GO_FILE.match(line)]
        return ParsedOutput(
            failures=tuple(_unformatted(path) for path in files), complete=0 < len(files) == len(lines)
        )


class Rustfmt:
    """``cargo fmt --check``: a diff for each hunk, told here once a file."""

    name = "rustfmt"

    def matches(self, command: str, output: str) -> bool:  # noqa: ARG002
        """By the heading of a diff."""
        return bool(_RUST_DIFF.search(output))

    def parse(self, output: str, root: Path, report: bytes | None) -> ParsedOutput:  # noqa: ARG002
        """The files that differ, at their first hunk."""
        first: dict[str, str] = {}
        for match in _RUST_DIFF.finditer(output):
            first.setdefault(match["path"], match["line"])
        failures = tuple(_unformatted(path, line) for path, line in first.items())
        return ParsedOutput(failures=failures, complete=not re.search(r"^error", output, re.MULTILINE))
