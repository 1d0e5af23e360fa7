"""One process at a time works on a run. The lock dies with its process, however that ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

from journeyman.domain.errors import JourneymanError
from journeyman.store.state import storage_error

_NAME = "lock"


class FileLease:
    """Implements ``domain.records.Lease`` over an open, locked file."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def release(self) -> None:
        """Give the lock back; harmless when it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class FileLeases:
    """Implements ``domain.records.Leases``: an exclusive ``flock`` in each run's folder."""

    def __init__(self, run_dir: Callable[[str], Path]) -> None:
        self._run_dir = run_dir

    def take(self, run_id: str) -> FileLease:
        """Take the run. Raises JourneymanError("run-locked") naming the process that holds it."""
        path = self._run_dir(run_id) / _NAME
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Close-on-exec is Python's default: a worker that outlives us must not keep the lock.
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise storage_error(error, path) from None
        lease = FileLease(descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(descriptor, 32).decode("ascii", "replace").strip()
            lease.release()
            raise JourneymanError(
                "run-locked",
                f"run {run_id} is being worked on by process {holder or 'unknown'}",
                hint=f"jm follow {run_id}",
            ) from None
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:
            lease.release()
            raise storage_error(error, path) from None
        return lease

    def is_held(self, run_id: str) -> bool:
        """Whether a living process works on the run now."""
        try:
            descriptor = os.open(self._run_dir(run_id) / _NAME, os.O_RDWR)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(descriptor)
        return False
