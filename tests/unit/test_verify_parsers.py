"""Every parser on the true output of its tool, recorded in ``tests/fixtures/check_output``."""

from __future__ import annotations

from pathlib import Path

import pytest

from journeyman.verify.detect.golang import GOFMT_CHECK
from journeyman.verify.parsers.base import MAX_FAILURES, MORE_KEY, ParsedOutput
from journeyman.verify.parsers.registry import PARSERS, parse_output
from journeyman.verify.parsers.text import clean

FIXTURES = Path(__file__).parent.parent / "fixtures" / "check_output"
RECORDED_IN = "/tmp/demo/repo"


def recorded(name: str) -> tuple[str, Path]:
    """The recorded output, and the root of the tree that it was recorded in."""
    folders = {
        ("cargo",): "rs",
        ("go",): "go",
        ("jest",): "jest",
        ("maven",): "java",
        ("vitest",): "vitest",
        ("node", "eslint", "prettier", "tsc"): "js",
        ("tox", "nox", "pre_commit"): "multi",
    }
    folder = next((folder for starts, folder in folders.items() if name.startswith(starts)), "py")
    return (FIXTURES / f"{name}.txt").read_text(), Path(RECORDED_IN) / folder


def parse(name: str, command: str = "make check", exit_code: int = 1) -> ParsedOutput:
    output, root = recorded(name)
    return parse_output(command, output, root, exit_code=exit_code)


# fixture, parsers that speak up, number of failures, (passed, failed, skipped), one key with its place
CASES = [
    ("ruff_full", ["ruff"], 11, None, "pkg/a.py::F401::`os` imported but unused #2", 8),
    (
        "ruff_concise",
        ["ruff"],
        11,
        None,
        "pkg/a.py::F841::Local variable `z` is assigned to but never used",
        10,
    ),
    ("ruff_format", ["ruff"], 3, None, "pkg/a.py::unformatted::File would be reformatted", 4),
    (
        "ruff_format_diff",
        ["python-format"],
        3,
        None,
        "tests/test_a.py::unformatted::file would be reformatted",
        None,
    ),
    ("black", ["python-format"], 3, None, "broken.py::unreadable::cannot be parsed", 1),
    (
        "mypy",
        ["mypy"],
        4,
        None,
        'pkg/a.py::return-value::Incompatible return value type (got "int", expected "str")',
        11,
    ),
    (
        "mypy_columns",
        ["mypy"],
        4,
        None,
        'pkg/a.py::return-value::Incompatible return value type (got "int", expected "str")',
        11,
    ),
    ("mypy_syntax", ["mypy"], 2, None, "broken.py::syntax::Expected `)`, found newline", 1),
    (
        "pyright",
        ["pyright"],
        4,
        None,
        'pkg/a.py::reportReturnType::Type "str" is not assignable to return type "int" "str" is not assignable to "int"',
        5,
    ),
    ("flake8", ["flake8"], 13, None, "pkg/a.py::F811::redefinition of unused 'os' from line N", 8),
    ("pylint", ["flake8"], 11, None, "pkg/a.py::W0612::Unused variable 'z' (unused-variable)", 10),
    ("eslint", ["eslint"], 6, None, "src/bad.js::parse::Parsing error: Unexpected token", 2),
    ("eslint_warnings", ["eslint"], 6, None, "src/a.js::eqeqeq::Expected '===' and instead saw '=='", 4),
    (
        "biome",
        ["ruff", "biome"],  # both say "Found 6 errors."
        6,
        None,
        "src/a.ts::lint/suspicious/noDoubleEquals::Using == may be unsafe if you are relying on type coercion.",
        4,
    ),
    ("prettier", ["prettier"], 3, None, "src/bad.js::syntax::SyntaxError: Unexpected token", 2),
    ("prettier_one", ["prettier"], 1, None, "src/a.js::unformatted::file would be reformatted", None),
    ("tsc", ["tsc"], 5, None, "src/t.ts::TS2339::Property 'z' does not exist on type 'A'.", 4),
    ("tsc_pretty", ["tsc"], 5, None, "src/t.ts::TS2339::Property 'z' does not exist on type 'A'.", 4),
    ("pytest_text", ["pytest"], 9, (3, 9, 1), "tests/test_a.py::test_param[a - b]", 29),
    ("pytest_quiet", ["pytest"], 9, (3, 9, 1), "tests/test_a.py::TestA::test_sub (i=1)", 16),
    ("pytest_collection", ["pytest"], 1, (0, 1, 0), "tests/test_broken.py", 1),
    ("unittest_text", ["unittest"], 3, (1, 3, 1), "tests.test_a.TestA.test_sub (i=1)", 16),
    ("jest", ["jest"], 3, (2, 3, 2), "sum.test.js > suite \u203a fails", 5),
    ("jest_verbose", ["jest"], 3, (2, 3, 2), "sub/broken.test.js > Test suite failed to run", 1),
    ("vitest", ["vitest"], 3, (1, 3, 2), "sum.test.js > suite > throws", 7),
    ("vitest_colour", ["vitest"], 3, (1, 3, 2), "broken.test.js > Test suite failed to run", 1),
    ("node_tap", ["node-test"], 4, (2, 5, 2), "test/a.test.mjs > suite > deep", 6),
    ("node_spec", ["node-test"], 4, (2, 5, 2), "test/a.test.mjs > fails # here", 4),
    ("go_test", ["go-test", "go-build"], 9, (None, 5, None), "example.com/demo.TestTable/two_words", 15),
    ("go_test_v", ["go-test"], 3, (1, 3, 1), "example.com/demo.TestBad", 9),
    ("go_test_json", ["go-test", "go-build"], 9, (2, 5, 1), "example.com/demo/broken [build failed]", None),
    ("go_vet", ["go-build"], 3, None, "vet/v.go::go::fmt.Printf format %s has arg 3 of wrong type int", 6),
    ("go_build", ["go-build"], 2, None, "broken/b.go::go::undefined: undefinedThing", 4),
    ("gofmt", ["gofmt"], 2, None, "vet/v.go::unformatted::file would be reformatted", None),
    ("cargo_build", ["cargo"], 2, None, "src/lib.rs::E0308::mismatched types", 3),
    ("cargo_check_all", ["cargo"], 2, None, "src/lib.rs::E0308::mismatched types", 3),
    ("cargo_clippy", ["cargo"], 3, None, "src/lib.rs::clippy::len_zero::length comparison to zero", 11),
    ("cargo_fmt", ["rustfmt"], 1, None, "src/lib.rs::unformatted::file would be reformatted", 4),
    ("cargo_test", ["cargo-test"], 3, (1, 3, 1), "src/lib.rs - add (line N)", 5),
    ("maven_test", ["maven-test"], 2, (1, 2, 0), "a.ATest.bad", 2),
    ("maven_compile", ["maven-compile"], 2, None, "src/main/java/a/A.java::compile::cannot find symbol", 1),
]


