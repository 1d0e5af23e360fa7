"""What counts as weakening the tests and checks, and what does not."""

from __future__ import annotations

import pytest

from journeyman.domain.checks import CheckResult, CheckStatus
from journeyman.domain.policy.integrity import WeakeningKind, judge_integrity
from journeyman.domain.policy.risk import FileText

TWO = "def test_a():\n    assert f(1) == 1\n\n\ndef test_b():\n    assert f(2) == 2\n"
ONE = "def test_a():\n    assert f(1) == 1\n"
T = "tests/test_f.py"
Files = list[tuple[str, str | None, str | None]]


@pytest.mark.parametrize(
    ("files", "kinds", "message"),
    [
        ([(T, ONE, TWO)], [], ""),
        ([(T, TWO, ONE)], ["tests_removed", "fewer_assertions"], "1 test fewer (test_b)"),
        ([(T, TWO, None)], ["tests_removed", "fewer_assertions"], "2 tests fewer (test_a, test_b)"),
        ([(T, TWO, ONE), ("tests/test_g.py", None, TWO.split("\n\n\n")[1])], [], ""),
        ([(T, ONE, ONE.replace("test_a", "test_c"))], [], ""),
        ([(T, ONE, "@pytest.mark.skip\n" + ONE)], ["tests_skipped"], "1 place more skipped or expected to fail (tests/test_f.py)"),
        ([(T, ONE, "@pytest.mark.xfail\n" + ONE)], ["tests_skipped"], "skipped"),
        ([("a.test.ts", "it('a', () => { expect(1) })", "it.skip('a', () => { expect(1) })")], ["tests_removed", "tests_skipped"], "1 test fewer"),
        ([("x_test.go", "func TestA(t *testing.T) {\n", "func TestA(t *testing.T) {\n t.Skip()\n")], ["tests_skipped"], "x_test.go"),
        ([(T, ONE, "def test_a():\n    f(1)\n")], ["fewer_assertions"], "1 assertion fewer (tests/test_f.py)"),
        ([("src/f.py", "x = g()\n", "x = g()  # type: ignore\n")], ["suppressions"], "src/f.py"),
        ([("src/f.py", "x = g()  # noqa\n", "x = g()\n")], [], ""),
        ([("pytest.ini", "[pytest]\n", "[pytest]\naddopts = -k not_this\n")], ["check_configuration"], "pytest.ini"),
        ([("tests/conftest.py", None, "import os\n")], ["check_configuration"], "a new file decides what the tests do (tests/conftest.py)"),
        ([("sitecustomize.py", None, "x = 1\n")], ["check_configuration"], "sitecustomize.py"),
        ([("pytest/__init__.py", None, "")], ["check_configuration"], "pytest/__init__.py"),
        ([("docs/pytest/intro.md", None, "")], [], ""),
        ([("pyproject.toml", "[project]\nname='a'\n", "[project]\nname='b'\n")], [], ""),
        ([("pyproject.toml", "[tool.ruff]\nselect=['E']\n", "[tool.ruff]\nselect=[]\n")], ["check_configuration"], "pyproject.toml"),
        ([("package.json", '{"version": "1"}', '{"version": "2"}')], [], ""),
        ([("package.json", '{"scripts": {"test": "jest"}}', '{"scripts": {"test": "true"}}')], ["check_configuration"], "package.json"),
        ([("ruff.toml", None, "line-length = 99\n")], [], ""),
        ([(".github/workflows/ci.yml", "a", "b")], ["ci_changed"], "CI is changed (.github/workflows/ci.yml)"),
    ],
)  # fmt: skip
def test_weakening(files: Files, kinds: list[str], message: str) -> None:
    found = judge_integrity(tuple(FileText(*file) for file in files))
    assert [weakening.kind.value for weakening in found] == kinds
    assert not found or message in found[0].message


def result(check: str, passed: int | None, failed: int | None = 0, skipped: int | None = 0) -> CheckResult:
    return CheckResult(
        check,
        "t",
        CheckStatus.PASSED,
        0,
        1.0,
        passed_count=passed,
        failed_count=failed,
        skipped_count=skipped,
    )


@pytest.mark.parametrize(
    ("before", "after", "kinds"),
    [
        (result("t", 5), result("t", 5), []),
        (result("t", 4, 1), result("t", 5), []),
        (result("t", 5), result("t", 4), [WeakeningKind.FEWER_COLLECTED]),
        (result("t", 5), result("t", 4, 0, 1), [WeakeningKind.MORE_SKIPPED]),
        (result("t", None), result("t", 4), []),
        (result("t", 5), result("t", None), []),
        (result("u", 5), result("t", 4), []),
    ],
)
def test_counts(before: CheckResult, after: CheckResult, kinds: list[WeakeningKind]) -> None:
    assert [weakening.kind for weakening in judge_integrity((), (before,), (after,))] == kinds
