"""Decision tables of the fast path: before a token is spent, and on the real diff."""

from __future__ import annotations

from dataclasses import replace

import pytest

from journeyman.domain.context import Likely, LikelyFile
from journeyman.domain.plan import Risk
from journeyman.domain.policy.fast_path import ReviewFacts, decide_fast_path, decide_review
from journeyman.domain.policy.risk import FileText, RiskSign, risks_of_change
from journeyman.domain.scope import Scope
from journeyman.domain.settings import FastPathSettings, RiskFlag
from journeyman.domain.task import Size, Task

ON = FastPathSettings()


def task(text: str = "Fix the off-by-one in pages", **more: object) -> Task:
    return replace(Task(text.partition("\n")[0][:40], text), **more)  # type: ignore[arg-type]


def file(path: str, score: float = 1.0, tested: bool = True) -> LikelyFile:
    return LikelyFile(path, score, tested)


@pytest.mark.parametrize(
    ("given", "likely", "eligible", "reason"),
    [
        (task(), (), True, "nothing speaks against it"),
        (task(), (file("src/pages.py"),), True, "it is about src/pages.py"),
        (task(), (file("src/pages.py", tested=False),), True, "which no test seems to cover"),
        (task(), (file("README.md", tested=False),), True, "where there is nothing to test"),
        (task(), (file("src/pages.py"), file("a.rst", tested=False)), True, "which tests cover"),
        (task(size=Size.SMALL), (), True, "the task says size: small"),
        (task(size=Size.MEDIUM), (), False, "the task says size: medium"),
        (task(size=Size.LARGE), (), False, "the task says size: large"),
        (task(risk=Risk.HIGH), (), False, "the task says risk: high"),
        (task("x" * 1501), (), False, "the task has 1,501 characters"),
        (task(f"Fix it\n```\n{'x' * 1501}\n```"), (), True, "nothing speaks against it"),
        (
            task(f"Fix it\n\nTraceback (most recent call last):\n{'  x' * 600}"),
            (),
            True,
            "nothing speaks against it",
        ),
        (task(acceptance=("a", "b", "c", "d")), (), False, "4 acceptance criteria"),
        (task("Do:\n- a\n- b\n- c\n- d\n- e\n"), (), False, "the task lists 5 points"),
        (
            task(
                "Fails:\n- [x] read the docs\n- OS: Linux\n- Python version: 3\n- pip: 24\n- CI: no\n- a: b"
            ),
            (),
            True,
            "nothing speaks against it",
        ),
        (task("Fails\n```\nlogin: bad password\n```"), (), True, "nothing speaks against it"),
        (task("Rename Foo to Bar across all modules"), (), False, "the task says 'across all modules'"),
        (task("Refactor the parser"), (), False, "the task says 'Refactor'"),
        (task("Refactor the parser", size=Size.SMALL), (), True, "the task says size: small"),
        (task("Hash passwords with a salt"), (), False, "the task says 'passwords'"),
        (task("Encrypt the export"), (), False, "the task says 'Encrypt'"),
        (task("Add a migration for the new column"), (), False, "the task says 'migration'"),
        (task("Bump the requests dependency"), (), False, "the task says 'Bump the requests dependency'"),
        (task(), tuple(file(f"f{n}.py") for n in range(12)), False, "it seems to be about 10 files"),
        (task(), tuple(file(f"f{n}.py") for n in range(6)), True, "which tests cover"),
        (task(), (file("a.py", 9.0), *(file(f"f{n}.py", 0.1) for n in range(9))), True, "it is about a.py"),
        (task(), (file("uv.lock"),), False, "uv.lock is a lockfile"),
        (task(), (file(".github/workflows/ci.yml"),), False, ".github/workflows/ci.yml is protected"),
        (task(), (file("docs/a.md"),), False, "docs/a.md is out of scope"),
        (task(), (file("src/auth/login.py"),), False, "src/auth/login.py is marked auth"),
        (task(), (file("src/migrations/0001.py"),), False, "src/migrations/0001.py is marked sql"),
    ],
)
def test_before_plan(given: Task, likely: tuple[LikelyFile, ...], eligible: bool, reason: str) -> None:
    decision = decide_fast_path(given, Scope(deny=("docs/",)), Likely(likely), ON)
    assert (decision.eligible, reason in decision.reasons) == (eligible, True), decision
    assert 0 <= decision.confidence <= 1


