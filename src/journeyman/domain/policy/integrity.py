"""What a change weakens of the tests and checks that judge it. Pure: texts and counts in, findings out.

Counts are net over all changed files: a test that moved is not one that went.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from journeyman.domain.checks import CheckResult
from journeyman.domain.policy.risk import FileText, is_test
from journeyman.domain.scope import path_matches


class WeakeningKind(StrEnum):
    """In which way a change got easier to accept."""

    TESTS_REMOVED = "tests_removed"
    TESTS_SKIPPED = "tests_skipped"
    FEWER_ASSERTIONS = "fewer_assertions"
    FEWER_COLLECTED = "fewer_collected"
    MORE_SKIPPED = "more_skipped"
    SUPPRESSIONS = "suppressions"
    CHECK_CONFIGURATION = "check_configuration"
    CI_CHANGED = "ci_changed"


@dataclass(frozen=True)
class Weakening:
    """One thing that judges less than before."""

    kind: WeakeningKind
    message: str


_TEST = re.compile(
    r"^\s*(?:async )?def (test\w*)\s*\(|^\s*(?:it|test)(?:\.each\([^)]*\))?\(\s*[\"'`](.+?)[\"'`]"
    r"|^func (Test\w+)\(|^\s*#\[(?:tokio::)?test\]|^\s*@Test\b",
    re.MULTILINE,
)
_SKIP = re.compile(
    r"@pytest\.mark\.(?:skip|skipif|xfail)\b|pytest\.(?:skip|xfail|importorskip)\("
    r"|@unittest\.(?:skip|expectedFailure)|\bself\.skipTest\(|\b(?:it|test|describe)\.(?:skip|todo|only)\b|\b(?:xit|xdescribe|xtest|fit|fdescribe)\("
    r"|\bt\.Skip\w*\(|#\[ignore|@(?:Disabled|Ignore)\b"
)  # fmt: skip
_ASSERTION = re.compile(
    r"^\s*assert\b|\bself\.(?:assert\w+|fail)\(|\bpytest\.(?:raises|warns)\(|\bexpect\("
    r"|\bassert\w*(?:\.\w+)?!?\(|\bt\.(?:Error|Errorf|Fatal|Fatalf)\(|\brequire\.\w+\(",
    re.MULTILINE,
)  # fmt: skip
_SUPPRESSION = re.compile(
    r"#\s*noqa\b|#\s*type:\s*ignore|#\s*pyright:\s*ignore|#\s*pragma:\s*no cover|eslint-disable"
    r"|@ts-(?:ignore|nocheck|expect-error)|biome-ignore|//\s*nolint|#!?\[allow\("
)  # fmt: skip
_CHECK_FILES = (
    "pytest.ini", "tox.ini", "setup.cfg", "noxfile.py", ".coveragerc", "ruff.toml", ".ruff.toml", ".flake8",
    "mypy.ini", ".mypy.ini", "pyrightconfig.json", ".pylintrc", ".eslintrc*", "eslint.config.*",
    ".eslintignore",
    "jest.config.*", "vitest.config.*", "tsconfig*.json", "biome.json*", ".prettierrc*", ".prettierignore",
    ".golangci.*", "clippy.toml", "rustfmt.toml", ".pre-commit-config.yaml", "Makefile", "conftest.py",
)  # fmt: skip
_DECIDING = (
    *("conftest.py", "pytest.ini", ".pytest.ini", "sitecustomize.py", "usercustomize.py", "*.pth"),
    *("/pytest/", "/pytest.py", "/_pytest/", "/unittest/", "/unittest.py"),
)
"""New files that a test run reads by itself, or that stand in its runner's place."""
_CI_FILES = (
    "/.github/", "/.gitlab-ci.yml", "/.circleci/", "/.travis.yml", "/azure-pipelines.yml", "/Jenkinsfile",
    "/.ci/",
    "/.buildkite/", "/bitbucket-pipelines.yml",
)  # fmt: skip
_TOOL_TABLES = (
    "pytest", "ruff", "mypy", "coverage", "flake8", "pyright", "black", "isort", "pylint", "codespell", "tox",
)  # fmt: skip
_PACKAGE_KEYS = ("scripts", "jest", "eslintConfig", "prettier", "vitest", "mocha")
_NAMED = 3


def judge_integrity(
    files: tuple[FileText, ...],
    before: tuple[CheckResult, ...] = (),
    after: tuple[CheckResult, ...] = (),
) -> tuple[Weakening, ...]:
    """What got weaker. ``before`` and ``after`` are results on the base and on the snapshot, where known."""
    tests = tuple(file for file in files if is_test(file.path))
    found = [
        *_removed(tests),
        *_grown(WeakeningKind.TESTS_SKIPPED, _SKIP, tests, "skipped or expected to fail"),
        *_fewer_assertions(tests),
        *_grown(WeakeningKind.SUPPRESSIONS, _SUPPRESSION, files, "told to be passed over by a checker"),
        *_configuration(files),
        *_counts(before, after),
    ]
    return tuple(found)


