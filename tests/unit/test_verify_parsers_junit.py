"""JUnit XML: what pytest and others write, and what an attacker might."""

from __future__ import annotations

from pathlib import Path

import pytest

from journeyman.verify.parsers.junit import MAX_REPORT_BYTES, UnreadableReportError, read_cases
from journeyman.verify.parsers.registry import parse_output

FIXTURES = Path(__file__).parent.parent / "fixtures" / "check_output"
ROOT = Path("/tmp/demo/repo/py")

SURE = b"""<?xml version="1.0"?>
<testsuites><testsuite name="java">
<testcase classname="org.demo.AdderTest" name="adds" time="0.1"/>
<testcase classname="org.demo.AdderTest" name="overflows"><failure message="expected: 1 but was: 2" type="x">
at org.demo.AdderTest.overflows(AdderTest.java:12)</failure></testcase>
<testcase classname="org.demo.AdderTest" name="later"><skipped/></testcase>
</testsuite></testsuites>"""


def test_pytest_report_has_the_same_keys_as_the_text():
    output = (FIXTURES / "pytest_text.txt").read_text()
    report = (FIXTURES / "pytest_junit.xml").read_bytes()
    without_subtests = output.replace("SUBFAILED(i=1) ", "FAILED ")
    told = {f.key for f in parse_output("pytest", output, ROOT, exit_code=1).failures}
    structured = parse_output("pytest", without_subtests, ROOT, exit_code=1, report=report)
    assert structured.complete
    assert (structured.passed_count, structured.failed_count, structured.skipped_count) == (1, 9, 1)
    assert {f.key for f in structured.failures} == {key.removesuffix(" (i=1)") for key in told}
    by_key = {f.key: f for f in structured.failures}
    failure = by_key["tests/test_a.py::test_param[c::d/e.py]"]
    assert (failure.path, failure.line) == ("tests/test_a.py", 29)
    assert failure.detail.splitlines()[0].startswith(">")
    assert by_key["tests/test_a.py::test_fixture"].message.endswith("RuntimeError: no fixture today")


def test_subtests_are_told_apart_by_the_text():
    output = (FIXTURES / "pytest_text.txt").read_text()
    report = (FIXTURES / "pytest_junit.xml").read_bytes()
    keys = {f.key for f in parse_output("pytest", output, ROOT, exit_code=1, report=report).failures}
    assert "tests/test_a.py::TestA::test_sub (i=1)" in keys


def test_sessions_that_tests_hold_themselves_are_not_counted():
    """A plugin's tests run pytest within pytest, and a failing one has all of that in its output."""
    session = "{}= short test summary info ={}\nFAILED {} - assert\n{}= 1 failed, 7 passed in 0.12s ={}\n"
    bar = "=" * 20
    inner = session.format(bar, bar, "test_inner.py::test", bar, bar) + "!!!!!!! KeyboardInterrupt !!!!!!!\n"
    output = inner + session.format(bar, bar, "tests/test_outer.py::test_plugin", bar, bar)
    report = (
        b'<testsuite><testcase classname="tests.test_outer" name="test_plugin"><failure message="no"/>'
        b'</testcase><testcase classname="tests.test_outer" name="test_else"/></testsuite>'
    )
    parsed = parse_output("pytest -q", output, ROOT, exit_code=1, report=report)
    assert [failure.key for failure in parsed.failures] == ["tests/test_outer.py::test_plugin"]
    assert (parsed.passed_count, parsed.failed_count, parsed.complete) == (1, 1, True)
    several = parse_output("pytest a && pytest b", output, ROOT, exit_code=1, report=report)
    assert len(several.failures) > 1


def test_collection_error():
    output = (FIXTURES / "pytest_collection.txt").read_text()
    report = (FIXTURES / "pytest_collection_junit.xml").read_bytes()
    (failure,) = parse_output("pytest", output, ROOT, exit_code=2, report=report).failures
    assert failure.key == "tests/test_broken.py"
    assert "No module named 'missing_thing'" in failure.message


def test_report_of_another_runner():
    parsed = parse_output("./gradlew test", "BUILD FAILED\n", Path("/r"), exit_code=1, report=SURE)
    assert parsed.complete
    assert (parsed.passed_count, parsed.failed_count, parsed.skipped_count) == (1, 1, 1)
    assert parsed.failures[0].key == "org.demo.AdderTest::overflows"
    assert "AdderTest.java:12" in parsed.failures[0].detail


def test_a_report_with_failures_is_told_even_when_the_command_succeeded():
    parsed = parse_output("./gradlew test || true", "", Path("/r"), exit_code=0, report=SURE)
    assert len(parsed.failures) == 1


def test_python_node_ids_from_the_file_attribute():
    report = (
        b'<testsuite><testcase classname="tests.test_a.TestX" name="test_y" file="tests/test_a.py">'
        b'<error message="boom"/></testcase></testsuite>'
    )
    (failure,) = parse_output("make", "", Path("/r"), exit_code=1, report=report).failures
    assert failure.key == "tests/test_a.py::TestX::test_y"


BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<testsuite><testcase classname="x" name="y"><failure message="&b;"/></testcase></testsuite>"""


@pytest.mark.parametrize(
    "report",
    [
        BOMB,
        b'<!DOCTYPE t SYSTEM "file:///etc/passwd"><testsuite/>',
        b"<testsuite><testcase",
        b"\x00\xff",
        b"",
        b" " * (MAX_REPORT_BYTES + 1),
    ],
    ids=["entities", "external", "cut", "binary", "empty", "huge"],
)
def test_a_report_that_is_refused_leaves_the_output_to_tell(report):
    with pytest.raises(UnreadableReportError):
        read_cases(report)
    parsed = parse_output("make", "it failed\n", Path("/r"), exit_code=1, report=report)
    assert not parsed.complete
    assert parsed.failures[-1].message == "exit code 1: it failed"
