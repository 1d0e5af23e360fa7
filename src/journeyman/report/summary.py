"""A run's result as one object: the stable, machine-readable contract of ``--output-format json``."""

from __future__ import annotations

import dataclasses
import shlex
from dataclasses import dataclass
from typing import Any, TypeVar

from journeyman.domain.checks import CheckResult, NewFailure
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
    TroubleRetried,
    VerifyJudged,
    WorkRescued,
)
from journeyman.domain.identity import branch_name
from journeyman.domain.kpi import Kpi, compute_kpi
from journeyman.domain.phases import Phase
from journeyman.domain.plan import Question
from journeyman.domain.settings import IntegrityPolicy
from journeyman.domain.stops import Family, is_command, stop_reason
from journeyman.report.decisions import decision_text

SCHEMA = 1
_SHOWN_OPTIONS = 2
RUNNING = "running"
CUT_OFF = "cut off"
P = TypeVar("P", bound=Payload)


@dataclass(frozen=True)
class Milestones:
    """How far the plan was worked."""

    planned: int | None
    completed: int


@dataclass(frozen=True)
class RunSummary:
    """What a run came to. ``outcome`` is ``verified`` or ``stopped``; ``running`` while it has no end."""

    schema: int
    run_id: str
    task: str
    outcome: str
    stop_reason: str | None
    stop_message: str | None
    next_actions: tuple[str, ...]
    base_commit: str | None
    branch: str | None
    commit: str | None
    verified_tree: str | None
    milestones: Milestones
    files_changed: tuple[str, ...]
    lines_added: int
    lines_removed: int
    human_touches: int
    kpi: Kpi
    facts: tuple[str, ...] = ()
    question: Question | None = None
    checks: tuple[CheckResult, ...] = ()
    """The last result of each check on the run's last snapshot."""
    new_failures: tuple[NewFailure, ...] = ()
    known_failures: tuple[NewFailure, ...] = ()
    fixed_failures: tuple[NewFailure, ...] = ()
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
    started = _last(events, RunStarted)
    end = _last(events, RunFinished)
    finished = end if end is not None and events[-1].payload is end else None
    snapshot = _last(events, SnapshotMade)
    verdict = _verdict(events, snapshot)
    plan = _last(events, PlanMade)
    ready = _last(events, EnvironmentReady)
    checkpoint = _last(events, CheckpointMade)
    kpi = compute_kpi(events)
    title = started.title if started else "unknown"
    branch = branch_name(run_id, title)
    return RunSummary(
        schema=SCHEMA,
        run_id=run_id,
        task=title,
        outcome=finished.outcome.value if finished else RUNNING,
        stop_reason=finished.stop_code if finished else None,
        stop_message=finished.stop_message if finished else None,
        next_actions=_next_actions(run_id, finished, branch),
        base_commit=started.base_commit if started else None,
        branch=branch,
        commit=checkpoint.commit if checkpoint else None,
        verified_tree=checkpoint.tree if checkpoint else None,
        milestones=Milestones(
            len(plan.plan.milestones) if plan else None,
            len({event.payload.milestone for event in events if isinstance(event.payload, CheckpointMade)}),
        ),
        files_changed=snapshot.files if snapshot else (),
        lines_added=snapshot.lines_added if snapshot else 0,
        lines_removed=snapshot.lines_removed if snapshot else 0,
        human_touches=kpi.human_touches,
        kpi=kpi,
        facts=finished.facts if finished else (),
        question=finished.question if finished else None,
        checks=_results(events, verdict.tree) if verdict else (),
        new_failures=verdict.new_failures if verdict else (),
        known_failures=verdict.known_failures if verdict else (),
        fixed_failures=verdict.fixed_failures if verdict else (),
        last_snapshot=snapshot.ref if snapshot else None,
        rescued=tuple(event.payload.ref for event in events if isinstance(event.payload, WorkRescued)),
        worker=started.worker if started else None,
        repository=started.repository if started else None,
        warnings=(*(started.warnings if started else ()), *(ready.warnings if ready else ())),
        sandbox=started.sandbox if started else None,
        tried=(*_told(events, RungTaken), *_tried_again(events, finished)),
        weakened=_weakened(events),
        dropped=tuple(dict.fromkeys(_told(events, ScopeDropped))),
        notes=(*_told(events, NewTestsJudged), *_told(events, QuestionDecided), *_unreviewed(events)),
        advice=finished.hint if finished and finished.hint and not is_command(finished.hint) else None,
    )


def _verdict(events: tuple[Event, ...], snapshot: SnapshotMade | None) -> VerifyJudged | None:
    """The last verdict on the last snapshot: what was tried and put back says nothing of it."""
    judged = (event.payload for event in reversed(events) if isinstance(event.payload, VerifyJudged))
    return next((each for each in judged if snapshot is None or each.tree == snapshot.tree), None)


def _told(events: tuple[Event, ...], kind: type[Payload]) -> list[str]:
    """What decisions of a kind came to."""
    found = (event.payload for event in events if isinstance(event.payload, kind))
    return [text for text in map(decision_text, found) if text]


def _tried_again(events: tuple[Event, ...], end: RunFinished | None) -> tuple[str, ...]:
    """How often the call was made again whose trouble did not pass."""
    code = end.stop_code if end is not None else None
    trouble = (event.payload for event in events if isinstance(event.payload, TroubleRetried))
    waits = [each.wait_s for each in trouble if each.code == code]
    times = f"{len(waits)} time{'s' if len(waits) > 1 else ''}"
    return (f"the call again, {times}, after waiting {sum(waits):g} s in all",) if waits else ()


def _weakened(events: tuple[Event, ...]) -> tuple[str, ...]:
    """What the last attempts at the milestones weaken."""
    return tuple(each.message for judged in _judged_weaker(events) for each in judged.weakenings)


def _unreviewed(events: tuple[Event, ...]) -> tuple[str, ...]:
    """That a review was to follow from what got weaker, and nobody could hold one."""
    skipped = {
        (phase.milestone, phase.attempt)
        for phase in (event.payload for event in events)
        if isinstance(phase, PhaseFinished)
        and (phase.phase, phase.outcome) == (Phase.REVIEW, PhaseOutcome.SKIPPED)
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


def _last(events: tuple[Event, ...], kind: type[P]) -> P | None:
    return next((event.payload for event in reversed(events) if isinstance(event.payload, kind)), None)


def _results(events: tuple[Event, ...], tree: str) -> tuple[CheckResult, ...]:
    last = {
        event.payload.result.check: event.payload.result
        for event in events
        if isinstance(event.payload, CheckFinished)
        and event.payload.role is Role.VERIFY
        and event.payload.result.tree == tree
    }
    started = _last(events, RunStarted)
    # In the order of the configuration: which one ends first is the machine's mood.
    place = {check.name: number for number, check in enumerate(started.checks if started else ())}
    return tuple(sorted(last.values(), key=lambda result: place.get(result.check, len(place))))


def _next_actions(run_id: str, end: RunFinished | None, branch: str) -> tuple[str, ...]:
    if end is None:
        return (f"jm follow {run_id}", f"jm resume {run_id}")
    if end.outcome is Outcome.VERIFIED:
        return (f"git merge {branch}", f"jm report {run_id}", f"jm verify {(end.commit or '')[:12]}")
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
