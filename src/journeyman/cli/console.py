"""What all commands share: where output goes, how errors look, the one event loop."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import traceback
from collections.abc import Callable, Coroutine, Mapping
from enum import StrEnum
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TextIO, TypeVar

from journeyman import __version__
from journeyman.domain.errors import JourneymanError
from journeyman.domain.stops import is_command, stop_reason
from journeyman.domain.text import printable

T = TypeVar("T")
_lost: list[JourneymanError] = []


class OutputFormat(StrEnum):
    """How a command answers on stdout."""

    TEXT = "text"
    JSON = "json"
    STREAM_JSON = "stream-json"


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """The one event loop. It is not closed: closing would cancel a run that was cut off on purpose."""
    import asyncio

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    return loop.run_until_complete(work)


def say(text: str) -> None:
    """Talk, on stderr, flushed. That nobody can hear it stops nothing."""
    try:
        print(printable(text, keep="\n\t"), file=sys.stderr, flush=True)
    except OSError:
        _mute(sys.stderr)


def offer(text: str) -> None:
    """Data, on stdout, flushed, while work goes on: a write that fails is told by the next ``answer``."""
    _put(lambda: print(text, flush=True))


def _put(write: Callable[[], object]) -> None:
    try:
        write()
    except BrokenPipeError:  # `jm report | head`: the reader has what it wanted
        _mute(sys.stdout)
    except OSError as error:
        from journeyman.store.state import storage_error

        _mute(sys.stdout)
        code = storage_error(error, Path()).code
        message = f"standard output cannot be written: {error.strerror}"
        _lost.append(JourneymanError(code, message, hint="jm report"))


def answer(text: str) -> None:
    """Data, on stdout, flushed. Raises JourneymanError("disk-full" or "not-writable")."""
    offer(text)
    if _lost:
        raise _lost[0]


def answer_bytes(data: bytes) -> None:
    """Like ``answer``, byte for byte: a patch need not be UTF-8."""
    _put(lambda: (sys.stdout.flush(), sys.stdout.buffer.write(data), sys.stdout.buffer.flush()))
    if _lost:
        raise _lost[0]


def answer_json(value: object) -> None:
    """One JSON object on stdout."""
    answer(json.dumps(value, indent=2, default=_plain))


def answer_page(page: str, file: str | None, default: Path) -> None:
    """Write a page and print its path; ``-`` is stdout.

    Raises JourneymanError("not-writable" or "disk-full").
    """
    data = page.encode("utf-8", "backslashreplace")
    if file == "-":
        answer_bytes(data)
        return
    from journeyman.store import FolderArtifacts

    path = Path(file).absolute() if file else default
    answer(str(FolderArtifacts(path.parent).write(path.name, data)))


def refuse_two(chosen: Mapping[str, bool]) -> None:
    """Raise JourneymanError("usage") when more than one way to answer is asked for."""
    given = [flag for flag, is_given in chosen.items() if is_given]
    if len(given) > 1:
        raise JourneymanError("usage", f"{' and '.join(given)} do not go together")


def refuse_file(file: str | None, *, html: bool) -> None:
    """Raise JourneymanError("usage") for a file that nothing would be written to."""
    if file is not None and (not html or not file or Path(file).is_dir()):
        why = "is a folder, or no name" if html else "is unexpected: only --html writes a file"
        raise JourneymanError("usage", f"{file!r} {why}")


def open_standard_streams() -> None:
    """Make sure that 0, 1 and 2 are the standard streams: no database may get one of these numbers."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, "r", closefd=False)
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", closefd=False)
    for stream in (sys.stdout, sys.stderr):
        # File names need not be UTF-8; showing one must not be what fails.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def flush_standard_streams() -> None:
    """Write out what is left, if it can be written."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            _mute(stream)


def _mute(stream: TextIO) -> None:
    """From now on nobody hears the stream: what it still holds must not fail again at the end."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except OSError:
        return


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return str(value)


def print_error(error: JourneymanError) -> None:
    """An expected error: what, the facts, the next command."""
    say(f"error: {error.message}")
    for fact in error.facts:
        say(f"  {fact}" if fact else "")
    for hint in (error.hint,) if error.hint else stop_reason(error.code).next_actions:
        if "{run}" not in hint:
            say(f"hint: {hint}")


def answer_error(error: JourneymanError) -> None:
    """The same on stdout for a reader of JSON: the keys that a stopped run's summary has too."""
    hints = (error.hint,) if error.hint else stop_reason(error.code).next_actions
    known = tuple(hint for hint in hints if "{run}" not in hint)
    stop = {
        "schema": 1,
        "outcome": "stopped",
        "stop_reason": error.code,
        "stop_message": error.message,
        "facts": error.facts,
        "next_actions": tuple(hint for hint in known if is_command(hint)),
        "advice": next((hint for hint in known if not is_command(hint)), None),
    }
    _put(lambda: print(json.dumps(stop, default=_plain), flush=True))


def print_bug(error: BaseException) -> None:
    """A bug of ours, as a report that can be pasted."""
    say("error: Journeyman has a bug. Please report what follows:\n")
    say(f"journeyman {__version__}, Python {sys.version.split()[0]}, {sys.platform}, argv {sys.argv[1:]}")
    say("".join(traceback.format_exception(error)))


def checked_directory(path: Path) -> Path:
    """An existing folder, as an absolute path. Raises JourneymanError("not-a-repository")."""
    try:
        folder = path.absolute()
    except FileNotFoundError:
        raise JourneymanError("not-a-repository", "the current folder was deleted", hint="cd") from None
    if not folder.is_dir():
        raise JourneymanError("not-a-repository", f"there is no folder {path}")
    return folder
