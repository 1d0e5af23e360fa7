from __future__ import annotations

import re
from pathlib import Path

from journeyman.domain.scope import Rule
from journeyman.domain.stops import EXIT_CODES, STOP_REASONS, Family, stop_reason

SOURCE = Path(__file__).parents[2] / "src" / "journeyman"


def test_every_code_that_is_raised_is_registered() -> None:
    raised = set()
    for path in SOURCE.rglob("*.py"):
        raised |= set(re.findall(r"JourneymanError\(\s*\"([a-z-]+)\"", path.read_text()))
    raised |= {rule.value for rule in Rule}
    assert raised
    assert raised <= set(STOP_REASONS)


def test_every_family_has_its_exit_code() -> None:
    assert set(EXIT_CODES) == set(Family)
    assert [family for family, code in EXIT_CODES.items() if code == 0] == [Family.NOTHING]


def test_an_unregistered_code_is_a_bug() -> None:
    assert stop_reason("no-such-code").exit_code == 70


def test_next_actions_are_commands() -> None:
    for reason in STOP_REASONS.values():
        assert len(reason.next_actions) <= 3
        for action in reason.next_actions:
            assert action.split()[0] in {"jm", "git"}
