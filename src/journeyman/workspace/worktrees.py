"""The run's worktrees on disk: made, switched to a commit, emptied, put away. Each step can be repeated."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from journeyman.domain.errors import JourneymanError
from journeyman.workspace.files import (
    copy_index,
    make_folders_writable,
    plain_errors,
    remove,
    set_aside,
    write_atomic,
)
from journeyman.workspace.git import Git
from journeyman.workspace.gitdir import PrivateGit
from journeyman.workspace.refs import set_head

TRASH = ".trash"
_OBJECT_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SUBMODULE = b"160000"
_UNREADABLE = re.compile(r"\bunable to read (?:sha1 file|object)|\b(?:missing|bad) (?:blob|object)\b")
_EMPTY_TREES = {
    40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
"""By the length of an object's id; git knows them without having them."""


def worktrees_folder(cache_root: Path, common_dir: Path) -> Path:
    """Where the worktrees of all runs of one repository are."""
    digest = hashlib.sha256(os.fsencode(common_dir)).hexdigest()[:16]
    return cache_root / "worktrees" / digest


def run_folder(cache_root: Path, common_dir: Path, run_id: str) -> Path:
    """The folder that holds one run's worktrees, indexes and git directory."""
    return worktrees_folder(cache_root, common_dir) / run_id


@dataclass(frozen=True)
class Worktree:
    """One worktree that is registered with the repository. ``index`` is ours, out of a worker's reach."""

    path: Path
    admin: Path
    """The repository's folder for it, ``…/worktrees/NAME``."""
    index: Path


