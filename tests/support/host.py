"""A worker's host for tests: a real git worktree, and steps recorded in a dict, so that it can be restarted."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from journeyman.domain.process import Command, CommandResult, CommandRunner, Network, OnLine
from journeyman.domain.worker import Usage
from tests.support.plain_runner import PlainRunner

T = TypeVar("T")
GIT_ENV = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "Test",
    "GIT_AUTHOR_EMAIL": "test@example.invalid",
    "GIT_COMMITTER_NAME": "Test",
    "GIT_COMMITTER_EMAIL": "test@example.invalid",
}


class Killed(BaseException):
    """Stands for ``kill -9``: nothing in a worker may catch it."""


@dataclass
class Record:
    """What survives a restart: results by step, as JSON, and what the steps told."""

    results: dict[str, bytes] = field(default_factory=dict)
    started: dict[str, str] = field(default_factory=dict)
    """Step -> the tree that an edit started from."""
    effects: list[str] = field(default_factory=list)
    activities: list[str] = field(default_factory=list)
    usages: list[Usage] = field(default_factory=list)
    waits: list[tuple[float, str]] = field(default_factory=list)
    looked_at: tuple[str, ...] = ()
    commands: list[Command] = field(default_factory=list)
    networks: list[Network] = field(default_factory=list)
    envs: list[tuple[str, ...]] = field(default_factory=list)


class RecordingHost:
    """One worker call's host. ``kill_after`` names the step whose effect is done but never recorded."""

    run_id = "20261123-154210-7k2m"

    def __init__(
        self,
        worktree: Path,
        scratch: Path,
        record: Record | None = None,
        *,
        kill_after: str | None = None,
        runner: CommandRunner | None = None,
    ) -> None:
        self.worktree = worktree
        self.record = record or Record()
        self._scratch = scratch
        self._kill_after = kill_after
        self._runner = runner or PlainRunner()
        self._position = 0
        self._inside = False

    def restarted(self, kill_after: str | None = None) -> RecordingHost:
        return RecordingHost(
            self.worktree, self._scratch, self.record, kill_after=kill_after, runner=self._runner
        )

    async def step(self, name: str, effect: Callable[[], Awaitable[T]], returns: type[T]) -> T:
        return await self._once(name, effect, returns)

    async def edit(self, name: str, effect: Callable[[], Awaitable[T]], returns: type[T]) -> T:
        key = f"{self._position}:{name}"
        if key in self.record.started and key not in self.record.results:
            restore(self.worktree, self.record.started[key])
        elif key not in self.record.results:
            self.record.started[key] = tree_of(self.worktree)
        return await self._once(name, effect, returns)

    async def run(
        self,
        command: str | tuple[str, ...],
        *,
        timeout_s: float | None = None,
        network: Network = Network.OFF,
        env: tuple[str, ...] = (),
        readable: tuple[Path, ...] = (),
        on_line: OnLine | None = None,
        variables: Mapping[str, str] | None = None,
        writable: tuple[Path, ...] = (),
        stdin: bytes | None = None,
        on_started: Callable[[int], None] | None = None,
    ) -> CommandResult:
        assert self._inside, "run() belongs inside a step or an edit"
        argv = ("/bin/sh", "-c", command) if isinstance(command, str) else command
        environment = {**GIT_ENV, "PYTHONDONTWRITEBYTECODE": "1", **(variables or {})}
        made = Command(argv, self.worktree, environment, timeout_s, stdin, on_started=on_started)
        self.record.commands.append(made)
        self.record.networks.append(network)
        self.record.envs.append(env)
        return await self._runner.run(made, on_line)

    def scratch_file(self, name: str, content: str) -> Path:
        self._scratch.mkdir(parents=True, exist_ok=True)
        path = self._scratch / name
        path.write_text(content)
        return path

    def state_folder(self) -> Path:
        folder = self._scratch / "state"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def activity(self, text: str) -> None:
        assert text
        self.record.activities.append(text)

    @contextmanager
    def waiting(self, seconds: float, reason: str) -> Iterator[None]:
        assert self._inside, "waits are part of the step that made the call"
        yield
        self.record.waits.append((seconds, reason))

    async def hidden(self, paths: tuple[str, ...]) -> tuple[str, ...]:
        command = ("git", "check-ignore", "--", *paths)
        said = subprocess.run(
            command, cwd=self.worktree, env=GIT_ENV, capture_output=True, check=False
        ).stdout
        return tuple(os.fsdecode(line) for line in said.splitlines()) if paths else ()

    def looked_at(self, paths: tuple[str, ...]) -> None:
        self.record.looked_at += paths

    def spent(self, usage: Usage) -> None:
        assert self._inside, "spent() belongs inside the step that made the call"
        self.record.usages.append(usage)

    async def _once(self, name: str, effect: Callable[[], Awaitable[T]], returns: type[T]) -> T:
        from pydantic import TypeAdapter

        assert not self._inside, "steps do not nest"
        key, adapter = f"{self._position}:{name}", TypeAdapter(returns)
        self._position += 1
        if key in self.record.results:
            return adapter.validate_json(self.record.results[key])
        self._inside = True
        try:
            result = await effect()
        finally:
            self._inside = False
        self.record.effects.append(name)
        if name == self._kill_after:
            raise Killed(name)
        self.record.results[key] = adapter.dump_json(result)
        return adapter.validate_json(self.record.results[key])


def git(folder: Path, *words: str, env: dict[str, str] | None = None) -> str:
    """Git's standard output."""
    done = subprocess.run(
        ("git", *words), cwd=folder, env={**GIT_ENV, **(env or {})}, capture_output=True, check=True
    )
    return os.fsdecode(done.stdout).strip()


def make_worktree(folder: Path, files: dict[str, str]) -> Path:
    """A repository with one commit of the files, and a linked worktree of it, whose path is returned."""
    repository, worktree = folder / "repository", folder / "work tree"
    repository.mkdir(parents=True)
    git(repository, "init", "-q", "-b", "main")
    for name, text in files.items():
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_text(text)
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "--allow-empty", "-m", "start")
    git(repository, "worktree", "add", "-q", "--detach", str(worktree))
    return worktree


def tree_of(worktree: Path) -> str:
    """The worktree's files as a git tree, by an index of its own."""
    index = Path(git(worktree, "rev-parse", "--absolute-git-dir")) / "test-index"
    index.unlink(missing_ok=True)
    env = {"GIT_INDEX_FILE": str(index)}
    git(worktree, "add", "-A", env=env)
    return git(worktree, "write-tree", env=env)


def restore(worktree: Path, tree: str) -> None:
    """Make the worktree's files those of the tree."""
    git(worktree, "read-tree", "--reset", "-u", tree)
    git(worktree, "clean", "-fdq")


def files_of(worktree: Path) -> dict[str, str]:
    """Path -> text, of everything git would record."""
    names = git(worktree, "ls-files", "-co", "--exclude-standard", "-z").split("\0")
    return {name: (worktree / name).read_text() for name in names if (worktree / name).is_file()}
