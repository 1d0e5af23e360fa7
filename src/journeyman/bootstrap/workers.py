"""Which worker works which phase, and with which model: names become adapters here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from journeyman.bootstrap.models import make_client, phase_models
from journeyman.bootstrap.project import Project
from journeyman.domain.checks import CONFIGURED, Check, Fixer
from journeyman.domain.errors import JourneymanError
from journeyman.domain.phases import Phase
from journeyman.domain.policy.spending import Spending
from journeyman.domain.run import RunSpec
from journeyman.domain.settings import (
    Settings,
    WorkerSettings,
    WorkerType,
)
from journeyman.domain.task import Task, nearest
from journeyman.workers.choose import choose_worker

if TYPE_CHECKING:
    from journeyman.domain.worker import Worker


def phase_workers(project: Project, spec: RunSpec, spending: Spending) -> dict[Phase, Worker]:
    """Who works which phase, on top of what the run has spent.

    Raises JourneymanError("bad-config") for a worker that is not there.
    """
    named = {
        Phase.PLAN: spec.settings.phases.plan.worker,
        Phase.IMPLEMENT: spec.settings.phases.implement.worker,
        Phase.REVIEW: spec.settings.phases.review.worker,
    }
    made: dict[str, Worker] = {}
    chosen: dict[Phase, Worker] = {}
    for phase, name in named.items():
        # Who implements was chosen when the run was specified, with the flag and the task in mind.
        wanted = spec.worker if phase is Phase.IMPLEMENT else name or spec.worker
        if wanted not in made:
            made[wanted] = make_worker(wanted, project, spec.settings, spec.task, spending)
        if phase in made[wanted].phases:
            chosen[phase] = made[wanted]
        elif name is not None or phase is Phase.IMPLEMENT:
            raise JourneymanError("bad-config", f"the worker {wanted!r} cannot work {phase.value}")
    return chosen


def worker_for(project: Project, task: Task, flag: str | None) -> str:
    """The name of the worker that a run of this task gets."""
    return choose_worker(
        task,
        project.settings,
        flag,
        model_ready=lambda: any(phase_models(project, project.settings, task).values()),
        fixers=lambda: fixers_of(project),
        missing=lambda: tuple(
            fixer for fixer in fixers_of(project, installed=False) if fixer not in fixers_of(project)
        ),
        notes=project.detection.notes,
    )


def fixers_of(
    project: Project, checks: tuple[Check, ...] | None = None, *, installed: bool = True
) -> tuple[Fixer, ...]:
    """What autofix runs: the fixes of configured checks; where none has one, those of the repository's tools.

    ``checks`` are those that a run began with; a new one has the project's. Unless ``installed``, also the
    tools that are configured and cannot be started here.
    """
    from journeyman.verify.detect import detect_fixers

    configured = tuple(
        Fixer(f"{check.name} fix", check.fix, check.paths)
        for check in (project.settings.checks if checks is None else checks)
        if check.fix is not None and check.source == CONFIGURED
    )
    setup = project.settings.workspace.setup is not None or not installed
    return configured or detect_fixers(project.repository.root, project.which, setup=setup)


def make_worker(
    name: str,
    project: Project,
    settings: Settings,
    task: Task | None = None,
    spending: Spending | None = None,
) -> Worker:
    """The worker that a name stands for: a ``[workers.NAME]`` table, one that needs none, or ``replay:FILE``.

    Raises JourneymanError("bad-config") when there is no such worker.
    """
    kind, _, argument = name.partition(":")
    table = settings.workers.get(name)
    if table is None and kind == WorkerType.REPLAY and argument:
        table = WorkerSettings(WorkerType.REPLAY, session=argument)
    if (table.type if table else name) == WorkerType.AGENT:
        spending = spending or Spending(settings.budget)
        return _agent(project, settings, task or Task("", ""), spending)
    if table is None and name == WorkerType.AUTOFIX:
        table = WorkerSettings(name)
    if table is not None and table.type in _WORKER_TYPES:
        return _WORKER_TYPES[table.type](name, table, project)
    from journeyman.workers.cli_agents.registry import CODING_CLIS

    if table is None and name in CODING_CLIS:
        table = WorkerSettings(name)
    if table is None:
        known = (*settings.workers, "agent", "autofix", "replay:FILE", *CODING_CLIS)
        guess = nearest(name, known)
        raise JourneymanError(
            "bad-config",
            f"there is no worker {name!r}" + (f"; did you mean {guess!r}?" if guess else ""),
            facts=(f"known workers: {', '.join(known)}",),
        )
    if table.type not in CODING_CLIS:  # the specification of an older run is read without its configuration
        raise JourneymanError("bad-config", f"workers.{name}.type: there is no kind of worker {table.type!r}")
    return _cli_agent(name, table, project, (task.model if task else None) or settings.models.standard)


def _cli_agent(name: str, table: WorkerSettings, project: Project, model: str | None) -> Worker:
    from journeyman.workers.cli_agents.cli import UserEnvironment
    from journeyman.workers.cli_agents.worker import CliAgentWorker

    user = UserEnvironment(project.surroundings.home, project.surroundings.environ)
    return CliAgentWorker(name, table, user, model)


def _agent(project: Project, settings: Settings, task: Task, spending: Spending) -> Worker:
    from journeyman.models.transport import preload_http
    from journeyman.workers.agent.worker import AgentWorker

    names = phase_models(project, settings, task)
    if not any(names.values()):
        raise JourneymanError(
            "no-worker",
            "the built-in agent has no model",
            facts=("name one with --model PROVIDER:NAME, in [models], or by a provider's key",),
            hint='jm run "…" --model openai:NAME',
        )

    # The HTTP library and the transport take 0.2 s to import: meanwhile git makes the worktree.
    asyncio.get_running_loop().run_in_executor(None, preload_http)

    make = partial(make_client, models=settings.models, environ=project.surroundings.environ)

    made = {name: make(name) for name in set(names.values()) if name}
    strong = settings.models.strong
    return AgentWorker(
        {phase: made[name] for phase, name in names.items() if name},
        spending,
        partial(make, strong) if strong else None,
    )


def _autofix(_name: str, _table: WorkerSettings, project: Project) -> Worker:
    from journeyman.workers.autofix import AutofixWorker

    return AutofixWorker(fixers_of(project))


def _replay(_name: str, table: WorkerSettings, project: Project) -> Worker:
    from journeyman.workers.replay import ReplayWorker

    if not table.session:
        raise JourneymanError("bad-config", "a replay worker needs its session file")
    return ReplayWorker(project.repository.root / Path(table.session).expanduser())


def _command(name: str, table: WorkerSettings, _project: Project) -> Worker:
    from journeyman.workers.command import CommandWorker

    return CommandWorker(name, table)


_WORKER_TYPES: dict[str, Callable[[str, WorkerSettings, Project], Worker]] = {
    WorkerType.AUTOFIX: _autofix,
    WorkerType.REPLAY: _replay,
    WorkerType.COMMAND: _command,
}


def fixers_allowed(spec: RunSpec) -> bool:
    """Whether fixers may be tried. Where they are the worker, there is nothing that they have not tried."""
    return spec.settings.autonomy.auto_fix_lint and spec.worker != WorkerType.AUTOFIX.value


def make_fixing_worker(fixers: tuple[Fixer, ...]) -> Worker:
    """The worker that runs the project's own fixers."""
    from journeyman.workers.autofix import AutofixWorker

    return AutofixWorker(fixers)


def stronger_model(project: Project, spec: RunSpec) -> str | None:
    """The model that the built-in agent goes on with when its own does not get there."""
    table = spec.settings.workers.get(spec.worker)
    if (table.type if table else spec.worker) != WorkerType.AGENT.value or spec.task.model:
        return None
    strong = spec.settings.models.strong
    return strong if strong != phase_models(project, spec.settings, spec.task)[Phase.IMPLEMENT] else None
