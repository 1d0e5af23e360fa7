"""The bare process runner: start, stream, time out, kill, report. It confines nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO

from journeyman.domain.errors import JourneymanError
from journeyman.domain.process import Command, CommandResult, OnLine
from journeyman.sandbox.child import Child, Launch, Settle, only_itself
from journeyman.sandbox.limits import limited
from journeyman.sandbox.output import Capture, Lines, open_log

GRACE_S = 0.5
"""Between SIGTERM and SIGKILL at a time-out."""
EOF_WAIT_S = 0.5
"""How long after the exit a process that left the group may keep our pipes open."""
KILL_WAIT_S = 2.0
"""How long a killed program may take to vanish before we go on without it."""
_CHUNK_BYTES = 65_536

Feed = Callable[[bytes], None]


class ProcessRunner:
    """Runs commands as plain processes: a group of their own, closed stdin, bounded output, no sandbox.

    Of a confinement only the limits on memory and file size hold here.
    """

    @property
    def backend(self) -> str:
        """Always ``none``."""
        return "none"

    async def run(self, command: Command, on_line: OnLine | None = None) -> CommandResult:
        """See :class:`journeyman.domain.process.CommandRunner`."""
        argv = command.argv
        if command.confinement is not None:
            argv = limited(command, command.confinement.limits, own_namespace=False)
        return await execute(command, Launch(argv, command.cwd, command.env), on_line)


async def execute(
    command: Command, launch: Launch, on_line: OnLine | None = None, settle: Settle = only_itself
) -> CommandResult:
    """Runs ``launch`` on behalf of ``command``, whose time-out, stdin, log and output limit apply."""
    started = time.monotonic()
    captures = Capture(command.max_output_bytes), Capture(command.max_output_bytes)
    lines = _lines(on_line)
    with ExitStack() as stack:
        log = stack.enter_context(open_log(command.log_path))
        child = _start(command, launch, stack.enter_context(_stdin(command)), settle)
        pumps = [
            asyncio.create_task(_pump(stream, [part.feed for part in (log, capture, cutter) if part]))
            for stream, capture, cutter in zip(child.streams, captures, lines, strict=True)
        ]
        try:
            if command.on_started is not None:
                command.on_started(child.pid)
            timed_out = await _until_exit(child, pumps, command.timeout_s)
            await _drain(pumps)
        finally:
            await _abandon(child, pumps)
    for cutter in lines:
        if cutter:
            cutter.close()
    end = child.exited.result() if child.exited.done() else None
    return CommandResult(
        argv=command.argv,
        cwd=command.cwd,
        exit_code=end.exit_code if end else -signal.SIGKILL,
        stdout=captures[0].content(),
        stderr=captures[1].content(),
        duration_s=time.monotonic() - started,
        cpu_s=end.cpu_s if end else None,
        timed_out=timed_out,
        truncated=any(capture.truncated for capture in captures),
    )


def start_error(command: Command, reason: str) -> JourneymanError:
    """The program could not be started."""
    name = command.argv[0] if command.argv else "(nothing)"
    return JourneymanError(
        "command-not-found",
        f"{name} could not be started: {reason}",
        facts=(f"command: {' '.join(command.argv)}", f"folder: {command.cwd}"),
    )


def _lines(on_line: OnLine | None) -> tuple[Lines | None, Lines | None]:
    return (Lines("stdout", on_line), Lines("stderr", on_line)) if on_line else (None, None)


def _start(command: Command, launch: Launch, stdin: BinaryIO, settle: Settle) -> Child:
    if not command.argv:
        raise start_error(command, "the command is empty")
    if not command.cwd.is_dir():
        raise start_error(command, f"the folder {command.cwd} does not exist")
    try:
        return Child(launch, stdin, settle)
    except OSError as error:
        raise start_error(command, _reason(error)) from error
    except ValueError as error:  # a NUL byte in an argument
        raise start_error(command, str(error)) from error


@contextmanager
def _stdin(command: Command) -> Iterator[BinaryIO]:
    # A file rather than a pipe: nobody has to feed it, and a program that does not read cannot stall us.
    if command.stdin is None:
        with Path(os.devnull).open("rb") as nothing:
            yield nothing
        return
    with tempfile.TemporaryFile() as file:
        try:
            file.write(command.stdin)
            file.seek(0)
        except OSError as error:
            raise JourneymanError("disk-full", f"the input of a program: {_reason(error)}") from error
        yield file


def _reason(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else str(error)


async def _until_exit(child: Child, pumps: list[asyncio.Task[None]], timeout_s: float | None) -> bool:
    """Waits for the end, and ends the group at the time-out; whether that was needed."""
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    waiting: set[asyncio.Future[Any]] = {child.exited, *pumps}
    while not child.exited.done():
        left = None if deadline is None else max(deadline - time.monotonic(), 0)
        done, waiting = await asyncio.wait(waiting, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        for future in done:
            future.result()  # a pump that broke (disk full, on_line) ends the run here
        if not done:
            child.signal(signal.SIGTERM)
            await asyncio.wait({child.exited}, timeout=GRACE_S)
            child.signal(signal.SIGKILL)
            await asyncio.wait({child.exited}, timeout=KILL_WAIT_S)
            return True
    return False


async def _drain(pumps: list[asyncio.Task[None]]) -> None:
    done, _ = await asyncio.wait(pumps, timeout=EOF_WAIT_S)
    for pump in done:
        pump.result()


async def _abandon(child: Child, pumps: list[asyncio.Task[None]]) -> None:
    """Leaves nothing behind, whichever way the run ended."""
    ending: set[asyncio.Future[Any]] = {child.exited, *pumps}
    child.signal(signal.SIGKILL)
    for pump in pumps:
        pump.cancel()
    try:
        await asyncio.wait(ending, timeout=KILL_WAIT_S)
    finally:
        for stream in child.streams:
            stream.close()


async def _pump(stream: IO[bytes], feeds: list[Feed]) -> None:
    reader = asyncio.StreamReader(limit=_CHUNK_BYTES)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), stream
    )
    try:
        while chunk := await reader.read(_CHUNK_BYTES):
            for feed in feeds:
                feed(chunk)
    finally:
        transport.close()
