"""The ``.journeyman/`` folder: where it is, that it can be written, that git ignores it."""

from __future__ import annotations

import errno
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from journeyman.domain.errors import JourneymanError

_MACHINE = frozenset(
    {
        *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO),
        *(errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ESTALE),
    }
)
STATE_DIR = ".journeyman"
DATABASE = "journeyman.db"
FREE_SPACE = "free some space, then run it again"


@dataclass(frozen=True)
class StateDir:
    """Paths of one repository's state."""

    root: Path

    @property
    def database(self) -> Path:
        """The SQLite file with timelines, results and the durable engine's tables."""
        return self.root / DATABASE

    def run_dir(self, run_id: str) -> Path:
        """The folder of one run's artifacts."""
        return self.root / "runs" / run_id


def state_dir(repository_root: Path) -> StateDir:
    """The state folder of a repository; nothing is created."""
    return StateDir(repository_root / STATE_DIR)


def ensure_state(repository_root: Path) -> StateDir:
    """The state folder, made when missing. Raises JourneymanError("not-writable" or "disk-full")."""
    state = state_dir(repository_root)
    ignore = state.root / ".gitignore"
    if state.root.is_symlink() and not state.root.exists():
        target = state.root.readlink()
        raise JourneymanError("not-writable", f"{state.root} is a link to {target}, which is not there")
    if state.root.exists() and not state.root.is_dir():
        raise JourneymanError("not-writable", f"{state.root} is not a folder: runs are kept in one")
    try:
        state.root.mkdir(exist_ok=True)
        if not ignore.exists():
            ignore.write_text("*\n")
        # A read-only file system may hold a state folder from better days: try it for real.
        handle, probe = tempfile.mkstemp(dir=state.root, prefix="probe-")
        os.close(handle)
        Path(probe).unlink()
    except OSError as error:
        raise storage_error(error, state.root) from None
    return state


def storage_error(error: OSError, path: Path) -> JourneymanError:
    """The expected error that an OSError on our own files stands for."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return JourneymanError("disk-full", f"the disk that holds {path} is full", hint=FREE_SPACE)
    return JourneymanError("not-writable", f"{path} cannot be written: {error.strerror or error}")


def machine_error(error: OSError) -> JourneymanError | None:
    """The expected error when it is the machine that is in trouble; ``None`` when it may be a bug of ours."""
    if error.errno not in _MACHINE:
        return None
    if error.filename is not None:
        return storage_error(error, Path(os.fsdecode(error.filename)))
    code = storage_error(error, Path()).code
    return JourneymanError(code, f"something cannot be written: {error.strerror}")


def find_state_root(directory: Path) -> Path:
    """The folder whose ``.journeyman/`` serves ``directory``: its own or its nearest parent's, else itself.

    A linked worktree has a ``.git`` file; its state is kept by the main worktree, which that file names.
    """
    for folder in (directory.resolve(), *directory.resolve().parents):
        if (folder / STATE_DIR / DATABASE).exists():
            return folder
        marker = folder / ".git"
        if marker.is_file():
            return _main_worktree(marker) or folder
        if marker.is_dir():
            return folder
    return directory


def _main_worktree(marker: Path) -> Path | None:
    try:
        target = marker.read_text("utf-8", "surrogateescape").removeprefix("gitdir:").strip()
    except OSError:
        return None
    git_dir = (marker.parent / target).resolve()
    if git_dir.parent.name == "worktrees" and git_dir.parent.parent.name == ".git":
        return git_dir.parent.parent.parent
    return None
