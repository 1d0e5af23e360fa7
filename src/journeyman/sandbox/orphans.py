"""Ends what a dead run left running. Its processes are known by the run id in their environment."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

RUN_VARIABLE = "JOURNEYMAN_RUN"
_ROUNDS = 50
_PAUSE_S = 0.02
_EMPTY_ROUNDS = 2  # for an instant within execve a process has no environment to be known by


def kill_orphans(run_id: str) -> tuple[int, ...]:
    """Kills every process of this user whose environment names the run, and all that those started.

    Spares this process and its ancestors. Looks again until none is left (a process may fork while we
    look), for about a second at most. Returns the process ids, in the order they were found.
    """
    killed: dict[int, None] = {}
    empty = 0
    for _ in range(_ROUNDS):
        found = _family(run_id)
        empty = 0 if found else empty + 1
        if empty == _EMPTY_ROUNDS:
            break
        for process in found:
            _kill(process)
            killed[process.pid] = None
        time.sleep(_PAUSE_S)
    return tuple(killed)


def _family(run_id: str) -> list[psutil.Process]:
    import psutil

    spared = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    living = {process.pid: process for process in _own_processes() if process.pid not in spared}
    chosen = {pid for pid, process in living.items() if _names_run(process, run_id)}
    while True:
        children = {pid for pid, process in living.items() if process.info["ppid"] in chosen}
        if children <= chosen:
            return [living[pid] for pid in sorted(chosen)]
        chosen |= children


def _own_processes() -> Iterator[psutil.Process]:
    import psutil

    user = os.getuid()
    for process in psutil.process_iter(["ppid", "uids", "status"]):
        uids, status = process.info["uids"], process.info["status"]
        if uids is not None and uids.real == user and status != psutil.STATUS_ZOMBIE:
            yield process


def _names_run(process: psutil.Process, run_id: str) -> bool:
    import psutil

    try:
        return process.environ().get(RUN_VARIABLE) == run_id
    except (psutil.Error, OSError):  # gone, or not ours to look at
        return False


def _kill(process: psutil.Process) -> None:
    import psutil

    try:
        process.kill()
    except psutil.Error:
        return
