"""A process working a run: signals, the time budget, the crash-only way out, the receipt."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from journeyman.domain.errors import JourneymanError
from journeyman.domain.events import Outcome, RunFinished
from journeyman.domain.records import JournalDatabase
from journeyman.domain.run import WorkOrder
from journeyman.engine.durable import run_durably
from journeyman.engine.model import Run
from journeyman.engine.run import work
from journeyman.report.receipt import receipt_markdown
from journeyman.report.summary import RunSummary, summarize

_RESCUE_S = 1.0  # Ctrl-C answers in under two seconds, whatever the repository's size
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def drive(
    run: Run, order: WorkOrder, database: JournalDatabase, kill_processes: Callable[[], object]
) -> RunSummary:
    """Work the order, of which the run was made, until it ends or is cut off, and leave the receipt.

    Cut off means a signal or the time budget: the processes are killed, nothing more is recorded as done,
    and the workflow stays pending, exactly as after ``kill -9``. There is one way to resume, not two.
    """
    loop = asyncio.get_running_loop()
    cut_off: asyncio.Future[RunFinished] = loop.create_future()

    def cut(end: RunFinished) -> None:
        if not cut_off.done():
            cut_off.set_result(end)

    for number in _SIGNALS:
        loop.add_signal_handler(number, cut, _interrupted(number))
    minutes = run.spec.settings.budget.minutes
    if minutes is not None:
        loop.call_later(max(0.0, minutes * 60 - run.recorder.clock_s), cut, _out_of_time(minutes))

    async def perform(_order: WorkOrder) -> None:
        await work(run)

    # Made while the durable engine is being loaded; the step that needs it makes sure, and tells of errors.
    opening = asyncio.ensure_future(run.workspace.open())
    opening.add_done_callback(lambda made: made.cancelled() or made.exception())
    if run.context is not None and any(worker.wants_context for worker in run.workers.values()):
        run.context.start()
    working = asyncio.ensure_future(run_durably(database, order, perform))
    waiting: set[asyncio.Future[Any]] = {working, cut_off}
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    if working.done():
        if working.exception() is not None:
            await asyncio.to_thread(kill_processes)
        _record_failure(run, working)
    else:
        await _cut_off(run, cut_off.result(), kill_processes)
    return leave_receipt(run)


def leave_receipt(run: Run) -> RunSummary:
    """Write ``receipt.json`` and ``receipt.md`` from the timeline; doing it again changes nothing."""
    summary = summarize(run.id, run.recorder.events())
    try:
        run.artifacts.write("receipt.json", json.dumps(summary.as_json(), indent=2))
        run.artifacts.write("receipt.md", receipt_markdown(summary))
    except JourneymanError as trouble:
        # The timeline has it all: what the run came to does not hang on a copy.
        missing = f"the receipt could not be written: {trouble.message}"
        return replace(summary, warnings=(*summary.warnings, missing))
    return summary


def _record_failure(run: Run, working: asyncio.Future[bool]) -> None:
    error = working.exception()
    if error is None:
        if not working.result():
            # Killed after a bug, before that was on the timeline: the next resume begins a new segment.
            message = "its journal has an end that the timeline lacks, or is another version's"
            run.recorder.record_once(
                RunFinished(Outcome.STOPPED, stop_code="internal-error", stop_message=message)
            )
        return
    if isinstance(error, JourneymanError):
        # The run could not be written down, so it has no end: it was cut off, and goes on there.
        hint = error.hint if error.code == "corrupt-store" else f"jm resume {run.id}"
        facts = (*error.facts, f"run {run.id} was cut off here; what it has so far is kept")
        raise JourneymanError(error.code, error.message, facts=facts, hint=hint) from None
    # A bug of ours, or a machine in trouble: the run reaches a terminal state all the same.
    text = "".join(traceback.format_exception(error))
    run.artifacts.write("crash.txt", text)
    last = traceback.extract_tb(error.__traceback__)[-1:]
    place = tuple(f"{Path(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in last)
    run.recorder.record_once(
        RunFinished(
            Outcome.STOPPED,
            branch=run.workspace.branch,
            stop_code="internal-error",
            stop_message=f"{type(error).__name__}: {error}",
            facts=(*place, f"the whole report: {run.artifacts.path('crash.txt')}"),
        )
    )


async def _cut_off(run: Run, end: RunFinished, kill_processes: Callable[[], object]) -> None:
    run.journal.freeze()
    run.recorder.freeze()
    await asyncio.to_thread(kill_processes)
    # Without the ref the files are still safe: the worktree stays, and resume or gc keep what it holds.
    with contextlib.suppress(TimeoutError, JourneymanError):
        await asyncio.wait_for(run.trees.rescue(), _RESCUE_S)
    run.recorder.record_once(end)


def _interrupted(number: int) -> RunFinished:
    return RunFinished(
        Outcome.STOPPED, stop_code="interrupted", stop_message=f"by {signal.Signals(number).name}"
    )


def _out_of_time(minutes: float) -> RunFinished:
    return RunFinished(
        Outcome.STOPPED,
        stop_code="out-of-time",
        stop_message=f"it may take {minutes:g} minutes (budget.minutes)",
        hint=f"jm resume {{run}} --minutes {minutes * 2:g}",
    )
