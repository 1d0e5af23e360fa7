"""What exit codes and last lines of programs mean, and the prompt that they get."""

from __future__ import annotations

from pathlib import Path

import pytest

from journeyman.domain.checks import Check, CheckFailure, Failure
from journeyman.domain.plan import Finding, Milestone, Plan, Question
from journeyman.domain.process import CommandResult
from journeyman.domain.scope import LockfilePolicy, Scope
from journeyman.domain.task import Task
from journeyman.workers.autofix import judge_exit
from journeyman.workers.command import read_outcome
from journeyman.workers.final_message import MAX_LINE_CHARACTERS
from journeyman.workers.prompt import MAX_FAILURES, implement_prompt
from tests.support.requests import implement_request


def ended(code: int = 0, out: bytes = b"", err: bytes = b"", timed_out: bool = False) -> CommandResult:
    return CommandResult(("prog",), Path("/"), code, out, err, 0.1, timed_out=timed_out)


@pytest.mark.parametrize(
    ("result", "crashed", "note"),
    [
        (ended(0), False, ""),
        (ended(1, b"E501 left"), False, "problems remain that it cannot mend"),
        (ended(65), False, "problems remain that it cannot mend"),
        (ended(2, b"", b"usage\nbad config\n\n"), True, "crashed with exit code 2: bad config"),
        (ended(-11), True, "crashed with exit code -11: no output"),
        (ended(127, b"", b"sh: ruff: not found"), True, "could not be started: sh: ruff: not found"),
        (ended(-9, timed_out=True), True, "stopped after 600 s"),
    ],
)
def test_how_a_fixer_ended(result: CommandResult, crashed: bool, note: str):
    assert judge_exit(result) == (crashed, note)


@pytest.mark.parametrize(
    ("out", "summary", "blocked"),
    [
        (b"", "", None),
        (b"reading\ndone\n\n", "done", None),
        (b'reading\n{"summary": "mended"}\n', "mended", None),
        (b'{"blocked": "which one?"}', "", Question("which one?", "which one?")),
        (
            b'{"blocked": {"reason": "two ways", "question": "which?", "options": ["a", 2]}}',
            "",
            Question("two ways", "which?", ("a", "2")),
        ),
        (b'{"summary": "s", "blocked": null}', "s", None),
        (b'{"summary": "s", "blocked": {}}', "s", None),
        (b'{"summary": "\\ud800"}', "\\ud800", None),
        (b'{"other": 1}', '{"other": 1}', None),
        (b'{"summary": "early"}\nlate', "late", None),
        (b"{not json}", "{not json}", None),
        (b"\x1b[32mgreen\x1b[0m\r\n", "green", None),
        (b"caf\xe9", "caf\\xe9", None),
    ],
)
def test_what_the_last_line_says(out: bytes, summary: str, blocked: Question | None):
    outcome = read_outcome(ended(0, out))
    assert (outcome.summary, outcome.blocked) == (summary, blocked)


def test_last_lines_are_bounded():
    outcome = read_outcome(ended(3, b"x" * 10_000, b"\n".join(b"line %d" % n for n in range(100))))
    assert outcome.exit_code == 3
    assert outcome.last_lines[-1] == "line 99"
    assert len(outcome.last_lines) == 15
    assert len(outcome.summary) == MAX_LINE_CHARACTERS


def test_the_prompt_says_everything():
    milestone = Milestone("Second slice", goal="the $goal {here}", files=("a.py",), done_when=("it works",))
    failures = [
        CheckFailure("test", Failure(f"k{n}", f"message {n}", "t.py", n, "assert 1 == 2")) for n in range(40)
    ]
    prompt = implement_prompt(
        implement_request(
            task=Task("Title", "Title\n\nThe body.", acceptance=("fast",)),
            plan=Plan((Milestone("First"), milestone)),
            milestone=milestone,
            milestone_number=2,
            scope=Scope(allow=("src/",), deny=("src/x",), protected=("boot/",)),
            checks=(Check("lint", "ruff check ."), Check("test", ("pytest", "-k", "a b"))),
            failures=tuple(failures),
            findings=(Finding("wrong name", path="a.py", line=7),),
            guidance="Use tabs.",
            answer="Take the left one.",
        ),
        Path("/work tree"),
    )
    for said in (
        "/work tree",
        "The body.",
        "- fast",
        "(2 of 2): Second slice",
        "the $goal {here}",
        "- a.py",
        "- it works",
        "only: src/",
        "never: src/x",
        "boot/",
        "lockfiles",
        "- lint: ruff check .",
        "- test: pytest -k 'a b'",
        "- test: t.py:3: message 3\n      assert 1 == 2",
        f"and {40 - MAX_FAILURES} more failures",
        "review: a.py:7: wrong name",
        "Use tabs.",
        "answer to your question\n\nTake the left one.\n\n# What went wrong before",
        "Do not commit",
    ):
        assert said in prompt
    assert "message 35" not in prompt


def test_the_prompt_of_a_first_attempt():
    prompt = implement_prompt(implement_request(scope=Scope(lockfiles=LockfilePolicy.ALLOW)), Path("/w"))
    assert "this is the first attempt" in prompt
    assert "any file, except:" in prompt
    assert "lockfiles" not in prompt
    assert "The whole task." in prompt
    assert "answer to your question" not in prompt
