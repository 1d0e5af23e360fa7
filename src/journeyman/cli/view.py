"""A run as it happens, on stderr: one line per phase, a moving one on a terminal."""

from __future__ import annotations

import contextlib
import sys
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from journeyman.cli.console import say
from journeyman.domain.events import (
    CheckFinished,
    CheckStarted,
    EnvironmentReady,
    Event,
    FastDecided,
    PhaseFinished,
    PhaseOutcome,
    PhaseStarted,
    ReviewDecided,
    Role,
    RungDecided,
    RungTaken,
    RunResumed,
    RunStarted,
    ScopeJudged,
    VerifyJudged,
    WorkerActivity,
    WorkRescued,
    WorkspaceOpened,
)
from journeyman.domain.policy.fast_path import FULL_PATH, SWITCHED_OFF
from journeyman.domain.policy.ladder import MODEL_RUNGS
from journeyman.domain.process import command_text
from journeyman.domain.text import printable
from journeyman.report.decisions import decision_text
from journeyman.report.receipt import check_line
from journeyman.report.text import seconds

if TYPE_CHECKING:
    from journeyman.bootstrap import Project
    from journeyman.domain.checks import Check
    from journeyman.domain.task import Task

_MARKS = {
    PhaseOutcome.OK: "✓",
    PhaseOutcome.FAILED: "✗",
    PhaseOutcome.STOPPED: "■",
    PhaseOutcome.SKIPPED: "·",
}


class View(Protocol):
    """Shows events while its context is open."""

    # Called for each event, in order.
    def show(self, event: Event) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def make_view(*, quiet: bool) -> View:
    """Nothing, plain lines, or a live line, whichever suits stderr."""
    if quiet:
        return _Silent()
    return _Live() if sys.stderr.isatty() else _Plain()


def describe(project: Project, task: Task, worker: str) -> tuple[str, ...]:
    """What a run would do."""
    from journeyman.bootstrap import effective_scope

    settings = project.settings
    scope = effective_scope(project, task)
    allowed, denied = ", ".join(scope.allow) or "everything", ", ".join(scope.deny) or "nothing"
    return (
        f"task     {task.title}",
        f"base     {project.repository.head[:12]} ({project.repository.branch or 'detached'})",
        f"worker   {worker}",
        f"sandbox  {project.runner.backend}",
        *checks_lines(settings.checks),
        *(f"note     {note}" for note in project.detection.notes),
        f"scope    allow {allowed}; deny {denied}; lockfiles {scope.lockfiles.value}",
    )


def checks_lines(checks: tuple[Check, ...]) -> tuple[str, ...]:
    """The checks, one a line, with where each was found."""
    return tuple(
        f"check    {check.name}: {command_text(check.run)}  (tier {check.tier.value}, {check.source})"
        for check in checks
    )


