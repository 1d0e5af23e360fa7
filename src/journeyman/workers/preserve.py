"""Files outside a run's scope, kept as they are while a command edits the whole tree."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from stat import S_IMODE, S_ISLNK, S_ISREG
from typing import BinaryIO

from journeyman.domain.errors import JourneymanError
from journeyman.domain.scope import Change, ChangeKind, Scope, judge_scope
from journeyman.domain.worker import WorkerHost
from journeyman.workers.base import disk_full

# The setting keeps a file-system monitor of the repository's choosing from being started.
_LIST = ("git", "-c", "core.fsmonitor=false", "ls-files", "-z", "-co", "--exclude-standard", "--deduplicate")
_LIST_TIMEOUT_S = 120.0
_MODE = "100644"

Permitted = Callable[[str], bool]
_Looks = tuple[int, int, int, int, int]


def permits(scope: Scope) -> Permitted:
    """Whether the scope lets a path change: the guard's own judgement, remembered for each path."""
    known: dict[str, bool] = {}

    def permitted(path: str) -> bool:
        if path not in known:
            change = Change(path, ChangeKind.MODIFIED, _MODE, _MODE)
            known[path] = judge_scope((change,), scope).ok
        return known[path]

    return permitted


async def list_paths(host: WorkerHost) -> tuple[str, ...]:
    """The worktree's files that git tracks or would track. Call it inside a step or an edit."""
    result = await host.run(_LIST, timeout_s=_LIST_TIMEOUT_S)
    if not result.ok or result.truncated:
        why = "the list is too long" if result.truncated else f"git ended with exit code {result.exit_code}"
        facts = tuple(result.stderr.decode("utf-8", "backslashreplace").splitlines()[-5:])
        raise JourneymanError(
            "worker-failed", f"the worktree's files could not be listed: {why}", facts=facts
        )
    return tuple(os.fsdecode(name) for name in result.stdout.split(b"\0") if name)


@asynccontextmanager
async def preserved(
    host: WorkerHost, paths: tuple[str, ...], permitted: Permitted
) -> AsyncIterator[list[str]]:
    """Undo, on leaving, what was done to files that may not change.

    ``paths`` is the listing from before. Yields a list that holds, after the block, the paths that had to
    be put back. Nothing is put back when the block raises: the guards judge what goes on from there.
    """
    kept = [path for path in paths if not permitted(path)]
    known = frozenset(paths)
    restored: list[str] = []
    with tempfile.TemporaryFile(prefix="journeyman-keep-") as file:
        keep = _Keep(host.worktree, file)
        try:
            before = await asyncio.to_thread(keep.copy, kept)
            yield restored
            after = await list_paths(host)
            fresh = [path for path in after if path not in known and not permitted(path)]
            restored += await asyncio.to_thread(keep.put_back, before, fresh)
        except OSError as error:
            message = f"files outside the scope could not be preserved: {error.strerror or error}"
            full = disk_full(error, str(error.filename or "the worktree"))
            raise full or JourneymanError("worker-failed", message, facts=(str(error),)) from None


@dataclass(frozen=True)
class _Copy:
    """Where the content of a file lies among the kept ones; or what a symlink says."""

    look: os.stat_result
    at: int = 0
    link: str | None = None


class _Keep:
    """Copies of files, and the way back. Never reaches through a symlink, which may lead out of the tree.

    All lie in one file: to make thousands takes longer than to read what is to be in them.
    """

    def __init__(self, root: Path, kept: BinaryIO) -> None:
        self._root = root
        self._kept = kept
        self._copies: dict[str, _Copy] = {}

    def copy(self, paths: list[str]) -> dict[str, _Looks | None]:
        """Copy each file or symlink; returns what each looks like. Submodules are no files and left out."""
        looks: dict[str, _Looks | None] = {}
        at = 0
        for path in paths:
            stat = self._stat(path)
            if stat is None:
                looks[path] = None
            elif S_ISLNK(stat.st_mode):
                looks[path] = _look(stat)
                self._copies[path] = _Copy(stat, link=str((self._root / path).readlink()))
            elif S_ISREG(stat.st_mode):
                looks[path] = _look(stat)
                content = (self._root / path).read_bytes()
                self._copies[path] = _Copy(stat, at)
                at += self._kept.write(len(content).to_bytes(8, "big") + content)
        return looks

    def put_back(self, before: dict[str, _Looks | None], fresh: list[str]) -> list[str]:
        """Remove the fresh files, restore those that look different; returns which."""
        changed = [path for path, look in before.items() if _look(self._stat(path)) != look]
        for path in [*fresh, *changed]:
            if self._stat(path) is not None:
                _remove(self._root / path)
        for path in changed:
            if path in self._copies:
                self._make_way(path)
                self._restore(self._root / path, self._copies[path])
        return changed + fresh

    def _restore(self, target: Path, copy: _Copy) -> None:
        if copy.link is not None:
            target.symlink_to(copy.link)
            return
        self._kept.seek(copy.at)
        target.write_bytes(self._kept.read(int.from_bytes(self._kept.read(8), "big")))
        target.chmod(S_IMODE(copy.look.st_mode))
        os.utime(target, ns=(copy.look.st_atime_ns, copy.look.st_mtime_ns))

    def _parents(self, path: str) -> list[Path]:
        """The folders on the way to the path, from the top, without the root."""
        return [self._root / parent for parent in reversed(PurePosixPath(path).parents[:-1])]

    def _stat(self, path: str) -> os.stat_result | None:
        if any(parent.is_symlink() for parent in self._parents(path)):
            return None
        try:
            return (self._root / path).lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _make_way(self, path: str) -> None:
        for parent in self._parents(path):
            if parent.is_symlink() or (parent.exists() and not parent.is_dir()):
                parent.unlink()
            parent.mkdir(exist_ok=True)


def _look(stat: os.stat_result | None) -> _Looks | None:
    """What changes when a file is written, replaced or given another mode; ``None`` when not there."""
    return stat and (stat.st_ino, stat.st_mode, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
