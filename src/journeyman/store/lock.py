"""One process at a time works on a run. The lock dies with its process, however that ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from journeyman.domain.errors import JourneymanError
from journeyman.store.state import storage_error


class RunLock:
    """An exclusive lock on a run's folder, held until :meth:`release` or the end of the process."""

    def __init__(self, run_dir: Path, run_id: str) -> None:
        self._path = run_dir / "lock"
        self._run_id = run_id
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock. Raises JourneymanError("run-locked") naming the process that holds it."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # Close-on-exec is Python's default: a worker that outlives us must not keep the lock.
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise storage_error(error, self._path) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(descriptor, 32).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise JourneymanError(
                "run-locked",
                f"run {self._run_id} is being worked on by process {holder or 'unknown'}",
                hint=f"jm follow {self._run_id}",
            ) from None
        self._descriptor = descriptor
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:
            self.release()
            raise storage_error(error, self._path) from None

    def release(self) -> None:
        """Give the lock back; harmless when it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def is_locked(run_dir: Path) -> bool:
    """Whether a living process works on the run now."""
    try:
        descriptor = os.open(run_dir / "lock", os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
