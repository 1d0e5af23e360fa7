"""Questions about paths: whether one is within another, and which repository one belongs to."""

from __future__ import annotations

import os
from pathlib import Path

from journeyman.domain.process import is_within


def inside(path: Path, folder: Path) -> Path | None:
    """The path relative to the folder, spelled or real; ``None`` when it is not inside."""
    if is_within(path, folder):
        return path.relative_to(folder)
    real_path, real_folder = Path(os.path.realpath(path)), Path(os.path.realpath(folder))
    return real_path.relative_to(real_folder) if is_within(real_path, real_folder) else None


def git_dir_of(path: Path) -> Path | None:
    """The common git folder of the checkout or worktree that holds the path; ``None`` outside of any."""
    for folder in (path, *path.parents):
        entry = folder / ".git"
        if entry.is_dir():
            return entry.resolve()
        if entry.is_file():
            return _linked_git_dir(entry)
    return None


def _linked_git_dir(entry: Path) -> Path | None:
    try:
        text = entry.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    if not text.startswith("gitdir:"):
        return None
    git_dir = Path(os.path.normpath(entry.parent / text.removeprefix("gitdir:").strip()))
    try:
        common = (git_dir / "commondir").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return git_dir.resolve()
    return Path(os.path.realpath(git_dir / common))
