"""What the engine lends a worker for one call of one phase."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from journeyman.domain.events import WorkerActivity, WorkerFinished, WorkerRead, WorkerSpent, WorkerWaited
from journeyman.domain.identity import slug
from journeyman.domain.phases import Phase
from journeyman.domain.process import Command, CommandResult, Network, OnLine
from journeyman.domain.worker import Usage
from journeyman.engine.model import Run
from journeyman.store.codec import from_plain, to_plain

T = TypeVar("T")

_ACTIVITY_CHARACTERS = 300


@dataclass(frozen=True)
class _Edited:
    """The recorded outcome of an edit: what it returned, and the tree it left."""

    value: Any
    tree: str


class RunHost:
    """Implements ``domain.worker.WorkerHost`` over the run's journal, worktree and timeline."""

    def __init__(
        self, run: Run, worker: str, phase: Phase, key: str, packed: frozenset[str] = frozenset()
    ) -> None:
        """``packed`` are the files that the worker was shown lines of."""
        self._run = run
        self._worker = worker
        self._phase = phase
        self._key = key
        self._events = run.recorder.step(key)
        self._packed = packed
        self.summary = ""

    @property
    def run_id(self) -> str:
        """The run that this call is part of."""
        return self._run.id

    @property
    def worktree(self) -> Path:
        """Where the worker edits."""
        return self._run.workspace.work_path

    async def step(self, name: str, effect: Callable[[], Awaitable[T]], returns: type[T]) -> T:
        """Run an effect once that leaves the worktree alone."""
        return await self._run.journal.step(f"{self._key}/{name}", effect, returns)

    async def edit(self, name: str, effect: Callable[[], Awaitable[T]], returns: type[T]) -> T:
        """Run an effect once that edits the worktree, always from the tree it is meant to start from."""
        fresh: list[T] = []

        async def edited() -> _Edited:
            await self._run.trees.ensure_work_tree()
            fresh.append(await effect())
            return _Edited(to_plain(fresh[0]), await self._run.trees.edited())

        outcome = await self._run.journal.step(f"{self._key}/{name}", edited, _Edited)
        self._run.trees.expect(outcome.tree)
        value: T = fresh[0] if fresh else from_plain(outcome.value, returns)
        return value

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
        """Run a program confined to the worktree."""
        environment = await self._run.trees.work()
        shared = self._run.user_environment
        scratch = self._run.artifacts.path("scratch/.")
        confinement = await self._run.trees.confinement_paths()
        return await self._run.command_runner.run(
            Command(
                argv=("/bin/sh", "-c", command) if isinstance(command, str) else command,
                cwd=self.worktree,
                env={
                    **environment.env,
                    **{name: shared[name] for name in env if name in shared},
                    **(variables or {}),
                },
                timeout_s=timeout_s,
                stdin=stdin,
                confinement=replace(
                    confinement,
                    readable=(*confinement.readable, scratch, *readable),
                    writable=(*confinement.writable, *writable),
                    network=network,
                ),
                on_started=on_started,
            ),
            on_line,
        )

    def scratch_file(self, name: str, content: str) -> Path:
        """A file beside the run's artifacts, readable from within the sandbox."""
        return self._run.artifacts.write(f"scratch/{self._key}/{name}", content)

    def state_folder(self) -> Path:
        """A folder among the run's artifacts that only its owner can read."""
        folder = self._run.artifacts.path(f"workers/{slug(self._worker)}/.folder").parent
        folder.chmod(0o700)
        return folder

    def activity(self, text: str) -> None:
        """Tell the timeline what the worker is doing, in one bounded line."""
        line = " ".join(text.split())[:_ACTIVITY_CHARACTERS]
        if line:
            self._run.recorder.record_once(WorkerActivity(self._worker, line))

    @contextmanager
    def waiting(self, seconds: float, reason: str) -> Iterator[None]:
        """Tell of a wait, and book it: it took its time, also in a step that is done again after a crash."""
        self.activity(f"waits {seconds:.0f} s: {reason}")
        begun = time.monotonic()
        yield
        line = " ".join(reason.split())[:_ACTIVITY_CHARACTERS]
        event = WorkerWaited(self._worker, self._phase, time.monotonic() - begun, line)
        self._run.recorder.record_once(event)

    async def hidden(self, paths: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the paths that ignore rules hide, the base's, the worktree's or the user's own."""
        return await self._run.workspace.hidden_among(paths) if paths else ()

    def looked_at(self, paths: tuple[str, ...]) -> None:
        """Book files that the worker asked for and was not shown."""
        beyond = tuple(dict.fromkeys(path for path in paths if path not in self._packed))
        if beyond:
            self._events.record(WorkerRead(self._worker, self._phase, beyond))

    def spent(self, usage: Usage) -> None:
        """Book a model call."""
        self._events.record(WorkerSpent(self._worker, self._phase, usage))

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Book the worker's share of the phase when the block ends, however it does."""
        started = self._run.recorder.clock_s
        try:
            yield
        except asyncio.CancelledError:
            raise
        except BaseException:
            self._finished(started)
            raise
        self._finished(started)

    def _finished(self, started: float) -> None:
        duration = self._run.recorder.clock_s - started
        self._run.recorder.record(
            f"{self._key}/worker", WorkerFinished(self._worker, self._phase, duration, self.summary)
        )
