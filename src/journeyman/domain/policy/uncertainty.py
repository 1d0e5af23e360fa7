"""Where going on would be a guess: contradictions in what was asked, and people's answers to them. Pure."""

from __future__ import annotations

import hashlib
import re

from journeyman.domain.plan import Finding, Plan, Question, Risk
from journeyman.domain.scope import Scope, path_matches
from journeyman.domain.task import Task

_WORD = re.compile(r"\w+")


def contradiction(scope: Scope) -> tuple[str, ...]:
    """What the scope allows when it denies all of that too; nothing when something may change.

    Told before a token is spent. No answer lifts a guard: it takes another scope, and so a new run.
    """
    allowed = tuple(dict.fromkeys(scope.allow))
    return allowed if allowed and all(_denied(glob, scope.deny) for glob in allowed) else ()


def _denied(glob: str, deny: tuple[str, ...]) -> bool:
    """Whether nothing that the glob matches may change, as far as it can be told without a list of files."""
    if any(sign in pattern for pattern in (glob, *deny) for sign in "*?[!"):
        return glob in deny
    if not _rooted(glob):  # a name in any folder, which only another such name covers
        deny = tuple(pattern for pattern in deny if not _rooted(pattern))
    return path_matches(glob.strip("/") + ("/\0" if glob.endswith("/") else ""), deny)


def _rooted(glob: str) -> bool:
    return "/" in glob.rstrip("/")


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
