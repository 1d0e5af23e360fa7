"""How the receipt tells of a check."""

from __future__ import annotations

import pytest

from journeyman.domain.checks import CheckResult, CheckStatus
from journeyman.report.receipt import check_line

PASSED, FAILED = CheckStatus.PASSED, CheckStatus.FAILED


@pytest.mark.parametrize(
    ("result", "known", "line"),
    [
        (CheckResult("lint", "t", PASSED, 0, 0.12), 0, "✓ lint  0.1 s"),
        (CheckResult("tests", "t", PASSED, 0, 2.0, passed_count=7), 0, "✓ tests  7 passed  2.0 s"),
        (CheckResult("lint", "t", PASSED, 0, 2.0, cached=True), 0, "✓ lint  cached"),
        (CheckResult("lint", "t", FAILED, 1, 2.0), 0, "✗ lint  failed  2.0 s"),
        (
            CheckResult("tests", "t", FAILED, 1, 2.0, passed_count=7, failed_count=2),
            0,
            "✗ tests  7 passed  2 failed  2.0 s",
        ),
        (
            CheckResult("tests", "t", FAILED, 1, 2.0, passed_count=7, failed_count=2),
            2,
            "~ tests  7 passed  2 failed  (2 known, the base has them too)  2.0 s",
        ),
        (CheckResult("slow", "t", CheckStatus.TIMED_OUT, None, 9.0), 0, "✗ slow  timed out  9.0 s"),
    ],
)
def test_a_check_in_a_line(result, known, line):
    assert check_line(result, known) == line
