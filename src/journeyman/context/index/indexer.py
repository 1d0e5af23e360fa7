"""Bringing the index up to date: what changed is parsed, in processes of its own when there is much."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import hashlib
import os
import shlex
import sqlite3
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import journeyman
from journeyman.context.index.database import (
    ContentRow,
    Database,
    OutdatedError,
    is_damage,
    is_full,
)
from journeyman.context.index.history import PastCommit, read_history
from journeyman.context.index.keeping import (
    discard_passing,
    open_database,
    passing_copy,
    without_damage,
)
from journeyman.context.index.tree import CheckoutLister, GitCall, Lister, Tree, TreeLister
from journeyman.context.index.view import Index, view
from journeyman.context.index.worker import index_files
from journeyman.domain.errors import JourneymanError
from journeyman.domain.process import Command, CommandRunner

Read = TypeVar("Read")

__all__ = ["CheckoutLister", "IndexPlace", "Indexer", "TreeLister", "index_name"]

_FEW_FILES = 60
"""So many are parsed here: starting a process takes as long."""
_FILES_PER_PROCESS = 60
_GIT_STARTS_S = 0.001
"""What the database tells is read after so long, while git works in processes of its own: its start takes
some turns of the loop. On 20,000 files a query is 20 ms of 420 quicker so, on 1,000 no quicker."""


@dataclass(frozen=True)
class IndexPlace:
    """Where a checkout and its index are."""

    root: Path
    cache: Path
    """The folder of all indexes."""
    name: str
    """Of this repository's index; see :func:`index_name`."""


def index_name(identity: str) -> str:
    """A file name for what all checkouts of a repository have in common."""
    return hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()[:20]


def _index_here(path: Path, root: Path, files: list[tuple[str, str]]) -> None:
    """Parse files in a thread, over a connection of its own: history is read over the other meanwhile."""
    database = Database(path)
    try:
        index_files(database, root, files)
    finally:
        database.close()


@contextlib.contextmanager
def _nothing_collected() -> Iterator[None]:
    """No garbage collection meanwhile: a query makes much, keeps it, and nothing of it goes in circles."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


class Indexer:
    """Keeps one repository's index. ``git`` runs in the checkout; ``runner`` starts our own processes.

    ``head`` is where history is read from, when it is not the checkout's; ``variables`` mark the processes.
    """

    def __init__(
        self,
        place: IndexPlace,
        git: GitCall,
        runner: CommandRunner,
        lister: Lister,
        *,
        head: str | None = None,
        variables: Mapping[str, str] | None = None,
        processes: int | None = None,
    ) -> None:
        self._place = place
        self._git = git
        self._runner = runner
        self._lister = lister
        self._known_head = head
        self._variables = dict(variables or {})
        self._processes = processes or os.cpu_count() or 1
        self._database: Database | None = None

    async def index(self) -> Index:
        """The index of the checkout as it is now. Raises JourneymanError for git's and the disk's trouble."""
        return await self.reading(self._index)

    async def reading(self, read: Callable[[], Awaitable[Read]]) -> Read:
        """What ``read`` makes of the index; once more, from its beginning, when the index is found damaged,
        or is one to read only that another process wrote meanwhile.

        Raises JourneymanError for the disk's trouble.
        """
        try:
            with _nothing_collected():
                return await self._read_twice(read)
        except sqlite3.Error as error:
            code = "disk-full" if is_full(error) else "context-failed"
            raise JourneymanError(
                code,
                f"the index of the repository failed: {error}",
                hint=f"rm -r {shlex.quote(str(self._place.cache))}",
            ) from error

    async def _read_twice(self, read: Callable[[], Awaitable[Read]]) -> Read:
        try:
            found = await read()
            if self._database is None or not self._database.was_overwritten:
                return found
        except sqlite3.DatabaseError as error:
            if self._database is None or not is_damage(error):
                raise
        self._database = without_damage(self._database)
        return await read()

    async def _index(self) -> Index:
        started = time.perf_counter()
        if self._database is None:
            self._database = open_database(self._place.cache, self._place.name)
        try:
            made = await self._updated(self._database)
        except OutdatedError:
            self._database = passing_copy(self._database)
            made = await self._updated(self._database)
        made.index_s = time.perf_counter() - started
        return made

    async def _updated(self, database: Database) -> Index:
        """What the database knows of the checkout as it is now. Raises OutdatedError when that is too little
        and cannot be added.
        """
        history, (tree, contents) = await asyncio.gather(self._history(database), self._contents(database))
        notes = (database.note,) if database.note else ()
        return view(tree, database, history, notes, contents)

    def close(self) -> None:
        """Let the index go; one that could not be kept is deleted."""
        if self._database is not None:
            discard_passing(self._database)
            self._database = None

    async def _history(self, database: Database) -> tuple[PastCommit, ...]:
        await asyncio.sleep(_GIT_STARTS_S)
        head = self._known_head
        if head is None:
            head = (await self._git("rev-parse", "HEAD")).decode("ascii").strip()
        return await read_history(self._git, database, head)

    async def _contents(self, database: Database) -> tuple[Tree, list[ContentRow]]:
        """The files and what is known of them; what was known before is read while git lists them."""
        tree, contents = await asyncio.gather(self._lister(), self._known(database))
        wanted = {key: path for path, key in reversed(tree.keys.items())}
        known = {row[0] for row in contents}
        changed = [(key, wanted[key]) for key in wanted if key not in known]
        if changed:
            database.require_writable()
            await self._parse(database, tree, changed)
            contents += database.contents(key for key, _ in changed)
        return tree, contents

    async def _known(self, database: Database) -> list[ContentRow]:
        await asyncio.sleep(_GIT_STARTS_S)
        return database.contents()

    async def _parse(self, database: Database, tree: Tree, changed: list[tuple[str, str]]) -> None:
        if len(changed) <= _FEW_FILES:
            await asyncio.to_thread(_index_here, database.path, tree.root, changed)
            return
        count = max(1, min(self._processes, len(changed) // _FILES_PER_PROCESS))
        results = await asyncio.gather(
            *(self._process(database, tree, changed[number::count]) for number in range(count))
        )
        if not all(results):
            # What a process could not do is done here: slower, and with its reason.
            missing = database.known(key for key, _ in changed)
            rest = [item for item in changed if item[0] not in missing]
            await asyncio.to_thread(_index_here, database.path, tree.root, rest)

    async def _process(self, database: Database, tree: Tree, files: list[tuple[str, str]]) -> bool:
        names = b"".join(os.fsencode(part) + b"\0" for item in files for part in item)
        program = (sys.executable, "-P", "-s", "-m", "journeyman.context.index.worker")
        command = Command(
            argv=(*program, str(database.path), str(tree.root)),
            cwd=tree.root,
            env={
                "PYTHONPATH": str(Path(journeyman.__file__).parents[1]),
                "PATH": os.defpath,
                **self._variables,
            },
            stdin=names,
        )
        return (await self._runner.run(command)).ok
