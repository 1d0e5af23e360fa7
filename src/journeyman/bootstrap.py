"""The only file that names concrete adapters and wires them together."""

from __future__ import annotations

import asyncio
import logging
import os
import shlex
import shutil
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from journeyman import __version__
from journeyman.config import Loaded, Surroundings, load_settings
from journeyman.domain.checks import Fixer
from journeyman.domain.errors import JourneymanError
from journeyman.domain.events import Event, Measure, RunResumed, RunSpecified, RunStarted, WorkerSpent
from journeyman.domain.identity import new_run_id
from journeyman.domain.phases import Phase
from journeyman.domain.resume import ResumePoint, decide_resume
from journeyman.domain.run import RunSpec
from journeyman.domain.scope import LockfilePolicy, Scope, denied_by
from journeyman.domain.settings import (
    ContextMode,
    FastPathSettings,
    IntegrityPolicy,
    SandboxMode,
    Settings,
    WorkerSettings,
    WorkerType,
)
from journeyman.domain.task import Task, nearest
from journeyman.sandbox import BackgroundRunner, SandboxRunner, base_environment, choose_runner, kill_orphans
from journeyman.sandbox.processes import ProcessRunner
from journeyman.store import Artifacts, Nowhere, RunLock, SqliteStore, StateDir, ensure_state, state_dir
from journeyman.store.catalog import find_run, known_runs, read_store
from journeyman.verify.detect import Detection, detect_checks
from journeyman.workers.choose import choose_worker
from journeyman.workspace import Repository, checkout_git, open_repository, resolve_commit

if TYPE_CHECKING:
    from journeyman.context.index.indexer import Indexer
    from journeyman.context.packer import Answer
    from journeyman.domain.context import ContextMaker
    from journeyman.domain.model import ModelClient
    from journeyman.domain.process import CommandRunner
    from journeyman.domain.worker import Usage, Worker
    from journeyman.engine.examine import Probe
    from journeyman.engine.model import Run
    from journeyman.engine.proving import Proof
    from journeyman.engine.recorder import Listener, Timeline
    from journeyman.report.summary import RunSummary
    from journeyman.verify.cache import ResultCache
    from journeyman.verify.environment import CheckEnvironment
    from journeyman.workspace import Workspace

CLI_AGENTS = {
    WorkerType.CLAUDE_CODE: "claude",
    WorkerType.CODEX: "codex",
    WorkerType.OPENCODE: "opencode",
}
"""The coding CLIs that are workers without a table, and their programs."""
BUILT_IN_WORKERS = ("agent", "autofix", "replay:FILE", *(kind.value for kind in CLI_AGENTS))
_DEFAULT_MODELS = {"anthropic": "anthropic:claude-sonnet-4-5", "openai": "openai:gpt-5.4"}
"""Where a provider's key is all that is known."""
_GUIDANCE_FILES = ("AGENTS.md", "CLAUDE.md")
_GUIDANCE_CHARACTERS = 30_000


@dataclass(frozen=True)
class Project:
    """A repository, its settings, and the machine it is worked on."""

    surroundings: Surroundings
    repository: Repository
    runner: SandboxRunner
    detection: Detection
    loaded: Loaded

    @property
    def settings(self) -> Settings:
        """The merged settings."""
        return self.loaded.settings

    @property
    def state(self) -> StateDir:
        """Where runs are kept; it may not exist yet."""
        return state_dir(self.repository.state_root)

    @property
    def environment(self) -> dict[str, str]:
        """What checks and workers may see of the user's environment."""
        return base_environment(self.surroundings.environ)

    def which(self, program: str) -> str | None:
        """The program's path, as the user's shell would find it."""
        return shutil.which(program, path=self.surroundings.path)


@dataclass(frozen=True)
class StartOptions:
    """What ``jm run`` was asked beyond the task."""

    worker: str | None = None
    tags: tuple[str, ...] = ()
    started: float = 0.0
    """``time.monotonic()`` when the process began: where the run clock starts."""


@dataclass(frozen=True)
class ResumeOptions:
    """What ``jm resume`` was asked."""

    answer: str | None = None
    allow_lockfile: bool = False
    allow_weaker_tests: bool = False
    minutes: float | None = None
    usd: float | None = None
    tokens: int | None = None
    requests: int | None = None
    started: float = 0.0


