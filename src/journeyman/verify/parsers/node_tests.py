"""Node's own test runner: its TAP and its spec reporters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from journeyman.domain.checks import Failure
from journeyman.verify.parsers.base import ParsedOutput
from journeyman.verify.parsers.text import failed_test

_TOTAL = re.compile(
    r"^(?:#|\u2139) (?P<word>tests|pass|fail|cancelled|skipped|todo) (?P<count>\d+)$", re.MULTILINE
)
_SUBTEST = re.compile(r"^(?P<indent> *)# Subtest: (?P<name>.*)$")
_POINT = re.compile(r"^(?P<indent> *)not ok \d+ - (?P<name>.*?)(?P<directive> # (?:TODO|SKIP)\b.*)?$")
_FIELD = re.compile(r"^ *(?P<key>location|failureType|type|error): (?P<value>.*)$")
_LOCATION = re.compile(r"(?P<path>.+?):(?P<line>\d+):\d+$")
_SPEC_LIST = re.compile(r"^✖ failing tests:$", re.MULTILINE)
_SPEC_ENTRY = re.compile(
    r"^test at (?P<path>.+?):(?P<line>\d+):\d+\n✖ (?P<name>.*?)(?: \([\d.]+m?s\))?\n"
    r"(?P<body>(?:(?!test at ).*\n?)*)",
    re.MULTILINE,
)
_SPEC_CROSS = re.compile(r"^ *✖ ", re.MULTILINE)


class NodeTest:
    """Leaves only: a parent that failed because of its subtests adds nothing."""

    name = "node-test"

    def matches(self, command: str, output: str) -> bool:  # noqa: ARG002
        """By the totals of either reporter."""
        words = {match["word"] for match in _TOTAL.finditer(output)}
        return {"tests", "pass", "fail"} <= words

    def parse(self, output: str, root: Path, report: bytes | None) -> ParsedOutput:  # noqa: ARG002
        """Failing tests, each named by its file and its chain of titles."""
        totals: dict[str, int] = {}
        for match in _TOTAL.finditer(output):
            totals[match["word"]] = totals.get(match["word"], 0) + int(match["count"])
        listed = _SPEC_LIST.search(output)
        if listed:
            failures = _spec_failures(output[listed.end() :])
            accounted = len(_SPEC_CROSS.findall(output, 0, listed.start()))
        else:
            points = list(_points(output.splitlines()))
            failures = [_tap_failure(chain, fields) for chain, fields in points if _is_leaf(fields)]
            accounted = sum(fields.get("type") != "suite" for _, fields in points)
        failed = totals.get("fail", 0) + totals.get("cancelled", 0)
        return ParsedOutput(
            failures=tuple(failures),
            passed_count=totals.get("pass", 0),
            failed_count=failed,
            skipped_count=totals.get("skipped", 0) + totals.get("todo", 0),
            complete=bool(failures) and accounted >= failed,
        )


def _is_leaf(fields: dict[str, str]) -> bool:
    return fields.get("failureType") != "subtestsFailed"


def _points(lines: list[str]) -> Iterator[tuple[list[str], dict[str, str]]]:
    """Every failing test point: its chain of titles and the fields of its block."""
    titles: dict[int, str] = {}
    for number, line in enumerate(lines):
        if opened := _SUBTEST.match(line):
            titles[len(opened["indent"])] = opened["name"]
        elif (point := _POINT.match(line)) and not point["directive"]:
            indent = len(point["indent"])
            chain = [titles[level] for level in sorted(titles) if level < indent] + [point["name"]]
            yield chain, _fields(lines[number + 1 :], indent)


def _fields(lines: list[str], indent: int) -> dict[str, str]:
    fields: dict[str, str] = {}
    prefix = " " * (indent + 2)
    inside = ""
    for line in lines:
        if line.startswith(f"{prefix}...") or (line.strip() and not line.startswith(prefix)):
            break
        match = (
            _FIELD.match(line) if line.startswith(prefix) and line[indent + 2 : indent + 3] != " " else None
        )
        if match and match["value"] != "|-":
            fields[match["key"]] = match["value"].strip("'")
        if match or line[indent + 2 : indent + 3].strip():
            inside = match["key"] if match and match["value"] == "|-" else ""
        elif inside:
            fields[inside] = f"{fields.get(inside, '')}{line[indent + 4 :]}\n"
    return fields


def _tap_failure(chain: list[str], fields: dict[str, str]) -> Failure:
    place = _LOCATION.match(fields.get("location", ""))
    path = place["path"] if place else None
    name = " > ".join(part.replace("\\#", "#") for part in chain)
    error = fields.get("error", "")
    return failed_test(
        f"{path} > {name}" if path and path != name else name,
        error,
        path=path,
        line=place["line"] if place else None,
        detail=error,
    )


def _spec_failures(text: str) -> list[Failure]:
    failures = []
    for match in _SPEC_ENTRY.finditer(text):
        path, name = match["path"], match["name"]
        body = "\n".join(line for line in match["body"].splitlines() if not re.match(r" +at ", line))
        test = name if name == path else f"{path} > {name}"
        failures.append(failed_test(test, body, path=path, line=match["line"], detail=body))
    return failures
