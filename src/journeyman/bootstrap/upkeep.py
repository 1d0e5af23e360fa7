"""What is done about a repository besides runs: trying its pieces, proving a commit, tidying up."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from journeyman.bootstrap.assembly import passing_run
from journeyman.bootstrap.models import phase_models
from journeyman.bootstrap.project import Project
from journeyman.bootstrap.storage import ensure_storage, existing_storage, read_storage
from journeyman.bootstrap.workers import make_worker
from journeyman.domain.errors import JourneymanError
from journeyman.domain.settings import SandboxMode, WorkerType
from journeyman.domain.task import Task
from journeyman.store.catalog import find_run, known_runs
from journeyman.workspace import resolve_commit

if TYPE_CHECKING:
    from journeyman.domain.worker import Worker
    from journeyman.engine.examine import Probe
    from journeyman.engine.proving import Proof


async def examine_project(project: Project, model: str | None = None) -> AsyncIterator[Probe]:
    """``jm doctor``: every piece, tried for real; ``model`` is also asked for one word."""
    from journeyman.engine.examine import Probe, examine

    for probe in _known_probes(project):
        yield probe
    try:
        ensure_storage(project.repository.state_root)
    except JourneymanError as error:
        yield Probe("state", ok=False, message=error.message, hint=error.hint)
        return
    if not project.settings.checks:
        hint = "jm init, then add [[checks]] to journeyman.toml"
        yield Probe("checks", ok=False, message="none found: nothing could be verified", hint=hint)
    spare = _spare_workers(project, model)
    workers = _workers_to_try(project, spare)
    with TemporaryDirectory(prefix="jm-doctor-") as folder:
        run = passing_run(project, "doctor", Path(folder))
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


def _known_probes(project: Project) -> Iterator[Probe]:
    """What opening the project has shown already."""
    from journeyman.engine.examine import Probe

    repository = project.repository
    yield Probe("repository", ok=True, message=f"{repository.root} at {repository.head[:12]}")
    yield Probe(
        "sandbox",
        ok=project.runner.warning is None or project.settings.sandbox is SandboxMode.OFF,
        message=project.runner.warning or f"{project.runner.backend} works",
        hint="install bubblewrap, or accept it with JOURNEYMAN_SANDBOX=off",
    )
    for ignored in project.loaded.ignored:
        yield Probe("configuration", ok=True, message=ignored)
    for note in project.detection.notes:
        yield Probe("detection", ok=True, message=note)


def _workers_to_try(project: Project, spare: tuple[str, ...]) -> dict[str, Worker | JourneymanError]:
    """Every worker that a run could have, or why it cannot be made."""
    workers: dict[str, Worker | JourneymanError] = {}
    thinks = any(phase_models(project, project.settings, Task("", "")).values())
    built_in = (WorkerType.AGENT.value,) if thinks else ()
    for name in dict.fromkeys((*spare, *built_in, WorkerType.AUTOFIX.value, *project.settings.workers)):
        try:
            workers[name] = make_worker(name, project, project.settings)
        except JourneymanError as error:
            workers[name] = error
    return workers


def _spare_workers(project: Project, model: str | None) -> tuple[str, ...]:
    """Workers that are no fault when they are not ready: nobody asked for them, and another one is there."""
    from journeyman.workers.cli_agents.registry import CODING_CLIS

    settings = project.settings
    found = tuple(name for name, cli in CODING_CLIS.items() if project.which(cli.traits.program))
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
        run = passing_run(project, "verify", Path(folder))
        try:
            return await prove(run, commit)
        finally:
            await run.workspace.discard()


async def collect_garbage(
    project: Project, runs: tuple[str, ...], *, dry_run: bool
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """``jm gc``: what was (or would be) removed, a line each, and which runs stay for which reason."""
    from journeyman.workspace.gc import RunState, apply_gc, plan_gc, survey

    runner, env, cache_root = project.runner, project.surroundings.environ, project.surroundings.cache_root
    storage = existing_storage(project.repository.state_root)
    states = {
        known.run_id: RunState(alive=known.alive, verified=known.verified, age_s=known.age_s)
        for known in (known_runs(storage) if storage else ())
    }
    traces = await survey(project.repository, states, runner=runner, env=env, cache_root=cache_root)
    there = {trace.run_id for trace in traces}
    named = tuple(
        run if run in there else find_run(read_storage(project.repository.state_root).runs, run)
        for run in runs
    )
    plan = plan_gc(traces, only=named, force=bool(named))
    if dry_run:
        refs = [f"{item.run_id}: {ref.name} ({item.reason})" for item in plan.items for ref in item.refs]
        folders = [f"{item.run_id}: {item.folder} ({item.reason})" for item in plan.items if item.folder]
        return (*refs, *folders), plan.kept
    done = await apply_gc(plan, project.repository, runner=runner, env=env, cache_root=cache_root)
    return done, plan.kept