@pytest.mark.parametrize(
    ("name", "speakers", "number", "counts", "key", "line"), CASES, ids=[c[0] for c in CASES]
)
def test_recorded_output(name, speakers, number, counts, key, line):
    command = "gofmt -l ." if name == "gofmt" else "make check"
    output, root = recorded(name)
    spoke = [parser.name for parser in PARSERS.values() if parser.matches(command, clean(output, root))]
    parsed = parse(name, command)
    assert spoke == speakers
    assert parsed.complete
    assert len(parsed.failures) == number
    assert len({failure.key for failure in parsed.failures}) == number
    if counts:
        assert (parsed.passed_count, parsed.failed_count, parsed.skipped_count) == counts
    assert {failure.key: failure.line for failure in parsed.failures}.get(key, "absent") == line
    assert not any(RECORDED_IN in f"{failure.key}{failure.message}" for failure in parsed.failures)


@pytest.mark.parametrize("name", [case[0] for case in CASES])
def test_keys_do_not_depend_on_where_the_tree_is(name):
    command = "gofmt -l ." if name == "gofmt" else "make check"
    output, root = recorded(name)
    elsewhere = Path("/home/some one/.cache/verify-17")
    moved = parse_output(command, output.replace(str(root), str(elsewhere)), elsewhere, exit_code=1)
    assert [f.key for f in moved.failures] == [f.key for f in parse(name, command).failures]


def test_keys_do_not_shift_with_lines():
    before = "pkg/a.py:10:5: F811 redefinition of unused 'os' from line 1\npkg/a.py:12:1: E302 expected 2 blank lines\n"
    after = "pkg/a.py:30:5: F811 redefinition of unused 'os' from line 21\npkg/a.py:32:1: E302 expected 2 blank lines\n"
    keys = [
        [f.key for f in parse_output("flake8", text, Path("/r"), exit_code=1).failures]
        for text in (before, after)
    ]
    assert keys[0] == keys[1]