class Worktrees:
    """The worktrees of one run."""

    def __init__(self, folder: Path, repository: Git, private: PrivateGit) -> None:
        """``repository`` is git on the user's repository, in its common directory."""
        self._folder = folder
        self._repository = repository
        self._private = private

    def path(self, role: str) -> Path:
        """Where the worktree of a role is, or will be."""
        return self._folder / role

    def find(self, role: str) -> Worktree | None:
        """The role's worktree when it is whole; its ``.git`` file is mended if somebody changed it."""
        path = self.path(role)
        try:
            admin = Path(json.loads(self._marker(role).read_bytes())["admin"])
        except (OSError, ValueError, KeyError):
            return None
        tree = Worktree(path, admin, self._folder / f"{role}.index")
        if (
            path.is_symlink()
            or not path.is_dir()
            or not tree.index.exists()
            or _registered(admin) != path / ".git"
        ):
            return None
        _mend_link(path / ".git", admin)
        return tree

    async def make(self, role: str, commit: str) -> Worktree:
        """A fresh worktree at ``commit``; what a cut-off attempt left of it is put aside.

        One that was whole, and that only the repository has forgotten, keeps its files.
        """
        path, index = self.path(role), self._folder / f"{role}.index"
        if self._marker(role).exists() and path.is_dir() and not path.is_symlink() and index.exists():
            tree = Worktree(path, await self._register_again(path, commit), index)
        else:
            remove(self._marker(role))
            set_aside(path, self._folder.parent / TRASH)
            tree = Worktree(path, await self._register(path, commit), index)
            remove(index)
            await self.read_tree(tree, commit)
        _share_index(tree)
        write_atomic(self._marker(role), json.dumps({"admin": str(tree.admin)}).encode())
        return tree

    async def _register(self, path: Path, commit: str) -> Path:
        with plain_errors(path):
            self._folder.mkdir(parents=True, exist_ok=True)
        # Forced twice: an entry that a killed `git worktree add` left behind is locked.
        await self._repository.run(
            "worktree", "add", "--force", "--force", "--detach", "--no-checkout", str(path), commit
        )
        return Path(os.fsdecode((path / ".git").read_bytes()).removeprefix("gitdir:").strip())

    async def _register_again(self, path: Path, commit: str) -> Path:
        spare = path.with_name(f"{path.name}.spare")
        set_aside(spare, self._folder.parent / TRASH)
        admin = await self._register(spare, commit)
        write_atomic(admin / "gitdir", os.fsencode(path / ".git") + b"\n")
        remove(spare)
        _mend_link(path / ".git", admin)
        return admin

    async def switch(self, role: str, commit: str, keep: tuple[str, ...]) -> Path:
        """The role's worktree holding exactly ``commit`` and what ``keep`` names (gitignore patterns)."""
        started = time.time()
        tree = self.find(role)
        if tree is None:
            tree = await self.make(role, commit)
        else:
            await self._reset(tree, commit, keep)
        await self._mark_times(tree, role, commit, started)
        _share_index(tree)
        return tree.path

    async def altered(self, tree: Worktree) -> tuple[str, ...]:
        """Tracked files that are not as the tree's index has them; submodules are not looked into."""
        git = self._private.files(tree.path)
        await git.result("update-index", "-q", "--refresh", index_file=tree.index)
        options = ("-z", "--name-only", "--ignore-submodules")
        return tuple(await git.items("diff-files", *options, index_file=tree.index))

    async def left_out(self, tree: Worktree) -> tuple[str, ...]:
        """What the tree holds and its index does not; a folder of which nothing is in it ends in a slash."""
        options = ("-o", "-z", "--directory", "--no-empty-directory")
        return tuple(await self._private.files(tree.path).items("ls-files", *options, index_file=tree.index))

    async def read_tree(self, tree: Worktree, tree_ish: str) -> None:
        """Make the tracked files those of ``tree_ish``; what is in their way is replaced."""
        git = self._private.files(tree.path)

        async def read() -> None:
            remove(tree.index.with_name(f"{tree.index.name}.lock"))
            try:
                await git.run("read-tree", "-u", "--reset", tree_ish, index_file=tree.index)
            except JourneymanError as error:
                raise _incomplete(error, tree_ish) from None

        await _patiently(tree.path, read)

    async def empty_submodules(self, tree: Worktree) -> None:
        """Submodules stay empty: what a check put into their folders is in no commit."""
        for folder in await self.submodules(tree):
            with plain_errors(folder):
                for child in folder.iterdir():
                    remove(child)

    async def submodules(self, tree: Worktree) -> list[Path]:
        """The folders that stand for submodules."""
        listing = await self._private.files(tree.path).run("ls-files", "-s", "-z", index_file=tree.index)
        entries = [entry for entry in listing.split(b"\0") if entry.startswith(_SUBMODULE)]
        folders = [tree.path / os.fsdecode(entry.split(b"\t", 1)[1]) for entry in entries]
        return [folder for folder in folders if folder.is_dir() and not folder.is_symlink()]

    async def align(self, tree: Worktree, commit: str) -> None:
        """Show git in the worktree, which a worker may ask, ``commit`` as HEAD and our index as its own."""
        await set_head(self._repository, tree.admin, commit)
        _share_index(tree)

    def close(self) -> None:
        """Take all worktrees off the repository's list and put their folder aside. Deletes nothing big."""
        forget_worktrees(self._repository.cwd, self._folder)
        set_aside(self._folder, self._folder.parent / TRASH)

    async def _reset(self, tree: Worktree, commit: str, keep: tuple[str, ...]) -> None:
        git = self._private.files(tree.path)
        patterns = [f"--exclude={pattern}" for pattern in keep]

        async def clean() -> None:
            await git.run("clean", "-ffdxq", *patterns, index_file=tree.index)

        await self.read_tree(tree, commit)
        await asyncio.gather(
            _patiently(tree.path, clean),
            self.empty_submodules(tree),
            set_head(self._repository, tree.admin, commit),
        )

    async def _mark_times(self, tree: Worktree, role: str, commit: str, started: float) -> None:
        """Give files that changed a modification time, in whole seconds, that they never had before.

        The caches that a clean-up leaves (mypy's, ruff's) take a file of the same size and second for
        unchanged: two switches within a second, or a clock that went back, would let a check pass on what
        it saw before.
        """
        stamp = self._folder / f"{role}.stamp"
        try:
            last = json.loads(stamp.read_bytes())
            second, before = int(last["second"]), str(last["commit"])
        except (OSError, ValueError, KeyError):
            second, before = -1, commit
        if int(started) > second:
            second = int(time.time())
        elif before != commit:
            second += 1
            await self._touch(tree, before, commit, second)
        write_atomic(stamp, json.dumps({"second": second, "commit": commit}).encode())

    async def _touch(self, tree: Worktree, before: str, after: str, second: int) -> None:
        names = await self._private.objects.items(
            "diff-tree", "-r", "-z", "--name-only", "--no-renames", "--diff-filter=d", before, after
        )
        for name in names:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                os.utime(tree.path / name, (second, second), follow_symlinks=False)
        await self._private.files(tree.path).run("update-index", "-q", "--refresh", index_file=tree.index)

    def _marker(self, role: str) -> Path:
        return self._folder / f"{role}.json"


