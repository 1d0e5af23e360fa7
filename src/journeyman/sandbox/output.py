"""What becomes of a program's output: kept within bounds, cut into lines, streamed to a log."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from journeyman.domain.errors import JourneymanError
from journeyman.domain.process import OnLine

MAX_LINE_BYTES = 16_384
"""What ``on_line`` is given of one line; the rest of it is only in the output and the log."""
MAX_LOG_BYTES = 512_000_000
_MARK_BYTES = 64


class Capture:
    """The head and the tail of a stream, within ``limit`` bytes, and whether the middle is missing."""

    def __init__(self, limit: int) -> None:
        self._limit = max(limit, 0)
        self._half = max(self._limit - _MARK_BYTES, 0) // 2
        self._head = bytearray()
        self._tail = bytearray()
        self._total = 0

    @property
    def truncated(self) -> bool:
        """Whether bytes were dropped."""
        return self._total > self._limit

    def feed(self, chunk: bytes) -> None:
        """Takes the next bytes of the stream."""
        self._total += len(chunk)
        room = max(self._limit - len(self._head), 0)
        self._head += chunk[:room]
        self._tail += chunk
        if len(self._tail) > 2 * self._half + _MARK_BYTES:
            del self._tail[: len(self._tail) - self._half]

    def content(self) -> bytes:
        """What is kept; a line in the middle says how much is not."""
        if not self.truncated:
            return bytes(self._head)
        if not self._half:
            return bytes(self._head[: self._limit])
        dropped = self._total - 2 * self._half
        mark = b"\n[... %d bytes dropped ...]\n" % dropped
        return bytes(self._head[: self._half]) + mark + bytes(self._tail[-self._half :])


class Lines:
    """Cuts a stream into lines and hands each to ``on_line`` as text, over-long ones shortened."""

    def __init__(self, stream: str, on_line: OnLine) -> None:
        self._stream = stream
        self._on_line = on_line
        self._line = bytearray()
        self._cut = False

    def feed(self, chunk: bytes) -> None:
        """Takes the next bytes of the stream."""
        *ended, rest = chunk.split(b"\n")
        for piece in ended:
            self._add(piece)
            self._emit()
        self._add(rest)

    def close(self) -> None:
        """Hands over a last line that had no line end."""
        if self._line or self._cut:
            self._emit()

    def _add(self, piece: bytes) -> None:
        room = MAX_LINE_BYTES - len(self._line)
        self._line += piece[:room]
        self._cut = self._cut or len(piece) > room

    def _emit(self) -> None:
        text = self._line.decode("utf-8", "backslashreplace").removesuffix("\r")
        text += " …" if self._cut else ""
        self._line.clear()
        self._cut = False
        self._on_line(self._stream, text)


class Log:
    """The file that both streams are written to as they come. It stops growing at ``MAX_LOG_BYTES``."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file = file
        self._path = path
        self._room = MAX_LOG_BYTES

    def feed(self, chunk: bytes) -> None:
        """Writes the bytes. Raises JourneymanError("disk-full") or ("not-writable")."""
        if not self._room:
            return
        part = chunk[: self._room]
        self._room -= len(part)
        try:
            self._file.write(part)
            if not self._room:
                self._file.write(b"\n[... the log ends here: it is too long ...]\n")
        except OSError as error:
            raise _log_error(self._path, error) from error


@contextmanager
def open_log(path: Path | None) -> Iterator[Log | None]:
    """The log at ``path``, its folder made when missing; nothing for ``None``. Errors as in :class:`Log`."""
    if path is None:
        yield None
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("wb", buffering=0)
    except OSError as error:
        raise _log_error(path, error) from error
    with file:
        yield Log(file, path)


def _log_error(path: Path, error: OSError) -> JourneymanError:
    full = error.errno in {errno.ENOSPC, errno.EDQUOT}
    reason = os.strerror(error.errno) if error.errno else str(error)
    return JourneymanError(
        "disk-full" if full else "not-writable", f"the log {path} cannot be written: {reason}"
    )
