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
from journeyman.bootstrap.models import spending_of
from journeyman.bootstrap.project import Project, read_guidance
from journeyman.bootstrap.workers import fixers_allowed, fixers_of, make_fixing_worker, stronger_model
from journeyman.domain.folds.resume import ResumePoint
from journeyman.domain.identity import new_run_id
from journeyman.domain.phases import Phase
from journeyman.domain.run import RunSpec
from journeyman.domain.task import Task
from journeyman.sandbox import BackgroundRunner
from journeyman.store import FolderArtifacts, Nowhere

if TYPE_CHECKING:
    from journeyman.domain.policy.spending import Spending
    from journeyman.domain.records import Artifacts, RunStore
    from journeyman.domain.settings import Settings, WorkspaceSettings
    from journeyman.domain.worker import Worker
    from journeyman.engine.model import Journal, Run
    from journeyman.engine.recorder import Recorder
    from journeyman.engine.trees import Prepare
    from journeyman.verify.environment import CheckEnvironment
    from journeyman.verify.runner import CheckRunner
    from journeyman.workspace import Workspace


@dataclass(frozen=True)
class Records:
    """Where a run's records go, and where its clock stands."""

    run_id: str
    runs: RunStore
    artifacts: Artifacts
    segment: int = 1
    started: float = 0.0
    clock_s: float = 0.0


def assemble(
    project: Project,
    spec: RunSpec,
    records: Records,
    point: ResumePoint,
    journal: Journal,
    workers: Mapping[Phase, Worker],
    spending: Spending,
) -> Run:
    """All parts of a run, put together."""
    from journeyman.engine.baseline import Baseline
    from journeyman.engine.model import Run
    from journeyman.engine.trees import Trees

    settings, environ = spec.settings, project.surroundings.environ
    artifacts = records.artifacts
    recorder = _recorder(records)
    workspace = _workspace(project, spec, records, artifacts)
    # Every process of the run carries its id, so that none outlives it unnoticed.
    base_env = {**project.environment, "JOURNEYMAN_RUN": records.run_id}
    prepare = _preparer(project, settings.workspace, artifacts, base_env)
    trees = Trees(workspace, prepare, settings.workspace.link, recorder)
    checks, background = _check_runners(project, records, settings)
    return Run(
        id=records.run_id,
        spec=spec,
        point=point,
        journal=journal,
        recorder=recorder,
        workspace=workspace,
        trees=trees,
        command_runner=project.runner,
        checks=checks,
        baseline=Baseline(settings.checks, spec.base_commit, background, trees, recorder, artifacts),
        workers=workers,
        artifacts=artifacts,
        spending=spending,
        user_environment=environ,
        guidance=read_guidance(project.repository.root),
        context=run_context(project, spec, workspace, base_env) if settings.context.enabled else None,
        find_fixers=partial(fixers_of, project, settings.checks) if fixers_allowed(spec) else tuple,
        make_fixing_worker=make_fixing_worker,
        stronger=stronger_model(project, spec),
    )


def _recorder(records: Records) -> Recorder:
    from journeyman.engine.recorder import Recorder

    return Recorder(
        records.runs,
        records.run_id,
        started=records.started or time.monotonic(),
        clock_s=records.clock_s,
        segment=records.segment,
    )


def _workspace(project: Project, spec: RunSpec, records: Records, artifacts: Artifacts) -> Workspace:
    from journeyman.workspace import Workspace

    return Workspace(
        project.repository,
        runner=project.runner,
        env=project.surroundings.environ,
        run_id=records.run_id,
        title=spec.task.title,
        base_commit=spec.base_commit,
        cache_root=project.surroundings.cache_root,
        state_dir=artifacts.path("git/."),
        litter=spec.settings.workspace.link,
    )


def _preparer(
    project: Project, settings: WorkspaceSettings, artifacts: Artifacts, base_env: Mapping[str, str]
) -> Prepare:
    """What makes a worktree ready for checks."""
    from journeyman.verify.environment import prepare_environment

    repository = project.repository

    async def prepare(tree: Path) -> CheckEnvironment:
        environment = await prepare_environment(
            tree,
            repository.root,
            settings,
            base_env,
            project.runner,
            git_common_dir=repository.common_dir,
            log_dir=artifacts.path("logs/setup/."),
        )
        # A worktree is nothing without its repository: versions from tags, `git ls-files` in checks.
        return replace(environment, readable=(*environment.readable, repository.common_dir))

    return prepare


def _check_runners(project: Project, records: Records, settings: Settings) -> tuple[CheckRunner, CheckRunner]:
    """VERIFY's, and the baseline's: with its own slots and a low priority, so that VERIFY, which somebody
    waits for, never queues behind it.
    """
    from journeyman.verify.runner import CheckRunner

    slots = settings.verify.slots or os.cpu_count() or 1
    background = CheckRunner(BackgroundRunner(project.runner), records.runs, max(1, slots // 2))
    return CheckRunner(project.runner, records.runs, slots), background


def passing_run(project: Project, name: str, folder: Path) -> Run:
    """A run that leaves no trace: for trying things."""
    from journeyman.engine.model import DirectJournal

    repository = project.repository
    spec = RunSpec(
        Task(name, name), project.settings, str(repository.root), repository.head, repository.branch, ""
    )
    records = Records(new_run_id(datetime.now(UTC)), Nowhere(), FolderArtifacts(folder))
    return assemble(project, spec, records, ResumePoint(), DirectJournal(), {}, spending_of(spec.settings))
