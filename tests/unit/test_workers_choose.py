"""Which worker a task gets when nobody names one, and what is said when there is none."""

from __future__ import annotations

import pytest

from journeyman.domain.checks import Fixer
from journeyman.domain.errors import JourneymanError
from journeyman.domain.settings import Settings
from journeyman.domain.task import parse_task
from journeyman.workers.choose import choose_worker

RUFF = (Fixer("ruff check", ("ruff", "check", "--fix", ".")),)
NOTES = ("ruff was expected (ruff.toml configures it) but is not installed: pip install ruff",)


def choose(task: str, found: tuple[Fixer, ...], missing: tuple[Fixer, ...] = ()) -> str:
    return choose_worker(
        parse_task(task),
        Settings(),
        None,
        model_ready=lambda: False,
        fixers=lambda: found,
        missing=lambda: missing,
        notes=NOTES,
    )


def test_autofix_where_it_is_enough():
    assert choose("fix lint", RUFF) == "autofix"


def test_fixers_that_are_not_installed_are_what_is_missing():
    with pytest.raises(JourneymanError, match="not installed: ruff check") as caught:
        choose("fix lint", (), RUFF)
    assert (caught.value.code, caught.value.facts) == ("no-worker", NOTES)


def test_a_task_beyond_fixers_needs_a_worker_that_thinks():
    with pytest.raises(JourneymanError, match="a worker that can think") as caught:
        choose("add a feature", (), RUFF)
    assert NOTES[0] in caught.value.facts