def _removed(tests: tuple[FileText, ...]) -> list[Weakening]:
    before = _names(tuple(file.before or "" for file in tests))
    after = _names(tuple(file.after or "" for file in tests))
    if after.total() >= before.total():
        return []  # renamed or moved: as many as before
    gone = before.total() - after.total()
    names = sorted((before - after).elements())
    named = ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
    return [Weakening(WeakeningKind.TESTS_REMOVED, f"{_plural(gone, 'test')} fewer ({named})")]


def _grown(
    kind: WeakeningKind, pattern: re.Pattern[str], files: tuple[FileText, ...], what: str
) -> list[Weakening]:
    more = [(file.path, _net(pattern, file)) for file in files]
    total = sum(number for _, number in more)
    if total <= 0:
        return []
    places = ", ".join(path for path, number in more if number > 0)
    return [Weakening(kind, f"{_plural(total, 'place')} more {what} ({places})")]


def _fewer_assertions(tests: tuple[FileText, ...]) -> list[Weakening]:
    fewer = -sum(_net(_ASSERTION, file) for file in tests)
    if fewer <= 0:
        return []
    places = ", ".join(file.path for file in tests if _net(_ASSERTION, file) < 0)
    return [Weakening(WeakeningKind.FEWER_ASSERTIONS, f"{_plural(fewer, 'assertion')} fewer ({places})")]


def _configuration(files: tuple[FileText, ...]) -> list[Weakening]:
    found = []
    for file in files:
        if path_matches(file.path, _CI_FILES):
            found.append(Weakening(WeakeningKind.CI_CHANGED, f"CI is changed ({file.path})"))
        elif file.before is not None and _configures_checks(file):
            message = f"the checks' configuration is changed ({file.path})"
            found.append(Weakening(WeakeningKind.CHECK_CONFIGURATION, message))
        elif file.before is None and path_matches(file.path, _DECIDING):
            message = f"a new file decides what the tests do ({file.path})"
            found.append(Weakening(WeakeningKind.CHECK_CONFIGURATION, message))
    return found


def configures_checks(path: str) -> bool:
    """Whether a file may decide which tests run, or what a checker looks at."""
    return path.rsplit("/", 1)[-1] in {"pyproject.toml", "package.json"} or path_matches(path, _CHECK_FILES)


def _configures_checks(file: FileText) -> bool:
    name = file.path.rsplit("/", 1)[-1]
    if name == "pyproject.toml":
        return _tool_tables(file.before) != _tool_tables(file.after)
    if name == "package.json":
        return _package_keys(file.before) != _package_keys(file.after)
    return path_matches(file.path, _CHECK_FILES)


def _counts(before: tuple[CheckResult, ...], after: tuple[CheckResult, ...]) -> list[Weakening]:
    base = {result.check: result for result in before}
    found = []
    for now in after:
        then = base.get(now.check)
        collected = _collected(then), _collected(now)
        if then is None or collected[0] is None or collected[1] is None:
            continue
        if collected[1] < collected[0]:
            message = f"{now.check} collects {_tests(collected[1])} where the base has {collected[0]:,}"
            found.append(Weakening(WeakeningKind.FEWER_COLLECTED, message))
        if (now.skipped_count or 0) > (then.skipped_count or 0):
            skips = f"skips {_tests(now.skipped_count or 0)} where the base skips {then.skipped_count or 0:,}"
            message = f"{now.check} {skips}"
            found.append(Weakening(WeakeningKind.MORE_SKIPPED, message))
    return found


def _tests(number: int) -> str:
    return "1 test" if number == 1 else f"{number:,} tests"


def _collected(result: CheckResult | None) -> int | None:
    if result is None or result.passed_count is None or result.failed_count is None:
        return None
    return result.passed_count + result.failed_count + (result.skipped_count or 0)


def _names(texts: tuple[str, ...]) -> Counter[str]:
    found: Counter[str] = Counter()
    for text in texts:
        found.update(next(filter(None, match.groups()), "a test") for match in _TEST.finditer(text))
    return found


def _net(pattern: re.Pattern[str], file: FileText) -> int:
    return len(pattern.findall(file.after or "")) - len(pattern.findall(file.before or ""))


def _tool_tables(text: str | None) -> object:
    try:
        tool = tomllib.loads(text or "").get("tool")
    except (tomllib.TOMLDecodeError, RecursionError):
        return text
    return {name: tool.get(name) for name in _TOOL_TABLES} if isinstance(tool, dict) else None


def _package_keys(text: str | None) -> object:
    import json

    try:
        package = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return text
    return [package.get(key) for key in _PACKAGE_KEYS] if isinstance(package, dict) else None


def _plural(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
