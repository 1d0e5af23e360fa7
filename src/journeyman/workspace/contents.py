"""What the work tree holds, as a tree object, and back."""

from __future__ import annotations

import asyncio
import hashlib
import os
from pathlib import Path

from journeyman.workspace.diffs import RawEntry, parse_raw_numstat
from journeyman.workspace.files import copy_index, plain_errors, remove
from journeyman.workspace.git import Git, failure
from journeyman.workspace.gitdir import PrivateGit
from journeyman.workspace.ignored import BaseRules
from journeyman.workspace.worktrees import Worktree, Worktrees

_DIFF = ("diff-index", "--cached", "-z", "--raw", "--no-renames")
_REGULAR = ("100644", "100755")


class WorkContents:
    """Reads and writes the files of the work tree, through an index that no worker can reach.

    The index is kept from one call to the next: files that have not changed since are not read again.
    """

    def __init__(self, private: PrivateGit, worktrees: Worktrees, rules: BaseRules, base_commit: str) -> None:
        self._private = private
        self._worktrees = worktrees
        self._rules = rules
        self._base_commit = base_commit

    async def tree(self, worktree: Worktree) -> str:
        """The tree of the files that count."""
        git = self._git(worktree)
        await self._add_all(git, worktree)
        tree, diff = await asyncio.gather(
            git.text("write-tree", index_file=worktree.index),
            git.run(*_DIFF, self._base_commit, index_file=worktree.index),
        )
        entries, _ = parse_raw_numstat(diff)
        ignored = await self._rules.ignored([entry.path for entry in entries if entry.status == "A"])
        nothing = f"0 {'0' * len(self._base_commit)}"
        mended = [(nothing, entry.path) for entry in entries if entry.path in ignored]
        mended += [
            (f"{entry.new_mode} {entry.old_id}", entry.path)
            for entry in entries
            if _is_unchanged(worktree.path, entry)
        ]
        if mended:
            await self._update_index(git, worktree.index, mended)
            tree = await git.text("write-tree", index_file=worktree.index)
        return await self._with_strays(git, worktree, tree)

    async def _with_strays(self, git: Git, worktree: Worktree, tree: str) -> str:
        """The tree with what a worker put into the folders of submodules, where git itself does not look.

        The folder then stands in the submodule's place, which the guard refuses, and nothing is lost. The
        kept index does not learn of it.
        """
        if not (worktree.path / ".gitmodules").exists():
            return tree
        folders = [
            folder
            for folder in await self._worktrees.submodules(worktree)
            if not (folder / ".git").exists() and any(folder.iterdir())
        ]
        if not folders:
            return tree
        index = worktree.index.with_name(f"{worktree.index.name}.strays")
        copy_index(worktree.index, index)
        names = [str(folder.relative_to(worktree.path)) for folder in folders]
        await self._update_index(git, index, [(f"0 {'0' * len(self._base_commit)}", name) for name in names])
        await git.run("add", "--all", "--", *names, index_file=index)
        return await git.text("write-tree", index_file=index)

    async def hidden_among(self, worktree: Worktree, paths: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the paths that ignore rules hide: the base's, the user's or the worktree's own."""
        ignored = set(await self._rules.ignored(list(paths)))
        others = await self._git(worktree).items(
            "ls-files", "-o", "-i", "-z", "--exclude-standard", "--", *paths, index_file=worktree.index
        )
        return tuple(path for path in paths if path in ignored or path in others)

    async def restore(self, worktree: Worktree, tree: str, head: str) -> None:
        """Make the files exactly ``tree``; ignored ones stay. Git in the worktree is shown ``head``."""
        git = self._git(worktree)
        await self._worktrees.read_tree(worktree, tree)
        await self._worktrees.empty_submodules(worktree)
        found = await self._untracked(git, worktree)
        ignored = await self._rules.ignored([path.rstrip("/") for path in found])
        for path in found:
            if path.rstrip("/") not in ignored:
                _remove_upwards(worktree.path, path.rstrip("/"))
        await self._worktrees.align(worktree, head)

    async def _add_all(self, git: Git, worktree: Worktree) -> None:
        remove(worktree.index.with_name(f"{worktree.index.name}.lock"))
        result = await git.result("add", "--all", "--ignore-errors", index_file=worktree.index)
        if result.ok:
            return
        left = await self._untracked(git, worktree)
        # A repository without a commit cannot be added: it gets an entry all the same, for the guard to see.
        nested = [path.rstrip("/") for path in left if path.endswith("/")]
        if result.exit_code < 0 or not nested or len(nested) != len(left):
            raise failure(result)
        entries = [(f"160000 {self._base_commit}", path) for path in nested]
        await self._update_index(git, worktree.index, entries)

    async def _update_index(self, git: Git, index: Path, entries: list[tuple[str, str]]) -> None:
        lines = "".join(f"{what}\t{path}\0" for what, path in entries)
        arguments = ("update-index", "-z", "--add", "--index-info")
        await git.run(*arguments, stdin=os.fsencode(lines), index_file=index)

    async def _untracked(self, git: Git, worktree: Worktree) -> list[str]:
        """Untracked files that no rule in the work tree hides; nested repositories end in a slash."""
        return await git.items("ls-files", "-o", "-z", "--exclude-standard", index_file=worktree.index)

    def _git(self, worktree: Worktree) -> Git:
        return self._private.files(worktree.path)


def _is_unchanged(root: Path, entry: RawEntry) -> bool:
    """Whether the file is byte for byte what the base has, though git would now commit it differently.

    So it is where the base's line endings are not what its attributes ask for: git finds such a change, which
    nobody made, whenever it has reason to read the file again.
    """
    if entry.status != "M" or entry.old_mode not in _REGULAR or entry.old_id == entry.new_id:
        return False
    try:
        content = (root / entry.path).read_bytes()
    except OSError:
        return False
    algorithm = hashlib.sha1 if len(entry.old_id) == 40 else hashlib.sha256
    return algorithm(b"blob %d\0%s" % (len(content), content)).hexdigest() == entry.old_id


def _remove_upwards(root: Path, name: str) -> None:
    """Delete a path and the folders that it leaves empty."""
    path = root / name
    remove(path)
    with plain_errors(path):
        for folder in path.parents:
            if folder == root or any(folder.iterdir()):
                return
            folder.rmdir()
