"""One HTTP connection: routes, bodies, server-sent events in time, and the faults that happen on the wire."""

from __future__ import annotations

import json
import secrets
import select
import socket
import time
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

from bench.simmodel.faults import Fault, Planned
from bench.simmodel.ledger import Exchange
from bench.simmodel.service import Reply
from bench.simmodel.tokens import CHARACTERS_PER_TOKEN, answer_characters, compact
from bench.simmodel.values import Protocol
from bench.simmodel.wire.errors import ApiError, invalid

if TYPE_CHECKING:
    from bench.simmodel.server import SimServer

_ENDPOINTS = {
    "/chat/completions": Protocol.CHAT,
    "/responses": Protocol.RESPONSES,
    "/messages": Protocol.MESSAGES,
}
_GARBAGE = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>\n"
_LOOK_S = 0.05
_MAX_BODY = 100_000_000


def _thought(reply: Reply) -> int:
    """What the model thought before its first visible character, as characters."""
    return reply.answer.reasoning_tokens * CHARACTERS_PER_TOKEN


class _Cut(Exception):  # noqa: N818 - it is no error but the fault asked for
    """The connection ends here."""


class Handler(BaseHTTPRequestHandler):
    """Serves one connection; its server holds everything that lasts."""

    protocol_version = "HTTP/1.1"
    server_version = "simmodel"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: SimServer

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing: the ledger does."""

    def setup(self) -> None:
        """Let the server know the connection, to end it when it stops."""
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        """Forget the connection."""
        self.server.connections.discard(self.connection)
        try:
            super().finish()
        except OSError:
            self.close_connection = True

    def handle(self) -> None:
        """Serve requests until the client has gone."""
        try:
            super().handle()
        except (ConnectionError, TimeoutError, ValueError, _Cut):
            self.close_connection = True

    def do_HEAD(self) -> None:
        """Say that somebody is there."""
        self._json(200, {})

    def do_GET(self) -> None:
        """The models, the figures, or a sign of life."""
        path = self._path()
        if path == "/control/stats":
            self._json(200, self.server.ledger.stats())
        elif path == "/models":
            self._json(200, self._models())
        elif path.startswith("/models/"):
            self._one_model(path.removeprefix("/models/"))
        else:
            self._json(200 if path in {"", "/", "/health"} else 404, {"simmodel": path})

    def do_POST(self) -> None:
        """A model's answer, a count of tokens, or a fresh start."""
        path = self._path()
        raw = self._body()
        if path in _ENDPOINTS:
            self._answer(_ENDPOINTS[path], raw)
        elif path == "/messages/count_tokens":
            self._count(raw)
        elif path == "/control/reset":
            self.server.reset()
            self._json(200, {"reset": True})
        else:
            self._error(ApiError(404, f"Invalid URL (POST {self.path})"), Protocol.CHAT)

    def _answer(self, protocol: Protocol, raw: bytes | None) -> None:
        exchange = self.server.ledger.begin(f"/{self._path().lstrip('/')}")
        exchange.headers = {key.lower(): value for key, value in self.headers.items()}
        planned = self.server.fault_for(exchange.n)
        exchange.fault = planned.fault.value if planned else None
        try:
            exchange.body = self._parsed(raw, protocol)
            self._before(planned)
            reply = self.server.service.reply(protocol, exchange.body, planned, exchange)
            exchange.status = 200
            if reply.conversation.stream:
                self._stream(reply, planned.fault if planned else None, exchange)
            else:
                self._whole(reply, planned.fault if planned else None, exchange)
        except ApiError as error:
            exchange.status, exchange.error = error.status, error.message
            self.server.ledger.end(exchange)
            self._error(error, protocol)
        except (ConnectionError, TimeoutError):
            exchange.error = "the client went away"
            raise
        finally:
            self.server.ledger.end(exchange)

    def _before(self, planned: Planned | None) -> None:
        """What goes wrong before a first byte."""
        match planned.fault if planned else None:
            case Fault.CUT:
                self._cut()
            case Fault.HANG if planned:
                self._hang(planned.argument)
                self._cut()
            case _:
                pass

    def _whole(self, reply: Reply, fault: Fault | None, exchange: Exchange) -> None:
        data = compact(reply.body()).encode()
        self._sleep_until(exchange, _thought(reply) + answer_characters(reply.answer))
        if fault is Fault.GARBAGE:
            data = _GARBAGE
        if fault is Fault.TRUNCATED:
            data = data[: len(data) // 2]
        self._head(200, "application/json", {"Content-Length": str(len(data))})
        half = data[: len(data) // 2]
        if fault in {Fault.CUT_MID, Fault.HANG_MID}:
            self._send(half)
            self._break_off(fault)
        self.server.ledger.end(exchange)
        self._send(data)

    def _stream(self, reply: Reply, fault: Fault | None, exchange: Exchange) -> None:
        self._sleep_until(exchange, 0)
        self._head(
            200,
            "text/event-stream; charset=utf-8",
            {"Transfer-Encoding": "chunked", "Cache-Control": "no-cache"},
        )
        events = [(event.encode(), event.characters) for event in reply.events()]
        if fault is Fault.GARBAGE:
            events = [(_GARBAGE, 0)]
        if fault in {Fault.CUT_MID, Fault.HANG_MID, Fault.TRUNCATED}:
            events = events[: max(1, len(events) // 2)]
        if fault is Fault.TRUNCATED:
            events[-1] = (events[-1][0][: len(events[-1][0]) // 2], 0)
        written = _thought(reply)
        for number, (data, characters) in enumerate(events, start=1):
            written += characters
            if characters:
                self._sleep_until(exchange, written)
            if number == len(events) and fault not in {Fault.CUT_MID, Fault.HANG_MID}:
                self.server.ledger.end(exchange)
            self._chunk(data, flush=self.server.pace.slow or number == len(events))
        if fault in {Fault.CUT_MID, Fault.HANG_MID}:
            self._break_off(fault)
        self._send(b"0\r\n\r\n")

    def _break_off(self, fault: Fault) -> None:
        planned = self.server.planned(fault)
        if fault is Fault.HANG_MID:
            self._hang(planned.argument if planned else None)
        self._cut()

    def _cut(self) -> None:
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)
        raise _Cut

    def _hang(self, seconds: float | None) -> None:
        """Do nothing, until the client goes, the server stops or the time is over."""
        over = None if seconds is None else time.monotonic() + seconds
        while not self.server.stopping.is_set() and (over is None or time.monotonic() < over):
            readable, _, _ = select.select([self.connection], [], [], _LOOK_S)
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                return
            if readable:
                time.sleep(_LOOK_S)

    def _sleep_until(self, exchange: Exchange, characters: int) -> None:
        """Wait for the moment at which the model would have written so much."""
        due = exchange.began + self.server.pace.seconds(characters / CHARACTERS_PER_TOKEN)
        left = due - time.monotonic()
        if left > 0 and self.server.stopping.wait(left):
            self._cut()

    def _count(self, raw: bytes | None) -> None:
        try:
            conversation = self.server.service.read(
                Protocol.MESSAGES, self._parsed(raw, Protocol.MESSAGES), counting=True
            )
        except ApiError as error:
            self._error(error, Protocol.MESSAGES)
            return
        self._json(200, {"input_tokens": len(conversation.prompt.text) // CHARACTERS_PER_TOKEN})

    def _parsed(self, raw: bytes | None, protocol: Protocol) -> dict[str, Any]:
        if raw is None:
            raise ApiError(415, "Unsupported content encoding")
        if protocol is Protocol.MESSAGES and not self.headers.get("anthropic-version"):
            raise invalid("anthropic-version: header is required")
        try:
            body = json.loads(raw)
        except ValueError as error:
            raise invalid(f"We could not parse the JSON body of your request: {error}") from None
        if not isinstance(body, dict):
            raise invalid("The body of your request must be a JSON object.")
        return body

    def _models(self) -> dict[str, Any]:
        names = self.server.service.session.models or ("sim-1",)
        if self.headers.get("anthropic-version"):
            data = [
                {"type": "model", "id": name, "display_name": name, "created_at": "2026-01-01T00:00:00Z"}
                for name in names
            ]
            return {"data": data, "has_more": False, "first_id": names[0], "last_id": names[-1]}
        made = [
            {"id": name, "object": "model", "created": 1767225600, "owned_by": "simmodel"} for name in names
        ]
        return {"object": "list", "data": made}

    def _one_model(self, name: str) -> None:
        found = [model for model in self._models()["data"] if model["id"] == name]
        self._json(200 if found else 404, found[0] if found else {"error": {"message": f"no model {name}"}})

    def _path(self) -> str:
        path = self.path.split("?", 1)[0].rstrip("/")
        while path.startswith("/v1/") or path == "/v1":
            path = path.removeprefix("/v1")  # base URLs come with and without it, and clients add their own
        return path

    def _body(self) -> bytes | None:
        """The request's body; ``None`` when it is encoded in a way that is not read here."""
        if "chunked" in (self.headers.get("Transfer-Encoding") or "").lower():
            raw = self._chunked_body()
        else:
            raw = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), _MAX_BODY))
        match (self.headers.get("Content-Encoding") or "identity").lower():
            case "identity":
                return raw
            case "gzip":
                import gzip

                return gzip.decompress(raw)
            case _:
                return None

    def _chunked_body(self) -> bytes:
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(parts)

    def _error(self, error: ApiError, protocol: Protocol) -> None:
        request_id = f"req_{secrets.token_hex(8)}"
        self._json(error.status, error.body(protocol, request_id), error.headers, request_id)

    def _json(
        self,
        status: int,
        body: dict[str, Any],
        headers: dict[str, str] | None = None,
        request_id: str | None = None,
    ) -> None:
        data = compact(body).encode()
        named = {"Content-Length": str(len(data)), **(headers or {})}
        self._head(status, "application/json", named, request_id)
        self._send(b"" if self.command == "HEAD" else data)

    def _head(self, status: int, kind: str, headers: dict[str, str], request_id: str | None = None) -> None:
        self.send_response(status)
        request_id = request_id or f"req_{secrets.token_hex(8)}"
        known = {"Content-Type": kind, "request-id": request_id, "x-request-id": request_id}
        for name, value in {**known, **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def _chunk(self, data: bytes, *, flush: bool) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        if flush:
            self.wfile.flush()

    def _send(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()
