"""What stands below the ten lines of a report: phases, calls, checks, retries, the stop, as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from journeyman.domain.events import (
    CheckFinished,
    ContextPacked,
    Event,
    Outcome,
    Role,
    VerifyJudged,
    WorkerRead,
    WorkerSpent,
)
from journeyman.domain.folds.retries import retries_of
from journeyman.domain.stops import stop_reason
from journeyman.report.summary import RunSummary
from journeyman.report.text import dollars, number, percent, seconds

_SHOWN = 6


@dataclass(frozen=True)
class Table:
    """One section: its rows begin with the heads of the columns."""

    title: str
    rows: tuple[tuple[str, ...], ...]
    right: frozenset[int] = frozenset()
    """Columns of figures."""
    empty: str = ""
    """What to say when there is no row."""


def tables(summary: RunSummary, events: tuple[Event, ...]) -> tuple[Table, ...]:
    """All sections of the report, in their order."""
    return (
        _phases(summary),
        _workers(summary),
        _calls(events),
        _context(summary, events),
        _checks(events),
        _retries(events),
    )


def stop_lines(summary: RunSummary) -> tuple[str, ...]:
    """Why it stopped, in full; nothing for a run that did not."""
    if summary.outcome != Outcome.STOPPED:
        return ()
    reason = stop_reason(summary.stop_reason or "")
    question = summary.question
    return (
        f"{reason.code}: {reason.because}",
        *((summary.stop_message,) if summary.stop_message else ()),
        *summary.facts,
        *((f"question: {question.question} ({question.reason})",) if question else ()),
        *(f"next: {action}" for action in summary.next_actions),
    )


def _phases(summary: RunSummary) -> Table:
    kpi = summary.kpi

    def share(length: float) -> str:
        return percent(length / kpi.total_s if kpi.total_s else None)

    rows = [
        (name, seconds(phase.duration_s), share(phase.duration_s), f"{phase.attempts}×")
        for name, phase in kpi.phases.items()
    ]
    if kpi.unattributed_s is not None:
        rows.append(("in no phase", seconds(kpi.unattributed_s), share(kpi.unattributed_s), ""))
    return Table("Phases", (("phase", "time", "share", "times"), *rows), frozenset({1, 2, 3}))


def _workers(summary: RunSummary) -> Table:
    heads = ("phase", "worker", "model", "calls", "time", "in", "cached", "out", "cost")
    rows = [
        (
            worker.phase,
            worker.name,
            worker.model or "–",
            number(worker.calls),
            seconds(worker.latency_s),
            number(worker.tokens_in),
            number(worker.tokens_cached),
            number(worker.tokens_out),
            dollars(worker.cost_usd),
        )
        for worker in summary.kpi.workers
    ]
    return Table("Workers", (heads, *rows), frozenset(range(3, 9)), "no model call was booked")


def _calls(events: tuple[Event, ...]) -> Table:
    heads = ("at", "phase", "model", "time", "in", "cached", "out", "cost")
    rows = []
    for event in events:
        if isinstance(event.payload, WorkerSpent):
            usage = event.payload.usage
            rows.append(
                (
                    seconds(event.clock_s),
                    event.payload.phase.value,
                    usage.model or "–",
                    seconds(usage.latency_s),
                    number(usage.tokens_in),
                    number(usage.tokens_cached),
                    number(usage.tokens_out),
                    dollars(usage.cost_usd),
                )
            )
    return Table("Worker calls", (heads, *rows), frozenset({0, 3, 4, 5, 6, 7}), "no model call was booked")


def _context(summary: RunSummary, events: tuple[Event, ...]) -> Table:
    """Each pack with the files of it that the change touched; what was read although no pack had it."""
    rows: list[tuple[str, ...]] = []
    packed: set[str] = set()
    for event in events:
        match event.payload:
            case ContextPacked() as pack:
                packed.update(pack.files)
                used = [path for path in pack.files if path in summary.files_changed]
                tokens, taken = number(pack.tokens), seconds(pack.index_s + pack.pack_s)
                changed = f"changed: {_some(used)}"
                rows.append((f"pack for {pack.phase.value}", tokens, number(len(pack.files)), taken, changed))
            case WorkerRead() as read:
                beyond = [path for path in read.paths if path not in packed]
                if beyond:
                    told = f"read beyond: {_some(beyond)}"
                    rows.append((read.phase.value, "", number(len(beyond)), "", told))
            case _:
                pass
    heads = ("what", "tokens", "files", "time", "")
    return Table("Context", (heads, *rows), frozenset({1, 2, 3}), "no pack was made")


def _some(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return (", ".join(paths[:_SHOWN]) or "none") + more


def _checks(events: tuple[Event, ...]) -> Table:
    """All checks of VERIFY, by attempt; those after the last verdict have none yet."""
    rows: list[tuple[str, ...]] = []
    pending: list[CheckFinished] = []
    for event in events:
        match event.payload:
            case CheckFinished(role=Role.VERIFY) as finished:
                pending.append(finished)
            case VerifyJudged(milestone=milestone, attempt=attempt):
                rows += [_check_row(finished, f"m{milestone} attempt {attempt}") for finished in pending]
                pending = []
            case _:
                pass
    rows += [_check_row(finished, "–") for finished in pending]
    heads = ("check", "for", "result", "passed", "failed", "time")
    return Table("Checks", (heads, *rows), frozenset({3, 4, 5}), "none ran")


def _check_row(finished: CheckFinished, attempt: str) -> tuple[str, ...]:
    result = finished.result
    taken = "cached" if result.cached else seconds(result.duration_s)
    status = result.status.value.replace("_", " ")
    return (
        result.check,
        attempt,
        status,
        number(result.passed_count),
        number(result.failed_count),
        taken,
    )


def _retries(events: tuple[Event, ...]) -> Table:
    rows = [(f"m{each.milestone} attempt {each.attempt}", each.reason) for each in retries_of(events)]
    return Table("Retries", (("then came", "because"), *rows), empty="none was needed")
