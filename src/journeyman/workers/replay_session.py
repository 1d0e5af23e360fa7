"""The recorded session of the replay worker: its values, and the strict reading of its file.

The format is described in docs/reference/replay-sessions.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from journeyman.domain.plan import Finding, Milestone, Plan, Question, Review, Risk, Severity, Verdict
from journeyman.domain.worker import Usage
from journeyman.workers.session_reader import StrictTable, bad_session, load_table

FORMAT = 1


@dataclass(frozen=True)
class Write:
    """The file's whole new content."""

    text: str


@dataclass(frozen=True)
class Replacement:
    """``old`` stands in the file exactly once and becomes ``new``."""

    old: str
    new: str


@dataclass(frozen=True)
class Replace:
    """Replacements in one file, in order."""

    parts: tuple[Replacement, ...]


@dataclass(frozen=True)
class Delete:
    """The file goes."""


@dataclass(frozen=True)
class Rename:
    """The file moves; nothing may be at ``to`` yet."""

    to: str


@dataclass(frozen=True)
class SetMode:
    """The file's permission bits."""

    mode: int


@dataclass(frozen=True)
class Symlink:
    """The path becomes a symlink. Its target may be any text: judging it is the scope guard's job."""

    target: str


Action = Write | Replace | Delete | Rename | SetMode | Symlink


@dataclass(frozen=True)
class Edit:
    """One thing done to one path, relative to the worktree."""

    path: str
    action: Action


@dataclass(frozen=True)
class RecordedAttempt:
    """What the recorded worker did in one IMPLEMENT attempt, in the order of the fields."""

    say: str = ""
    activity: tuple[str, ...] = ()
    wait_s: float = 0.0
    usage: Usage | None = None
    edits: tuple[Edit, ...] = ()
    run: tuple[str | tuple[str, ...], ...] = ()
    blocked: Question | None = None
    fail: str | None = None


@dataclass(frozen=True)
class RecordedReview:
    """A review of one attempt; ``attempt`` is ``None`` for every attempt that no other review names."""

    review: Review
    attempt: int | None = None
    usage: Usage | None = None


@dataclass(frozen=True)
class RecordedMilestone:
    """The attempts at one milestone, and the reviews of them."""

    attempts: tuple[RecordedAttempt, ...]
    reviews: tuple[RecordedReview, ...] = ()


@dataclass(frozen=True)
class Session:
    """One session file."""

    recorded: str
    milestones: tuple[RecordedMilestone, ...]
    plan: Plan | None = None


def load_session(path: Path) -> Session:
    """The session in a YAML or JSON file; raises JourneymanError("bad-session") naming the place."""
    table = load_table(path)
    table.keys("journeyman_session", "recorded", "plan", "milestones")
    version = table.integer("journeyman_session", required=True)
    if version != FORMAT:
        raise bad_session(
            table.place, f"journeyman_session is {version}; this Journeyman reads version {FORMAT}"
        )
    milestones = tuple(_milestone(each) for each in table.tables("milestones", "milestone", required=True))
    plan = table.table("plan")
    session = Session(
        recorded=table.text("recorded", required=True),
        milestones=milestones,
        plan=_plan(plan) if plan is not None else None,
    )
    planned = len(session.plan.milestones) if session.plan else len(milestones)
    if planned != len(milestones):
        raise bad_session(
            table.place, f"the plan has {planned} milestones, but {len(milestones)} are recorded"
        )
    return session


def _plan(table: StrictTable) -> Plan:
    table.keys("summary", "milestones")
    return Plan(
        tuple(_planned(each) for each in table.tables("milestones", "milestone", required=True)),
        summary=table.text("summary"),
    )


def _planned(table: StrictTable) -> Milestone:
    table.keys("title", "goal", "files", "risk", "done_when", "look_for")
    return Milestone(
        title=table.text("title", required=True),
        goal=table.text("goal"),
        files=table.texts("files"),
        risk=Risk(table.choice("risk", Risk, Risk.LOW)),
        done_when=table.texts("done_when"),
        look_for=table.texts("look_for"),
    )


