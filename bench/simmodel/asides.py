"""Answers outside of the loop of tools: plans, reviews, titles, structured texts, and edits as text."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from bench.simmodel.session import Edit, Review, Task
from bench.simmodel.sight import Sight
from bench.simmodel.styles.base import Draft, Numbered, instance_of
from bench.simmodel.styles.scripts import file_listings, search_replace_blocks
from bench.simmodel.tokens import compact
from bench.simmodel.values import Conversation, Move

_TITLE_WORDS = 6
_LISTING = "*file listing*"


def submission(task: Task | None, conversation: Conversation, sight: Sight) -> Draft | None:
    """The plan or the review, when the request offers the tool for it."""
    if tool := conversation.tool("submit_plan"):
        plan = _plan(task, conversation)
        if task and task.search and "look_for" in str(tool.parameters):
            plan["milestones"] = [{"look_for": list(task.search), **each} for each in plan["milestones"]]
        return Draft(Move.PLAN, "submit_plan", plan)
    if conversation.tool("submit_review"):
        return Draft(Move.REVIEW, "submit_review", _review(task, sight))
    return None


def _plan(task: Task | None, conversation: Conversation) -> dict[str, Any]:
    if task and task.plan:
        return dict(task.plan)
    files = sorted({edit.path for step in task.steps for edit in step.edits}) if task else []
    title = _title(conversation.opening)
    milestone = {
        "title": title,
        "goal": title,
        "files": files,
        "risk": "low",
        "done_when": ["the checks pass"],
    }
    return {"summary": title, "milestones": [milestone]}


def _review(task: Task | None, sight: Sight) -> dict[str, Any]:
    """The review of the latest step whose edits the diff shows; else the task's."""
    review = task.review if task else Review()
    for step in task.steps if task else ():
        shown = [edit for edit in step.edits if edit.new.strip() and sight.sees(edit.new)]
        if step.review and shown:
            review = step.review
    findings = [
        {key: value for key, value in asdict(finding).items() if value not in {"", None}}
        for finding in review.findings
    ]
    return {"verdict": review.verdict, "summary": review.summary, "findings": findings}


def short_text(conversation: Conversation) -> str:
    """For titles, summaries and pings; as JSON where a schema asks for it."""
    title = _title(conversation.user_text())
    if conversation.schema:
        return compact(instance_of(conversation.schema, title))
    return title


def wants_edits_as_text(conversation: Conversation) -> bool:
    """Whether the prompt asks for SEARCH/REPLACE blocks or whole files, as aider's do."""
    return any(words in conversation.system for words in ("SEARCH/REPLACE", "<<<<<<< SEARCH", _LISTING))


def edits_as_text(conversation: Conversation, edits: Numbered, say: str, sight: Sight) -> str:
    """The edits in the form that was asked for."""
    if _LISTING in conversation.system:
        return f"{say}\n\n{file_listings(edits, conversation.user_text())}\n"
    return f"{say}\n\n{search_replace_blocks(edits, sight)}\n"


def ask_for_files(missing: list[Edit]) -> str:
    """What to say when files are not in the prompt."""
    paths = dict.fromkeys(edit.path for edit in missing)
    names = "\n".join(f"- `{path}`" for path in paths)
    return f"To make this change I need to see these files. Please add them to the chat:\n\n{names}\n"


def _title(text: str) -> str:
    """The first words of the last line that has some."""
    lines = [line for line in text.splitlines() if line.strip(" #*-`<>")]
    return " ".join(lines[-1].split()[:_TITLE_WORDS])[:60] if lines else "Working on it"