@dataclass(frozen=True)
class _Records:
    """Where a run's records go, and where its clock stands."""

    run_id: str
    timeline: Timeline
    cache: ResultCache
    folder: Path
    segment: int = 1
    started: float = 0.0
    clock_s: float = 0.0


async def open_project(
    directory: Path,
    surroundings: Surroundings,
    *,
    flags: Mapping[str, Any] | None = None,
    config_file: Path | None = None,
) -> Project:
    """The project around ``directory``. Raises JourneymanError when it or its configuration won't do."""
    repository = await open_repository(directory, ProcessRunner(), surroundings.environ)
    which = partial(shutil.which, path=surroundings.path)
    load = partial(load_settings, repository.root, surroundings, flags=flags or {}, config_file=config_file)
    detection = detect_checks(repository.root, which)
    loaded = load(detected=detection.checks)
    if loaded.settings.workspace.setup is not None:
        # What is not installed in the checkout may be, in a worktree, once the set-up has run there.
        detection = detect_checks(repository.root, which, setup=True)
        loaded = load(detected=detection.checks)
    runner = await _runner(surroundings, loaded.settings)
    return Project(surroundings, repository, runner, detection, loaded)


async def _runner(surroundings: Surroundings, settings: Settings) -> SandboxRunner:
    return await choose_runner(settings.sandbox, home=surroundings.home, path=surroundings.path)


async def start_run(
    project: Project, task: Task, options: StartOptions, listeners: tuple[Listener, ...]
) -> RunSummary:
    """Work a task from its beginning; what it came to."""
    spec = _spec(project, task, options)
    store, run_id = _open_store(project), new_run_id(datetime.now(UTC))
    records = _lock(project, store, run_id, started=options.started)
    run = assemble(project, spec, records, ResumePoint(), phase_workers(project, spec))
    run.recorder.listeners.extend(listeners)
    run.recorder.record("specified", RunSpecified(spec))
    run.recorder.record("started", _started(project, spec, run.workers))
    return await _drive(project, run, segment=1)


async def resume_run(
    project: Project, run_id: str, options: ResumeOptions, listeners: tuple[Listener, ...]
) -> RunSummary:
    """Go on with a run that was cut off or stopped; what it came to."""
    from journeyman.engine.lifecycle import leave_receipt

    store = _open_store(project)
    records = _lock(project, store, run_id, started=options.started)
    events = store.events(run_id)
    decision = decide_resume(events, options.answer)
    records = replace(records, segment=decision.segment, clock_s=max(event.clock_s for event in events))
    downtime = time.time() - events[-1].at
    resumed = RunResumed(
        pid=os.getpid(),
        segment=decision.segment,
        answer=options.answer,
        allow_lockfile=options.allow_lockfile,
        allow_weaker_tests=options.allow_weaker_tests,
        minutes=options.minutes,
        usd=options.usd,
        tokens=options.tokens,
        requests=options.requests,
        downtime_s=downtime if downtime >= 0 else None,
    )
    spec = _resumed_spec(events, resumed)
    if spec.settings.sandbox is not project.settings.sandbox:
        project = replace(project, runner=await _runner(project.surroundings, spec.settings))
    workers = phase_workers(project, spec, spent_before(events, decision.segment))
    run = assemble(project, spec, records, decision.point, workers)
    if decision.finished:
        return leave_receipt(run)
    await asyncio.to_thread(kill_orphans, run_id)
    run.recorder.listeners.extend(listeners)
    if not any(isinstance(event.payload, RunStarted) for event in events):
        # Killed before it could.
        run.recorder.record("started", _started(project, spec, run.workers))
    run.recorder.record_once(resumed)
    return await _drive(project, run, decision.segment)


