"""Runs one command inside bubblewrap, and tells a failed set-up from a failed program."""

from __future__ import annotations

import json
import os
from contextlib import ExitStack
from pathlib import Path

from journeyman.domain.errors import JourneymanError
from journeyman.domain.process import Command, CommandResult, Confinement, OnLine
from journeyman.sandbox.bubblewrap import arguments, lay_out
from journeyman.sandbox.child import Launch, end_namespace
from journeyman.sandbox.limits import limited
from journeyman.sandbox.orphans import RUN_VARIABLE
from journeyman.sandbox.processes import execute, start_error
from journeyman.sandbox.surroundings import survey_mounts

_STATUS_BYTES = 4096


async def run_confined(
    program: str, command: Command, confinement: Confinement, home: Path, on_line: OnLine | None = None
) -> CommandResult:
    """Runs the command in a sandbox made by the bubblewrap at ``program``.

    Raises JourneymanError("command-not-found") when the sandbox or the program in it did not start.
    """
    options = arguments(command, lay_out(survey_mounts(command, confinement, home)), confinement.network)
    with ExitStack() as stack:
        # Options go through a file, so that nobody reads the environment's secrets in the process list.
        option_fd = _memory_file(stack, b"".join(os.fsencode(option) + b"\0" for option in options))
        status_fd = _memory_file(stack, b"")
        wrapper = (program, "--args", str(option_fd), "--json-status-fd", str(status_fd), "--")
        run = command.env.get(RUN_VARIABLE)
        launch = Launch(
            argv=(*wrapper, *_checked(command, confinement)),
            cwd=Path("/"),
            env={} if run is None else {RUN_VARIABLE: run},
            pass_fds=(option_fd, status_fd),
        )
        result = await execute(command, launch, on_line, lambda cpu_s: _settle(status_fd, cpu_s))
        if not result.timed_out and _status(status_fd, "exit-code") is None:
            raise _set_up_error(command, result)
        return result


def _checked(command: Command, confinement: Confinement) -> tuple[str, ...]:
    strings = (*command.argv, *command.env, *command.env.values())
    if not command.argv or any("\0" in text for text in strings):
        raise start_error(command, "the command is empty or holds a NUL byte")
    return limited(command, confinement.limits, own_namespace=True)


def _memory_file(stack: ExitStack, content: bytes) -> int:
    fd = os.memfd_create("journeyman")
    stack.callback(os.close, fd)
    view = memoryview(content)
    while view:
        view = view[os.write(fd, view) :]
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def _settle(status_fd: int, cpu_s: float) -> float | None:
    """Waits until the sandbox is empty; its CPU time and bubblewrap's own."""
    init_pid = _status(status_fd, "child-pid")
    inside_s = end_namespace(init_pid) if init_pid is not None else None
    return None if inside_s is None else cpu_s + inside_s


def _status(status_fd: int, key: str) -> int | None:
    try:
        lines = os.pread(status_fd, _STATUS_BYTES, 0).splitlines()
        return next((int(status[key]) for status in map(json.loads, lines) if key in status), None)
    except (OSError, ValueError):  # killed before the line was whole
        return None


def _set_up_error(command: Command, result: CommandResult) -> JourneymanError:
    said = [line for line in result.stderr.decode("utf-8", "backslashreplace").splitlines() if line.strip()]
    reason = said[-1].removeprefix("bwrap: ") if said else f"bubblewrap ended with {result.exit_code}"
    return start_error(command, f"in the sandbox: {reason}")
