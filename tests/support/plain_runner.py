"""A command runner for tests: plain processes, no confinement. It gives the environment that it is told."""

from __future__ import annotations

import asyncio
import os
import signal
import time

from journeyman.domain.errors import JourneymanError
from journeyman.domain.process import Command, CommandResult, OnLine


class PlainRunner:
    """Runs each command in its own process group, which is gone when ``run`` returns."""

    backend = "none"

    async def run(self, command: Command, on_line: OnLine | None = None) -> CommandResult:
        started = time.monotonic()
        try:
            process = await asyncio.create_subprocess_exec(
                *command.argv,
                cwd=command.cwd,
                env=dict(command.env),
                stdin=asyncio.subprocess.PIPE if command.stdin is not None else asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            program = command.argv[0]
            raise JourneymanError(
                "command-not-found", f"{program} could not be started: {error.strerror}"
            ) from None
        timed_out = False
        try:
            stdout, stderr = await asyncio.wait_for(process.communicate(command.stdin), command.timeout_s)
        except TimeoutError:
            timed_out, stdout, stderr = True, b"", b""
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        _pass_on(stdout, stderr, on_line)
        if command.log_path is not None:
            command.log_path.write_bytes(stdout + stderr)
        return CommandResult(
            argv=command.argv,
            cwd=command.cwd,
            exit_code=process.returncode if process.returncode is not None else -1,
            stdout=stdout,
            stderr=stderr,
            duration_s=time.monotonic() - started,
            timed_out=timed_out,
        )


def _pass_on(stdout: bytes, stderr: bytes, on_line: OnLine | None) -> None:
    if on_line is None:
        return
    for stream, output in (("stdout", stdout), ("stderr", stderr)):
        for line in output.decode("utf-8", "backslashreplace").splitlines():
            on_line(stream, line)
