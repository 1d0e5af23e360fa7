"""What the autonomy settings make of a scope verdict, and where going on would be a guess."""

from __future__ import annotations

from dataclasses import replace

import pytest

from journeyman.domain.plan import Finding, Milestone, Plan, Question, Risk
from journeyman.domain.policy.tolerance import drop_paths, tolerated
from journeyman.domain.policy.uncertainty import (
    contradiction,
    decided_by_policy,
    disagreement,
    findings_signature,
    unknown_end,
)
from journeyman.domain.scope import Change, ChangeKind, Scope, judge_scope
from journeyman.domain.settings import AutonomySettings, ScopeViolationPolicy, StopCondition
from journeyman.domain.task import Task

STOP = AutonomySettings()
DROP = replace(STOP, scope_violation=ScopeViolationPolicy.DROP)
UNLISTED = replace(STOP, stop_conditions=(StopCondition.UNCERTAINTY,))
SCOPE = Scope(allow=("src/", "*.lock"), max_lines=10)


def change(path: str, lines: int = 1, old: str = "100644", new: str = "100644") -> Change:
    return Change(path, ChangeKind.MODIFIED, old, new, lines_added=lines)


@pytest.mark.parametrize(
    ("settings", "changes", "dropped"),
    [
        (STOP, ("src/a.py", "docs/b.md"), ()),
        (DROP, ("src/a.py", "docs/b.md"), ("docs/b.md",)),
        (UNLISTED, ("src/a.py", "docs/b.md"), ("docs/b.md",)),
        (DROP, ("src/a.py", ".github/x.yml"), (".github/x.yml",)),
        (DROP, ("docs/b.md",), ()),
        (DROP, ("src/a.py", "docs/b.md", "uv.lock"), ()),
        (DROP, ("src/a.py", "package-lock.json"), ("package-lock.json",)),
        (DROP, ("src/a.py",), ()),
    ],
)
def test_drop(settings: AutonomySettings, changes: tuple[str, ...], dropped: tuple[str, ...]) -> None:
    made = tuple(map(change, changes))
    assert drop_paths(judge_scope(made, SCOPE), made, SCOPE, settings) == dropped


@pytest.mark.parametrize(
    ("made", "dropped"),
    [
        ((change("src/a.py", new="100755"), change("docs/b.md")), ()),
        ((change("src/a.py"), change("docs/b.md", new="100755")), ("docs/b.md",)),
        ((change("src/a.py", lines=11), change("docs/b.md")), ()),
        ((change("src/a.py"), change("docs/b.md", lines=11)), ("docs/b.md",)),
        ((change("src/a.py"), change("lib", new="160000")), ()),
    ],
)
def test_what_is_left_must_be_one_that_goes_on(made: tuple[Change, ...], dropped: tuple[str, ...]) -> None:
    assert drop_paths(judge_scope(made, SCOPE), made, SCOPE, DROP) == dropped


def test_size_is_tolerated_only_when_a_person_said_so() -> None:
    verdict = judge_scope((change("src/a.py", lines=11),), SCOPE)
    assert not tolerated(verdict, STOP).ok
    assert tolerated(verdict, UNLISTED).ok
    assert not tolerated(judge_scope((change("b.md", lines=11),), SCOPE), UNLISTED).ok


@pytest.mark.parametrize(
    ("allow", "deny", "asks"),
    [
        ((), (), False),
        (("a",), ("b",), False),
        (("a",), ("a", "b"), True),
        (("a", "b"), ("a",), False),
        ((), ("a",), False),
        (("a/",), ("a",), True),
        (("a",), ("a/",), False),
        (("a/",), ("/a/",), False),
        (("/a/",), ("a/",), True),
        (("a/b.py", "/a/c/"), ("a/",), True),
        (("a/b.py",), ("a/", "!a/b.py"), False),
        (("a/*.py",), ("a/",), False),
        (("a/*.py",), ("a/*.py",), True),
    ],
)
def test_contradiction(allow: tuple[str, ...], deny: tuple[str, ...], asks: bool) -> None:
    assert bool(contradiction(Scope(allow=allow, deny=deny))) is asks


@pytest.mark.parametrize(
    ("task", "milestone", "asks"),
    [
        (Task("t", "t"), Milestone("m", risk=Risk.HIGH), False),
        (Task("t", "t", risk=Risk.HIGH), Milestone("m", risk=Risk.HIGH), True),
        (Task("t", "t", risk=Risk.HIGH, acceptance=("it works",)), Milestone("m", risk=Risk.HIGH), False),
        (Task("t", "t", risk=Risk.HIGH), Milestone("m", risk=Risk.HIGH, done_when=("it works",)), False),
        (Task("t", "t", risk=Risk.HIGH), Milestone("m", risk=Risk.LOW), False),
    ],
)
def test_unknown_end(task: Task, milestone: Milestone, asks: bool) -> None:
    assert (unknown_end(task, Plan((milestone,))) is not None) is asks


def test_findings_are_the_same_whatever_their_order_and_punctuation() -> None:
    one, two = Finding("Use tabs.", path="a"), Finding("No!", path="b")
    assert findings_signature((one, two)) == findings_signature((two, replace(one, message="use  tabs")))
    assert findings_signature((one,)) != findings_signature((replace(one, path="b"),))
    assert disagreement((one,)).question == "The review asks again: a: Use tabs. Should the change do so?"


def test_an_answer_by_policy_names_the_first_option() -> None:
    assert "'left'" in decided_by_policy(Question("r", "q", ("left", "right")))
    assert "option" not in decided_by_policy(Question("r", "q"))
