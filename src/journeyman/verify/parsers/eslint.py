"""ESLint's default "stylish" format; stylelint's is near enough to be read too."""

from __future__ import annotations

import re
from pathlib import Path

from journeyman.verify.parsers.base import ParsedOutput
from journeyman.verify.parsers.text import place_failure

_FILE = re.compile(r"^(?P<path>\S.*\.\w+)$")
_ENTRY = re.compile(
    r"^ +(?P<line>\d+):\d+ +(?P<kind>error|warning) +(?P<message>\S.*?)(?:  +(?P<rule>[\w@/.-]+))?$"
)
_TOTAL = re.compile(
    r"^✖ \d+ problems? \((?P<errors>\d+) errors?, (?P<warnings>\d+) warnings?\)", re.MULTILINE
)
_TOO_MANY = re.compile(r"^ESLint found too many warnings", re.MULTILINE)


class Eslint:
    """Errors below their file's name. Warnings are failures only where a limit on them failed the run."""

    name = "eslint"

    def matches(self, command: str, output: str) -> bool:  # noqa: ARG002
        """By the line with the cross that counts the problems."""
        return bool(_TOTAL.search(output))

    def parse(self, output: str, root: Path, report: bytes | None) -> ParsedOutput:  # noqa: ARG002
        """The entries that made the run fail."""
        kinds = {"error", "warning"} if _TOO_MANY.search(output) else {"error"}
        failures = []
        path = ""
        for line in output.splitlines():
            if file := _FILE.match(line):
                path = file["path"]
            elif path and (entry := _ENTRY.match(line)) and entry["kind"] in kinds:
                failures.append(
                    place_failure(path, entry["line"], entry["rule"] or "parse", entry["message"])
                )
        found = 0
        for total in _TOTAL.finditer(output):
            found += int(total["errors"]) + (int(total["warnings"]) if "warning" in kinds else 0)
        return ParsedOutput(failures=tuple(failures), complete=len(failures) == found > 0)
