from __future__ import annotations

import pytest

from journeyman.domain.retry import AttemptRecord, decide_retry


@pytest.mark.parametrize(
    ("attempts", "retry", "code"),
    [
        ([("t1", "s1")], True, None),
        ([("t1", "s1"), ("t2", "s1")], True, None),
        ([("t1", "s1"), ("t2", "s2"), ("t3", "s3")], True, None),
        ([("t1", "s1"), ("t1", "s1")], False, "no-progress"),
        ([("t1", "s1"), ("t2", "s2"), ("t1", "s3")], False, "no-progress"),
        ([("t1", "s1"), ("t2", "s1"), ("t3", "s1")], False, "no-progress"),
        ([("t1", "s1"), ("t2", "s2"), ("t3", "s3"), ("t4", "s4")], False, "verify-failed"),
    ],
)
def test_retry_decision(attempts: list[tuple[str, str]], retry: bool, code: str | None) -> None:
    decision = decide_retry(tuple(AttemptRecord(*attempt) for attempt in attempts), 4, "verify-failed")
    assert (decision.retry, decision.stop_code) == (retry, code)
    assert decision.reason
