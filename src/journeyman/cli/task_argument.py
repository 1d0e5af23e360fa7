"""The task that a command line names: a sentence, a file, or standard input."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from journeyman.domain.errors import JourneymanError
from journeyman.domain.task import MAX_TASK_CHARACTERS, Task, parse_task

_MOST_BYTES = 4 * MAX_TASK_CHARACTERS + 4  # one character more than a task may have, at least


def read_task(text: str) -> Task:
    """The task that the argument names: standard input, a file, or the sentence itself."""
    if text == "-":
        return parse_task(read_text(None, "standard input"), "standard input")
    if _names_file(text):
        return read_task_file(Path(text), text)
    if text.endswith(".md") and " " not in text.strip():
        raise JourneymanError("bad-task", f"there is no task file {text}")
    return parse_task(_decoded(os.fsencode(text), "the task"))


def read_task_file(path: Path, origin: str) -> Task:
    """The task that a file holds, named ``origin`` in what is said of it."""
    return parse_task(read_text(path, origin), origin)


def _names_file(text: str) -> bool:
    """Whether it names a file, a pipe, or (with a slash) a folder, which cannot be read and is told so."""
    try:
        # A sentence can be too long for a file name; then it is no file.
        found = len(text) < 4096 and bool(text) and Path(text).exists()
        return found and ("/" in text or not Path(text).is_dir())
    except (OSError, ValueError):
        return False


def read_text(path: Path | None, origin: str) -> str:
    """The text of a file; of standard input for ``None``. Raises JourneymanError("bad-task")."""
    try:
        with sys.stdin.buffer if path is None else path.open("rb") as file:
            return _decoded(file.read(_MOST_BYTES), origin)
    except OSError as error:
        raise JourneymanError("bad-task", f"{origin} cannot be read: {error.strerror}") from None


def _decoded(data: bytes, origin: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        # Cut off where reading stopped: then it is too long, which parsing tells.
        if len(data) == _MOST_BYTES and error.start > len(data) - 4:
            return data[: error.start].decode("utf-8")
        raise JourneymanError(
            "bad-task", f"{origin} is not UTF-8: byte {data[error.start]:#04x} at position {error.start}"
        ) from None
