"""One started program: the leader of its own process group, signalled and reaped without races."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal as signals
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

LOST_STATUS = 255
"""The exit code when another part of the process, or an ignored SIGCHLD, took the real one."""
_GROUP_WAIT_S = 0.5
_GROUP_POLL_S = 0.002
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class Launch:
    """What is really executed, once a command has its wrappers."""

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]
    pass_fds: tuple[int, ...] = ()


@dataclass(frozen=True)
class Exit:
    """How the program ended; ``exit_code`` is negative for a signal."""

    exit_code: int
    cpu_s: float | None


Settle = Callable[[float], float | None]
"""Called in the reaper's thread once the program is gone, with its CPU seconds: sees to it that all it
started is gone as well, and answers the CPU seconds of everything (``None`` when not known)."""


def only_itself(cpu_s: float) -> float:
    """The ``Settle`` of a plain process: its own figure, which holds the children that it waited for."""
    return cpu_s


class Child:
    """A running program. Needs a running event loop; raises what ``Popen`` raises.

    A thread waits for the leader *without* reaping it, kills what is left of the group while the
    zombie still reserves the group's number, and only then reaps. asyncio's own child watchers
    neither give the resource usage nor close that race.
    """

    def __init__(self, launch: Launch, stdin: BinaryIO, settle: Settle = only_itself) -> None:
        self._loop = asyncio.get_running_loop()
        self._settle = settle
        self._lock = threading.Lock()
        self._reaped = False
        self.exited: asyncio.Future[Exit] = self._loop.create_future()
        self._process = subprocess.Popen(
            launch.argv,
            cwd=launch.cwd,
            env=dict(launch.env),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            pass_fds=launch.pass_fds,
            bufsize=0,
        )
        threading.Thread(target=self._reap, name=f"reaper-{self._process.pid}", daemon=True).start()

    @property
    def pid(self) -> int:
        """The leader's process id, which is also its group's."""
        return self._process.pid

    @property
    def streams(self) -> tuple[IO[bytes], IO[bytes]]:
        """The reading ends of stdout and stderr."""
        stdout, stderr = self._process.stdout, self._process.stderr
        if stdout is None or stderr is None:
            raise AssertionError("Popen was asked for both pipes")
        return stdout, stderr

    def signal(self, number: signals.Signals) -> None:
        """Sends the signal to the whole group; nothing happens when the group is gone."""
        with self._lock:
            if not self._reaped:
                self._signal_group(number)

    def _signal_group(self, number: signals.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def _reap(self) -> None:
        result = Exit(LOST_STATUS, None)
        try:
            result = self._wait()
        except ChildProcessError:
            self._reaped = True
        finally:
            self._process.returncode = result.exit_code
            with contextlib.suppress(RuntimeError):  # the loop may be closed by now
                self._loop.call_soon_threadsafe(self._announce, result)

    def _wait(self) -> Exit:
        pid = self._process.pid
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        with self._lock:
            self._signal_group(signals.SIGKILL)
            _, status, usage = os.wait4(pid, 0)
            self._reaped = True
        _await_group_end(pid)
        return Exit(os.waitstatus_to_exitcode(status), self._settle(usage.ru_utime + usage.ru_stime))

    def _announce(self, result: Exit) -> None:
        if not self.exited.done():
            self.exited.set_result(result)


def _await_group_end(group: int) -> None:
    """Waits until the killed members are gone, which takes the kernel a moment; reaps those we adopted."""
    deadline = time.monotonic() + _GROUP_WAIT_S
    while time.monotonic() < deadline:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(-group, os.WNOHANG)
        try:
            os.killpg(group, 0)
        except (ProcessLookupError, PermissionError):
            return
        time.sleep(_GROUP_POLL_S)


def adopt_orphans() -> bool:
    """Makes this process the parent of descendants whose parent dies, so that it can wait for them.

    That is how the end of a whole process-id namespace can be awaited, and its CPU time read. Linux
    only; answers whether it worked.
    """
    import ctypes

    try:
        prctl = ctypes.CDLL(None).prctl
    except (OSError, AttributeError):
        return False
    return int(prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)) == 0


def end_namespace(init_pid: int) -> float | None:
    """Kills the init process of a process-id namespace that we adopted; returns when all in it are gone.

    The CPU seconds of everything that ran in it; ``None`` when it is not our child.
    """
    try:
        os.waitid(os.P_PID, init_pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        os.kill(init_pid, signals.SIGKILL)
        _, _, usage = os.wait4(init_pid, 0)
    except (ChildProcessError, ProcessLookupError):
        return None
    return usage.ru_utime + usage.ru_stime