async def examine_project(project: Project, model: str | None = None) -> AsyncIterator[Probe]:
    """``jm doctor``: every piece, tried for real; ``model`` is also asked for one word."""
    from journeyman.engine.examine import Probe, examine

    repository = project.repository
    place = f"{repository.root} at {repository.head[:12]}"
    yield Probe("repository", ok=True, message=place)
    yield Probe(
        "sandbox",
        ok=project.runner.warning is None or project.settings.sandbox is SandboxMode.OFF,
        message=project.runner.warning or f"{project.runner.backend} works",
        hint="install bubblewrap, or accept it with JOURNEYMAN_SANDBOX=off",
    )
    for note in project.detection.notes:
        yield Probe("detection", ok=True, message=note)
    try:
        ensure_state(repository.state_root)
    except JourneymanError as error:
        yield Probe("state", ok=False, message=error.message, hint=error.hint)
        return
    if not project.settings.checks:
        hint = "jm init, then add [[checks]] to journeyman.toml"
        yield Probe("checks", ok=False, message="none found: nothing could be verified", hint=hint)
    workers: dict[str, Worker | JourneymanError] = {}
    spare = _spare_workers(project, model)
    thinks = any(phase_models(project, project.settings, Task("", "")).values())
    built_in = (WorkerType.AGENT.value,) if thinks else ()
    for name in dict.fromkeys((*spare, *built_in, WorkerType.AUTOFIX.value, *project.settings.workers)):
        try:
            workers[name] = make_worker(name, project, project.settings)
        except JourneymanError as error:
            workers[name] = error
    with TemporaryDirectory(prefix="jm-doctor-") as folder:
        run = _passing_run(project, "doctor", Path(folder))
        async for probe in examine(run, workers):
            if not probe.ok and probe.name.removeprefix("worker ") in spare:
                yield replace(probe, ok=True, message=f"{probe.message}; to use it: {probe.hint}")
            else:
                yield probe
    if project.surroundings.telemetry:
        from journeyman.telemetry import is_installed

        missing = "OTEL_* variables name a collector; the extra is missing: pip install 'journeyman[otel]'"
        sent = "runs are sent to the collector that the OTEL_* variables name"
        yield Probe("telemetry", ok=True, message=sent if is_installed() else missing)
    if model is not None:
        yield await _probe_model(project, model)


def _spare_workers(project: Project, model: str | None) -> tuple[str, ...]:
    """Workers that are no fault when they are not ready: nobody asked for them, and another one is there."""
    settings = project.settings
    found = tuple(kind.value for kind, program in CLI_AGENTS.items() if project.which(program))
    models = phase_models(project, settings, Task("", "")).values()
    others = (model, settings.worker, *settings.workers, *found, *models)
    spare = (*found, WorkerType.AUTOFIX.value) if any(others) else found
    return tuple(name for name in spare if name != settings.worker and name not in settings.workers)


async def _probe_model(project: Project, name: str) -> Probe:
    from journeyman.domain.model import Message, ModelRequest, Speaker
    from journeyman.engine.examine import Probe
    from journeyman.models.registry import make_model

    question = ModelRequest(
        "Answer in one word.", (Message(Speaker.USER, "Say: ready"),), max_output_tokens=512
    )
    try:
        answer = await make_model(name, project.surroundings.environ).answer(question)
    except JourneymanError as error:
        return Probe(f"model {name}", ok=False, message=error.message, hint=error.hint)
    usage = answer.usage
    told = f"answers in {usage.latency_s:.1f} s" if usage.latency_s is not None else "answers"
    return Probe(f"model {name}", ok=True, message=f"{told}: {' '.join(answer.text.split())[:60]!r}")


async def prove_commit(project: Project, commit: str) -> Proof:
    """``jm verify``: the checkpoint's evidence, produced again."""
    from journeyman.engine.proving import prove

    commit = await resolve_commit(project.repository, commit, project.runner, project.surroundings.environ)
    with TemporaryDirectory(prefix="jm-verify-") as folder:
        run = _passing_run(project, "verify", Path(folder))
        try:
            return await prove(run, commit)
        finally:
            await run.workspace.discard()


async def pack_context(directory: Path, surroundings: Surroundings, task: str, budget: int | None) -> Answer:
    """``jm context``: the pack of a task in a checkout, filled to ``budget`` when one is given."""
    from journeyman.context.pack.pack import PackRequest
    from journeyman.context.packer import answer_task

    runner = ProcessRunner()
    repository = await open_repository(directory, runner, surroundings.environ)
    settings = load_settings(repository.root, surroundings, flags={}, detected=()).settings
    request = PackRequest(
        budget=budget or settings.context.budget,
        thrifty=budget is None,
        checks=tuple(f"{check.name}: {_as_text(check.run)}" for check in settings.checks),
        guidance=tuple(name for name in _GUIDANCE_FILES if (repository.root / name).is_file()),
    )
    indexer = _checkout_indexer(repository, runner, surroundings, settings.scope)
    try:
        return await answer_task(indexer, task, request)
    finally:
        indexer.close()


