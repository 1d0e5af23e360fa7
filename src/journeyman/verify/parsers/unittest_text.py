"""The text report of Python's unittest, and of Django's runner on top of it."""

from __future__ import annotations

import re
from pathlib import Path

from journeyman.domain.checks import Failure
from journeyman.verify.parsers.base import ParsedOutput
from journeyman.verify.parsers.text import failed_test

_RAN = re.compile(r"^Ran (\d+) tests? in ", re.MULTILINE)
_RESULT = re.compile(r"^(?:OK|FAILED|NO TESTS RAN)(?: \((?P<counts>[^)]*)\))?$", re.MULTILINE)
_BLOCK = re.compile(
    r"^={70}\n(?:FAIL|ERROR|UNEXPECTED SUCCESS): (?P<title>.+)\n(?P<body>(?:.*\n)*?)(?=^={70}$|^-{70}\nRan )",
    re.MULTILINE,
)
_TITLE = re.compile(r"(?P<method>\S+) \((?P<place>[\w.]+)\)(?P<rest>.*)")
_FRAME = re.compile(r'^  File "(?P<path>[^"]+)", line (?P<line>\d+)', re.MULTILINE)
_ERROR = re.compile(r"^[A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt|Warning|Failure|\w*)(?::.*)?$")


class UnittestText:
    """Blocks between rules of 70 ``=``, then ``Ran N tests`` and the totals."""

    name = "unittest"

    def matches(self, command: str, output: str) -> bool:  # noqa: ARG002
        """By the line that counts the tests."""
        return bool(_RAN.search(output))

    def parse(self, output: str, root: Path, report: bytes | None) -> ParsedOutput:  # noqa: ARG002
        """Failures and counts of all runs in the output."""
        failures = [_failure(match["title"], match["body"]) for match in _BLOCK.finditer(output)]
        ran = sum(int(count) for count in _RAN.findall(output))
        counts: dict[str, int] = {}
        for match in _RESULT.finditer(output):
            for item in (match["counts"] or "").split(", "):
                word, _, count = item.partition("=")
                if count.isdigit():
                    counts[word] = counts.get(word, 0) + int(count)
        failed = sum(counts.get(word, 0) for word in ("failures", "errors", "unexpected successes"))
        skipped = counts.get("skipped", 0)
        return ParsedOutput(
            failures=tuple(failures),
            passed_count=max(0, ran - failed - skipped),
            failed_count=failed,
            skipped_count=skipped,
            complete=len(failures) == failed > 0,
        )


def _failure(title: str, body: str) -> Failure:
    frames = list(_FRAME.finditer(body))
    own = [frame for frame in frames if not frame["path"].startswith("/")] or frames
    where = own[-1] if own else None
    shown = body[where.start() :] if where else body
    errors = [line for line in shown.splitlines() if line and not line.startswith(" ")]
    message = next((line for line in errors if _ERROR.match(line)), errors[0] if errors else title)
    return failed_test(
        _test_id(title),
        message,
        path=where["path"] if where else None,
        line=where["line"] if where else None,
        detail=shown.strip(),
    )


def _test_id(title: str) -> str:
    """``module.Class.method``, from the form of Python 3.11 as from the shorter one before it."""
    match = _TITLE.match(title)
    if not match:
        return title
    place = match["place"]
    if place.rpartition(".")[2] != match["method"]:
        place = f"{place}.{match['method']}"
    return place + match["rest"].rstrip()
