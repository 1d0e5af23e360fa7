"""What the work tree holds, as a tree object, and back."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from journeyman.workspace.files import plain_errors, remove
from journeyman.workspace.git import Git, failure, join_items
from journeyman.workspace.gitdir import PrivateGit
from journeyman.workspace.ignored import BaseRules
from journeyman.workspace.worktrees import Worktree, Worktrees

_ADDED = ("diff-index", "--cached", "-z", "--name-only", "--no-renames", "--diff-filter=A")


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
        tree, added = await asyncio.gather(
            git.text("write-tree", index_file=worktree.index),
            git.items(*_ADDED, self._base_commit, index_file=worktree.index),
        )
        ignored = await self._rules.ignored(added)
        if ignored:
            arguments = ("update-index", "-z", "--force-remove", "--stdin")
            await git.run(*arguments, stdin=join_items(sorted(ignored)), index_file=worktree.index)
            tree = await git.text("write-tree", index_file=worktree.index)
        return tree

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
        entries = "".join(f"160000 {self._base_commit}\t{path}\0" for path in nested)
        arguments = ("update-index", "-z", "--add", "--index-info")
        await git.run(*arguments, stdin=os.fsencode(entries), index_file=worktree.index)

    async def _untracked(self, git: Git, worktree: Worktree) -> list[str]:
        """Untracked files that no rule in the work tree hides; nested repositories end in a slash."""
        return await git.items("ls-files", "-o", "-z", "--exclude-standard", index_file=worktree.index)

    def _git(self, worktree: Worktree) -> Git:
        return self._private.files(worktree.path)


def _remove_upwards(root: Path, name: str) -> None:
    """Delete a path and the folders that it leaves empty."""
    path = root / name
    remove(path)
    with plain_errors(path):
        for folder in path.parents:
            if folder == root or any(folder.iterdir()):
                return
            folder.rmdir()
