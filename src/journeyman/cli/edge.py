"""What all commands share: where output goes, how errors look, the one event loop."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Coroutine
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from journeyman import __version__
from journeyman.domain.errors import JourneymanError
from journeyman.domain.stops import stop_reason

T = TypeVar("T")


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
    """Talk, on stderr, flushed."""
    print(text, file=sys.stderr, flush=True)


def answer(text: str) -> None:
    """Data, on stdout, flushed."""
    print(text, flush=True)


def answer_json(value: object) -> None:
    """One JSON object on stdout."""
    print(json.dumps(value, indent=2, default=str), flush=True)


def print_error(error: JourneymanError) -> None:
    """An expected error: what, the facts, the next command."""
    say(f"error: {error.message}")
    for fact in error.facts:
        say(f"  {fact}" if fact else "")
    for hint in (error.hint,) if error.hint else stop_reason(error.code).next_actions:
        if "{run}" not in hint:
            say(f"hint: {hint}")


def print_bug(error: BaseException) -> None:
    """A bug of ours, as a report that can be pasted."""
    say("error: Journeyman has a bug. Please report what follows:\n")
    say(f"journeyman {__version__}, Python {sys.version.split()[0]}, {sys.platform}, argv {sys.argv[1:]}")
    say("".join(traceback.format_exception(error)))


def checked_directory(path: Path) -> Path:
    """An existing folder. Raises JourneymanError("not-a-repository")."""
    if not path.is_dir():
        raise JourneymanError("not-a-repository", f"there is no folder {path}")
    return path
