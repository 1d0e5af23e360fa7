"""What the model is told: how each phase's conversation begins, and what an open one is told next."""

from __future__ import annotations

from functools import cache
from importlib import resources
from string import Template

from journeyman.domain.worker import ImplementRequest, PlanRequest, RequestKind, ReviewRequest
from journeyman.workers.agent.conversation import Conversation
from journeyman.workers.prompt import checks_text, complaints_text, prompt_parts, scope_text

_MAX_DIFF_CHARACTERS = 120_000
_NO_FILES = "None could be told from the task: search and read."


def plan_conversation(request: PlanRequest) -> Conversation:
    """A conversation that asks for a plan."""
    parts = (
        f"# Repository guidance\n\n{request.guidance or '(none)'}",
        f"# Scope\n\n{scope_text(request.scope)}",
        f"# Checks\n\n{checks_text(request.checks)}",
        f"# Task\n\n{request.task.title}\n\n{request.task.text}",
        f"# Files\n\n{request.context or _NO_FILES}",
    )
    return Conversation(_prompt("plan"), "\n\n".join(parts))


def review_conversation(request: ReviewRequest) -> Conversation:
    """A conversation that asks for a verdict on the diff, the task and the evidence."""
    diff = request.diff
    if len(diff) > _MAX_DIFF_CHARACTERS:
        diff = diff[:_MAX_DIFF_CHARACTERS] + f"\n[cut: {len(request.diff):,} characters in all]"
    evidence = "\n".join(f"- {line}" for line in request.evidence)
    if request.answer:
        evidence += f"\n\n# A person decided\n\n{request.answer}"
    first = (
        f"# Task\n\n{request.task.title}\n\n{request.task.text}\n\n"
        f"# Milestone\n\n{request.milestone.title}\n\n{request.milestone.goal}\n\n"
        f"# Evidence\n\n{evidence}\n\n# Diff\n\n{diff}"
    )
    return Conversation(_prompt("review"), first)


def implement_conversation(request: ImplementRequest) -> Conversation:
    """A conversation that begins with all that the request holds, what earlier ones left included."""
    parts = prompt_parts(request)
    one = len(request.plan.milestones) == 1
    milestone = "" if one else f"\n# This milestone\n\n{parts['milestone_title']}\n\n{parts['milestone']}\n"
    answer = f"\n# A person's answer to your question\n\n{request.answer}\n" if request.answer else ""
    first = _template("implement").substitute(
        parts, milestone=milestone, answer=answer, context=request.context or _NO_FILES
    )
    if request.failures or request.findings:
        first += "\n\n" + _template("afresh").substitute(parts).rstrip()
    return Conversation(_prompt("system"), first)


def what_is_new(request: ImplementRequest) -> str:
    """What a conversation that knows the rest is told: the answer to its question, or what was sent back."""
    if request.kind is RequestKind.ANSWERED:
        return f"The answer to your question: {request.answer}"
    shown = f"\n\nThese lines are as they are now:\n\n{request.context}" if request.context else ""
    complaints = complaints_text(request.failures, request.findings)
    return _template("retry").substitute(failures=complaints) + shown


@cache
def _prompt(name: str) -> str:
    return (resources.files("journeyman.workers.agent") / "prompts" / f"{name}.md").read_text("utf-8").strip()


@cache
def _template(name: str) -> Template:
    return Template(_prompt(name))
