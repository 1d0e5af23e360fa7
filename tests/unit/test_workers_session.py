"""The session file: what is read, and how a bad one is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from journeyman.domain.errors import JourneymanError
from journeyman.domain.plan import Question, Risk, Severity, Verdict
from journeyman.workers.replay_session import (
    Delete,
    Edit,
    Rename,
    Replace,
    Replacement,
    SetMode,
    Symlink,
    Write,
    load_session,
)

FULL = """
journeyman_session: 1
recorded: by hand, 2026-11-23
plan:
  summary: two slices
  milestones:
    - {title: First, goal: do it, files: [a.py], risk: high, done_when: [tests pass]}
    - title: Second
milestones:
  - attempts:
      - say: trying
        activity: [reading a.py, thinking]
        wait_s: 0.5
        edits:
          - {path: a.py, write: ""}
          - {path: b.py, replace: [{old: x, new: ""}, {old: y, new: z}]}
          - {path: c.py, delete: true}
          - {path: d.py, rename_to: e/d.py}
          - {path: f.sh, mode: "755"}
          - {path: g, symlink: ../outside}
        run: ["ruff format .", [git, --version]]
        usage: {model: m, tokens_in: 10, tokens_cached: 2, tokens_out: 3, cost_usd: 0.01, latency_s: 1}
      - blocked: {reason: why, question: which, options: [this, that]}
    reviews:
      - {verdict: request_changes, summary: not so, findings: [{message: bad, severity: error, path: a.py, line: 3}], attempt: 1}
      - {verdict: approve}
  - attempts:
      - fail: the model hung up
