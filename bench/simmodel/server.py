"""The server: started and stopped by tests, or run by ``python -m bench.simmodel``."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from bench.simmodel.faults import Fault, Planned, parse_fault
from bench.simmodel.ledger import Exchange, Ledger
from bench.simmodel.service import Service
from bench.simmodel.session import Session, load_session
from bench.simmodel.transport import Handler

_POLL_S = 0.02


@dataclass(frozen=True)
class Pace:
    """How long the model takes. No tokens a second means no limit."""

    ttft_s: float = 0.0
    tokens_per_s: float = 0.0
    time_scale: float = 1.0

    @property
    def slow(self) -> bool:
        """Whether pieces are to arrive one by one."""
        return self.time_scale > 0 and self.tokens_per_s > 0

    def seconds(self, tokens: float) -> float:
        """From the request until so many tokens are written."""
        written = tokens / self.tokens_per_s if self.tokens_per_s > 0 else 0.0
        return (self.ttft_s + written) * self.time_scale


class SimServer(ThreadingHTTPServer):
    """What the connections share."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], service: Service, ledger: Ledger, pace: Pace) -> None:
        self.service, self.ledger, self.pace = service, ledger, pace
        self.faults: tuple[Planned, ...] = ()
        self.stopping = threading.Event()
        self.connections: set[socket.socket] = set()
        super().__init__(address, Handler)

    def fault_for(self, number: int) -> Planned | None:
        """The first fault that strikes this request."""
        return next((fault for fault in self.faults if fault.strikes(number)), None)

    def planned(self, fault: Fault) -> Planned | None:
        """How a fault was asked for."""
        return next((planned for planned in self.faults if planned.fault is fault), None)

    def reset(self) -> None:
        """Forget requests and caches; requests are counted from 1 again."""
        self.ledger.forget()
        self.service.cache.forget()


class SimModel:
    """A simulated model on loopback, in a thread of its own.

    ``url`` is without ``/v1``, which every endpoint takes or leaves. Use it as a context manager, or call
    ``start`` and ``stop``. Raises JourneymanError("bad-session") for a session that cannot be read, and
    ValueError for an unknown fault.
    """

    def __init__(
        self,
        session: Session | Path | str | Mapping[str, Any] | list[Any],
        *,
        port: int = 0,
        ttft_s: float = 0.0,
        tokens_per_s: float = 0.0,
        time_scale: float = 1.0,
        faults: Iterable[str] = (),
        log: Path | None = None,
        cache_minimum_tokens: int = 0,
    ) -> None:
        planned = tuple(parse_fault(fault) for fault in faults)
        service = Service(load_session(session), cache_minimum_tokens)
        self._ledger = Ledger(log)
        pace = Pace(ttft_s, tokens_per_s, time_scale)
        self._server = SimServer(("127.0.0.1", port), service, self._ledger, pace)
        self._server.faults = planned
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def requests(self) -> list[Exchange]:
        """Every request to a model endpoint so far, with its body and headers."""
        return self._ledger.requests

    def stats(self) -> dict[str, Any]:
        """What ``GET /control/stats`` says."""
        return self._ledger.stats()

    def set_faults(self, *faults: str) -> None:
        """From now on these, in place of those before."""
        self._server.faults = tuple(parse_fault(fault) for fault in faults)

    def reset(self) -> None:
        """Forget requests and caches; requests are counted from 1 again."""
        self._server.reset()

    def start(self) -> Self:
        """Begin to serve."""
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": _POLL_S}, name="simmodel", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop serving and end every connection. Twice is once."""
        self._server.stopping.set()
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._thread = None
        self._server.server_close()
        for connection in list(self._server.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._ledger.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
