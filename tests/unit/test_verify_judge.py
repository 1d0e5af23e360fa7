"""The judge's decision table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from journeyman.domain.checks import CheckResult, CheckStatus, Failure, Requirement
from journeyman.verify.judge import failure_signature, judge, needs_baseline
from journeyman.verify.parsers.base import MORE_KEY
from journeyman.verify.parsers.text import key_digest

NO_NEW, GREEN = Requirement.NO_NEW_FAILURES, Requirement.GREEN


def failures(*keys: str) -> tuple[Failure, ...]:
    return tuple(Failure(key, f"{key}: assert no") for key in keys)


def passed(check: str = "tests", **more: object) -> CheckResult:
    return replace(CheckResult(check, "t", CheckStatus.PASSED, 0, 1.0, parsed=True), **more)  # type: ignore[arg-type]


def failed(*keys: str, check: str = "tests", **more: object) -> CheckResult:
    result = CheckResult(check, "t", CheckStatus.FAILED, 1, 1.0, failures(*keys), parsed=True)
    return replace(result, **more)  # type: ignore[arg-type]


def opaque(text: str, key: str = "output::1", exit_code: int = 1) -> CheckResult:
    return failed(key, parsed=False, excerpt=text, exit_code=exit_code)


TIMED_OUT = CheckResult("tests", "t", CheckStatus.TIMED_OUT, None, 9.0, failures("(timed out)"))
UNAVAILABLE = CheckResult("tests", "t", CheckStatus.UNAVAILABLE, 127, 0.0, failures("(unavailable)"))

# what, now, base, require, new, known, fixed
TABLE = [
    ("passes", passed(), None, NO_NEW, [], [], []),
    ("passes, base failed", passed(), failed("a", "b"), NO_NEW, [], [], ["a", "b"]),
    ("fails, base unknown", failed("a"), None, NO_NEW, ["a"], [], []),
    ("fails, base passed", failed("a"), passed(), NO_NEW, ["a"], [], []),
    ("fails, base timed out", failed("a"), TIMED_OUT, NO_NEW, ["a"], [], []),
    ("fails, base unavailable", failed("a"), UNAVAILABLE, NO_NEW, ["a"], [], []),
    ("same failures", failed("a", "b"), failed("b", "a"), NO_NEW, [], ["a", "b"], []),
    ("one more", failed("a", "b"), failed("a"), NO_NEW, ["b"], ["a"], []),
    ("one less", failed("a"), failed("a", "b"), NO_NEW, [], ["a"], ["b"]),
    ("another", failed("b"), failed("a"), NO_NEW, ["b"], [], ["a"]),
    ("twice where it was once", failed("a", "a #2"), failed("a"), NO_NEW, ["a #2"], ["a"], []),
    ("same failures, green", failed("a"), failed("a"), GREEN, ["a"], [], []),
    ("one fixed, green", failed("a"), failed("a", "b"), GREEN, ["a"], [], ["b"]),
    (
        "none passes: what does not fail did not run",
        failed("c", passed_count=0),
        failed("a", passed_count=0),
        NO_NEW,
        ["c"],
        [],
        [],
    ),
    (
        "a collection error in place of the suite",
        failed("tests/test_a.py", passed_count=0, failed_count=1),
        failed("tests/test_a.py::test_x", passed_count=549, failed_count=1),
        NO_NEW,
        ["tests/test_a.py"],
        [],
        [],
    ),
    (
        "same failure, the tests beside it gone",
        failed("a", passed_count=3),
        failed("a", passed_count=549),
        NO_NEW,
        ["(lost tests)"],
        ["a"],
        [],
    ),
    ("a few tests less", failed("a", passed_count=500), failed("a", passed_count=549), NO_NEW, [], ["a"], []),
    ("counts unknown", failed("a"), failed("a", passed_count=5), NO_NEW, [], ["a"], []),
    ("opaque, the same", opaque("x failed"), opaque("x failed"), NO_NEW, [], ["output::1"], []),
    ("opaque, the same but for time", opaque("x in 1.2s"), opaque("x in 3s"), NO_NEW, [], ["output::1"], []),
    ("opaque, another end", opaque("y failed"), opaque("x failed"), NO_NEW, ["output::1"], [], []),
    ("opaque, another beginning", opaque("x", "output::2"), opaque("x"), NO_NEW, ["output::2"], [], []),
    ("opaque, another exit code", opaque("x", exit_code=2), opaque("x"), NO_NEW, ["output::1"], [], []),
    (
        "opaque, silent",
        opaque("", "output::empty"),
        opaque("", "output::empty"),
        NO_NEW,
        [],
        ["output::empty"],
        [],
    ),
    (
        "opaque, a warning's number moved",
        opaque("warning: 12 things in a.c\na.c:3: error: no such name", "output::2"),
        opaque("warning: 13 things in a.c\na.c:3: error: no such name", "output::1"),
        NO_NEW,
        [],
        ["output::2"],
        [],
    ),
    (
        "opaque, another error",
        opaque("warning: 12 things\na.c:3: error: no such type", "output::2"),
        opaque("warning: 12 things\na.c:3: error: no such name", "output::1"),
        NO_NEW,
        ["output::2"],
        [],
        [],
    ),
    ("opaque, base parsed", opaque("x"), failed("a"), NO_NEW, ["output::1"], [], []),
    ("parsed, base opaque", failed("a"), opaque("x"), NO_NEW, ["a"], [], []),
    ("times out, base too", TIMED_OUT, TIMED_OUT, NO_NEW, [], ["(timed out)"], []),
    ("times out, base too, green", TIMED_OUT, TIMED_OUT, GREEN, ["(timed out)"], [], []),
    ("times out, base passed", TIMED_OUT, passed(), NO_NEW, ["(timed out)"], [], []),
    ("times out, base failed", TIMED_OUT, failed("a"), NO_NEW, ["(timed out)"], [], []),
    ("unavailable", UNAVAILABLE, None, NO_NEW, ["(unavailable)"], [], []),
    ("unavailable, base too", UNAVAILABLE, UNAVAILABLE, NO_NEW, ["(unavailable)"], [], []),
]


@pytest.mark.parametrize(
    ("now", "base", "require", "new", "known", "fixed"),
    [row[1:] for row in TABLE],
    ids=[row[0] for row in TABLE],
)
def test_one_check_beside_one_that_passes(now, base, require, new, known, fixed):
    baseline = {"tests": base} if base else {}
    verdict = judge((now, passed("build")), baseline, require, "tree")
    assert [item.failure.key for item in verdict.new_failures] == new
    assert [item.failure.key for item in verdict.known_failures] == known
    assert [item.failure.key for item in verdict.fixed_failures] == fixed
    assert verdict.ok is not bool(new)
    assert bool(verdict.reason) is not verdict.ok
    assert verdict.proven


def test_the_worst_case_is_a_failing_check_without_a_failure():
    bare = CheckResult("tests", "t", CheckStatus.FAILED, 1, 1.0)
    verdict = judge((bare, passed("build")), {}, NO_NEW, "tree")
    assert not verdict.ok
    assert len(verdict.new_failures) == 1


PROOF = [
    ("nothing ran", (), {}, False),
    ("all known", (failed("a"),), {"tests": failed("a")}, False),
    (
        "all known, but tests passed",
        (failed("a", passed_count=5),),
        {"tests": failed("a", passed_count=5)},
        True,
    ),
    ("all timed out, base too", (TIMED_OUT,), {"tests": TIMED_OUT}, False),
    ("one passed", (failed("a"), passed("build")), {"tests": failed("a")}, True),
]


@pytest.mark.parametrize(("results", "baseline", "proven"), [r[1:] for r in PROOF], ids=[r[0] for r in PROOF])
def test_nothing_proven_is_not_ok(results, baseline, proven):
    verdict = judge(results, baseline, NO_NEW, "tree", ("docs",))
    assert verdict.proven is proven
    assert verdict.ok is proven
    assert verdict.skipped == ("docs",)
    assert ("nothing was proven" in verdict.reason) is not proven


REASONS = [
    ((failed("t::a", "t::b"),), "tests: 2 new failures (t::a, t::b)"),
    ((failed("t::a", "t::b", "t::c"),), "tests: 3 new failures (t::a, t::b, …)"),
    ((failed("t::a"),), "tests: 1 new failure (t::a)"),
    (
        (replace(failed(), failures=(Failure("a.py::F401::unused", "a.py:3: F401 unused"),)),),
        "tests: 1 new failure (a.py:3: F401 unused)",
    ),
    (
        (replace(UNAVAILABLE, failures=(Failure("(unavailable)", "sh: 1: ruff: not found"),)),),
        "tests cannot be run here (sh: 1: ruff: not found)",
    ),
    (
        (replace(TIMED_OUT, failures=(Failure("(timed out)", "timed out after 600 s"),)),),
        "tests timed out after 600 s",
    ),
    (
        (failed("t::a"), failed("x", check="types")),
        "tests: 1 new failure (t::a); types: 1 new failure (x)",
    ),
]


@pytest.mark.parametrize(("results", "reason"), REASONS)
def test_the_reason_is_one_sentence(results, reason):
    assert judge((*results, passed("build")), {}, NO_NEW, "tree").reason == reason


def test_baselines_are_needed_for_failing_checks_only():
    results = (
        passed("a"),
        failed("x", check="b"),
        replace(TIMED_OUT, check="c"),
        replace(UNAVAILABLE, check="d"),
    )
    assert needs_baseline(results) == ("b", "c")


def test_the_signature_is_of_what_is_new():
    def signature(*keys: str, base: CheckResult | None = None) -> str:
        return failure_signature(judge((failed(*keys),), {"tests": base} if base else {}, NO_NEW, "tree"))

    assert signature("a", "b") == signature("b", "a")
    assert signature("a", "b") == signature("a", "b", "c", base=failed("c"))
    assert signature("a") != signature("b")
    other = failure_signature(judge((failed("a", check="lint"),), {}, NO_NEW, "tree"))
    assert other != signature("a")


def long_list(numbers: range) -> CheckResult:
    keys = [f"k{number}" for number in numbers]
    closing = (Failure(MORE_KEY, "… more"),)
    return failed(failures=failures(*keys[:200]) + closing, more=tuple(key_digest(key) for key in keys[200:]))


def test_long_lists_are_compared_whole():
    base = long_list(range(500))
    build = passed("build")
    assert judge((base, build), {"tests": base}, NO_NEW, "t").ok
    fewer = judge((long_list(range(300, 500)), build), {"tests": base}, NO_NEW, "t")
    assert fewer.ok
    assert len(fewer.fixed_failures) == 200
    more = judge((long_list(range(501)), build), {"tests": base}, NO_NEW, "t")
    assert not more.ok
    assert "1 more new failure" in more.new_failures[0].failure.message
    early = judge((long_list(range(-1, 500)), build), {"tests": base}, NO_NEW, "t")
    assert [item.failure.key for item in early.new_failures] == ["k-1"]
