"""Server-sent events from raw bytes, however the network split them."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass

MAX_EVENT_CHARACTERS = 16 * 1024 * 1024


class OversizedEventError(Exception):
    """An event that no model would send."""


@dataclass(frozen=True)
class ServerEvent:
    """One event; ``name`` is empty when the stream names none."""

    name: str
    data: str


class EventParser:
    """Feed it bytes, take whole events. The WHATWG grammar of event streams, without ids and retry times."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._pieces: list[str] = []
        self._pending = 0
        self._after_return = False
        self._name = ""
        self._data: list[str] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[ServerEvent]:
        """The events that this chunk completes. Raises OversizedEventError."""
        text = self._decoder.decode(chunk)
        if self._after_return and text:
            # The line ended with the last chunk's "\r"; this "\n" belongs to it.
            text = text.removeprefix("\n")
            self._after_return = False
        self._after_return = self._after_return or text.endswith("\r")
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for line in lines[:-1]:
            self._pieces.append(line)
            event = self._line("".join(self._pieces))
            self._pieces.clear()
            self._pending = 0
            if event is not None:
                yield event
        self._pieces.append(lines[-1])
        self._pending += len(lines[-1])
        self._check(self._pending)

    def finish(self) -> Iterator[ServerEvent]:
        """An event that the stream's end completes: some servers leave out the last blank line."""
        rest = "".join(self._pieces) + self._decoder.decode(b"", final=True)
        self._pieces.clear()
        for line in (rest, ""):
            event = self._line(line)
            if event is not None:
                yield event

    def _line(self, line: str) -> ServerEvent | None:
        if not line:
            event = ServerEvent(self._name, "\n".join(self._data)) if self._data else None
            self._name, self._data, self._size = "", [], 0
            return event
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._size += len(value)
            self._check(self._size)
            self._data.append(value)
        elif field == "event":
            self._name = value
        return None

    def _check(self, characters: int) -> None:
        if characters > MAX_EVENT_CHARACTERS:
            raise OversizedEventError
