"""Which files a checkout holds that may be looked at, each under the id of its content."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from journeyman.context.index.kinds import is_secret
from journeyman.context.index.parse import MAX_BYTES
from journeyman.context.index.worker import content_key, read_regular


class GitCall(Protocol):
    """Runs git in the checkout; its standard output. Raises JourneymanError when git fails."""

    async def __call__(self, *arguments: str, stdin: bytes | None = None) -> bytes:
        """Standard output of ``git ARGUMENTS``."""


@dataclass(frozen=True)
class Tree:
    """The files of a checkout, tracked and new, that no rule forbids."""

    root: Path
    keys: dict[str, str]
    """Content's key by path, in the order of paths."""
    left_out: tuple[tuple[str, str], ...]
    """Path and reason."""


class Lister(Protocol):
    """Says what the files are now."""

    async def __call__(self) -> Tree:
        """The files."""


class CheckoutLister:
    """The files of the user's checkout: git's index, and what differs from it."""

    def __init__(self, git: GitCall, root: Path, denied: Callable[[str], bool]) -> None:
        self._git, self._root, self._denied = git, root, denied

    async def __call__(self) -> Tree:
        """What git ignores is not among them, and links are not followed."""
        return await _checkout_tree(self._git, self._root, self._denied)


class TreeLister:
    """The files of a worktree whose content git has as a tree object."""

    def __init__(
        self, listing: Callable[[], Awaitable[bytes]], root: Path, denied: Callable[[str], bool]
    ) -> None:
        """``listing`` gives ``git ls-tree -r -z`` of what the worktree holds now."""
        self._listing, self._root, self._denied = listing, root, denied

    async def __call__(self) -> Tree:
        """Regular files alone."""
        keys: dict[str, str] = {}
        for item in filter(None, (await self._listing()).split(b"\0")):
            entry, path = item.split(b"\t", 1)
            mode, _, key = entry.split(b" ")
            if mode.startswith(b"100"):
                keys[os.fsdecode(path)] = key.decode("ascii")
        return _allowed(self._root, keys, [], self._denied)


async def _checkout_tree(git: GitCall, root: Path, denied: Callable[[str], bool]) -> Tree:
    staged, changed = await asyncio.gather(
        git("ls-files", "-s", "-z"), git("ls-files", "-t", "-m", "-d", "-o", "-z", "--exclude-standard")
    )
    keys = _staged(staged)
    fresh: list[str] = []
    for item in filter(None, changed.split(b"\0")):
        mark, path = item[:1], os.fsdecode(item[2:])
        if mark == b"R":
            keys.pop(path, None)
        elif mark == b"?" or path in keys:
            fresh.append(path)
    left_out: list[tuple[str, str]] = []
    for path in dict.fromkeys(fresh):
        keys.pop(path, None)
        if not is_secret(path) and not denied(path):
            data = read_regular(root / path)
            if data is not None and len(data) > MAX_BYTES:
                left_out.append((path, "huge"))
            elif data is not None:
                keys[path] = content_key(data)
    return _allowed(root, keys, left_out, denied)


def _allowed(
    root: Path, keys: dict[str, str], left_out: list[tuple[str, str]], denied: Callable[[str], bool]
) -> Tree:
    """The tree without what no worker may see."""
    for path in sorted(keys):
        reason = "looks like a secret" if is_secret(path) else "out of scope" if denied(path) else ""
        if reason:
            del keys[path]
            left_out.append((path, reason))
    return Tree(root, dict(sorted(keys.items())), tuple(left_out))


def _staged(listing: bytes) -> dict[str, str]:
    """Regular files of the index; one of the sides where a merge has several."""
    keys: dict[str, str] = {}
    for item in filter(None, listing.split(b"\0")):
        entry, path = item.split(b"\t", 1)
        mode, key, _ = entry.split(b" ")
        if mode.startswith(b"100"):
            keys[os.fsdecode(path)] = key.decode("ascii")
    return keys
