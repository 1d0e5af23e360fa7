"""JavaScript test runners with files, suites and titles: jest and vitest."""

from __future__ import annotations

import re
from pathlib import Path

from journeyman.domain.checks import Failure
from journeyman.verify.parsers.base import ParsedOutput
from journeyman.verify.parsers.text import failed_test, posix_path

_JEST_TESTS = re.compile(r"^Tests: +(?P<counts>.*\btotal)$", re.MULTILINE)
_JEST_SUITES = re.compile(r"^Test Suites: +(?P<counts>.*\btotal)$", re.MULTILINE)
_JEST_FILE = re.compile(r"^(?:FAIL|PASS) +(?:.* )?(?P<path>\S+\.\w+)(?: \([\d.]+ m?s\))?$")
_JEST_TITLE = re.compile(r"^  ● (?!Console$)(?P<title>\S.*)$")
_JEST_AGAIN = re.compile(r"^Summary of all failing tests$", re.MULTILINE)
_JEST_PLACE = re.compile(r"\((?P<path>[^()\s:]+):(?P<line>\d+):\d+\)$", re.MULTILINE)
_SUITE_BROKEN = "Test suite failed to run"

_VITEST_TESTS = re.compile(r"^ +Tests +(?P<counts>.*\(\d+\)|no tests)$", re.MULTILINE)
_VITEST_FILES = re.compile(r"^ +Test Files +(?P<counts>.*\(\d+\))$", re.MULTILINE)
_VITEST_FAIL = re.compile(r"^ FAIL +(?:\|[^|]*\| +)?(?P<name>\S.*)$")
_VITEST_END = re.compile(r"^⎯+\[\d+/\d+\]⎯*$")
_VITEST_PLACE = re.compile(r"^ *\u276f (?:.* )?(?P<path>[^\s:]+):(?P<line>\d+):\d+$", re.MULTILINE)
_VITEST_ERRORS = re.compile(r"^ +Errors +\d+ errors?$", re.MULTILINE)


def _count(pattern: re.Pattern[str], output: str, word: str) -> int:
    """How many of ``word`` the totals lines give in all."""
    return sum(
        int(number)
        for match in pattern.finditer(output)
        for number in re.findall(rf"(\d+) {word}\b", match["counts"])
    )


class Jest:
    """``FAIL path``, then ``● title`` with the reason below."""

    name = "jest"

    def matches(self, command: str, output: str) -> bool:  # noqa: ARG002
        """By the totals of tests."""
        return bool(_JEST_TESTS.search(output))

    def parse(self, output: str, root: Path, report: bytes | None) -> ParsedOutput:  # noqa: ARG002
        """Failing tests, and suites that could not be run."""
        again = _JEST_AGAIN.search(output)
        totals = _JEST_TESTS.search(output)
        end = min(match.start() for match in (again, totals) if match) if again or totals else len(output)
        failures = list(_jest_failures(output[:end].splitlines()))
        broken = sum(failure.key.endswith(_SUITE_BROKEN) for failure in failures)
        failed = _count(_JEST_TESTS, output, "failed")
        suites = _count(_JEST_SUITES, output, "failed")
        return ParsedOutput(
            failures=tuple(failures),
            passed_count=_count(_JEST_TESTS, output, "passed"),
            failed_count=failed + broken,
            skipped_count=_count(_JEST_TESTS, output, "skipped") + _count(_JEST_TESTS, output, "todo"),
            complete=len(failures) - broken == failed and bool(failures) and len(_paths(failures)) == suites,
        )


def _paths(failures: list[Failure]) -> set[str]:
    return {failure.key.split(" > ")[0] for failure in failures}


def _jest_failures(lines: list[str]) -> list[Failure]:
    failures = []
    path = ""
    for number, line in enumerate(lines):
        if file := _JEST_FILE.match(line):
            path = posix_path(file["path"])
        elif title := _JEST_TITLE.match(line):
            body: list[str] = []
            for following in lines[number + 1 :]:
                if _JEST_TITLE.match(following) or following[:1].strip():
                    break
                body.append(following.removeprefix("    "))
            failures.append(_javascript_failure(path, title["title"], "\n".join(body), _JEST_PLACE))
    return failures


def _javascript_failure(path: str, title: str, body: str, places: re.Pattern[str]) -> Failure:
    found = [place for place in places.finditer(body) if "node_modules/" not in place["path"]]
    own = next((place for place in found if posix_path(place["path"]) == path), None)
    return failed_test(
        f"{path} > {title}", body.strip() or title, path=path, line=own["line"] if own else None, detail=body
    )


class Vitest:
    """`` FAIL  path > suite > title`` (several may share one reason), closed by ``⎯⎯[1/3]⎯``."""

    name = "vitest"

    def matches(self, command: str, output: str) -> bool:  # noqa: ARG002
        """By the totals of files and tests."""
        return bool(_VITEST_FILES.search(output) and _VITEST_TESTS.search(output))

    def parse(self, output: str, root: Path, report: bytes | None) -> ParsedOutput:  # noqa: ARG002
        """Failing tests, and files that could not be loaded."""
        failures: list[Failure] = []
        tests = 0
        names: list[str] = []
        body: list[str] = []
        for line in output.splitlines():
            if fail := _VITEST_FAIL.match(line):
                names.append(fail["name"])
            elif names and _VITEST_END.match(line):
                tests += sum(" > " in name for name in names)
                failures += [_vitest_failure(name, "\n".join(body)) for name in names]
                names, body = [], []
            elif names:
                body.append(line)
        failed = _count(_VITEST_TESTS, output, "failed")
        files = _count(_VITEST_FILES, output, "failed")
        whole = tests == failed and len(_paths(failures)) == files and not _VITEST_ERRORS.search(output)
        return ParsedOutput(
            failures=tuple(failures),
            passed_count=_count(_VITEST_TESTS, output, "passed"),
            failed_count=failed + len(failures) - tests,
            skipped_count=_count(_VITEST_TESTS, output, "skipped") + _count(_VITEST_TESTS, output, "todo"),
            complete=bool(failures) and whole and not names,
        )


def _vitest_failure(name: str, body: str) -> Failure:
    path, _, title = name.partition(" > ")
    path = path.split(" [ ")[0].strip()
    return _javascript_failure(path, title.replace(" > ", " > ") or _SUITE_BROKEN, body, _VITEST_PLACE)
