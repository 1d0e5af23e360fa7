"""Folders of links: an ignored folder of the user's checkout made usable in a worktree, entry by entry.

A real folder that holds one symlink per entry is used in place of one symlink: a ``.gitignore`` pattern
such as ``.venv/`` does not match a symlink (it would end up in the commit), tools that write caches into the
folder write here and not there, and single entries can be led elsewhere.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

Entries: TypeAlias = "Mapping[str, Path | Entries]"
"""What a folder holds: the target of each link, or what a real folder below it holds."""

_SIGN = "# Made by Journeyman: links into the folder of the same name in your checkout."
_IGNORE = ".gitignore"


def is_mirror(folder: Path) -> bool:
    """Whether the folder is one that :func:`write_mirror` made."""
    try:
        return not folder.is_symlink() and (folder / _IGNORE).read_text(encoding="utf-8").startswith(_SIGN)
    except (OSError, UnicodeDecodeError):
        return False


def write_mirror(folder: Path, entries: Entries) -> None:
    """Make the folder hold exactly these entries; what is right already is left alone."""
    folder.mkdir(exist_ok=True)
    # Ignored by git from within, whatever the repository's own patterns say. First, so that a crash half-way
    # leaves a folder that is known as a mirror.
    if not is_mirror(folder):
        (folder / _IGNORE).write_text(f"{_SIGN}\n*\n", encoding="utf-8")
    _fill(folder, entries, keep=frozenset((_IGNORE,)))


def _fill(folder: Path, entries: Entries, keep: frozenset[str] = frozenset()) -> None:
    present = {entry.name: entry for entry in os.scandir(folder)}
    for name, entry in present.items():
        # Real files are caches that tools wrote here; only links of ours are taken back.
        if entry.is_symlink() and name not in entries and name not in keep:
            Path(entry.path).unlink()
    for name, target in entries.items():
        if name in keep:
            continue
        path = folder / name
        if isinstance(target, Path):
            _link(path, target)
        else:
            if path.is_symlink():
                path.unlink()
            path.mkdir(exist_ok=True)
            _fill(path, target)


def _link(path: Path, target: Path) -> None:
    if path.is_symlink():
        if path.readlink() == target:
            return
        path.unlink()
    elif path.is_dir():
        shutil.rmtree(path)
    elif path.exists():
        path.unlink()
    path.symlink_to(target)
