"""What a commit's trailers say is what ``jm verify`` reads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.domain.checks import Check, CheckResult, CheckStatus, VerifyVerdict
from journeyman.domain.errors import JourneymanError
from journeyman.engine.evidence import parse_verified_by, verified_by

RESULT = CheckResult("lint", "t", CheckStatus.PASSED, 0, 1.0)
VERDICT = VerifyVerdict(ok=True, tree="t", results=(RESULT,))


@pytest.mark.parametrize(
    "command",
    [
        "ruff check .",
        ("pytest", "-q", "tests with blanks"),
        "echo 'two  blanks'   and three",
        "a\nb\tc",
        '["looks", "like", "json"]',
        '"quoted"',
        "weird (passed): x",
    ],
)
def test_a_command_survives_its_trailer_as_git_folds_it(command: str | tuple[str, ...]) -> None:
    trailer = verified_by(RESULT, command, VERDICT)
    folded = " ".join(trailer.split())
    assert parse_verified_by(folded).check == Check("lint", command, source="commit")


@given(st.text(min_size=1, max_size=60).filter(str.strip))
def test_any_command_survives(command: str) -> None:
    folded = " ".join(verified_by(RESULT, command, VERDICT).split())
    assert parse_verified_by(folded).check.run == command


def test_a_foreign_trailer_is_refused() -> None:
    with pytest.raises(JourneymanError) as caught:
        parse_verified_by("somebody said so")
    assert caught.value.code == "not-a-checkpoint"
