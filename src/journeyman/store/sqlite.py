"""The timeline and the result cache in one SQLite file, which the durable engine shares."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from journeyman.domain.checks import CheckResult
from journeyman.domain.errors import JourneymanError
from journeyman.domain.events import Event, Payload
from journeyman.store.codec import decode, decode_payload, encode

_SCHEMA_VERSION = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS jm_meta (schema_version INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS jm_events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id TEXT NOT NULL,
  key TEXT NOT NULL,
  kind TEXT NOT NULL,
  at REAL NOT NULL,
  clock_s REAL NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (run_id, key)
);
CREATE INDEX IF NOT EXISTS jm_events_by_kind ON jm_events (kind, run_id);
CREATE TABLE IF NOT EXISTS jm_results (key TEXT PRIMARY KEY, at REAL NOT NULL, body TEXT NOT NULL);
"""


class SqliteStore:
    """Timelines of all runs of one repository, and cached check results.

    Every method may raise JourneymanError: "corrupt-store", "disk-full" or "not-writable".
    """

    def __init__(self, path: Path, *, writable: bool = True) -> None:
        self.path = path
        with self._errors():
            self._connection = self._connect(writable=writable)

    def append(self, run_id: str, key: str, payload: Payload, clock_s: float) -> Event | None:
        """Add an event unless the run has one under this key already; then ``None``."""
        now = time.time()
        body = encode(payload)
        with self._errors():
            cursor = self._connection.execute(
                "INSERT OR IGNORE INTO jm_events (run_id, key, kind, at, clock_s, body)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (run_id, key, payload.kind, now, clock_s, body),
            )
        if cursor.rowcount != 1 or cursor.lastrowid is None:
            return None
        return Event(run_id, cursor.lastrowid, key, now, clock_s, payload)

    def events(self, run_id: str, *, after: int = 0) -> tuple[Event, ...]:
        """The run's events in order, those after sequence number ``after``."""
        return self._select("run_id = ? AND seq > ?", (run_id, after))

    def events_of_kind(self, *kinds: str) -> tuple[Event, ...]:
        """Events of the given kinds, of all runs, in order."""
        marks = ",".join("?" * len(kinds))
        return self._select(f"kind IN ({marks})", kinds)

    def last_seen(self) -> dict[str, tuple[float, float]]:
        """For each run the wall clock and the run clock of its last event."""
        with self._errors():
            rows = self._connection.execute(
                "SELECT run_id, at, clock_s FROM jm_events"
                " WHERE seq IN (SELECT max(seq) FROM jm_events GROUP BY run_id)"
            ).fetchall()
        return {run_id: (at, clock_s) for run_id, at, clock_s in rows}

    def get(self, key: str) -> CheckResult | None:
        """The cached result under this key."""
        with self._errors():
            row = self._connection.execute("SELECT body FROM jm_results WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        try:
            result = decode(row[0], CheckResult)
        except ValueError:
            return None
        return result if isinstance(result, CheckResult) else None

    def put(self, key: str, result: CheckResult) -> None:
        """Remember a result under this key."""
        with self._errors():
            self._connection.execute(
                "INSERT OR REPLACE INTO jm_results (key, at, body) VALUES (?, ?, ?)",
                (key, time.time(), encode(result)),
            )

    def close(self) -> None:
        """Close the connection; what was appended is safe already."""
        self._connection.close()

    def _select(self, where: str, values: tuple[object, ...]) -> tuple[Event, ...]:
        with self._errors():
            rows = self._connection.execute(
                # ``where`` comes from this class alone; the values are bound.
                f"SELECT run_id, seq, key, kind, at, clock_s, body FROM jm_events WHERE {where} ORDER BY seq",  # noqa: S608
                values,
            ).fetchall()
        found = []
        for run_id, seq, key, kind, at, clock_s, body in rows:
            payload = decode_payload(kind, body)
            if payload is not None:
                found.append(Event(run_id, seq, key, at, clock_s, payload))
        return tuple(found)

    def _connect(self, *, writable: bool) -> sqlite3.Connection:
        if writable:
            # Any thread may use it, one at a time: the event loop's thread does nearly all.
            connection = sqlite3.connect(self.path, timeout=30, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            self._migrate(connection)
            return connection
        connection = sqlite3.connect(
            f"file:{_uri(self.path)}?mode=ro", uri=True, timeout=5, isolation_level=None
        )
        self._check_version(connection)
        return connection

    def _migrate(self, connection: sqlite3.Connection) -> None:
        known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'jm_meta'").fetchone()
        if known is None:
            connection.executescript(_TABLES)
            if connection.execute("SELECT count(*) FROM jm_meta").fetchone()[0] == 0:
                connection.execute("INSERT INTO jm_meta VALUES (?)", (_SCHEMA_VERSION,))
        self._check_version(connection)

    def _check_version(self, connection: sqlite3.Connection) -> None:
        row = connection.execute("SELECT max(schema_version) FROM jm_meta").fetchone()
        if row[0] is None or row[0] > _SCHEMA_VERSION:
            raise JourneymanError(
                "corrupt-store",
                f"{self.path} was written by a newer Journeyman (schema {row[0]}, known {_SCHEMA_VERSION})",
                hint="upgrade Journeyman",
            )

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise store_error(error, self.path) from None


def store_error(error: Exception, path: Path) -> JourneymanError:
    """The expected error that a database error stands for."""
    text = str(error).lower()
    if "full" in text:
        return JourneymanError("disk-full", f"the disk that holds {path} is full")
    if "readonly" in text or "unable to open" in text or "permission" in text:
        return JourneymanError("not-writable", f"{path} cannot be opened for writing: {error}")
    if "locked" in text:
        return JourneymanError("not-writable", f"{path} stayed locked by another process", hint="jm status")
    return JourneymanError(
        "corrupt-store",
        f"{path} is damaged: {error}",
        facts=("verified commits and every attempt are safe in git, under journeyman/ and refs/journeyman/",),
        hint=f"mv {path} {path}.damaged",
    )


def _uri(path: Path) -> str:
    from urllib.parse import quote

    return quote(str(path))
