"""The workspace of one run: where its worker edits, its snapshots, its checkpoints. The user's checkout,
index, stash and branches are never touched.

Every method may be called again after a ``kill -9`` between any two of its git commands.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from journeyman.domain.identity import branch_name
from journeyman.domain.process import CommandRunner
from journeyman.domain.scope import Change
from journeyman.workspace import diffs, objects
from journeyman.workspace.contents import WorkContents
from journeyman.workspace.files import remove, write_atomic
from journeyman.workspace.gitdir import PrivateGit
from journeyman.workspace.ignored import BaseRules, is_litter
from journeyman.workspace.objects import Authorship, CommitInfo
from journeyman.workspace.refs import delete_refs, list_refs, move_ref, moved_away, read_ref
from journeyman.workspace.repository import FALLBACK_EMAIL, FALLBACK_NAME, Repository, repository_git
from journeyman.workspace.worktrees import Worktree, Worktrees, empty_trash, run_folder

Role = Literal["verify", "base"]


@dataclass(frozen=True)
class OpenedWorkspace:
    """A workspace that a worker can start in."""

    worktree: Path
    branch: str
    base_commit: str
    base_tree: str


@dataclass(frozen=True)
class Snapshot:
    """An immutable commit of what the work tree held, kept by a ref, on no branch."""

    commit: str
    tree: str


class Workspace:
    """Git's side of one run."""

    def __init__(
        self,
        repository: Repository,
        *,
        runner: CommandRunner,
        env: Mapping[str, str],
        run_id: str,
        title: str,
        base_commit: str,
        cache_root: Path,
        state_dir: Path,
        litter: tuple[str, ...] = (),
    ) -> None:
        """Worktrees go below ``cache_root``; ``state_dir`` is the run's own folder for small facts.

        ``litter`` are paths that never count as changes, such as linked ``node_modules``.
        """
        self.branch = branch_name(run_id, title)
        self._run_id = run_id
        self._base_commit = base_commit
        self._identity = repository.identity
        self._zeros = "0" * len(base_commit)
        self._state_dir = state_dir
        self._cache_root = cache_root
        folder = run_folder(cache_root, repository.common_dir, run_id)
        self._refs = repository_git(repository, runner, env)
        self._private = PrivateGit(repository, folder / "git", runner, env)
        self._worktrees = Worktrees(folder, self._refs, self._private)
        rules = BaseRules(self._private, folder / "rules", base_commit, litter)
        self._contents = WorkContents(self._private, self._worktrees, rules, base_commit)
        self._locks = {role: asyncio.Lock() for role in ("work", "verify", "base")}

    @property
    def work_path(self) -> Path:
        """Where the worker edits."""
        return self._worktrees.path("work")

    @property
    def is_open(self) -> bool:
        """Whether there is a worktree that a worker may have edited."""
        return self._worktrees.find("work") is not None

    async def open(self) -> OpenedWorkspace:
        """The worktree at the base commit, on no branch, and the run's branch; as they are when they exist.

        The branch is not checked out, so that a worker that commits by itself does not move it.
        """
        git = self._private.objects
        _, base_tree, _ = await asyncio.gather(
            self._make_branch(), diffs.tree_of(git, self._base_commit), self._open_work()
        )
        return OpenedWorkspace(self.work_path, self.branch, self._base_commit, base_tree)

    async def tree_at(self, role: Role, commit: str, keep: tuple[str, ...] = ()) -> Path:
        """A worktree of its own that holds exactly ``commit``.

        ``keep`` are gitignore patterns of untracked files that may stay: links, and tools' caches.
        """
        async with self._locks[role]:
            return await self._worktrees.switch(role, commit, keep)

    async def altered(self, role: Role) -> tuple[str, ...]:
        """Tracked files of the role's worktree that are not as :meth:`tree_at` left them."""
        tree = self._worktrees.find(role)
        return await self._worktrees.altered(tree) if tree is not None else ()

    async def current_tree(self) -> str:
        """The tree of what the work tree holds now. See :mod:`journeyman.workspace.ignored` for what counts.

        The files are what is looked at, not git's state in the worktree: a worker's own commits, resets and
        branches change nothing. A repository that a worker made inside is an entry of mode 160000.
        """
        async with self._work() as tree:
            return await self._contents.tree(tree)

    async def snapshot(self, message: str, parent: str, ref: str) -> Snapshot:
        """Commit what the work tree holds, on no branch, and point ``ref`` to it.

        A snapshot of the same tree that ``ref`` has already is given back; another one that it has is
        first kept under ``REF-earlier-…``.
        """
        tree = await self.current_tree()
        now = Authorship(FALLBACK_NAME, FALLBACK_EMAIL, int(time.time()))
        commit = await objects.commit_tree(self._private.objects, tree, (parent,), message, now)
        if await move_ref(self._refs, ref, commit, self._zeros):
            return Snapshot(commit, tree)
        there = await read_ref(self._refs, ref) or ""
        found = await objects.commit_info(self._private.objects, there)
        if (found.tree, found.parents) == (tree, (parent,)):
            return Snapshot(there, tree)
        await move_ref(self._refs, f"{ref}-earlier-{there[:12]}", there, self._zeros)
        if not await move_ref(self._refs, ref, commit, there):
            raise moved_away(ref, there, await read_ref(self._refs, ref))
        return Snapshot(commit, tree)

    async def hidden_files(self) -> tuple[str, ...]:
        """Files of the work tree that the last snapshot left out as ignore rules hide them; no litter."""
        async with self._work() as worktree:
            return tuple(path for path in await self._worktrees.left_out(worktree) if not is_litter(path))

    async def hidden_among(self, paths: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the paths in the work tree that a snapshot would leave out."""
        async with self._work() as worktree:
            return await self._contents.hidden_among(worktree, paths)

    async def restore(self, tree: str) -> None:
        """Make the work tree hold exactly ``tree``; ignored files stay."""
        head = await read_ref(self._refs, f"refs/heads/{self.branch}") or self._base_commit
        async with self._work() as worktree:
            await self._contents.restore(worktree, tree, head)

    async def rescue(self, ref: str) -> Snapshot:
        """Keep what the work tree holds under ``ref``."""
        return await self.snapshot(f"found in the worktree of {self._run_id}", self._base_commit, ref)

    async def changes(self, old: str, new: str) -> tuple[Change, ...]:
        """Every path in which two trees (or commits) differ. Undecodable bytes of names are surrogates."""
        return await diffs.changes(self._private.objects, old, new)

    async def listing(self, tree: str) -> bytes:
        """The files of a tree, as ``git ls-tree -r -z`` tells them."""
        return await self._private.objects.run("ls-tree", "-r", "-z", "--full-tree", tree)

    async def files_of(self, tree: str) -> tuple[str, ...]:
        """Every path in a tree (or commit)."""
        return await objects.list_files(self._private.objects, tree)

    async def texts_of(self, tree: str, paths: tuple[str, ...]) -> dict[str, str]:
        """The files' texts in a tree (or commit); what is not there, or is no UTF-8, is left out."""
        found = {}
        for path, content in (await objects.read_texts(self._private.objects, tree, paths)).items():
            with contextlib.suppress(UnicodeDecodeError):
                found[path] = content.decode("utf-8")
        return found

    async def tree_with(self, tree: str, source: str, paths: tuple[str, ...]) -> str:
        """``tree`` with ``paths`` as they are in the tree ``source``; the work tree stays as it is."""
        self._state_dir.mkdir(parents=True, exist_ok=True)
        index = self._state_dir / f"index-{secrets.token_hex(4)}"
        try:
            return await objects.tree_with(self._private.objects, tree, source, paths, index)
        finally:
            remove(index)

    async def commit_of(self, tree: str) -> str:
        """A commit of a tree, on no branch and with no ref: for worktrees that are switched to it."""
        now = Authorship(FALLBACK_NAME, FALLBACK_EMAIL, int(time.time()))
        return await objects.commit_tree(
            self._private.objects, tree, (self._base_commit,), f"tried by {self._run_id}", now
        )

    async def diff_text(self, old: str, new: str) -> str:
        """The patch between two trees (or commits), as ``git apply`` takes it.

        Bytes that are not UTF-8 are surrogates: encode with ``surrogateescape`` to write it out.
        """
        patch = await diffs.diff_bytes(self._private.objects, old, new)
        return patch.decode("utf-8", "surrogateescape")

    async def checkpoint(
        self,
        tree: str,
        parent: str,
        message: str,
        trailers: tuple[tuple[str, str], ...] = (),
    ) -> str:
        """Commit exactly ``tree`` on the run's branch, which is at ``parent``.

        The same call gives the same commit: its date is that of the first such call. Raises
        JourneymanError("git-failed") when somebody else moved the branch.
        """
        text = objects.with_trailers(message, trailers)
        by = Authorship(*self._identity, self._date(tree, parent, text))
        commit = await objects.commit_tree(self._private.objects, tree, (parent,), text, by)
        ref = f"refs/heads/{self.branch}"
        if not await move_ref(self._refs, ref, commit, parent):
            found = await read_ref(self._refs, ref)
            if found != commit:
                raise moved_away(ref, parent, found)
        async with self._locks["work"]:
            worktree = self._worktrees.find("work")
            if worktree is not None:
                await self._worktrees.align(worktree, commit)
        return commit

    async def commit_info(self, commit: str) -> CommitInfo:
        """A commit's tree, parents, message and trailers. Raises JourneymanError("unknown-commit")."""
        return await objects.commit_info(self._private.objects, commit)

    async def list_run_refs(self) -> tuple[str, ...]:
        """Full names of all refs of this run, its branch among them."""
        return tuple(ref.name for ref in await list_refs(self._refs, self._run_id))

    async def close(self) -> None:
        """Take the worktrees away: off git's list, and renamed, which is quick; refs stay.

        Deleting them goes on in a thread. What the end of the process cuts off, the next run goes on with.
        """
        await asyncio.to_thread(self._worktrees.close)
        asyncio.get_running_loop().run_in_executor(None, empty_trash, self._cache_root)

    async def discard(self) -> None:
        """Leave no trace of the run: for one that only tried things."""
        await self.close()
        await delete_refs(self._refs, await list_refs(self._refs, self._run_id))

    async def _make_branch(self) -> None:
        ref = f"refs/heads/{self.branch}"
        # Not made: it exists already, perhaps with checkpoints.
        await move_ref(self._refs, ref, self._base_commit, self._zeros)

    async def _open_work(self) -> None:
        async with self._work():
            pass

    @asynccontextmanager
    async def _work(self) -> AsyncIterator[Worktree]:
        async with self._locks["work"]:
            yield self._worktrees.find("work") or await self._worktrees.make("work", self._base_commit)

    def _date(self, *parts: str) -> int:
        # Written down before the commit is made: a repeat after a crash finds it.
        key = hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:24]
        note = self._state_dir / f"date-{key}"
        try:
            return int(note.read_text("ascii"))
        except (OSError, ValueError):
            now = int(time.time())
            write_atomic(note, str(now).encode("ascii"))
            return now
