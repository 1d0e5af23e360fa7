"""Objects: blobs read in one go, commits made to the byte, commits taken apart."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from journeyman.domain.errors import JourneymanError
from journeyman.workspace.git import Git

_SEPARATOR, _COLON = "\x02", "\x01"
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")


@dataclass(frozen=True)
class Authorship:
    """Who makes a commit, and when (Unix seconds): with the rest, all that decides its id."""

    name: str
    email: str
    when: int


@dataclass(frozen=True)
class CommitInfo:
    """One commit. ``trailers`` are those at the very end of its message, in order."""

    commit: str
    tree: str
    parents: tuple[str, ...]
    message: str
    trailers: tuple[tuple[str, str], ...]


async def read_blobs(git: Git, ids: list[str]) -> dict[str, bytes]:
    """The content of each blob, by one process."""
    if not ids:
        return {}
    wanted = list(dict.fromkeys(ids))
    output = await git.run("cat-file", "--batch", stdin="".join(f"{name}\n" for name in wanted).encode())
    blobs, position = {}, 0
    for name in wanted:
        end = output.index(b"\n", position)
        header = output[position:end].split(b" ")
        if len(header) != 3:
            raise JourneymanError("git-failed", f"object {name} is missing from the repository")
        size = int(header[2])
        blobs[name] = output[end + 1 : end + 1 + size]
        position = end + size + 2
    return blobs


async def read_texts(git: Git, tree: str, paths: tuple[str, ...]) -> dict[str, bytes]:
    """The files' content in a tree (or commit); those that are not there, or are no files, are left out."""
    ids = {entry.path: entry.id for entry in await _entries(git, tree, paths) if entry.mode.startswith("100")}
    blobs = await read_blobs(git, list(ids.values()))
    return {path: blobs[name] for path, name in ids.items()}


async def tree_with(git: Git, tree: str, source: str, paths: tuple[str, ...], index: Path) -> str:
    """``tree`` with ``paths`` as they are in ``source``; ``index`` is a scratch file."""
    found = {entry.path: entry for entry in await _entries(git, source, paths)}
    nothing = _Entry("0", "0" * len(tree), "")
    lines = [f"{(each := found.get(path, nothing)).mode} {each.id}\t{path}\0" for path in paths]
    await git.run("read-tree", tree, index_file=index)
    stdin = os.fsencode("".join(lines))
    await git.run("update-index", "-z", "--add", "--replace", "--index-info", stdin=stdin, index_file=index)
    return await git.text("write-tree", index_file=index)


async def list_files(git: Git, tree: str) -> tuple[str, ...]:
    """Every path in a tree (or commit)."""
    return tuple(await git.items("ls-tree", "-r", "-z", "--name-only", tree))


class _Entry(NamedTuple):
    mode: str
    id: str
    path: str


async def _entries(git: Git, tree: str, paths: tuple[str, ...]) -> list[_Entry]:
    if not paths:
        return []
    entries = []
    for item in await git.items("ls-tree", "-r", "-z", tree, "--", *paths):
        head, _, path = item.partition("\t")
        mode, _, name = head.split(" ")
        entries.append(_Entry(mode, name, path))
    return entries


async def commit_tree(git: Git, tree: str, parents: tuple[str, ...], message: str, by: Authorship) -> str:
    """A commit object of exactly ``tree``; the same arguments give the same id."""
    date = f"@{max(by.when, 0)} +0000"
    who = {
        **dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), by.name),
        **dict.fromkeys(("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), by.email),
        **dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), date),
    }
    flags = [word for parent in parents for word in ("-p", parent)]
    text = message.replace("\0", "").encode("utf-8", "replace")
    made = await git.run("commit-tree", tree, *flags, "-F", "-", stdin=text, variables=who)
    return made.decode("ascii").strip()


def with_trailers(message: str, trailers: tuple[tuple[str, str], ...]) -> str:
    """The message with its trailers as a last paragraph, one line each."""
    lines = [message.strip()]
    if trailers:
        lines.append("")
    for key, value in trailers:
        if not _KEY.fullmatch(key):
            message = f"{key!r} is no name for a trailer"
            raise ValueError(message)
        lines.append(f"{key}: {' '.join(value.split())}")
    return "\n".join(lines) + "\n"


async def commit_info(git: Git, commit: str) -> CommitInfo:
    """What is known of a commit, from itself alone. Raises JourneymanError("unknown-commit")."""
    trailers = "%(trailers:only=true,unfold=true,separator=%x02,key_value_separator=%x01)"
    shown = f"--format=%H%x00%T%x00%P%x00%B%x00{trailers}"
    result = await git.result(
        "log", "--no-walk", "-1", "--no-color", "--encoding=UTF-8", shown, "--end-of-options", commit, "--"
    )
    fields = result.stdout.decode("utf-8", "replace").split("\0")
    if not result.ok or len(fields) != 5:
        raise JourneymanError("unknown-commit", f"there is no commit {commit!r}")
    name, tree, parents, message, found = fields
    return CommitInfo(name, tree, tuple(parents.split()), message, tuple(_trailers(found.rstrip("\n"))))


def _trailers(found: str) -> list[tuple[str, str]]:
    pairs = [entry.partition(_COLON) for entry in found.split(_SEPARATOR) if entry]
    return [(key, value) for key, _, value in pairs]