def test_modules_behind_a_failed_one_are_not_known():
    output, root = recorded("maven_test")
    summary = "[INFO] core ..... FAILURE [  1.3 s]\n[INFO] web ..... SKIPPED\n"
    parsed = parse_output("mvn -fae test", output + summary, root, exit_code=1)
    assert (len(parsed.failures), parsed.complete) == (3, False)


def test_names_of_older_surefires_are_the_same():
    output, root = recorded("maven_test")
    older = output.replace("a.ATest.bad -- Time", "bad(a.ATest)  Time")
    keys = [failure.key for failure in parse_output("mvn test", older, root, exit_code=1).failures]
    assert (
        keys == [failure.key for failure in parse("maven_test").failures] == ["a.ATest.bad", "a.ATest.boom"]
    )


def test_equal_messages_in_one_file_count_as_two():
    line = "a.py:{}:1: E302 expected 2 blank lines, found 1\n"
    one = parse_output("flake8", line.format(3), Path("/r"), exit_code=1)
    two = parse_output("flake8", line.format(3) + line.format(9), Path("/r"), exit_code=1)
    assert [f.key for f in two.failures] == [one.failures[0].key, f"{one.failures[0].key} #2"]


def test_pytest_detail_is_the_assertion():
    failures = {failure.key: failure for failure in parse("pytest_text").failures}
    detail = failures["tests/test_a.py::TestPlain::test_dict"].detail.splitlines()
    assert detail[0] == '>       assert left == {"a": 2}'
    assert detail[1] == "E       AssertionError: assert {'a': 1} == {'a': 2}"
    assert detail[-1] == "tests/test_a.py:35"
    assert not any("def test_dict" in line for line in detail)
    assert failures["tests/test_a.py::test_strict"].detail == "[XPASS(strict)]"
    assert "custom message" in failures["tests/test_a.py::test_param[c::d/e.py]"].message


def test_go_detail_has_all_lines_of_the_complaint():
    failures = {failure.key: failure for failure in parse("go_test").failures}
    assert failures["example.com/demo.TestBad"].detail == "a_test.go:9: Add(1, 1) = 2, want 3\nmore words"
    assert "assignment to entry in nil map" in failures["example.com/demo/panics.TestP"].message


def test_pre_commit_is_read_hook_by_hook():
    parsed = parse("pre_commit", "pre-commit run --all-files")
    assert parsed.complete
    keys = [failure.key.split("::")[0] for failure in parsed.failures]
    assert keys == ["words", "quiet", "ruff", "ruff", "mod"]
    output, root = recorded("pre_commit")
    other = parse_output("pre-commit run", output.replace("a bad word", "two bad words"), root, exit_code=1)
    assert other.failures[0].key != parsed.failures[0].key
    assert [f.key for f in other.failures][1:] == [f.key for f in parsed.failures][1:]


@pytest.mark.parametrize(
    ("name", "complete"), [("tox", False), ("nox", False), ("mypy", True), ("pytest_text", True)]
)
def test_unknown_output_is_opaque(name, complete):
    parsed = parse(name)
    assert parsed.complete is complete
    assert any(failure.key.startswith("output::") for failure in parsed.failures) is not complete


@pytest.mark.parametrize(
    ("command", "complete"),
    [
        ("mypy .", True),
        ("ruff check . && mypy .", True),
        ("mypy . 2>&1 | tee log", True),
        ("set -e; ruff check .; mypy .", True),
        ("cd sub || exit 1; mypy .", True),
        ('out=$(mypy .) || exit $?; test -z "$out" || { echo "$out"; exit 1; }', True),
        ("ruff check .; mypy .", False),
        ("ruff check . || { echo no; }; mypy .", False),
        ("ruff check . || mypy .", False),
        ("ruff check . & mypy .", False),
        ("make -k check", False),
        ("make --keep-going check", False),
        ("npm-run-all --continue-on-error lint types", False),
    ],
)
def test_a_command_that_goes_on_after_a_failure_may_hide_another(command, complete):
    assert parse("mypy", command).complete is complete


@pytest.mark.parametrize("exit_code", [-11, 137, 139])
def test_a_crash_is_never_complete(exit_code):
    parsed = parse("pytest_text", exit_code=exit_code)
    assert not parsed.complete
    assert parsed.failures[-1].key.startswith("output::")


def test_a_cut_output_is_never_complete():
    output, root = recorded("mypy")
    assert not parse_output("mypy", output, root, exit_code=1, truncated=True).complete


