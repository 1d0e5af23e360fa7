"""Paths that a worker names, kept inside its worktree whatever symlinks say."""

from __future__ import annotations

import os
from pathlib import Path


def entry(root: Path, path: str) -> Path:
    """The directory entry itself: symlinks on the way are followed, one at the end is not.

    ``root`` is a real path. Raises ValueError when it is not inside, or is git's own.
    """
    lexical = root / path
    return _confined(real(lexical.parent) / lexical.name, path, root)


def followed(root: Path, path: str) -> Path:
    """The file that reading or writing the path reaches. Raises ValueError like :func:`entry`."""
    return _confined(real(root / path), path, root)


def real(path: Path) -> Path:
    """Without symlinks. ``Path.resolve`` raises another error for a loop in each version of Python."""
    return Path(os.path.realpath(path))


def _confined(target: Path, path: str, root: Path) -> Path:
    if not target.is_relative_to(root) or target == root:
        raise ValueError(f"{path} leads out of the worktree")
    if target.relative_to(root).parts[0].casefold() == ".git":
        raise ValueError(f"{path} leads into .git")
    return target
