"""Which sentences are tasks for autofix."""

from __future__ import annotations

import pytest

from journeyman.domain.checks import Fixer
from journeyman.domain.task import Task, parse_task
from journeyman.workers.autofix_task import can_autofix

RUFF = (Fixer("ruff check", ("ruff", "check", "--fix", ".")), Fixer("ruff format", "ruff format ."))
CODESPELL = (Fixer("codespell", ("codespell", "-w")),)

YES = (
    "fix lint",
    "Fix the lint errors.",
    "Please fix all lint warnings!",
    "fix linting issues in the codebase",
    "autofix lint everywhere",
    "resolve the remaining ruff violations",
    "fix ruff's complaints",
    "clean up formatting",
    "fix formatting",
    "format the code",
    "format",
    "reformat the whole repository",
    "apply formatting",
    "sort imports",
    "organise the imports",
    "fix the import order",
    "fix trailing whitespace",
    "remove trailing whitespace",
    "run ruff --fix",
    "run `ruff check --fix .`",
    "ruff format",
    "run the formatter",
    "run prettier",
    "eslint --fix",
    "cargo fmt",
    "make the linter happy",
    "make ruff pass",
    "fix lint and formatting",
    "fix lint, formatting and import order",
    "fix lint errors and warnings",
    "fix lint and then format everything",
    "# Fix lint\n\n- [ ] sort the imports\n- [x] format the code\n",
    "can you fix the eslint errors for me",
)
NO = (
    "fix the lint command's bug in parser",
    "fix the linter",
    "fix ruff",
    "fix the lint configuration",
    "fix lint in src/app",
    "fix the formatting of dates in the report",
    "format dates as ISO 8601",
    "format the output as JSON",
    "format the disk",
    "add a lint check",
    "add formatting options",
    "don't fix lint",
    "do not format the code",
    "fix mypy errors",
    "fix type errors",
    "fix import errors",
    "fix imports",
    "fix warnings",
    "fix errors",
    "fix everything",
    "fix the failing test",
    "fix lint and the failing test",
    "format the code and add a test",
    "fix the off-by-one in pagination",
    "sort imports in the API response",
    "sort the results",
    "run the tests",
    "run ruff",
    "lint rule E501 should be off",
    "fix lint without changing the tests",
    "# Fix lint\n\nAlso rename the parser.",
)


@pytest.mark.parametrize("text", YES)
def test_it_can(text: str):
    decision = can_autofix(parse_task(text))
    assert decision.possible, decision.reason


@pytest.mark.parametrize("text", NO)
def test_it_cannot(text: str):
    decision = can_autofix(parse_task(text))
    assert not decision.possible
    assert decision.reason


@pytest.mark.parametrize(
    ("text", "fixers", "possible"),
    [
        ("fix lint", (), False),
        ("fix lint", RUFF, True),
        ("fix the ruff errors", RUFF, True),
        ("run ruff --fix", RUFF, True),
        ("run prettier", RUFF, False),
        ("fix the eslint errors", RUFF, False),
        ("fix typos", None, False),
        ("fix typos", RUFF, False),
        ("fix typos", CODESPELL, True),
        ("fix lint and spelling mistakes", (*RUFF, *CODESPELL), True),
    ],
)
def test_a_tool_that_is_named_must_be_there(text: str, fixers: tuple[Fixer, ...] | None, possible: bool):
    assert can_autofix(parse_task(text), fixers).possible is possible


def test_title_and_text_must_both_be_such():
    assert not can_autofix(Task(title="Refactor the parser", text="fix lint")).possible
    assert not can_autofix(Task(title="fix lint", text="Refactor the parser")).possible


def test_acceptance_criteria_are_beyond_it():
    decision = can_autofix(Task(title="fix lint", text="fix lint", acceptance=("it is faster",)))
    assert not decision.possible
    assert "acceptance" in decision.reason


def test_the_reason_names_what_it_cannot_do():
    assert (
        can_autofix(parse_task("fix lint and write docs")).reason
        == '"write docs" is not something a fixer does'
    )
