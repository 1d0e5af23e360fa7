"""One test for each stop reason: provoked through the command line, its exact words, each command pasted.

What a stop says, and what the commands that it suggests come to, stands in ``texts/CODE.txt``. With
``JM_RECORD_STOPS=1`` the tests write these files anew: read what comes of it before you commit it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from journeyman.domain.stops import STOP_REASONS
from tests.acceptance.stops import guards, judged, models, surroundings, workers
from tests.support.stops import CASES, TEXTS, stage

assert all((guards, judged, models, surroundings, workers)), "importing them is what registers their cases"


@pytest.mark.parametrize("code", sorted(CASES))
def test_stop(tmp_path: Path, code: str) -> None:
    provoked = stage(tmp_path)
    CASES[code](provoked)
    provoked.compare(code)


def test_every_registered_code_has_its_test() -> None:
    assert set(CASES) == set(STOP_REASONS)
    assert {path.stem for path in TEXTS.iterdir()} == set(STOP_REASONS)
