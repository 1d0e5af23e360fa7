"""Files of the workspace's own: written atomically, removed whatever their modes, errors told plainly."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from journeyman.domain.errors import JourneymanError

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextlib.contextmanager
def plain_errors(path: Path) -> Iterator[None]:
    """Turns the errors a disk gives into JourneymanError("disk-full" or "not-writable")."""
    try:
        yield
    except OSError as error:
        where = os.fsdecode(error.filename) if error.filename else str(path)
        if error.errno in _DISK_FULL:
            raise JourneymanError("disk-full", f"there is no room to write {where}") from None
        raise JourneymanError("not-writable", f"{where}: {error.strerror or error}") from None


def write_atomic(path: Path, content: bytes) -> None:
    """Write ``path`` whole or not at all, its folder included."""
    with plain_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        try:
            temporary.write_bytes(content)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def copy_index(source: Path, target: Path) -> None:
    """Copy an index atomically, with its time.

    Git compares a file's time with its index's to know whether it may have changed unseen since: a copy
    that looks younger than it is would hide such changes.
    """
    with plain_errors(target):
        temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
        try:
            shutil.copy2(source, temporary)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)


def set_aside(path: Path, trash: Path) -> None:
    """Rename ``path`` (if it is there) into the folder ``trash``: gone at once, deleted later."""
    with plain_errors(path):
        trash.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            path.rename(trash / f"{path.name}-{uuid.uuid4().hex}")


def remove(path: Path) -> None:
    """Delete a file, a link (never what it points to) or a folder; nothing there is fine."""
    with plain_errors(path):
        if path.is_symlink() or not path.is_dir():
            path.unlink(missing_ok=True)
        else:
            shutil.rmtree(path, onerror=_force)


def make_folders_writable(root: Path) -> None:
    """Give us back the folders that a check made read-only, so that their files can be replaced."""
    with contextlib.suppress(OSError):
        _add_owner_rights(root)
    for folder, names, _ in os.walk(root, onerror=None):
        for name in names:
            path = Path(folder, name)
            if not path.is_symlink():
                with contextlib.suppress(OSError):
                    _add_owner_rights(path)


def _add_owner_rights(folder: Path) -> None:
    mode = stat.S_IMODE(folder.lstat().st_mode)
    if mode & stat.S_IRWXU != stat.S_IRWXU:
        folder.chmod(mode | stat.S_IRWXU)


def _force(function: Callable[[str], Any], name: str, error: tuple[Any, BaseException, Any]) -> None:
    """Called by ``rmtree`` where it failed: open the folder's modes and do it again."""
    if isinstance(error[1], FileNotFoundError):
        return
    path = Path(name)
    _add_owner_rights(path.parent)
    if function in (os.scandir, os.listdir, os.open) or (path.is_dir() and not path.is_symlink()):
        _add_owner_rights(path)
        shutil.rmtree(path)
    else:
        function(name)