def forget_worktrees(common_dir: Path, folder: Path) -> None:
    """Remove the repository's entries for worktrees directly in ``folder``; never anybody else's."""
    entries = common_dir / "worktrees"
    with plain_errors(entries):
        admins = list(entries.iterdir()) if entries.is_dir() else []
    for admin in admins:
        registered = _registered(admin)
        if registered is not None and registered.parent.parent == folder:
            remove(admin)


def registered_head(path: Path) -> str | None:
    """The commit that one of our worktrees is detached at, without asking git; ``None`` if it is no more."""
    try:
        admin = Path(json.loads(path.with_suffix(".json").read_bytes())["admin"])
        head = (admin / "HEAD").read_text("ascii").strip()
    except (OSError, ValueError, KeyError):
        return None
    return head if _OBJECT_ID.fullmatch(head) else None


def empty_trash(cache_root: Path) -> None:
    """Delete what closed worktrees left. Slow for large ones: call it in a thread; harmless to cut off."""
    for leftover in (cache_root / "worktrees").glob(f"*/{TRASH}/*"):
        remove(leftover)


async def _patiently(path: Path, action: Callable[[], Awaitable[None]]) -> None:
    """Do it; where folders are read-only because a check made them so, open them and do it again."""
    try:
        await action()
    except JourneymanError as error:
        if error.code != "not-writable":
            raise
        await asyncio.to_thread(make_folders_writable, path)
        await action()


def _incomplete(error: JourneymanError, tree_ish: str) -> JourneymanError:
    """What ``error`` means where files of a partial clone were never fetched: git says it once for each."""
    if error.code != "git-failed" or not any(_UNREADABLE.search(fact) for fact in error.facts):
        return error
    message = "files of this commit are not here, as in a partial clone, and a run fetches nothing"
    empty = _EMPTY_TREES.get(len(tree_ish))
    # It has to look at every file, so git fetches all that are missing, in one go.
    hint = f"git diff --shortstat {empty} {tree_ish}" if empty else None
    facts = ("git clone --filter and --sparse leave files out until they are wanted",)
    return JourneymanError("git-failed", message, facts=facts, hint=hint)


def _registered(admin: Path) -> Path | None:
    try:
        return Path(os.fsdecode((admin / "gitdir").read_bytes()).rstrip("\n"))
    except OSError:
        return None


def _mend_link(entry: Path, admin: Path) -> None:
    content = b"gitdir: " + os.fsencode(admin) + b"\n"
    if entry.is_symlink() or not entry.is_file() or entry.read_bytes() != content:
        remove(entry)
        write_atomic(entry, content)


def _share_index(tree: Worktree) -> None:
    remove(tree.admin / "index.lock")
    copy_index(tree.index, tree.admin / "index")
