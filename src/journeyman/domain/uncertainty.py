"""Where going on would be a guess: contradictions in what was asked, and people's answers to them. Pure."""

from __future__ import annotations

import hashlib
import re

from journeyman.domain.plan import Finding, Plan, Question, Risk
from journeyman.domain.scope import Scope
from journeyman.domain.task import Task

_WORD = re.compile(r"\w+")


def contradiction(task: Task, scope: Scope) -> Question | None:
    """The question that a task raises that contradicts itself, before a token is spent."""
    both = sorted(set(scope.allow) & set(scope.deny))
    if scope.allow and len(both) == len(set(scope.allow)):
        return Question(
            f"{', '.join(both)} is in the scope's allow list and in its deny list: nothing may change",
            f"May {', '.join(both)} be changed for {task.title!r}? Say so in the scope, and start a new run.",
        )
    return None


def unknown_end(task: Task, plan: Plan) -> Question | None:
    """The question that a risky task raises when nobody has said what it is done by."""
    if task.risk is not Risk.HIGH or task.acceptance:
        return None
    vague = next((one for one in plan.milestones if one.risk is Risk.HIGH and not one.done_when), None)
    if vague is None:
        return None
    return Question(
        "the task says risk: high, and neither task nor plan say when it is done",
        f"What must hold when {vague.title!r} is done?",
    )


def disagreement(findings: tuple[Finding, ...]) -> Question:
    """The question that a reviewer raises who asks for the same again and again."""
    first = findings[0]
    place = f"{first.path}: " if first.path else ""
    return Question(
        "worker and reviewer do not agree",
        f"The review asks again: {place}{first.message.rstrip('. ')}. Should the change do so?",
        ("yes, do what the review asks", "no, leave it as it is"),
    )


def decided_by_policy(question: Question) -> str:
    """The answer that a worker gets when nobody is to be asked."""
    choice = ""
    if question.options:
        choice = f" Take the first option, {question.options[0]!r}, unless the code speaks against it."
    return f"Nobody can answer.{choice} Decide by yourself what is least risky, and say what you assumed."


def findings_signature(findings: tuple[Finding, ...]) -> str:
    """A digest of what a review asks for, whatever the order and the punctuation."""
    said = sorted(f"{each.path}\0{' '.join(_WORD.findall(each.message.lower()))}" for each in findings)
    return hashlib.sha256("\n".join(said).encode("utf-8", "surrogatepass")).hexdigest()[:16]