@pytest.mark.parametrize(
    "name", ["mypy", "ruff_concise", "pytest_text", "eslint", "unittest_text", "cargo_test"]
)
def test_fewer_failures_than_the_tool_counted_are_not_complete(name):
    output, root = recorded(name)
    first = parse(name).failures[0]
    tokens = {
        "mypy": "pkg/a.py:5",
        "ruff_concise": "broken.py:1:12",
        "pytest_text": "FAILED tests/test_a.py::TestA",
    }
    token = tokens.get(
        name, {"eslint": "  2:1", "unittest_text": "FAIL: test_bad", "cargo_test": "    outer"}.get(name)
    )
    kept = "\n".join(line for line in output.splitlines() if not line.startswith(token or first.key)) + "\n"
    assert kept != output
    assert not parse_output("make", kept, root, exit_code=1).complete


def test_an_interrupted_pytest_session_is_not_complete():
    output, root = recorded("pytest_text")
    totals = "=============== 7 failed"
    marked = output.replace(totals, f"!!!!! KeyboardInterrupt !!!!!\n{totals}")
    assert marked != output
    assert not parse_output("pytest", marked, root, exit_code=2).complete


def test_success_has_counts_and_no_failures():
    passed = parse_output("pytest", "3 passed, 1 skipped in 0.05s\n", Path("/r"), exit_code=0)
    assert (passed.failures, passed.passed_count, passed.skipped_count, passed.complete) == ((), 3, 1, True)


def test_several_pytest_sessions_are_added_up():
    output, root = recorded("pytest_text")
    doubled = parse_output("tox", output + output, root, exit_code=1)
    assert (doubled.passed_count, doubled.failed_count) == (6, 18)
    assert doubled.complete
    assert "tests/test_a.py::test_strict #2" in {failure.key for failure in doubled.failures}


def test_a_long_list_is_capped_and_still_comparable():
    lines = "".join(f"a{n}.py:1:1: F401 unused\n" for n in range(500))
    parsed = parse_output("flake8", lines, Path("/r"), exit_code=1)
    assert parsed.complete
    assert len(parsed.failures) == MAX_FAILURES + 1
    assert parsed.failures[-1].key == MORE_KEY
    assert "300 more" in parsed.failures[-1].message
    assert len(set(parsed.more)) == 300


def test_lines_after_the_findings_that_nobody_understands():
    lint = "a.py:1:1: F401 unused\n"
    assert parse_output(
        "make lint", lint + "make: *** [Makefile:2: lint] Error 1\n", Path("/r"), exit_code=2
    ).complete
    assert not parse_output(
        "make lint", lint + "licence check: header missing\n", Path("/r"), exit_code=2
    ).complete


def test_the_shell_around_gofmt_hides_nothing():
    parsed = parse_output(GOFMT_CHECK, "a.go\nb/c.go\n", Path("/r"), exit_code=1)
    assert parsed.complete
    assert [failure.path for failure in parsed.failures] == ["a.go", "b/c.go"]


def test_opaque_failure_names_the_telling_line():
    output = "step 1\nstep 2\nERROR: database is gone\nbye\n"
    (failure,) = parse_output("./check", output, Path("/r"), exit_code=3).failures
    assert failure.message == "exit code 3: ERROR: database is gone"
    silent = parse_output("./check", "", Path("/r"), exit_code=1).failures[0]
    assert (silent.key, silent.message) == ("output::empty", "exit code 1: no output")


def test_what_maven_says_at_the_end_of_every_failure_tells_nothing():
    output = "[ERROR] No plugin found for prefix 'x'\n[ERROR] \n[ERROR] Re-run Maven using the -X switch\n[ERROR] [Help 1] http://…\n"
    (failure,) = parse_output("mvn test", output, Path("/r"), exit_code=1).failures
    assert failure.message == "exit code 1: [ERROR] No plugin found for prefix 'x'"


def test_opaque_keys_level_what_changes_by_itself():
    text = "2026-11-23 10:11:12 error in /tmp/x{n}/f at 0x7f{n}00 after 1.{n}s, pid {n}, a.py:{n}: boom\n"
    keys = {
        parse_output("./check", text.format(n=n), Path("/r"), exit_code=3).failures[0].key for n in (12, 99)
    }
    assert len(keys) == 1
    other = parse_output("./check", text.format(n=1).replace("boom", "bang"), Path("/r"), exit_code=3)
    assert other.failures[0].key not in keys
