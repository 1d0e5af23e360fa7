from __future__ import annotations

import pytest

from journeyman.domain.plan import Milestone, Plan
from journeyman.domain.policy.size import DiffSize, decide_size
from journeyman.domain.task import Size

ONE, TWO, SIX = (Plan(tuple(Milestone(str(n)) for n in range(count))) for count in (1, 2, 6))
LISTED = Plan((Milestone("m", files=("a", "b", "c", "d")),))


@pytest.mark.parametrize(
    ("said", "plan", "diff", "size"),
    [
        (Size.LARGE, ONE, DiffSize(1, 1), Size.LARGE),
        (None, ONE, DiffSize(3, 80), Size.SMALL),
        (None, None, DiffSize(1, 1), Size.SMALL),
        (None, ONE, DiffSize(4, 80), Size.MEDIUM),
        (None, ONE, DiffSize(3, 81), Size.MEDIUM),
        (None, TWO, DiffSize(1, 1), Size.MEDIUM),
        (None, ONE, DiffSize(12, 800), Size.MEDIUM),
        (None, ONE, DiffSize(13, 10), Size.LARGE),
        (None, ONE, DiffSize(2, 801), Size.LARGE),
        (None, SIX, DiffSize(2, 10), Size.LARGE),
        (None, LISTED, None, Size.MEDIUM),
        (None, TWO, None, Size.MEDIUM),
    ],
)
def test_size(said: Size | None, plan: Plan | None, diff: DiffSize | None, size: Size) -> None:
    decided = decide_size(said, plan, diff)
    assert decided is not None
    assert decided.size is size
    assert decided.reason


@pytest.mark.parametrize("plan", [None, ONE])
def test_nothing_to_tell_it_by(plan: Plan | None) -> None:
    assert decide_size(None, plan, None) is None