"""


def load(folder: Path, text: str, name: str = "session.yaml"):
    path = folder / name
    path.write_text(text)
    return load_session(path)


def complaint(folder: Path, text: str, name: str = "session.yaml") -> str:
    with pytest.raises(JourneymanError) as caught:
        load(folder, text, name)
    assert caught.value.code == "bad-session"
    return caught.value.message


def test_everything_is_read(tmp_path: Path):
    session = load(tmp_path, FULL)
    assert session.recorded == "by hand, 2026-11-23"
    assert session.plan is not None
    assert [each.title for each in session.plan.milestones] == ["First", "Second"]
    assert session.plan.milestones[0].risk is Risk.HIGH
    first, second = session.milestones[0].attempts
    assert first.edits == (
        Edit("a.py", Write("")),
        Edit("b.py", Replace((Replacement("x", ""), Replacement("y", "z")))),
        Edit("c.py", Delete()),
        Edit("d.py", Rename("e/d.py")),
        Edit("f.sh", SetMode(0o755)),
        Edit("g", Symlink("../outside")),
    )
    assert first.run == ("ruff format .", ("git", "--version"))
    assert first.wait_s == 0.5
    assert first.usage is not None
    assert first.usage.cost_usd == 0.01
    assert second.blocked == Question("why", "which", ("this", "that"))
    named, general = session.milestones[0].reviews
    assert (named.attempt, named.review.verdict) == (1, Verdict.REQUEST_CHANGES)
    assert named.review.findings[0].severity is Severity.ERROR
    assert (general.attempt, general.review.verdict) == (None, Verdict.APPROVE)
    assert session.milestones[1].attempts[0].fail == "the model hung up"


def test_json_says_the_same(tmp_path: Path):
    import yaml

    assert load(tmp_path, json.dumps(yaml.safe_load(FULL)), "session.json") == load(tmp_path, FULL)


def test_unknown_usage_figures_stay_unknown(tmp_path: Path):
    text = "journeyman_session: 1\nrecorded: x\nmilestones: [{attempts: [{usage: {tokens_in: 5}}]}]"
    usage = load(tmp_path, text).milestones[0].attempts[0].usage
    assert usage is not None
    assert (usage.tokens_in, usage.tokens_out, usage.cost_usd, usage.requests) == (5, None, None, 1)


def in_attempt(attempt: Any) -> str:
    header = {"journeyman_session": 1, "recorded": "x"}
    return json.dumps({**header, "milestones": [{"attempts": [{}, attempt]}]})


PLACE = "session.json, milestone 1, attempt 2"


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        ({"edit": []}, f"{PLACE}: unknown key 'edit'; did you mean 'edits'?"),
        (
            {"edits": [{"path": "a", "wirte": "x"}]},
            f"{PLACE}, edit 1: unknown key 'wirte'; did you mean 'write'?",
        ),
        (
            {"edits": [{"write": "x"}]},
            f"{PLACE}, edit 1: path is missing: it must be a text that is not empty",
        ),
        (
            {"edits": [{"path": "/etc/x", "write": "x"}]},
            "a plain path relative to the worktree, not '/etc/x'",
        ),
        ({"edits": [{"path": "a/../../x", "write": "x"}]}, "a plain path relative to the worktree"),
        ({"edits": [{"path": "a//b", "write": "x"}]}, "a plain path relative to the worktree"),
        ({"edits": [{"path": ".git/config", "write": "x"}]}, "path must be a path outside of .git"),
        ({"edits": [{"path": "a", "rename_to": "../b"}]}, "rename_to must be a plain path"),
        ({"edits": [{"path": "a"}]}, "found none"),
        ({"edits": [{"path": "a", "write": "", "delete": True}]}, "found write and delete"),
        ({"edits": [{"path": "a", "delete": False}]}, "delete must be true"),
        ({"edits": [{"path": "a", "mode": 755}]}, "mode must be three octal digits in quotes, such as '755'"),
        ({"edits": [{"path": "a", "write": 3}]}, "write must be a text"),
        ({"edits": [{"path": "a", "write": None}]}, "write is missing"),
        ({"edits": [{"path": "a", "write": "\ud800"}]}, "a text without lone surrogates"),
        ({"edits": [{"path": "a", "replace": []}]}, "a list with at least one entry"),
        (
            {"edits": [{"path": "a", "replace": [{"old": "", "new": "x"}]}]},
            "replacement 1: old must be a text",
        ),
        ({"edits": [{"path": "a", "replace": [{"old": "x"}]}]}, "replacement 1: new is missing"),
        ({"edits": {"path": "a"}}, f"{PLACE}: edits must be a list of mappings"),
        ({"say": False}, "say must be a text that is not empty, in quotes: not False"),
        ({"wait_s": -1}, "wait_s must be a number from 0 up"),
        ({"wait_s": True}, "wait_s must be a number from 0 up"),
        ({"activity": "x"}, "activity must be a list of texts"),
        ({"run": ["ls", []]}, "run must be a list of commands"),
        ({"run": "ls"}, "run must be a list of commands"),
        ({"usage": {"token_in": 3}}, "usage: unknown key 'token_in'; did you mean 'tokens_in'?"),
        ({"usage": {"tokens_in": 1.5}}, "usage: tokens_in must be a whole number"),
        ({"blocked": {"reason": "x"}}, "blocked: question is missing"),
        ({"blocked": {"reason": "x", "question": "y"}, "fail": "z"}, "blocked or in fail, not in both"),
    ],
)
def test_a_bad_attempt_is_told_with_its_place(attempt: Any, message: str, tmp_path: Path):
    assert message in complaint(tmp_path, in_attempt(attempt), "session.json")


GOOD = "journeyman_session: 1\nrecorded: x\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "session.yaml: is not a mapping"),
        ("- 1", "session.yaml: is not a mapping"),
        ("a: [", "session.yaml: is not YAML at line 1"),
        ("a: !!python/object/apply:os.system ['true']", "is not YAML at line 1"),
        ("a: 1\na: 2", "key 'a' stands twice, again at line 2"),
        ("? [x, y]\n: 1", "session.yaml: is not YAML"),
        ("recorded: x\nmilestones: []", "journeyman_session is missing"),
        ("journeyman_session: 2\nrecorded: x\nmilestones: []", "this Journeyman reads version 1"),
        (GOOD, "milestones is missing"),
        (GOOD + "milestones: []", "milestones must be a list with at least one entry"),
        (GOOD + "milestones: [{}]", "milestone 1: attempts is missing"),
        (GOOD + "milestone: []", "unknown key 'milestone'; did you mean 'milestones'?"),
        ("journeyman_session: 1\nmilestones: [{attempts: [{}]}]", "recorded is missing"),
        (
            GOOD + "plan: {milestones: [{title: a}, {title: b}]}\nmilestones: [{attempts: [{}]}]",
            "the plan has 2 milestones, but 1 are recorded",
        ),
        (
            GOOD + "plan: {milestones: [{title: a, risk: hihg}]}\nmilestones: [{attempts: [{}]}]",
            "risk is 'hihg', not one of low, medium, high; did you mean 'high'?",
        ),
        (GOOD + "milestones: [{attempts: [{}], reviews: [{}]}]", "review 1: verdict is None"),
        (
            GOOD + "milestones: [{attempts: [{}], reviews: [{verdict: approve, attempt: 2}]}]",
            "attempt is 2, but there are attempts 1 to 1",
        ),
        (
            GOOD + "milestones: [{attempts: [{}], reviews: [{verdict: approve}, {verdict: approve}]}]",
            "two reviews are for the same attempt",
        ),
        (GOOD + "milestones: &m [*m]", "milestones must be a list of mappings"),
    ],
)
def test_a_bad_file_is_told(text: str, message: str, tmp_path: Path):
    assert message in complaint(tmp_path, text)


def test_bad_json_is_told_with_line_and_column(tmp_path: Path):
    assert "is not JSON: Expecting value at line 2, column 6" in complaint(tmp_path, '{\n"a": }', "s.json")
    assert "a key stands twice" in complaint(tmp_path, '{"a": 1, "a": 2}', "s.json")
    assert "is not JSON" in complaint(tmp_path, "[" * 100_000, "s.json")


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path):
    for path, message in ((tmp_path / "none.yaml", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(JourneymanError) as caught:
            load_session(path)
        assert caught.value.code == "bad-session"
        assert message in caught.value.message
    (tmp_path / "latin.yaml").write_bytes(b"recorded: caf\xe9")
    with pytest.raises(JourneymanError, match=r"is not UTF-8 text \(byte 13\)"):
        load_session(tmp_path / "latin.yaml")
