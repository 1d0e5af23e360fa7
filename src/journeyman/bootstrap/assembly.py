"""All parts of a run, put together."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from journeyman.bootstrap.context import run_context
from journeyman.bootstrap.models import make_reranker, spending_of
from journeyman.bootstrap.project import Project, read_guidance
from journeyman.bootstrap.workers import fixers_of, make_mender, mends, stronger_model
from journeyman.domain.identity import new_run_id
from journeyman.domain.phases import Phase
from journeyman.domain.resume import ResumePoint
from journeyman.domain.run import RunSpec
from journeyman.domain.task import Task
from journeyman.sandbox import BackgroundRunner
from journeyman.store import Artifacts, Nowhere

if TYPE_CHECKING:
    from journeyman.domain.spending import Spending
    from journeyman.domain.worker import Worker
    from journeyman.engine.model import Run
    from journeyman.engine.recorder import Timeline
    from journeyman.verify.cache import ResultCache
    from journeyman.verify.environment import CheckEnvironment


@dataclass(frozen=True)
class Records:
    """Where a run's records go, and where its clock stands."""

    run_id: str
    timeline: Timeline
    cache: ResultCache
    folder: Path
    segment: int = 1
    started: float = 0.0
    clock_s: float = 0.0


def assemble(
    project: Project,
    spec: RunSpec,
    records: Records,
    point: ResumePoint,
    workers: Mapping[Phase, Worker],
    spending: Spending,
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
        spending=spending,
        user_environment=project.surroundings.environ,
        guidance=read_guidance(repository.root),
        context=run_context(project, spec, workspace, base_env) if settings.context.enabled else None,
        reranker=make_reranker(settings, project.surroundings.environ, spec.task),
        find_fixers=partial(fixers_of, project, settings.checks) if mends(spec) else tuple,
        make_mender=make_mender,
        stronger=stronger_model(project, spec),
    )


def passing_run(project: Project, name: str, folder: Path) -> Run:
    """A run that leaves no trace: for trying things."""
    repository = project.repository
    spec = RunSpec(
        Task(name, name), project.settings, str(repository.root), repository.head, repository.branch, ""
    )
    nowhere = Nowhere()
    records = Records(new_run_id(datetime.now(UTC)), nowhere, nowhere, folder)
    return assemble(project, spec, records, ResumePoint(), {}, spending_of(spec.settings))
