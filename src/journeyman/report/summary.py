"""A run's result as one object: the stable, machine-readable contract of ``--output-format json``."""

from __future__ import annotations

import dataclasses
import shlex
from dataclasses import dataclass, replace
from typing import Any

from journeyman.domain.checks import CheckFailure, CheckResult
from journeyman.domain.events import (
    CheckFinished,
    CheckpointMade,
    EnvironmentReady,
    Event,
    IntegrityJudged,
    NewTestsJudged,
    Outcome,
    Payload,
    PhaseFinished,
    PhaseOutcome,
    PlanMade,
    QuestionDecided,
    Role,
    RunFinished,
    RungTaken,
    RunStarted,
    ScopeDropped,
    SnapshotMade,
    TransientRetried,
    VerifyJudged,
    WorkRescued,
    last_of,
    of_kind,
)
from journeyman.domain.folds.kpi import Kpi, compute_kpi
from journeyman.domain.identity import branch_name
from journeyman.domain.phases import Phase
from journeyman.domain.plan import Question
from journeyman.domain.settings import IntegrityPolicy
from journeyman.domain.stops import Family, is_command, stop_reason
from journeyman.report.decisions import decision_text

SCHEMA = 1
_SHOWN_OPTIONS = 2
RUNNING = "running"


@dataclass(frozen=True)
class Milestones:
    """How far the plan was worked."""

    planned: int | None
    completed: int


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """What a run came to. ``outcome`` is ``verified`` or ``stopped``; ``running`` while it has no end."""

    schema: int = SCHEMA
    run_id: str
    task: str
    outcome: str = RUNNING
    stop_reason: str | None = None
    stop_message: str | None = None
    next_actions: tuple[str, ...]
    base_commit: str | None = None
    branch: str
    commit: str | None = None
    verified_tree: str | None = None
    milestones: Milestones = Milestones(planned=None, completed=0)
    files_changed: tuple[str, ...] = ()
    lines_added: int = 0
    lines_removed: int = 0
    human_touches: int
    kpi: Kpi
    facts: tuple[str, ...] = ()
    question: Question | None = None
    checks: tuple[CheckResult, ...] = ()
    """The last result of each check on the run's last snapshot."""
    proven_by: tuple[str, ...] = ()
    """The kinds of check that prove the change: tests, build, types, lint, format, other."""
    rests_on: str | None = None
    """Why neither tests nor a build are among them, where that is right."""
    new_failures: tuple[CheckFailure, ...] = ()
    known_failures: tuple[CheckFailure, ...] = ()
    fixed_failures: tuple[CheckFailure, ...] = ()
    last_snapshot: str | None = None
    """The ref of the last attempt."""
    rescued: tuple[str, ...] = ()
    worker: str | None = None
    repository: str | None = None
    warnings: tuple[str, ...] = ()
    sandbox: str | None = None
    tried: tuple[str, ...] = ()
    """Rungs that the run took, and calls made again for the trouble that it ended with."""
    weakened: tuple[str, ...] = ()
    """What the last change weakens of the tests and checks that judge it."""
    dropped: tuple[str, ...] = ()
    """Edits outside the scope that were put back."""
    notes: tuple[str, ...] = ()
    """What else a reader should know: a test that was made and does not count, a question not asked."""
    advice: str | None = None
    """What helps and is no command: what to install, which setting to raise."""

    @property
    def exit_code(self) -> int:
        """0 only for a verified commit."""
        if self.outcome == Outcome.VERIFIED:
            return 0
        return stop_reason(self.stop_reason or "interrupted").exit_code

    def as_json(self) -> dict[str, Any]:
        """Plain data, ready for ``json.dumps``."""
        return dataclasses.asdict(self)


def summarize(run_id: str, events: tuple[Event, ...]) -> RunSummary:
    """Fold a timeline into its summary. Works on any prefix of a timeline."""
    kpi = compute_kpi(events)
    started = last_of(events, RunStarted)
    title = started.title if started else "unknown"
    end = last_of(events, RunFinished)
    summary = RunSummary(
        run_id=run_id,
        task=title,
        branch=branch_name(run_id, title),
        next_actions=(f"jm follow {run_id}", f"jm resume {run_id}"),
        kpi=kpi,
        human_touches=kpi.human_touches,
        rescued=tuple(each.ref for each in of_kind(events, WorkRescued)),
        tried=tuple(_told(events, RungTaken)),
        weakened=_weakened(events),
        dropped=tuple(dict.fromkeys(_told(events, ScopeDropped))),
        notes=(
            *_hidden(events),
            *_told(events, NewTestsJudged),
            *_told(events, QuestionDecided),
            *_unreviewed(events),
        ),
    )
    if started is not None:
        summary = _with_start(summary, started, events)
    summary = _with_work(summary, events)
    if end is not None and events[-1].payload is end:
        summary = _with_end(summary, end, events)
    return summary


def _with_start(summary: RunSummary, started: RunStarted, events: tuple[Event, ...]) -> RunSummary:
    ready = last_of(events, EnvironmentReady)
    return replace(
        summary,
        base_commit=started.base_commit,
        worker=started.worker,
        repository=started.repository,
        sandbox=started.sandbox,
        warnings=(*started.warnings, *(ready.warnings if ready else ())),
    )


