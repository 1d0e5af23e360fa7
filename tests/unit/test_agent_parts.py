from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from journeyman.domain.errors import JourneymanError
from journeyman.domain.model import Finish, ModelAnswer, Speaker, ToolCall, ToolResult
from journeyman.domain.plan import Risk, Severity, Verdict
from journeyman.domain.policy.spending import Spending
from journeyman.domain.settings import BudgetSettings
from journeyman.domain.worker import Usage
from journeyman.workers.agent.conversation import MASK_ABOVE_CHARACTERS, Conversation
from journeyman.workers.agent.looking import MAX_AROUND_CHARACTERS, read_files, search
from journeyman.workers.agent.redact import redacted
from journeyman.workers.agent.running import trimmed
from journeyman.workers.agent.submitted import read_plan, read_review
from journeyman.workers.agent.toolbox import LOOKS, carry_out
from journeyman.workers.prompt import changed_text


def test_a_conversation_grows_at_its_end_and_knows_what_it_repeats() -> None:
    conversation = Conversation("system", "first")
    assert conversation.repeated_share() == 0
    conversation.hear(ModelAnswer("hm", (ToolCall("1", "read", {}, "{}"),), Finish.TOOLS))
    conversation.tell(results=(ToolResult("1", "lines"),))
    conversation.tell("and a text")
    assert [message.speaker for message in conversation.messages] == [
        Speaker.USER,
        Speaker.ASSISTANT,
        Speaker.USER,
    ]
    assert 0.1 < conversation.repeated_share() < 1
    assert conversation.repeated_share() == 1


def test_old_outputs_are_masked_when_the_conversation_is_long() -> None:
    conversation = Conversation("system", "first")
    for number in range(40):
        conversation.hear(ModelAnswer("", (ToolCall(str(number), "read", {}, "{}"),), Finish.TOOLS))
        conversation.tell(results=(ToolResult(str(number), "x" * 10_000),))
    assert len(conversation.serial()) < MASK_ABOVE_CHARACTERS
    assert conversation.messages[-1].results[0].content == "x" * 10_000, "the newest stay whole"
    assert "10,000 characters were here" in conversation.messages[2].results[0].content


def test_plans_and_reviews_are_read_or_refused_in_words() -> None:
    plan = read_plan(
        {"milestones": [{"title": "A", "goal": "g", "risk": "high", "files": ["a"]}, {"title": "B"}]}
    )
    assert [(item.title, item.risk) for item in plan.milestones] == [("A", Risk.HIGH), ("B", Risk.MEDIUM)]
    bad: dict[str, Any]
    for bad in ({}, {"milestones": []}, {"milestones": [{}]}, {"milestones": [{"title": "x"}] * 9}):
        with pytest.raises(ValueError, match="milestone"):
            read_plan(bad)
    finding = {"message": "m", "severity": "error", "path": "a", "line": 3}
    review = read_review({"verdict": "request_changes", "summary": "s", "findings": [finding]})
    assert (review.verdict, review.findings[0].severity, review.findings[0].line) == (
        Verdict.REQUEST_CHANGES,
        Severity.ERROR,
        3,
    )
    mild = read_review({"verdict": "request_changes", "findings": [{**finding, "severity": "info"}]})
    assert mild.verdict is Verdict.APPROVE, "without an error there is nothing to hold it back for"
    with pytest.raises(ValueError, match="verdict must be one of"):
        read_review({"verdict": "maybe"})


@pytest.mark.parametrize(
    ("limits", "usages", "over"),
    [
        (BudgetSettings(requests=2), [Usage(), Usage()], "2 requests of 2"),
        (BudgetSettings(tokens=100), [Usage(tokens_in=90, tokens_out=10)], "100 tokens of 100"),
        (BudgetSettings(usd=0.01), [Usage(cost_usd=0.02)], "$0.02 of $0.01"),
        (BudgetSettings(usd=0.01), [Usage(cost_usd=0.02), Usage(cost_usd=None)], None),
        (BudgetSettings(requests=3), [Usage(), Usage()], None),
        (BudgetSettings(call_usd=0.5), [Usage(cost_usd=0.4), Usage(cost_usd=0.6)], "cost $0.60 of $0.50"),
        (BudgetSettings(call_usd=0.5), [Usage(cost_usd=0.4), Usage(cost_usd=None)], None),
        (BudgetSettings(call_tokens=999), [], "about 1,000 tokens, of 999"),
        (BudgetSettings(call_tokens=1000), [], None),
    ],
)
def test_budgets(limits: BudgetSettings, usages: list[Usage], over: str | None) -> None:
    spending = Spending(limits)
    for usage in usages:
        spending.add(usage)
    if over is None:
        spending.refuse_when_exhausted(4000)
        return
    with pytest.raises(JourneymanError, match=r"\(budget\.") as caught:
        spending.refuse_when_exhausted(4000)
    assert caught.value.code == "over-budget"
    assert over in caught.value.message


def test_secrets_are_taken_out() -> None:
    text = "key sk-ant-api03-abcdefghijklmnop and ghp_abcdefghijklmnopqrstuv and plain skeleton-key"
    assert redacted(text) == "key [secret] and [secret] and plain skeleton-key"


def test_long_output_keeps_head_tail_and_errors() -> None:
    lines = [f"line {number}" for number in range(500)]
    lines[250] = "E   AssertionError: 1 != 2"
    kept = trimmed("\n".join(lines)).splitlines()
    assert kept[0] == "line 0"
    assert kept[-1] == "line 499"
    assert "E   AssertionError: 1 != 2" in kept
    assert "[444 lines left out]" in kept