@pytest.mark.parametrize(
    ("mentioned_in", "eligible", "reason"),
    [
        (None, False, "the task says 'everywhere'"),
        (4, True, "nothing speaks against it"),
        (5, False, "the task says 'everywhere', which is 5 files"),
    ],
)
def test_everywhere_is_as_far_as_the_names_go(mentioned_in: int | None, eligible: bool, reason: str) -> None:
    given = task("Rename _as_text to _to_text everywhere")
    decision = decide_fast_path(given, Scope(), Likely((), mentioned_in), ON)
    assert (decision.eligible, decision.reasons) == (eligible, (reason,))
    assert decision.mentioned_in == mentioned_in


@pytest.mark.parametrize(
    ("settings", "given", "eligible", "reason"),
    [
        (replace(ON, force=True), task(size=Size.LARGE), True, "asked for"),
        (replace(ON, enabled=False), task(), False, "switched off"),
        (replace(ON, min_confidence=0.7), task(), False, "0.5 sure, and 0.7 is needed"),
        (replace(ON, min_confidence=0.7), task(size=Size.SMALL), True, "the task says size: small"),
        (replace(ON, max_task_characters=5), task(), False, "the task has 27 characters"),
        (replace(ON, risk_flags=()), task("Encrypt it"), True, "nothing speaks against it"),
    ],
)
def test_settings(settings: FastPathSettings, given: Task, eligible: bool, reason: str) -> None:
    decision = decide_fast_path(given, Scope(), Likely(), settings)
    assert (decision.eligible, reason in decision.reasons) == (eligible, True), decision


SMALL = ReviewFacts(files=1, lines=3, failed_verifies=0)


@pytest.mark.parametrize(
    ("facts", "fast", "needed", "reason"),
    [
        (SMALL, False, True, "not on the fast path"),
        (SMALL, True, False, "1 file, 3 lines, nothing risky"),
        (replace(SMALL, files=5), True, True, "5 files changed; the fast path is for 4"),
        (replace(SMALL, lines=121), True, True, "121 lines changed; the fast path is for 120"),
        (replace(SMALL, failed_verifies=1), True, False, "1 file, 3 lines, nothing risky"),
        (replace(SMALL, failed_verifies=2), True, True, "VERIFY sent it back 2 times"),
        (replace(SMALL, risks=(RiskSign("sql", "db.py"),)), True, True, "sql: db.py"),
        (replace(SMALL, weakened=("1 test fewer (test_a)",)), True, True, "1 test fewer (test_a)"),
        (replace(SMALL, rejected=True), True, True, "the review asked for changes before"),
        (replace(SMALL, wished="phases.review.worker = 'x'"), True, True, "phases.review.worker = 'x'"),
    ],
)
def test_on_the_real_diff(facts: ReviewFacts, fast: bool, needed: bool, reason: str) -> None:
    decision = decide_review(facts, ON, fast=fast)
    assert (decision.needed, reason in decision.reasons) == (needed, True), decision


