"""What it means to run a program: the command, its confinement, its result, and the one door to it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol


class Network(StrEnum):
    """What a confined command may reach. A private loopback is all that ``LOOPBACK`` adds to ``OFF``."""

    OFF = "off"
    LOOPBACK = "loopback"
    ON = "on"


@dataclass(frozen=True)
class Limits:
    """Resource limits of one command; ``None`` is no limit of ours."""

    memory_bytes: int | None = None
    processes: int | None = None
    file_bytes: int | None = None


@dataclass(frozen=True)
class Confinement:
    """What a sandboxed command may touch. All else of the file system is read-only, HOME is hidden."""

    writable: tuple[Path, ...]
    readable: tuple[Path, ...] = ()
    """Paths below HOME (or otherwise hidden) that stay visible, read-only."""
    network: Network = Network.OFF
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Command:
    """One program to run. ``env`` is its whole environment: nothing is inherited."""

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]
    timeout_s: float | None = None
    stdin: bytes | None = None
    """Fed to the program; ``None`` is ``/dev/null``, so that a question gets a fast end-of-file."""
    confinement: Confinement | None = None
    """``None`` for Journeyman's own tools (git); every foreign program is confined."""
    log_path: Path | None = None
    """Combined output is also streamed to this file as it comes."""
    max_output_bytes: int = 8_000_000
    """Per stream: the head and tail are kept, the middle is dropped and ``truncated`` set."""
    on_started: Callable[[int], None] | None = None
    """Called once with the process id of what was started: the root of everything that runs in it."""


@dataclass(frozen=True)
class CommandResult:
    """How a program ended. ``exit_code`` is negative for a signal; output is bytes, as written."""

    argv: tuple[str, ...]
    cwd: Path
    exit_code: int
    stdout: bytes
    stderr: bytes
    duration_s: float
    cpu_s: float | None = None
    timed_out: bool = False
    truncated: bool = False

    @property
    def ok(self) -> bool:
        """Whether it ended by itself with exit code 0."""
        return self.exit_code == 0 and not self.timed_out

    @property
    def text(self) -> str:
        """Both streams as text, stdout first; undecodable bytes shown as escapes."""
        return (self.stdout + self.stderr).decode("utf-8", "backslashreplace")


OnLine = Callable[[str, str], None]
"""Called as ``on_line("stdout" | "stderr", line)``, in order, while the program runs."""


class CommandRunner(Protocol):
    """The only door to subprocesses; implemented in ``sandbox``."""

    # The confinement this runner really gives: "bubblewrap" or "none".
    @property
    def backend(self) -> str: ...

    # Runs to the end, to the time-out, or to cancellation; the whole process group is gone on return.
    # Raises JourneymanError("command-not-found") when the program cannot be started.
    async def run(self, command: Command, on_line: OnLine | None = None) -> CommandResult: ...


def command_text(command: str | tuple[str, ...]) -> str:
    """The command as a person would type it."""
    return command if isinstance(command, str) else shlex.join(command)


def command_words(command: str | tuple[str, ...]) -> list[str]:
    """Its words, more or less: what a shell makes of a line is only guessed."""
    if not isinstance(command, str):
        return list(command)
    try:
        return shlex.split(command)
    except ValueError:  # an unbalanced quote: the shell will say so
        return command.split()


def is_within(path: Path, folder: Path) -> bool:
    """Whether the path is the folder or below it, as spelled. Ten times as fast as ``is_relative_to``."""
    text, base = str(path), str(folder)
    return text == base or text.startswith(base.rstrip("/") + "/")
