"""The requests so far: a list for tests, a log of JSON lines, and sums for benches."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, TextIO


@dataclass
class Exchange:
    """One request to a model endpoint. Figures that the request did not come to are ``None``."""

    n: int
    endpoint: str
    began: float = field(default_factory=time.monotonic)
    model: str | None = None
    stream: bool = False
    status: int | None = None
    fault: str | None = None
    move: str | None = None
    """What the model did: search, read, edit, run, done, …"""
    task: str | None = None
    prompt_tokens: int | None = None
    cached: int | None = None
    cache_written: int | None = None
    completion_tokens: int | None = None
    wall: float | None = None
    """Seconds from the request's last byte to the answer's."""
    error: str | None = None
    body: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def line(self) -> dict[str, Any]:
        """What the log holds: everything but the clock and the request itself."""
        unlogged = {"began", "body", "headers"}
        return {key: value for key, value in vars(self).items() if key not in unlogged}


class Ledger:
    """Numbers the requests and keeps them; safe among threads."""

    def __init__(self, log: Path | None = None) -> None:
        self.requests: list[Exchange] = []
        self._number = 0
        self._lock = Lock()
        self._log: TextIO | None = log.open("a", encoding="utf-8") if log else None

    def begin(self, endpoint: str) -> Exchange:
        """A request has come in."""
        with self._lock:
            self._number += 1
            exchange = Exchange(self._number, endpoint)
            self.requests.append(exchange)
            return exchange

    def end(self, exchange: Exchange) -> None:
        """Its answer is about to be complete; the first call counts."""
        with self._lock:
            if exchange.wall is not None:
                return
            exchange.wall = round(time.monotonic() - exchange.began, 6)
            if self._log and not self._log.closed:
                self._log.write(json.dumps(exchange.line()) + "\n")
                self._log.flush()

    def forget(self) -> None:
        """Start over, at request 1."""
        with self._lock:
            self.requests.clear()
            self._number = 0

    def stats(self) -> dict[str, Any]:
        """Sums over all requests, and each request's line."""
        with self._lock:
            requests = list(self.requests)
        prompt = sum(each.prompt_tokens or 0 for each in requests)
        cached = sum(each.cached or 0 for each in requests)
        answered = [each for each in requests if each.prompt_tokens is not None]
        return {
            "requests": len(requests),
            "first_prompt_tokens": answered[0].prompt_tokens if answered else None,
            "prompt_tokens": prompt,
            "cached_tokens": cached,
            "uncached_tokens": prompt - cached,
            "completion_tokens": sum(each.completion_tokens or 0 for each in requests),
            "model_s": round(sum(each.wall or 0.0 for each in requests), 6),
            "moves": dict(Counter(each.move for each in requests if each.move)),
            "statuses": dict(Counter(str(each.status) for each in requests)),
            "log": [each.line() for each in requests],
        }

    def close(self) -> None:
        """No more lines."""
        with self._lock:
            if self._log:
                self._log.close()
