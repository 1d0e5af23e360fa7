"""Runs from their beginning or from where they stopped, with their records."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from journeyman import __version__
from journeyman.bootstrap.assembly import Records, assemble
from journeyman.bootstrap.models import spending_of
from journeyman.bootstrap.project import Project, effective_scope, make_runner
from journeyman.bootstrap.storage import open_storage
from journeyman.bootstrap.workers import phase_workers, worker_for
from journeyman.domain.errors import JourneymanError
from journeyman.domain.events import Event, Measure, RunResumed, RunSpecified, RunStarted, last_of, of_kind
from journeyman.domain.folds.resume import decide_resume
from journeyman.domain.identity import new_run_id
from journeyman.domain.phases import Phase
from journeyman.domain.run import Resumption, RunSpec, WorkOrder
from journeyman.domain.scope import LockfilePolicy
from journeyman.domain.settings import (
    FastPathSettings,
    IntegrityPolicy,
    Settings,
    WorkerType,
)
from journeyman.domain.task import Task
from journeyman.sandbox import kill_orphans

if TYPE_CHECKING:
    from journeyman.domain.records import Storage
    from journeyman.domain.worker import Worker
    from journeyman.engine.model import Run
    from journeyman.engine.recorder import Listener
    from journeyman.report.summary import RunSummary


@dataclass(frozen=True)
class StartOptions:
    """What ``jm run`` was asked beyond the task."""

    worker: str | None = None
    tags: tuple[str, ...] = ()
    started: float = 0.0
    """``time.monotonic()`` when the process began: where the run clock starts."""


def preload_engine() -> None:
    """Import what a run needs that takes long; half a second that can pass in a thread while git works."""
    from journeyman.engine.durable import preload_dbos
    from journeyman.store.journal import preload_driver

    preload_dbos()
    preload_driver()


async def start_run(
    project: Project, task: Task, options: StartOptions, listeners: tuple[Listener, ...]
) -> RunSummary:
    """Work a task from its beginning; what it came to."""
    order = WorkOrder(new_run_id(datetime.now(UTC)), 1, _spec(project, task, options))
    storage = open_storage(project.repository.state_root)
    storage.leases.take(order.run_id)  # until this process ends
    run = await run_from_spec(project, storage, order, started=options.started)
    run.recorder.listeners.extend(listeners)
    run.recorder.record("specified", RunSpecified(order.spec))
    run.recorder.record("started", _started(project, order.spec, run.workers))
    return await _drive(project, storage, run, order)


async def resume_run(
    project: Project,
    run_id: str,
    asked: Resumption,
    listeners: tuple[Listener, ...],
    *,
    started: float = 0.0,
) -> RunSummary:
    """Go on with a run that was cut off or stopped; what it came to. ``started`` as in StartOptions."""
    from journeyman.engine.lifecycle import leave_receipt

    storage = open_storage(project.repository.state_root)
    storage.leases.take(run_id)
    events = storage.runs.events(run_id)
    decision = decide_resume(events, asked.answer)
    downtime = time.time() - events[-1].at
    resumed = RunResumed(
        pid=os.getpid(),
        segment=decision.segment,
        downtime_s=downtime if downtime >= 0 else None,
        **asdict(asked),
    )
    order = WorkOrder(run_id, decision.segment, _resumed_spec(events, resumed))
    run = await run_from_spec(project, storage, order, answer=asked.answer, started=started)
    if decision.finished:
        return leave_receipt(run)
    await asyncio.to_thread(kill_orphans, run_id)
    run.recorder.listeners.extend(listeners)
    if not of_kind(events, RunStarted):
        # Killed before it could.
        run.recorder.record("started", _started(project, order.spec, run.workers))
    run.recorder.record_once(resumed)
    return await _drive(project, storage, run, order)


async def run_from_spec(
    project: Project,
    storage: Storage,
    order: WorkOrder,
    *,
    answer: str | None = None,
    started: float = 0.0,
) -> Run:
    """The run that an order of the journal means, ready to be driven: made of it and the timeline.

    ``answer`` is a person's who resumes it, ``started`` as in StartOptions.
    """
    from journeyman.engine.durable import DurableJournal

    spec, events = order.spec, storage.runs.events(order.run_id)
    if spec.settings.sandbox is not project.settings.sandbox:
        project = replace(project, runner=await make_runner(project.surroundings, spec.settings))
    records = Records(
        order.run_id,
        storage.runs,
        storage.artifacts(order.run_id),
        segment=order.segment,
        started=started,
        clock_s=max((event.clock_s for event in events), default=0.0),
    )
    point = decide_resume(events, answer).point
    spending = spending_of(spec.settings, events, order.segment)
    workers = phase_workers(project, spec, spending)
    return assemble(project, spec, records, point, DurableJournal(), workers, spending)


async def _drive(project: Project, storage: Storage, run: Run, order: WorkOrder) -> RunSummary:
    from journeyman.engine.lifecycle import drive

    signals = project.surroundings.telemetry
    if signals:
        from journeyman.telemetry import preload_exporter

        asyncio.get_running_loop().run_in_executor(None, preload_exporter)
    summary = await drive(run, order, storage.journal, lambda: kill_orphans(run.id))
    if signals:
        from journeyman.telemetry import BOUND_S, HASTY_S, deliver

        bound_s = HASTY_S if summary.stop_reason == "interrupted" else BOUND_S
        trouble = await deliver(signals, run.id, run.recorder.events(), bound_s)
        if trouble is not None:
            logging.getLogger("journeyman.telemetry").warning("note: telemetry was not sent: %s", trouble)
    return summary


def _spec(project: Project, task: Task, options: StartOptions) -> RunSpec:
    settings, repository = project.settings, project.repository
    known = tuple(check.name for check in settings.checks)
    if not known:
        raise JourneymanError(
            "no-checks", "no check was found in this repository", facts=project.detection.notes
        )
    for name in task.checks:
        if name not in known:
            raise JourneymanError(
                "bad-task", f"the task names a check {name!r}", facts=(f"known checks: {', '.join(known)}",)
            )
    worker = worker_for(project, task, options.worker)
    return RunSpec(
        task=task,
        settings=replace(
            settings, scope=effective_scope(project, task), fast_path=_fast_path(project, worker)
        ),
        repository=str(repository.root),
        base_commit=repository.head,
        base_ref=repository.branch,
        worker=worker,
        started_at=time.time(),
        tags=options.tags,
    )


def _fast_path(project: Project, worker: str) -> FastPathSettings:
    """The settings of the fast path; what a session recorded is played whole, unless somebody says else."""
    settings = project.settings.fast_path
    table = project.settings.workers.get(worker)
    replay = (table.type if table else worker.partition(":")[0]) == WorkerType.REPLAY.value
    said = "fast_path.enabled" in project.loaded.sources
    return replace(settings, enabled=settings.enabled and (said or not replay))


def _started(project: Project, spec: RunSpec, workers: Mapping[Phase, Worker]) -> RunStarted:
    warnings = (project.runner.warning,) if project.runner.warning else ()
    notes = project.detection.notes if project.loaded.sources.get("checks") == "detected" else ()
    return RunStarted(
        title=spec.task.title,
        repository=spec.repository,
        base_commit=spec.base_commit,
        worker=spec.worker,
        sandbox=project.runner.backend,
        version=__version__,
        checks=spec.settings.checks,
        warnings=warnings,
        notes=notes,
        tags=spec.tags,
        measures=measures_of(spec.settings, (worker.name for worker in workers.values())),
    )


def measures_of(settings: Settings, workers: Iterable[str]) -> tuple[Measure, ...]:
    """What the run will book. Programs do not tell us how long their models kept them waiting."""
    tables = {name: table.type for name, table in settings.workers.items()}
    kinds = {tables.get(name, name) for name in workers}
    silent = kinds - {WorkerType.AGENT, WorkerType.AUTOFIX, WorkerType.REPLAY}
    return tuple(measure for measure in Measure if measure is not Measure.WAITS or not silent)


def _resumed_spec(events: tuple[Event, ...], resumed: RunResumed) -> RunSpec:
    """The run's spec, with what its resumes changed."""
    specified = last_of(events, RunSpecified)
    if specified is None:
        message = "what this run was to do can no longer be read"
        raise JourneymanError("corrupt-store", message, hint='jm run "…"')
    spec = specified.spec
    settings = spec.settings
    for change in (*of_kind(events, RunResumed), resumed):
        if change.allow_lockfile and settings.scope.lockfiles is LockfilePolicy.DENY:
            raise JourneymanError("usage", 'lockfiles = "deny" in this run: no resume can allow them')
        if change.allow_lockfile:
            settings = replace(settings, scope=replace(settings.scope, lockfiles=LockfilePolicy.ALLOW))
        if change.allow_weaker_tests:
            autonomy = replace(settings.autonomy, test_integrity=IntegrityPolicy.REVIEW)
            settings = replace(settings, autonomy=autonomy)
        given = {name: getattr(change, name) for name in ("minutes", "usd", "tokens", "requests")}
        raised = {name: limit for name, limit in given.items() if limit is not None}
        settings = replace(settings, budget=replace(settings.budget, **raised))
    return replace(spec, settings=settings)
