"""A repository with its settings and the machine it is worked on."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from journeyman.config import Loaded, Surroundings, load_settings
from journeyman.domain.context import GUIDANCE_FILES
from journeyman.domain.scope import Scope
from journeyman.domain.settings import (
    Settings,
)
from journeyman.domain.task import Task
from journeyman.sandbox import SandboxRunner, base_environment, choose_runner
from journeyman.sandbox.processes import ProcessRunner
from journeyman.verify.detect import Detection, detect_checks
from journeyman.workspace import Repository, open_repository

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
    def environment(self) -> dict[str, str]:
        """What checks and workers may see of the user's environment."""
        return base_environment(self.surroundings.environ)

    def which(self, program: str) -> str | None:
        """The program's path, as the user's shell would find it."""
        return shutil.which(program, path=self.surroundings.path)


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
    runner = await make_runner(surroundings, loaded.settings)
    return Project(surroundings, repository, runner, detection, loaded)


async def make_runner(surroundings: Surroundings, settings: Settings) -> SandboxRunner:
    """The strongest door to processes that the settings and the machine allow."""
    return await choose_runner(settings.sandbox, home=surroundings.home, path=surroundings.path)


def effective_scope(project: Project, task: Task) -> Scope:
    """The scope of a task's run: its allow list beats a file's, and is beaten by a flag or a variable."""
    scope = project.settings.scope
    given = project.loaded.sources.get("scope.allow") in {"flag", "environment"}
    return replace(
        scope, allow=scope.allow if given else task.allow or scope.allow, deny=scope.deny + task.deny
    )


def read_guidance(root: Path) -> str:
    """What the repository tells whoever works in it."""
    texts = []
    for name in GUIDANCE_FILES:
        try:
            texts.append(f"# {name}\n\n{(root / name).read_text('utf-8', 'replace')}")
        except OSError:
            continue
    return "\n\n".join(texts)[:_GUIDANCE_CHARACTERS]
