"""Indexers and packers over a checkout or a run's worktree."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from journeyman.config import Surroundings, load_settings
from journeyman.domain.context import GUIDANCE_FILES, PackRequest
from journeyman.domain.process import command_text
from journeyman.domain.scope import Scope, denied_by
from journeyman.sandbox.processes import ProcessRunner
from journeyman.workspace import Repository, checkout_git, open_repository

if TYPE_CHECKING:
    from journeyman.bootstrap.project import Project
    from journeyman.context.index.indexer import Indexer
    from journeyman.context.packer import Ranked
    from journeyman.domain.context import ContextMaker, Pack
    from journeyman.domain.process import CommandRunner
    from journeyman.domain.run import RunSpec
    from journeyman.workspace import Workspace


async def pack_context(
    directory: Path, surroundings: Surroundings, task: str, budget: int | None
) -> tuple[Ranked, Pack]:
    """``jm context``: the pack of a task in a checkout, filled to ``budget`` when one is given."""
    from journeyman.context.packer import rank_and_pack

    runner = ProcessRunner()
    repository = await open_repository(directory, runner, surroundings.environ)
    settings = load_settings(repository.root, surroundings, flags={}, detected=()).settings
    request = PackRequest(
        task,
        budget=budget or settings.context.budget,
        thrifty=budget is None,
        checks=tuple(f"{check.name}: {command_text(check.run)}" for check in settings.checks),
        guidance=tuple(name for name in GUIDANCE_FILES if (repository.root / name).is_file()),
    )
    indexer = checkout_indexer(repository, runner, surroundings, settings.scope)
    try:
        return await rank_and_pack(indexer, request)
    finally:
        indexer.close()


def checkout_indexer(
    repository: Repository,
    runner: CommandRunner,
    surroundings: Surroundings,
    scope: Scope,
    variables: Mapping[str, str] | None = None,
) -> Indexer:
    """The index of the user's checkout."""
    from journeyman.context.index.indexer import CheckoutLister, Indexer, IndexPlace, index_name

    place = IndexPlace(repository.root, surroundings.cache_root / "index", index_name(repository.lineage))
    git = checkout_git(repository, runner, surroundings.environ).run
    lister = CheckoutLister(git, repository.root, denied_by(scope))
    return Indexer(place, git, runner, lister, head=repository.head, variables=variables)


def run_context(
    project: Project, spec: RunSpec, workspace: Workspace, base_env: Mapping[str, str]
) -> ContextMaker:
    """Packs of the run's worktree, over the index that it shares with the user's checkout."""
    from journeyman.context.index.indexer import Indexer, IndexPlace, TreeLister, index_name
    from journeyman.context.packer import RunContext

    repository, scope, runner = project.repository, spec.settings.scope, ProcessRunner()
    git = checkout_git(repository, runner, project.surroundings.environ).run
    variables = {"JOURNEYMAN_RUN": base_env["JOURNEYMAN_RUN"]}
    root = workspace.work_path

    def of_worktree(tree: str) -> Indexer:
        lister = TreeLister(lambda: workspace.listing(tree), root, denied_by(scope))
        place = IndexPlace(root, project.surroundings.cache_root / "index", index_name(repository.lineage))
        return Indexer(place, git, runner, lister, head=spec.base_commit, variables=variables)

    checkout = checkout_indexer(repository, runner, project.surroundings, scope, variables)
    return RunContext(checkout, of_worktree)
