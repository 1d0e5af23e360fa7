"""The session file: what the simulated model knows. Read strictly; an unknown key is an error."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from journeyman.domain.plan import Severity, Verdict
from journeyman.workers.session_reader import StrictTable, bad_session, load_table

_TASK_KEYS = (
    *("match", "plan", "steps", "needs", "search", "tests", "review", "blocked", "failure"),
    *("must_see", "one_at_a_time", "reasoning"),
)
REASONING_KEYS = (
    "search",
    "read",
    "edit",
    "mend",
    "run",
    "done",
    "blocked",
    "plan",
    "review",
    "say",
)
"""What reasoning tokens can be given for: a move, or ``mend``, an edit of a later step."""
_PLAN_KEYS = ("title", "goal", "files", "risk", "done_when")


@dataclass(frozen=True)
class Edit:
    """One change of one file: ``old`` becomes ``new``, or ``write`` the whole file, or it goes."""

    path: str
    old: str = ""
    new: str = ""
    write: str | None = None
    delete: bool = False

    @property
    def replaces(self) -> bool:
        """Whether it changes text that must have been seen."""
        return self.write is None and not self.delete


@dataclass(frozen=True)
class Finding:
    """One remark of a review."""

    message: str
    severity: str = "warning"
    path: str = ""
    line: int | None = None


@dataclass(frozen=True)
class Review:
    """What the model thinks of the change."""

    verdict: str = "approve"
    summary: str = "The change does what the task asks."
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Step:
    """What the model does in one attempt."""

    edits: tuple[Edit, ...]
    say: str = "Done."
    review: Review | None = None


@dataclass(frozen=True)
class Blocked:
    """What the model asks before it begins, until ``until`` matches something the user said."""

    reason: str
    question: str
    options: tuple[str, ...]
    until: re.Pattern[str]


@dataclass(frozen=True)
class Task:
    """One task that the model can do."""

    match: re.Pattern[str]
    steps: tuple[Step, ...]
    needs: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    tests: str = ""
    plan: Mapping[str, Any] | None = None
    review: Review = Review()
    blocked: Blocked | None = None
    failure: re.Pattern[str] | None = None
    must_see: tuple[Edit, ...] = ()
    """Texts (``old``) in files that it will not change, without which it does not begin to edit."""
    one_at_a_time: bool = False
    """It searches for one pattern and reads one file in each answer, as most models do."""
    reasoning: Mapping[str, int] = field(default_factory=dict)
    """Tokens that it thinks before it answers, for each kind of answer."""


@dataclass(frozen=True)
class Session:
    """All that the model knows. Without ``models`` every name is served."""

    tasks: tuple[Task, ...]
    models: tuple[str, ...] = ()
    context_tokens: int | None = None

    def task_for(self, *texts: str) -> Task | None:
        """The first task whose pattern matches, the earlier text first."""
        return next((task for text in texts for task in self.tasks if task.match.search(text)), None)


def load_session(source: Session | Path | str | Mapping[str, Any] | list[Any]) -> Session:
    """Read a file, or the same as plain data; a list is the tasks. Raises JourneymanError("bad-session")."""
    if isinstance(source, Session):
        return source
    if isinstance(source, Path | str):
        return _session(load_table(Path(source)))
    values: Mapping[Any, Any] = {"tasks": source} if isinstance(source, list) else source
    return _session(StrictTable(values, "session"))


def _session(table: StrictTable) -> Session:
    table.keys("simmodel_session", "models", "context_tokens", "tasks")
    if (version := table.integer("simmodel_session")) not in {None, 1}:
        raise bad_session(table.place, f"simmodel_session is {version}; this version reads 1")
    tasks = tuple(_task(task) for task in table.tables("tasks", "task", required=True))
    return Session(tasks, table.texts("models"), table.integer("context_tokens"))


def _task(table: StrictTable) -> Task:
    table.keys(*_TASK_KEYS)
    review = table.table("review")
    blocked = table.table("blocked")
    plan = table.table("plan")
    return Task(
        match=_pattern(table, "match", table.text("match", required=True)),
        steps=tuple(_step(step) for step in table.tables("steps", "step")),
        needs=table.texts("needs"),
        search=table.texts("search"),
        tests=table.text("tests"),
        plan=_plan(plan) if plan else None,
        review=_review(review) if review else Review(),
        blocked=_blocked(blocked) if blocked else None,
        failure=_pattern(table, "failure", table.text("failure")) if table.has("failure") else None,
        must_see=tuple(_seen(seen) for seen in table.tables("must_see", "must_see")),
        one_at_a_time=_flag(table, "one_at_a_time"),
        reasoning=_reasoning(table.table("reasoning")),
    )


def _seen(table: StrictTable) -> Edit:
    table.keys("path", "text")
    return Edit(table.path("path"), table.text("text", required=True))


def _flag(table: StrictTable, key: str) -> bool:
    if table.has(key):
        table.true(key)
    return table.has(key)


def _reasoning(table: StrictTable | None) -> dict[str, int]:
    if table is None:
        return {}
    table.keys(*REASONING_KEYS)
    return {key: table.integer(key) or 0 for key in REASONING_KEYS if table.has(key)}


def _step(table: StrictTable) -> Step:
    table.keys("edits", "say", "review")
    review = table.table("review")
    edits = tuple(_edit(edit) for edit in table.tables("edits", "edit"))
    return Step(edits, table.text("say") or "Done.", _review(review) if review else None)


def _edit(table: StrictTable) -> Edit:
    table.keys("path", "old", "new", "write", "delete")
    path = table.path("path")
    kinds = [key for key in ("old", "write", "delete") if table.has(key)]
    if len(kinds) != 1:
        raise bad_session(table.place, "an edit has exactly one of old (with new), write and delete")
    match kinds[0]:
        case "old":
            return Edit(path, table.text("old", required=True), table.text("new", blank=True))
        case "write":
            return Edit(path, write=table.text("write", blank=True))
        case _:
            table.true("delete")
            return Edit(path, delete=True)


def _plan(table: StrictTable) -> dict[str, Any]:
    table.keys("summary", "milestones")
    milestones = []
    for milestone in table.tables("milestones", "milestone", required=True):
        milestone.keys(*_PLAN_KEYS)
        milestones.append(
            {
                "title": milestone.text("title", required=True),
                "goal": milestone.text("goal"),
                "files": list(milestone.texts("files")),
                "risk": milestone.text("risk") or "low",
                "done_when": list(milestone.texts("done_when")),
            }
        )
    return {"summary": table.text("summary"), "milestones": milestones}


def _review(table: StrictTable) -> Review:
    table.keys("verdict", "summary", "findings")
    findings = []
    for finding in table.tables("findings", "finding"):
        finding.keys("message", "severity", "path", "line")
        findings.append(
            Finding(
                finding.text("message", required=True),
                finding.choice("severity", Severity, Severity.WARNING),
                finding.text("path"),
                finding.integer("line"),
            )
        )
    verdict = table.choice("verdict", Verdict, Verdict.APPROVE)
    return Review(verdict, table.text("summary") or "Looked through.", tuple(findings))


def _blocked(table: StrictTable) -> Blocked:
    table.keys("reason", "question", "options", "until")
    options = table.texts("options")
    some = "|".join(re.escape(option) for option in options)
    answered = rf"answer[\s\S]{{0,200}}({some})" if options else r"answer(ed)?\b[^\n]{0,60}[:\n]"
    until = table.text("until") or answered
    return Blocked(
        table.text("reason", required=True),
        table.text("question", required=True),
        options,
        _pattern(table, "until", until),
    )


def _pattern(table: StrictTable, key: str, text: str) -> re.Pattern[str]:
    try:
        return re.compile(text, re.IGNORECASE)
    except re.error as error:
        raise bad_session(table.place, f"{key} is no regular expression: {error}") from None
