"""The edits of a recorded session, applied to a worktree and never outside of it."""

from __future__ import annotations

from pathlib import Path

from journeyman.domain.errors import JourneymanError
from journeyman.workers.base import disk_full
from journeyman.workers.confined import entry, followed, real
from journeyman.workers.replay_session import (
    Delete,
    Edit,
    Rename,
    Replace,
    Replacement,
    SetMode,
    Symlink,
    Write,
)


def apply_edit(edit: Edit, worktree: Path, place: str) -> str:
    """Do one edit; returns what was done in a few words.

    Raises JourneymanError("worker-failed"), opening with ``place``, when it does not fit the tree, and
    JourneymanError("disk-full").
    """
    try:
        return _apply(edit, real(worktree), place)
    except OSError as error:
        full = disk_full(error, f"the worktree, {worktree},")
        raise full or _failed(place, f"{edit.path}: {error.strerror or error}") from None


def _apply(edit: Edit, root: Path, place: str) -> str:
    match edit.action:
        case Write(text):
            target = _followed(edit.path, root, place)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode())
            return f"wrote {edit.path}"
        case Replace(parts):
            _replace(_followed(edit.path, root, place), edit.path, parts, place)
            return f"edited {edit.path}"
        case Delete():
            _entry(edit.path, root, place).unlink()
            return f"deleted {edit.path}"
        case Rename(to):
            _rename(edit.path, to, root, place)
            return f"renamed {edit.path} to {to}"
        case SetMode(mode):
            _followed(edit.path, root, place).chmod(mode)
            return f"set the mode of {edit.path} to {mode:o}"
        case Symlink(target_text):
            link = _entry(edit.path, root, place)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(target_text)
            return f"linked {edit.path} to {target_text}"


def _rename(path: str, to: str, root: Path, place: str) -> None:
    source, target = _entry(path, root, place), _entry(to, root, place)
    if target.is_symlink() or target.exists():
        raise _failed(place, f"{path} cannot become {to}, which exists already")
    target.parent.mkdir(parents=True, exist_ok=True)
    source.rename(target)


def _replace(target: Path, path: str, parts: tuple[Replacement, ...], place: str) -> None:
    try:
        text = target.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise _failed(place, f"{path} is not UTF-8 text") from None
    for number, part in enumerate(parts, start=1):
        count = text.count(part.old)
        if count != 1:
            times = "not" if count == 0 else f"{count} times"
            raise _failed(
                place,
                f"the text of replacement {number} is {times} in {path}; it must be there exactly once",
                *part.old.splitlines()[:5],
            )
        text = text.replace(part.old, part.new)
    target.write_bytes(text.encode())


def _entry(path: str, root: Path, place: str) -> Path:
    try:
        return entry(root, path)
    except ValueError as error:
        raise _failed(place, f"{error} through a symlink") from None


def _followed(path: str, root: Path, place: str) -> Path:
    try:
        return followed(root, path)
    except ValueError as error:
        raise _failed(place, f"{error} through a symlink") from None


def _failed(place: str, message: str, *facts: str) -> JourneymanError:
    return JourneymanError("worker-failed", f"{place}: {message}", facts=facts)