def _as_text(command: str | tuple[str, ...]) -> str:
    return command if isinstance(command, str) else shlex.join(command)


def _checkout_indexer(
    repository: Repository,
    runner: CommandRunner,
    surroundings: Surroundings,
    scope: Scope,
    variables: Mapping[str, str] | None = None,
) -> Indexer:
    """The index of the user's checkout."""
    from journeyman.context.index.indexer import CheckoutLister, Indexer, Place, index_name

    place = Place(repository.root, surroundings.cache_root / "index", index_name(repository.lineage))
    git = checkout_git(repository, runner, surroundings.environ).run
    lister = CheckoutLister(git, repository.root, denied_by(scope))
    return Indexer(place, git, runner, lister, variables=variables)


async def collect_garbage(
    project: Project, runs: tuple[str, ...], *, dry_run: bool
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """``jm gc``: what was (or would be) removed, a line each, and which runs stay for which reason."""
    from journeyman.workspace.gc import RunState, apply_gc, plan_gc, survey

    runner, env, cache_root = project.runner, project.surroundings.environ, project.surroundings.cache_root
    states = {
        known.run_id: RunState(alive=known.alive, verified=known.verified, age_s=known.age_s)
        for known in known_runs(project.repository.state_root)
    }
    traces = await survey(project.repository, states, runner=runner, env=env, cache_root=cache_root)
    there = {trace.run_id for trace in traces}
    named = tuple(
        run if run in there else find_run(read_store(project.repository.state_root), run) for run in runs
    )
    plan = plan_gc(traces, only=named, force=bool(named))
    if dry_run:
        refs = [f"{item.run_id}: {ref.name} ({item.reason})" for item in plan.items for ref in item.refs]
        folders = [f"{item.run_id}: {item.folder} ({item.reason})" for item in plan.items if item.folder]
        return (*refs, *folders), plan.kept
    done = await apply_gc(plan, project.repository, runner=runner, env=env, cache_root=cache_root)
    return done, plan.kept


def assemble(
    project: Project, spec: RunSpec, records: _Records, point: ResumePoint, workers: Mapping[Phase, Worker]
) -> Run:
    """All parts of a run, put together."""
    from journeyman.engine.baseline import Baseline
    from journeyman.engine.model import Run
    from journeyman.engine.recorder import Recorder
    from journeyman.engine.trees import Trees
    from journeyman.verify.environment import prepare_environment
    from journeyman.verify.runner import CheckRunner
    from journeyman.workspace import Workspace

    repository, settings, run_id = project.repository, spec.settings, records.run_id
    artifacts = Artifacts(records.folder)
    recorder = Recorder(
        records.timeline,
        run_id,
        started=records.started or time.monotonic(),
        clock_s=records.clock_s,
        segment=records.segment,
    )
    workspace = Workspace(
        repository,
        runner=project.runner,
        env=project.surroundings.environ,
        run_id=run_id,
        title=spec.task.title,
        base_commit=spec.base_commit,
        cache_root=project.surroundings.cache_root,
        state_dir=artifacts.path("git/."),
        litter=settings.workspace.link,
    )
    # Every process of the run carries its id, so that none outlives it unnoticed.
    base_env = {**project.environment, "JOURNEYMAN_RUN": run_id}

    async def prepare(tree: Path) -> CheckEnvironment:
        environment = await prepare_environment(
            tree,
            repository.root,
            settings.workspace,
            base_env,
            project.runner,
            git_common_dir=repository.common_dir,
            log_dir=artifacts.path("logs/setup/."),
        )
        # A worktree is nothing without its repository: versions from tags, `git ls-files` in checks.
        return replace(environment, readable=(*environment.readable, repository.common_dir))

    trees = Trees(workspace, prepare, settings.workspace.link, recorder)
    slots = settings.verify.slots or os.cpu_count() or 1
    checks = CheckRunner(project.runner, records.cache, slots)
    # Its own slots and a low priority: VERIFY, which somebody waits for, never queues behind the baseline.
    background = CheckRunner(BackgroundRunner(project.runner), records.cache, max(1, slots // 2))
    return Run(
        id=run_id,
        spec=spec,
        point=point,
        recorder=recorder,
        workspace=workspace,
        trees=trees,
        command_runner=project.runner,
        checks=checks,
        baseline=Baseline(settings.checks, spec.base_commit, background, trees, recorder, artifacts),
        workers=workers,
        artifacts=artifacts,
        user_environment=project.surroundings.environ,
        guidance=_guidance(repository.root),
        context=_run_context(project, spec, workspace, base_env) if settings.context.enabled else None,
        find_fixers=partial(fixers_of, project) if _mends(spec) else tuple,
        make_mender=_mender,
        stronger=_stronger(project, spec),
    )


def _run_context(
    project: Project, spec: RunSpec, workspace: Workspace, base_env: Mapping[str, str]
) -> ContextMaker:
    """Packs of the run's worktree, over the index that it shares with the user's checkout."""
    from journeyman.context.index.indexer import Indexer, Place, TreeLister, index_name
    from journeyman.context.packer import RunContext
    from journeyman.context.whole import WholeFiles

    repository, scope, runner = project.repository, spec.settings.scope, ProcessRunner()
    git = checkout_git(repository, runner, project.surroundings.environ).run
    variables = {"JOURNEYMAN_RUN": base_env["JOURNEYMAN_RUN"]}

    root = workspace.work_path

    def lister_of(tree: str) -> TreeLister:
        return TreeLister(lambda: workspace.listing(tree), root, denied_by(scope))

    if spec.settings.context.mode is ContextMode.FILES:
        return WholeFiles(lister_of)

    def of_worktree(tree: str) -> Indexer:
        place = Place(root, project.surroundings.cache_root / "index", index_name(repository.lineage))
        return Indexer(place, git, runner, lister_of(tree), head=spec.base_commit, variables=variables)

    checkout = _checkout_indexer(repository, runner, project.surroundings, scope, variables)
    return RunContext(checkout, of_worktree, spec.settings.context.budget)


def _mends(spec: RunSpec) -> bool:
    """Whether fixers may be tried. Where they are the worker, there is nothing that they have not tried."""
    return spec.settings.autonomy.auto_fix_lint and spec.worker != WorkerType.AUTOFIX.value


def _mender(fixers: tuple[Fixer, ...]) -> Worker:
    from journeyman.workers.autofix import AutofixWorker

    return AutofixWorker(fixers)


def _stronger(project: Project, spec: RunSpec) -> str | None:
    """The model that the built-in agent goes on with when its own does not get there."""
    table = spec.settings.workers.get(spec.worker)
    if (table.type.value if table else spec.worker) != WorkerType.AGENT.value or spec.task.model:
        return None
    strong = spec.settings.models.strong
    return strong if strong != phase_models(project, spec.settings, spec.task)[Phase.IMPLEMENT] else None


def spent_before(events: tuple[Event, ...], segment: int) -> tuple[Usage, ...]:
    """What the built-in agent used in earlier segments: this one's own calls are in its journal."""
    return tuple(
        event.payload.usage
        for event in events
        if isinstance(event.payload, WorkerSpent)
        and event.payload.worker == WorkerType.AGENT
        and event.segment < segment
    )


def phase_workers(project: Project, spec: RunSpec, spent: tuple[Usage, ...] = ()) -> dict[Phase, Worker]:
    """Who works which phase, on top of what the run has ``spent``.

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
            made[wanted] = make_worker(wanted, project, spec.settings, spec.task, spent)
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


def fixers_of(project: Project, *, installed: bool = True) -> tuple[Fixer, ...]:
    """What autofix runs: the fixes of configured checks; where none has one, those of the repository's tools.

    Unless ``installed``, also the tools that are configured and cannot be started here.
    """
    from journeyman.verify.detect import detect_fixers

    detected = project.loaded.sources.get("checks") == "detected"
    configured = tuple(
        Fixer(f"{check.name} fix", check.fix, check.paths)
        for check in project.settings.checks
        if check.fix is not None and not detected
    )
    setup = project.settings.workspace.setup is not None or not installed
    return configured or detect_fixers(project.repository.root, project.which, setup=setup)


def phase_models(project: Project, settings: Settings, task: Task) -> dict[Phase, str | None]:
    """The built-in agent's model for each phase: by the task, by the phase, by its tier, or by a key."""
    tiers = {
        "cheap": settings.models.cheap,
        "standard": settings.models.standard,
        "strong": settings.models.strong,
    }
    fallback = task.model or settings.models.standard or next(filter(None, tiers.values()), None)
    if fallback is None:
        from journeyman.models.registry import known_key_present

        keys = known_key_present(project.surroundings.environ)
        fallback = next((_DEFAULT_MODELS[provider] for provider in keys if provider in _DEFAULT_MODELS), None)
    wanted = {
        Phase.PLAN: settings.phases.plan.model or "cheap",
        Phase.IMPLEMENT: settings.phases.implement.model or "standard",
        Phase.REVIEW: settings.phases.review.model or "strong",
    }
    return {phase: task.model or tiers.get(name, name) or fallback for phase, name in wanted.items()}


def make_worker(
    name: str,
    project: Project,
    settings: Settings,
    task: Task | None = None,
    spent: tuple[Usage, ...] = (),
) -> Worker:
    """The worker that a name stands for: a ``[workers.NAME]`` table, ``autofix`` or ``replay:FILE``."""
    kind, _, argument = name.partition(":")
    table = settings.workers.get(name)
    if table is None and kind == WorkerType.REPLAY and argument:
        table = WorkerSettings(WorkerType.REPLAY, session=argument)
    if (table.type if table else name) == WorkerType.AGENT:
        return _agent(project, settings, task or Task("", ""), spent)
    if table is None and name in {WorkerType.AUTOFIX, *CLI_AGENTS}:
        table = WorkerSettings(WorkerType(name))
    if table is None:
        known = (*settings.workers, *BUILT_IN_WORKERS)
        guess = nearest(name, known)
        raise JourneymanError(
            "bad-config",
            f"there is no worker {name!r}" + (f"; did you mean {guess!r}?" if guess else ""),
            facts=(f"known workers: {', '.join(known)}",),
        )
    if table.type in CLI_AGENTS:
        return _cli_agent(name, table, project, (task.model if task else None) or settings.models.standard)
    return _WORKER_TYPES[table.type](name, table, project)


def _cli_agent(name: str, table: WorkerSettings, project: Project, model: str | None) -> Worker:
    from journeyman.workers.cli_agents.cli import Place
    from journeyman.workers.cli_agents.worker import CliAgentWorker

    place = Place(project.surroundings.home, project.surroundings.environ)
    return CliAgentWorker(name, table, place, model)


def _agent(project: Project, settings: Settings, task: Task, spent: tuple[Usage, ...]) -> Worker:
    from journeyman.models.registry import make_model
    from journeyman.models.transport import preload
    from journeyman.models.waiting import Patience
    from journeyman.workers.agent.worker import AgentWorker, OnWait

    names = phase_models(project, settings, task)
    if not any(names.values()):
        raise JourneymanError(
            "no-worker",
            "the built-in agent has no model",
            facts=("name one with --model PROVIDER:NAME, in [models], or by a provider's key",),
            hint='jm run "…" --model openai:NAME',
        )

    # The HTTP library and the transport take 0.2 s to import: meanwhile git makes the worktree.
    asyncio.get_running_loop().run_in_executor(None, preload)

    def make_models(on_wait: OnWait) -> dict[Phase, ModelClient]:
        environ = project.surroundings.environ
        patience = Patience(budget_s=settings.models.patience_s)
        made = {
            name: make_model(
                name, environ, on_wait=on_wait, first_byte_s=settings.models.silence_s, patience=patience
            )
            for name in set(names.values())
            if name
        }
        return {phase: made[name] for phase, name in names.items() if name}

    strong = settings.models.strong

    def make_strong(on_wait: OnWait) -> ModelClient:
        patience = Patience(budget_s=settings.models.patience_s)
        return make_model(
            strong or "",
            project.surroundings.environ,
            on_wait=on_wait,
            first_byte_s=settings.models.silence_s,
            patience=patience,
        )

    return AgentWorker(make_models, settings.budget, make_strong if strong else None, spent)


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


_WORKER_TYPES: dict[WorkerType, Callable[[str, WorkerSettings, Project], Worker]] = {
    WorkerType.AUTOFIX: _autofix,
    WorkerType.REPLAY: _replay,
    WorkerType.COMMAND: _command,
}


class _CrashingTimeline:
    """For the crash bench: the process dies by SIGKILL right after its n-th event."""

    def __init__(self, store: SqliteStore, after: int) -> None:
        self._store = store
        self._left = after

    def append(self, *event: Any) -> Event | None:  # noqa: ANN401 - as the store's
        made = self._store.append(*event)
        if made is not None:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return made

    def events(self, run_id: str, *, after: int = 0) -> tuple[Event, ...]:
        return self._store.events(run_id, after=after)


async def _drive(project: Project, run: Run, segment: int) -> RunSummary:
    from journeyman.engine.lifecycle import drive

    signals = project.surroundings.telemetry
    if signals:
        from journeyman.telemetry import preload

        asyncio.get_running_loop().run_in_executor(None, preload)
    summary = await drive(run, project.state.database, segment, lambda: kill_orphans(run.id))
    if signals:
        from journeyman.telemetry import BOUND_S, HASTY_S, deliver

        bound_s = HASTY_S if summary.stop_reason == "interrupted" else BOUND_S
        trouble = await deliver(signals, run.id, run.recorder.events(), bound_s)
        if trouble is not None:
            logging.getLogger("journeyman.telemetry").warning("note: telemetry was not sent: %s", trouble)
    return summary


def _open_store(project: Project) -> SqliteStore:
    return SqliteStore(ensure_state(project.repository.state_root).database)


def _lock(project: Project, store: SqliteStore, run_id: str, *, started: float) -> _Records:
    """The run's records, locked for this process until it ends."""
    folder = project.state.run_dir(run_id)
    RunLock(folder, run_id).acquire()
    after = project.surroundings.crash_after
    timeline = store if after is None else _CrashingTimeline(store, after)
    return _Records(run_id, timeline, store, folder, started=started)


def _passing_run(project: Project, name: str, folder: Path) -> Run:
    """A run that leaves no trace: for trying things."""
    repository = project.repository
    spec = RunSpec(
        Task(name, name), project.settings, str(repository.root), repository.head, repository.branch, ""
    )
    nowhere = Nowhere()
    records = _Records(new_run_id(datetime.now(UTC)), nowhere, nowhere, folder)
    return assemble(project, spec, records, ResumePoint(), {})


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
    replay = (table.type.value if table else worker.partition(":")[0]) == WorkerType.REPLAY.value
    said = "fast_path.enabled" in project.loaded.sources
    return replace(settings, enabled=settings.enabled and (said or not replay))


def effective_scope(project: Project, task: Task) -> Scope:
    """The scope of a task's run: its allow list beats a file's, and is beaten by a flag or a variable."""
    scope = project.settings.scope
    given = project.loaded.sources.get("scope.allow") in {"flag", "environment"}
    return replace(
        scope, allow=scope.allow if given else task.allow or scope.allow, deny=scope.deny + task.deny
    )


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
        measures=_measures(spec.settings, (worker.name for worker in workers.values())),
    )


def _measures(settings: Settings, workers: Iterable[str]) -> tuple[Measure, ...]:
    """What the run will book. Programs do not tell us how long their models kept them waiting."""
    tables = {name: table.type.value for name, table in settings.workers.items()}
    kinds = {tables.get(name, name) for name in workers}
    silent = kinds & {WorkerType.COMMAND.value, *(kind.value for kind in CLI_AGENTS)}
    return tuple(measure for measure in Measure if measure is not Measure.WAITS or not silent)


def _resumed_spec(events: tuple[Event, ...], resumed: RunResumed) -> RunSpec:
    """The run's spec, with what its resumes changed."""
    spec = next((event.payload.spec for event in events if isinstance(event.payload, RunSpecified)), None)
    if spec is None:
        message = "what this run was to do can no longer be read"
        raise JourneymanError("corrupt-store", message, hint='jm run "…"')
    settings = spec.settings
    for change in (*(event.payload for event in events if isinstance(event.payload, RunResumed)), resumed):
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


def _guidance(root: Path) -> str:
    texts = []
    for name in _GUIDANCE_FILES:
        try:
            texts.append(f"# {name}\n\n{(root / name).read_text('utf-8', 'replace')}")
        except OSError:
            continue
    return "\n\n".join(texts)[:_GUIDANCE_CHARACTERS]
