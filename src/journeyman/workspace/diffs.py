"""What changed between two trees: as values for the scope guard, as a patch for people and ``git apply``."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import NamedTuple

from journeyman.domain.scope import Change, ChangeKind
from journeyman.workspace.git import Git
from journeyman.workspace.objects import read_blobs

_KINDS = {"A": ChangeKind.ADDED, "D": ChangeKind.DELETED, "M": ChangeKind.MODIFIED, "T": ChangeKind.MODIFIED}
_SYMLINK = "120000"
# No renames: a rename is a deletion and an addition, so that both paths are judged.
_PLAIN = ("--no-renames", "--no-ext-diff", "--no-textconv", "--no-color", "--full-index")


class RawEntry(NamedTuple):
    """One line of a raw diff."""

    path: str
    old_mode: str
    new_mode: str
    old_id: str
    new_id: str
    status: str


async def changes(git: Git, old: str, new: str) -> tuple[Change, ...]:
    """Every path in which two trees (or commits) differ, in git's order."""
    if old == new:
        return ()
    output = await git.run("diff-tree", "-r", "-z", "--raw", "--numstat", *_PLAIN, old, new)
    entries, counts = parse_raw_numstat(output)
    links = {entry.path: entry.new_id for entry in entries if entry.new_mode == _SYMLINK}
    targets = await read_blobs(git, list(links.values()))
    found = []
    for entry in entries:
        added, removed = counts.get(entry.path, (0, 0))
        change = Change(
            path=entry.path,
            kind=_KINDS[entry.status],
            old_mode=entry.old_mode,
            new_mode=entry.new_mode,
            lines_added=added or 0,
            lines_removed=removed or 0,
            binary=added is None,
        )
        if entry.path in links:
            change = replace(change, link_target=os.fsdecode(targets[links[entry.path]]))
        found.append(change)
    return tuple(found)


async def diff_bytes(git: Git, old: str, new: str) -> bytes:
    """The patch from one tree (or commit) to another, binary files included."""
    return await git.run("diff-tree", "-r", "-p", "--binary", *_PLAIN, old, new)


async def tree_of(git: Git, commit: str) -> str:
    """The tree of a commit."""
    return await git.text("rev-parse", "--verify", f"{commit}^{{tree}}")


def parse_raw_numstat(output: bytes) -> tuple[list[RawEntry], dict[str, tuple[int | None, int | None]]]:
    """The raw entries, and lines added and removed by path (``None`` for binary), of ``-z`` output."""
    fields = iter(output.split(b"\0"))
    entries: list[RawEntry] = []
    counts: dict[str, tuple[int | None, int | None]] = {}
    for field in fields:
        if field.startswith(b":"):
            old_mode, new_mode, old_id, new_id, status = field[1:].decode("ascii").split(" ")
            path = os.fsdecode(next(fields))
            entries.append(RawEntry(path, old_mode, new_mode, old_id, new_id, status[0]))
        elif field:
            added, removed, name = field.split(b"\t", 2)
            counts[os.fsdecode(name)] = (_count(added), _count(removed))
    return entries, counts


def _count(field: bytes) -> int | None:
    return None if field == b"-" else int(field)