def _with_work(summary: RunSummary, events: tuple[Event, ...]) -> RunSummary:
    """With what was planned, changed, verified and committed so far."""
    plan, made = last_of(events, PlanMade), of_kind(events, CheckpointMade)
    planned = len(plan.plan.milestones) if plan else None
    summary = replace(summary, milestones=Milestones(planned, len({each.milestone for each in made})))
    if made:
        summary = replace(summary, commit=made[-1].commit, verified_tree=made[-1].tree)
    snapshot = last_of(events, SnapshotMade)
    if snapshot is not None:
        summary = replace(
            summary,
            files_changed=snapshot.files,
            lines_added=snapshot.lines_added,
            lines_removed=snapshot.lines_removed,
            last_snapshot=snapshot.ref,
        )
    # The last verdict on the last snapshot: what was tried and put back says nothing of it.
    judged = reversed(of_kind(events, VerifyJudged))
    verdict = next((each for each in judged if snapshot is None or each.tree == snapshot.tree), None)
    if verdict is None:
        return summary
    return replace(
        summary,
        checks=verdict.results or _results(events, verdict.tree),
        proven_by=tuple(verdict.proven_by),
        rests_on=verdict.rests_on or None,
        new_failures=verdict.new_failures,
        known_failures=verdict.known_failures,
        fixed_failures=verdict.fixed_failures,
    )


def _with_end(summary: RunSummary, end: RunFinished, events: tuple[Event, ...]) -> RunSummary:
    return replace(
        summary,
        outcome=end.outcome.value,
        stop_reason=end.stop_code,
        stop_message=end.stop_message,
        next_actions=_next_actions(summary, end),
        facts=end.facts,
        question=end.question,
        tried=(*summary.tried, *_tried_again(events, end)),
        advice=end.hint if end.hint and not is_command(end.hint) else None,
    )


def _told(events: tuple[Event, ...], kind: type[Payload]) -> list[str]:
    """What decisions of a kind came to."""
    return [text for text in map(decision_text, of_kind(events, kind)) if text]


def _tried_again(events: tuple[Event, ...], end: RunFinished) -> tuple[str, ...]:
    """How often the call was made again whose trouble did not pass."""
    waits = [each.wait_s for each in of_kind(events, TransientRetried) if each.code == end.stop_code]
    times = f"{len(waits)} time{'s' if len(waits) > 1 else ''}"
    return (f"the call again, {times}, after waiting {sum(waits):g} s in all",) if waits else ()


def _weakened(events: tuple[Event, ...]) -> tuple[str, ...]:
    """What the last attempts at the milestones weaken."""
    return tuple(each.message for judged in _judged_weaker(events) for each in judged.weakenings)


def _hidden(events: tuple[Event, ...]) -> tuple[str, ...]:
    """That files were made which are in no commit."""
    last = last_of(events, SnapshotMade)
    if last is None or not last.hidden:
        return ()
    return (f"not in the commit, as ignore rules hide them: {', '.join(last.hidden)}",)


def _unreviewed(events: tuple[Event, ...]) -> tuple[str, ...]:
    """That a review was to follow from what got weaker, and nobody could hold one."""
    skipped = {
        (phase.milestone, phase.attempt)
        for phase in of_kind(events, PhaseFinished)
        if (phase.phase, phase.outcome) == (Phase.REVIEW, PhaseOutcome.SKIPPED)
    }
    wanted = (each for each in _judged_weaker(events) if each.policy == IntegrityPolicy.REVIEW)
    missing = any((each.milestone, each.attempt) in skipped for each in wanted)
    return ("nobody reviewed what got weaker: the worker does not review",) if missing else ()


def _judged_weaker(events: tuple[Event, ...]) -> tuple[IntegrityJudged, ...]:
    """Of each milestone its last judgement, of the attempts that were checked."""
    last: dict[int, IntegrityJudged] = {}
    for event in events:
        if isinstance(event.payload, SnapshotMade):
            last.pop(event.payload.milestone, None)
        elif isinstance(event.payload, IntegrityJudged):
            last[event.payload.milestone] = event.payload
    return tuple(last.values())


def _results(events: tuple[Event, ...], tree: str) -> tuple[CheckResult, ...]:
    last = {
        each.result.check: each.result
        for each in of_kind(events, CheckFinished)
        if each.role is Role.VERIFY and each.result.tree == tree
    }
    started = last_of(events, RunStarted)
    # In the order of the configuration: which one ends first is the machine's mood.
    place = {check.name: number for number, check in enumerate(started.checks if started else ())}
    return tuple(sorted(last.values(), key=lambda result: place.get(result.check, len(place))))


def _next_actions(summary: RunSummary, end: RunFinished) -> tuple[str, ...]:
    run_id = summary.run_id
    if end.outcome is Outcome.VERIFIED:
        return (f"git merge {summary.branch}", f"jm report {run_id}", f"jm verify {(end.commit or '')[:12]}")
    own: tuple[str, ...] = (end.hint.replace("{run}", run_id),) if end.hint and is_command(end.hint) else ()
    if end.question is not None and end.question.options:
        options = end.question.options[:_SHOWN_OPTIONS]
        own = tuple(f"jm resume {run_id} --answer {shlex.quote(option)}" for option in options)
    known = (action.replace("{run}", run_id) for action in stop_reason(end.stop_code or "").next_actions)
    return (*own, *(action for action in known if action not in own and _helps(action, end, own)))[:3]


def _helps(action: str, end: RunFinished, own: tuple[str, ...]) -> bool:
    """Whether a command that is for the stop's code is for this stop too."""
    if action.endswith(" --answer -"):
        return end.question is not None
    if not action.startswith("jm resume "):
        return True
    # A guard that has advice is lifted by no resume; and without its flag a resume stops again at once.
    lifted = stop_reason(end.stop_code or "").family is not Family.GUARD or not end.hint
    return lifted and not any(other.startswith(f"{action} ") for other in own)
