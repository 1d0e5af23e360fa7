"""Resource limits, put in front of a command by a small program instead of code between fork and exec."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from journeyman.domain.errors import JourneymanError
from journeyman.domain.process import Command, Limits

_SYSTEM_PATH = "/usr/bin:/bin:/usr/sbin:/sbin:/usr/local/bin"
_KIB = 1024
_BLOCK = 512


def limited(command: Command, limits: Limits, *, own_namespace: bool) -> tuple[str, ...]:
    """The argv that runs the command under the limits.

    The limit on processes counts all processes of a user, so it is set only where the command has a
    user namespace of its own (and the kernel never holds root to it). Raises
    JourneymanError("command-not-found") here, since the wrapper would only give an exit code.
    """
    if not own_namespace:
        limits = Limits(memory_bytes=limits.memory_bytes, file_bytes=limits.file_bytes)
    if limits == Limits() or not command.argv:
        return command.argv
    if not _is_there(command):
        raise JourneymanError(
            "command-not-found",
            f"{command.argv[0]} could not be started: No such file or directory",
            facts=(f"command: {' '.join(command.argv)}", f"folder: {command.cwd}"),
        )
    return limit_argv(command.argv, limits, shutil.which("prlimit", path=_SYSTEM_PATH))


def limit_argv(argv: tuple[str, ...], limits: Limits, prlimit: str | None) -> tuple[str, ...]:
    """The argv with ``prlimit`` in front, or with a shell's ``ulimit`` when there is none."""
    memory, processes, file = limits.memory_bytes, limits.processes, limits.file_bytes
    if prlimit:
        options = (("--as", memory), ("--nproc", processes), ("--fsize", file))
        return (prlimit, *(f"{name}={value}" for name, value in options if value is not None), "--", *argv)
    steps = []
    if memory is not None:
        steps.append(f"ulimit -v {-(-memory // _KIB)}")
    if processes is not None:
        steps.append(f"ulimit -u {processes} 2>/dev/null || ulimit -p {processes}")
    if file is not None:
        steps.append(f"ulimit -f {-(-file // _BLOCK)}")
    return ("/bin/sh", "-c", "; ".join((*steps, 'exec "$@"')), "limits", *argv)


def _is_there(command: Command) -> bool:
    program = command.argv[0]
    if os.sep in program:
        return os.access(Path(command.cwd, program), os.X_OK)
    return shutil.which(program, path=command.env.get("PATH", os.defpath)) is not None