class Narrator:
    """Turns events into lines; remembers where a phase began."""

    def __init__(self) -> None:
        self._began = 0.0
        self._known: dict[str, int] = {}

    def line(self, event: Event) -> str | None:  # noqa: C901, PLR0911, PLR0912 - a table of event kinds
        """The line that tells of an event, if it is worth one."""
        match event.payload:
            case RunStarted() as started:
                return self._opening(event.run_id, started)
            case RunResumed(segment=segment):
                return f"run {event.run_id} resumed (segment {segment})"
            case EnvironmentReady(warnings=warnings):
                return "\n".join(f"  warning: {warning}" for warning in warnings) or None
            case PhaseStarted():
                self._began = event.clock_s
                return None
            case PhaseFinished() as finished:
                return self._phase(event, finished)
            case CheckFinished(result=result, role=Role.VERIFY):
                return f"    {check_line(result)}"
            case VerifyJudged(ok=False, reason=reason):
                return f"    not accepted: {reason}"
            case VerifyJudged(known_failures=known) if known:
                return f"    {len(known)} failure{'s' if len(known) != 1 else ''} the base has too"
            case ScopeJudged(ok=False, violations=violations):
                return "\n".join(f"    guard: {violation.message}" for violation in violations[:5])
            case RungDecided(decision=rung) if rung.rung in MODEL_RUNGS:
                return f"    retry: {rung.reason}"
            case WorkspaceOpened(unfinished=str() as ref):
                return f"  goes on with the unfinished work in {ref}"
            case WorkRescued(ref=ref):
                return f"    found work kept in {ref}"
            case ReviewDecided(decision=decision) if not decision.needed or FULL_PATH in decision.reasons:
                return None  # the phase itself says so
            case RungTaken(rung=rung) if rung in MODEL_RUNGS:
                return None  # told when it was decided
            case RungDecided():
                return None  # told when it is taken, or as the stop
            case FastDecided(decision=decision) as fast:
                return None if SWITCHED_OFF in decision.reasons else f"  {decision_text(fast)}"
            case _:
                told = decision_text(event.payload)
                return f"    {told}" if told else None

    def now(self, event: Event) -> str | None:
        """What the moving line should say after an event; ``None`` leaves it."""
        match event.payload:
            case PhaseStarted(phase=phase, milestone=milestone, attempt=attempt):
                where = f" m{milestone} attempt {attempt}" if attempt else ""
                return f"{phase.value}{where}"
            case WorkerActivity(worker=worker, text=text):
                return f"IMPLEMENT {worker}: {text}"
            case CheckStarted(check=check, role=Role.VERIFY):
                return f"VERIFY {check}"
            case _:
                return None

    def _opening(self, run_id: str, started: RunStarted) -> str:
        checks = ", ".join(f"{check.name} ({command_text(check.run)})" for check in started.checks)
        sources = ", ".join(sorted({check.source for check in started.checks}))
        lines = [
            f"run {run_id} · {started.title}",
            f"  base {started.base_commit[:12]} · worker {started.worker} · sandbox {started.sandbox}",
            f"  checks {checks}  [{sources}]",
            *(f"  note: {note}" for note in started.notes),
            *(f"  warning: {warning}" for warning in started.warnings),
        ]
        return "\n".join(lines)

    def _phase(self, event: Event, finished: PhaseFinished) -> str:
        where = f" m{finished.milestone} attempt {finished.attempt}" if finished.attempt else ""
        mark = _MARKS[finished.outcome]
        note = f"  {finished.note}" if finished.note else ""
        if finished.outcome is PhaseOutcome.SKIPPED:
            return f"  {mark} {finished.phase.value:<10} skipped{note}"
        duration = seconds(event.clock_s - self._began)
        return f"  {mark} {finished.phase.value:<10} {duration:>9}{where}{note}"


class _Silent:
    def show(self, event: Event) -> None:
        """Say nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


class _Plain(_Silent):
    """Lines only: for pipes, logs and CI."""

    def __init__(self) -> None:
        self._narrator = Narrator()

    def show(self, event: Event) -> None:
        """Print the event's line."""
        line = self._narrator.line(event)
        if line is not None:
            say(line)


class _Live(_Silent):
    """Lines, and below them what is going on now, with its elapsed time."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live
        from rich.spinner import Spinner

        self._narrator = Narrator()
        self._console = Console(stderr=True, highlight=False, markup=False)
        self._spinner = Spinner("dots", text="starting")
        self._live = Live(self._spinner, console=self._console, refresh_per_second=8, transient=True)
        self._now, self._since = "starting", 0.0

    def show(self, event: Event) -> None:
        """Print the event's line above the moving one, and move that."""
        line = self._narrator.line(event)
        if line is not None:
            with contextlib.suppress(OSError):  # the terminal may be gone; the work goes on
                self._console.print(printable(line, keep="\n"), markup=False, highlight=False)
        now = self._narrator.now(event)
        if now is not None:
            self._spinner.update(text=printable(now))

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._live.stop()
