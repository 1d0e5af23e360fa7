"""The run's own git directory: a bare one that shares the repository's objects and nothing else.

What reads or writes files, or makes objects, runs here. The repository's configuration, hooks, attributes
and refs are out of its sight, so that nothing configured there can run, whatever git learns to run next.
Missing objects of a partial clone are an error here, never fetched.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from journeyman.domain.process import CommandRunner
from journeyman.workspace.files import plain_errors, write_atomic
from journeyman.workspace.git import Git
from journeyman.workspace.hardening import carried, last_value
from journeyman.workspace.repository import Repository

_NO_OTHER_CONFIG = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_ATTR_NOSYSTEM": "1"}


class PrivateGit:
    """Git in the run's own git directory, made on first use."""

    def __init__(
        self, repository: Repository, folder: Path, runner: CommandRunner, env: Mapping[str, str]
    ) -> None:
        self._repository = repository
        self._folder = folder
        variables = {
            **_NO_OTHER_CONFIG,
            "GIT_DIR": str(folder),
            "GIT_OBJECT_DIRECTORY": str(repository.common_dir / "objects"),
        }
        if repository.shallow:
            variables["GIT_SHALLOW_FILE"] = str(repository.common_dir / "shallow")
        self._variables = variables
        settings = carried(repository.config, repository.root)
        self._git = Git(runner, folder, env, settings=settings, variables=variables)

    @property
    def objects(self) -> Git:
        """For trees, commits and diffs. Sees no work tree, hence no ``.gitattributes`` of a worker's."""
        self._ensure()
        return self._git

    def files(self, work_tree: Path) -> Git:
        """For the files of one work tree, whatever its own ``.git`` says."""
        self._ensure()
        return self._git.at(work_tree, variables={**self._variables, "GIT_WORK_TREE": str(work_tree)})

    def _ensure(self) -> None:
        # HEAD is written last: it makes the folder a git directory.
        head = self._folder / "HEAD"
        if head.exists() and self._git.cwd.is_dir():
            return
        with plain_errors(self._folder):
            for name in ("refs", "objects", "info"):
                (self._folder / name).mkdir(parents=True, exist_ok=True)
        write_atomic(self._folder / "config", self._config().encode())
        write_atomic(self._folder / "info" / "exclude", self._excludes())
        write_atomic(head, b"ref: refs/heads/none\n")

    def _config(self) -> str:
        sha256 = self._repository.object_format == "sha256"
        lines = ["[core]", f"\trepositoryformatversion = {int(sha256)}", "\tbare = true"]
        shared = last_value(self._repository.config, "core.sharedrepository")
        if shared and re.fullmatch(r"[A-Za-z0-9]+", shared):
            lines.append(f"\tsharedRepository = {shared}")
        if sha256:
            lines += ["[extensions]", "\tobjectFormat = sha256"]
        return "\n".join(lines) + "\n"

    def _excludes(self) -> bytes:
        try:
            return (self._repository.common_dir / "info" / "exclude").read_bytes()
        except OSError:
            return b""