@pytest.mark.parametrize(
    ("path", "before", "after", "flag"),
    [
        ("a.py", "x = 1\n", "x = 2\n", None),
        ("a.py", "def go(a):\n    pass\n", "def go(a, b):\n    pass\n", RiskFlag.PUBLIC_API),
        ("a.py", "def _go(a):\n    pass\n", "def _go(a, b):\n    pass\n", None),
        ("a.py", "def go(a):\n    pass\n", "def go(a: int) -> None:\n    pass\n", None),
        ("a.py", "def go(\n    a,\n    b,\n):\n    pass\n", "def go(\n    a,\n):\n    pass\n", RiskFlag.PUBLIC_API),
        ("a.py", "class A:\n    def __init__(self): ...\n", "class A:\n    def __init__(self, b): ...\n", RiskFlag.PUBLIC_API),
        ("a.py", "class A(B):\n    x = 1\n", "class A:\n    x = 1\n", RiskFlag.PUBLIC_API),
        ("a.py", "class _A:\n    def go(self): ...\n", "class _A:\n    pass\n", None),
        ("a.py", "if x:\n    def go(): ...\n", "if x:\n    pass\n", RiskFlag.PUBLIC_API),
        ("a.py", "def go(a): ...\n", "def go(a): ...\ndef more(): ...\n", None),
        ("a.py", "def go(a):\n  print 1\n", "def go(b):\n  print 1\n", RiskFlag.PUBLIC_API),
        ("a.pyi", "def go(a: int) -> None: ...\n", "def go(a: str) -> None: ...\n", RiskFlag.PUBLIC_API),
        ("a.py", "def go(a):\n    return 1\n", "def go(a):\n    return 2\n", None),
        ("a.py", "def go(a):\n    pass\n", "def go(a):  # noqa: X\n    pass\n", None),
        ("a.ts", "export function f(a: number) {\n", "export function f() {\n", RiskFlag.PUBLIC_API),
        ("a.go", "func Do(a int) {\n", "func Do() {\n", RiskFlag.PUBLIC_API),
        ("A.java", "  public int go(int a) {\n", "  public int go() {\n", RiskFlag.PUBLIC_API),
        ("A.java", "public class A {\n", "class A {\n", RiskFlag.PUBLIC_API),
        ("A.java", "  private int go(int a) {\n", "  private int go() {\n", None),
        ("A.java", "  public int a = f(1);\n", "  public int a = f(2);\n", None),
        ("a.py", "", "q = 'SELECT a FROM b'\n", RiskFlag.SQL),
        ("m/a.sql", "", "x", RiskFlag.SQL),
        ("a.py", "", "if user.is_admin:\n", RiskFlag.AUTH),
        ("a.py", "import hashlib\n", "", RiskFlag.CRYPTO),
        ("tests/test_a.py", "assert hashlib\n", "", None),
        ("tests/test_a.py", "def test_a(): pass\n", None, RiskFlag.TESTS_DELETED),
        ("a.py", "x\n", None, None),
        ("requirements.txt", "a==1\n", "a==2\n", RiskFlag.DEPENDENCY),
        ("pyproject.toml", '[project]\ndependencies = [\n  "a",\n]\n', '[project]\ndependencies = [\n  "b",\n]\n', RiskFlag.DEPENDENCY),
        ("pyproject.toml", "[project]\nversion = '1'\n", "[project]\nversion = '2'\n", None),
        ("package.json", '{"dependencies": {"a": "1"}\n}', '{"dependencies": {"a": "2"}\n}', RiskFlag.DEPENDENCY),
        ("Cargo.toml", '[dependencies]\na = "1"\n', '[dependencies]\na = "2"\n', RiskFlag.DEPENDENCY),
    ],
)  # fmt: skip
def test_risks_of_a_diff(path: str, before: str | None, after: str | None, flag: RiskFlag | None) -> None:
    found = risks_of_change((FileText(path, before, after),), ON)
    assert [risk.flag for risk in found] == ([flag.value] if flag else [])


def test_own_risks() -> None:
    settings = replace(ON, risky_paths=("/kernel/",), risky_patterns=(r"unsafe\s*\{",))
    files = (
        FileText("kernel/x.c", "a", "b"),
        FileText("y.rs", "", "unsafe {\n"),
        FileText("z.rs", "unsafe {\n", "unsafe {\nx"),
    )
    assert [(risk.flag, risk.detail) for risk in risks_of_change(files, settings)] == [
        ("path", "kernel/x.c"),
        ("pattern", r"y.rs (unsafe\s*\{)"),
    ]
    assert risks_of_change(files, replace(ON, risk_flags=())) == ()
