"""Biome's report: ``biome lint``, ``format``, ``check`` and ``ci`` speak alike."""

from __future__ import annotations

import re
from pathlib import Path

from journeyman.verify.parsers.base import ParsedOutput
from journeyman.verify.parsers.text import place_failure

_ENTRY = re.compile(
    r"^(?P<path>\S.*?)(?::(?P<line>\d+):\d+)? (?P<rule>[a-z]\w*(?:/\w+)*)(?: +FIXABLE)? +━{3,}\n"
    r"\s*\n +[\u00d7✖] (?P<message>\S.*)$",
    re.MULTILINE,
)
_TOTAL = re.compile(r"^Found (?P<errors>\d+) errors?\.$", re.MULTILINE)


class Biome:
    """Errors only: warnings, under an exclamation mark, do not fail the run. Beyond a limit it shows none."""

    name = "biome"

    def matches(self, command: str, output: str) -> bool:  # noqa: ARG002
        """By its rule of heavy lines and the line that counts the errors."""
        return "━━━" in output and bool(_TOTAL.search(output))

    def parse(self, output: str, root: Path, report: bytes | None) -> ParsedOutput:  # noqa: ARG002
        """One failure for each error."""
        failures = tuple(
            place_failure(entry["path"], entry["line"], entry["rule"], entry["message"])
            for entry in _ENTRY.finditer(output)
        )
        found = sum(int(total["errors"]) for total in _TOTAL.finditer(output))
        return ParsedOutput(failures=failures, complete=len(failures) == found > 0)