LONG_PYTHON = "".join(
    f"class C{n}:\n    def m{n}(self):\n        # def no\n        x = 1\n\n" for n in range(200)
)


@pytest.mark.parametrize(
    ("name", "text", "shown", "hidden"),
    [
        ("a.py", LONG_PYTHON, ["1|class C0:", "2|    def m0(self):"], ["# def no", "x = 1"]),
        ("a.md", "# Head\n\nwords\n\n" * 300, ["1|# Head", "5|# Head"], ["words"]),
        ("a.js", "function f () {\n  return 1\n}\n\n" * 300, ["1|function f () {"], ["return 1"]),
        ("a.txt", "plain\n" * 900, ["lines 1-800", "800|plain"], ["801|"]),
    ],
)
def test_a_long_file_comes_as_an_outline_unless_a_range_is_asked_for(
    tmp_path: Path, name: str, text: str, shown: list[str], hidden: list[str]
) -> None:
    (tmp_path / name).write_text(text)
    told = read_files(tmp_path, [name])
    assert all(line in told for line in shown)
    assert not any(line in told for line in hidden)
    assert "4|" in read_files(tmp_path, [{"path": name, "start": 3, "end": 5}])


class GitHost:
    """As much of a host as a search needs: it runs git."""

    def __init__(self, worktree: Path) -> None:
        self.worktree = worktree
        subprocess.run(("git", "init", "-q", worktree), check=True)

    async def run(self, command: tuple[str, ...], *, timeout_s: float) -> Any:
        done = subprocess.run(command, cwd=self.worktree, capture_output=True, timeout=timeout_s, check=False)
        return SimpleNamespace(exit_code=done.returncode, stdout=done.stdout, text=done.stderr.decode())


class Host:
    """As much of a host as calls that change nothing need."""

    def __init__(self, worktree: Path) -> None:
        self.worktree = worktree

    async def step(self, name: str, effect: Any, returns: Any) -> Any:
        return await effect()

    edit = None
    """Nobody asks for it."""

    def activity(self, text: str) -> None: ...

    def looked_at(self, paths: tuple[str, ...]) -> None: ...

    async def hidden(self, paths: tuple[str, ...]) -> tuple[str, ...]:
        return ()


@pytest.mark.parametrize(
    ("pattern", "shown", "hidden"),
    [
        (
            "needle_1",
            ["needle_1: 1 matches", "a.py:20:needle_1 = 0", "a.py (60 lines, lines 8-32)", "8|word_8"],
            ["33|"],
        ),
        ("needle", ["a.py:20:needle_1 = 0", "lines 8-52", "20|needle_1 = 0", "40|needle_2 = 0"], ["53|"]),
        ("word", ["a.py:1:word_1 = 0"], ["lines ", "1|word_1"]),
    ],
)
def test_few_matches_come_with_the_lines_around_them(
    tmp_path: Path, pattern: str, shown: list[str], hidden: list[str]
) -> None:
    lines = [f"word_{n} = 0" for n in range(1, 61)]
    lines[19], lines[39] = "needle_1 = 0", "needle_2 = 0"
    (tmp_path / "a.py").write_text("\n".join(lines))
    host: Any = GitHost(tmp_path)
    told = asyncio.run(search(host, [pattern], None))
    assert [text for text in shown if text not in told] == []
    assert [text for text in hidden if text in told] == []


def test_a_file_is_read_once_however_many_stretches_of_it_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.py").write_text("\n".join("needle" if n % 60 == 0 else f"word_{n}" for n in range(300)))
    read, reads = Path.read_bytes, list[str]()

    def counted(path: Path) -> bytes:
        reads.append(path.name)
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", counted)
    host: Any = GitHost(tmp_path)
    told = asyncio.run(search(host, ["needle"], None))
    assert (told.count("a.py (300 lines, lines "), reads) == (5, ["a.py"])


def test_lines_around_matches_are_bounded(tmp_path: Path) -> None:
    for name in "abcdefgh":
        (tmp_path / f"{name}.py").write_text("\n".join(["x" * 200] * 10 + ["needle"] + ["x" * 200] * 10))
    host: Any = GitHost(tmp_path)
    told = asyncio.run(search(host, ["needle"], None))
    assert "a.py (21 lines" in told
    assert "h.py:11:needle" in told
    assert len(told) < MAX_AROUND_CHARACTERS + 1000


def test_a_tool_that_was_not_offered_is_not_carried_out(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("one\n")
    edit = {"edits": [{"path": "a.py", "old": "one", "new": "two"}]}
    calls = (
        ToolCall("1", "edit", edit, "{}"),
        ToolCall("2", "read", {"files": ["a.py"]}, "{}"),
    )
    host: Any = Host(tmp_path)
    outcome = asyncio.run(carry_out(host, "tools", calls, LOOKS))
    assert [result.is_error for result in outcome.results] == [True, False]
    assert "there is no tool 'edit'; the tools are read, search" in outcome.results[0].content
    assert (tmp_path / "a.py").read_text() == "one\n"


@pytest.mark.parametrize(
    ("patch", "shown"),
    [
        ("", ""),
        ("+a\n", "# What it changed\n\nThis patch is in the files already.\n\n+a\n\n"),
        ("+\udcff\n", "+\\xff"),
        ("+a\n" * 9_000, "[cut: 26,999 characters in all; read the files for the rest]"),
    ],
)
def test_what_was_changed_is_told_within_bounds(patch: str, shown: str) -> None:
    told = changed_text(patch)
    assert shown in told
    assert len(told) < 12_300