def _milestone(table: StrictTable) -> RecordedMilestone:
    table.keys("attempts", "reviews")
    attempts = tuple(_attempt(each) for each in table.tables("attempts", "attempt", required=True))
    reviews = tuple(_review(each, len(attempts)) for each in table.tables("reviews", "review"))
    named = [review.attempt for review in reviews]
    if len(set(named)) != len(named):
        raise bad_session(table.place, "two reviews are for the same attempt; tell them apart by attempt: N")
    return RecordedMilestone(attempts, reviews)


def _attempt(table: StrictTable) -> RecordedAttempt:
    table.keys("say", "activity", "wait_s", "usage", "edits", "run", "blocked", "fail")
    attempt = RecordedAttempt(
        say=table.text("say"),
        activity=table.texts("activity"),
        wait_s=table.number("wait_s") or 0.0,
        usage=_usage(table),
        edits=tuple(_edit(each) for each in table.tables("edits", "edit")),
        run=table.commands("run"),
        blocked=_question(table.table("blocked")),
        fail=table.text("fail") or None,
    )
    if attempt.blocked and attempt.fail:
        raise bad_session(table.place, "an attempt ends in blocked or in fail, not in both")
    return attempt


def _edit(table: StrictTable) -> Edit:
    table.keys("path", "write", "replace", "delete", "rename_to", "mode", "symlink")
    path = table.path("path")
    actions = [
        key for key in ("write", "replace", "delete", "rename_to", "mode", "symlink") if table.has(key)
    ]
    if len(actions) != 1:
        found = " and ".join(actions) or "none"
        raise bad_session(
            table.place, f"an edit has one of write, replace, delete, rename_to, mode, symlink; found {found}"
        )
    return Edit(path, _action(actions[0], table))


def _action(kind: str, table: StrictTable) -> Action:
    match kind:
        case "write":
            return Write(table.text("write", blank=True))
        case "replace":
            parts = table.tables("replace", "replacement", required=True)
            return Replace(tuple(_replacement(each) for each in parts))
        case "delete":
            table.true("delete")
            return Delete()
        case "rename_to":
            return Rename(table.path("rename_to"))
        case "mode":
            return SetMode(table.mode("mode"))
        case _:
            return Symlink(table.text("symlink", required=True))


def _replacement(table: StrictTable) -> Replacement:
    table.keys("old", "new")
    return Replacement(table.text("old", required=True), table.text("new", blank=True))


def _usage(parent: StrictTable) -> Usage | None:
    table = parent.table("usage")
    if table is None:
        return None
    table.keys("model", "tokens_in", "tokens_cached", "tokens_out", "cost_usd", "latency_s", "requests")
    requests = table.integer("requests")
    return Usage(
        model=table.text("model") or None,
        tokens_in=table.integer("tokens_in"),
        tokens_cached=table.integer("tokens_cached"),
        tokens_out=table.integer("tokens_out"),
        cost_usd=table.number("cost_usd"),
        latency_s=table.number("latency_s"),
        requests=1 if requests is None else requests,
    )


def _question(table: StrictTable | None) -> Question | None:
    if table is None:
        return None
    table.keys("reason", "question", "options")
    return Question(
        reason=table.text("reason", required=True),
        question=table.text("question", required=True),
        options=table.texts("options"),
    )


def _review(table: StrictTable, attempts: int) -> RecordedReview:
    table.keys("verdict", "summary", "findings", "attempt", "usage")
    attempt = table.integer("attempt")
    if attempt is not None and not 1 <= attempt <= attempts:
        raise bad_session(table.place, f"attempt is {attempt}, but there are attempts 1 to {attempts}")
    review = Review(
        verdict=Verdict(table.choice("verdict", Verdict)),
        summary=table.text("summary"),
        findings=tuple(_finding(each) for each in table.tables("findings", "finding")),
    )
    return RecordedReview(review, attempt, _usage(table))


def _finding(table: StrictTable) -> Finding:
    table.keys("message", "severity", "path", "line")
    return Finding(
        message=table.text("message", required=True),
        severity=Severity(table.choice("severity", Severity, Severity.WARNING)),
        path=table.text("path") or None,
        line=table.integer("line"),
    )
