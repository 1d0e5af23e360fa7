"""A scripted HTTP server on loopback: real sockets, and exactly the bytes that a test wants to see on the wire."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self


class Hang:
    """Send nothing more until the client goes away."""


class Cut:
    """Reset the connection."""


@dataclass(frozen=True)
class Pause:
    """Send nothing for a while."""

    seconds: float


Step = bytes | Hang | Cut | Pause


@dataclass(frozen=True)
class Reply:
    """What is done with one request. The connection is kept afterwards unless ``close``."""

    steps: tuple[Step, ...]
    close: bool = False


@dataclass(frozen=True)
class Seen:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: Any
    connection: int


def response(
    status: int,
    body: str | bytes = b"",
    headers: dict[str, str] | None = None,
    *,
    kind: str = "application/json",
) -> Reply:
    """A whole response with a content-length."""
    data = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} Status", f"content-type: {kind}", f"content-length: {len(data)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return Reply(("\r\n".join(lines).encode() + b"\r\n\r\n" + data,))


def json_response(status: int, body: Any, headers: dict[str, str] | None = None) -> Reply:
    """A JSON response."""
    return response(status, json.dumps(body), headers)


def stream(
    data: bytes, *, size: int = 0, then: Step | None = None, kind: str = "text/event-stream", end: bool = True
) -> Reply:
    """A chunked response; ``size`` splits it into chunks of so many bytes. ``then`` is done in place of the end."""
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\n\r\n".encode()
    pieces = [data[at : at + size] for at in range(0, len(data), size)] if size else [data] if data else []
    chunks = tuple(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    if then is not None:
        return Reply((head, *chunks, then), close=True)
    return Reply((head, *chunks, b"0\r\n\r\n") if end else (head, *chunks), close=not end)


def openai_events(chunks: Iterable[Any], *, done: bool = True, newline: str = "\n") -> bytes:
    """Chunks as OpenAI streams them."""
    lines = [f"data: {json.dumps(chunk, ensure_ascii=False)}{newline}{newline}" for chunk in chunks]
    return "".join([*lines, f"data: [DONE]{newline}{newline}" if done else ""]).encode()


def anthropic_events(payloads: Iterable[dict[str, Any]], *, newline: str = "\n") -> bytes:
    """Payloads as Anthropic streams them, each under the name of its type."""
    return "".join(
        f"event: {payload['type']}{newline}data: {json.dumps(payload, ensure_ascii=False)}{newline}{newline}"
        for payload in payloads
    ).encode()


@dataclass
class HttpStub:
    """Answers each request with the next reply of the script; the last one is repeated for ever."""

    script: Sequence[Reply]
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    left: threading.Event = field(default_factory=threading.Event)
    """Set when a client went away from a reply that hung."""
    arrived: threading.Event = field(default_factory=threading.Event)
    """Set with the first request."""

    def __enter__(self) -> Self:
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for connection in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def bodies(self) -> list[Any]:
        return [request.body for request in self.seen]

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection, self.connections), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        reader = connection.makefile("rb")
        try:
            while self._one(connection, reader, number):
                pass
        except OSError:
            self.left.set()  # gone while we were still sending
        finally:
            reader.close()
            connection.close()

    def _one(self, connection: socket.socket, reader: Any, number: int) -> bool:
        first = reader.read(1)
        if first in {b"", b"\x16"}:  # the end, or the beginning of TLS
            return False
        line = (first + reader.readline()).decode()
        headers: dict[str, str] = {}
        while header := reader.readline().decode().strip():
            name, _, value = header.partition(":")
            headers[name.lower()] = value.strip()
        raw = reader.read(int(headers.get("content-length", "0")))
        with self._lock:
            self.seen.append(Seen(line.split()[1], headers, json.loads(raw or b"null"), number))
            reply = self.script[min(len(self.seen), len(self.script)) - 1]
        self.arrived.set()
        for step in reply.steps:
            if isinstance(step, Hang):
                with contextlib.suppress(ConnectionResetError):
                    reader.read(1)
                self.left.set()
                return False
            if isinstance(step, Cut):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return False
            if isinstance(step, Pause):
                time.sleep(step.seconds)
                continue
            connection.sendall(step)
        return not reply.close
