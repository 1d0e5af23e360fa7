"""The timeline and the result cache in one SQLite file, which the durable engine shares."""

from __future__ import annotations

import os
import shlex
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from journeyman.domain.checks import CheckResult
from journeyman.domain.errors import JourneymanError
from journeyman.domain.events import Event, Payload
from journeyman.store.codec import decode, decode_payload, encode
from journeyman.store.state import FREE_SPACE

_SCHEMA_VERSION = 1
# All or nothing: a process that dies, or a disk that fills up, in between must not leave half a store.
_TABLES = f"""
BEGIN IMMEDIATE;
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
INSERT INTO jm_meta SELECT {_SCHEMA_VERSION} WHERE NOT EXISTS (SELECT 1 FROM jm_meta);
COMMIT;
"""  # noqa: S608 - a number of ours
_LITTLE_BYTES = 1 << 16


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

    def run_ids(self) -> tuple[str, ...]:
        """All runs, in the order in which they began, whatever the clock said."""
        with self._errors():
            rows = self._connection.execute(
                "SELECT run_id FROM jm_events GROUP BY run_id ORDER BY min(seq)"
            ).fetchall()
        return tuple(run_id for (run_id,) in rows)

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
        connection = self._open_writable() if writable else self._open_readable()
        if not _has_tables(connection):
            if not writable:
                # Cut off before the first run was written down: nothing was ever kept here.
                connection = sqlite3.connect(":memory:", isolation_level=None)
            connection.executescript(_TABLES)
        self._check_version(connection)
        return connection

    def _open_writable(self) -> sqlite3.Connection:
        # Any thread may use it, one at a time: the event loop's thread does nearly all.
        connection = sqlite3.connect(self.path, timeout=30, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        return connection

    def _open_readable(self) -> sqlite3.Connection:
        place = f"file:{quote(os.fsencode(self.path))}?mode=ro"
        connection = sqlite3.connect(place, uri=True, timeout=5, isolation_level=None)
        try:
            _has_tables(connection)
        except sqlite3.OperationalError as error:
            # Reading makes files beside it, which a read-only disk refuses; there nobody writes either.
            if "unable to open" not in str(error) or self.path.with_name(f"{self.path.name}-wal").exists():
                raise
            return sqlite3.connect(f"{place}&immutable=1", uri=True, isolation_level=None)
        return connection

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
    """The expected error that a database error, or SQLAlchemy's wrapping of one, stands for."""
    error = getattr(error, "orig", None) or error
    text = str(error).lower()
    if "full" in text or ("disk i/o" in text and _is_full(path)):
        return JourneymanError("disk-full", f"the disk that holds {path} is full", hint=FREE_SPACE)
    if any(sign in text for sign in ("readonly", "unable to open", "permission", "disk i/o")):
        return JourneymanError("not-writable", f"{path} cannot be opened, read or written: {error}")
    if "locked" in text:
        return JourneymanError("not-writable", f"{path} stayed locked by another process", hint="jm status")
    return JourneymanError(
        "corrupt-store",
        f"{path} is damaged: {error}",
        facts=("verified commits and every attempt are safe in git, under journeyman/ and refs/journeyman/",),
        # With the files beside it: SQLite would write an old log into a new database.
        hint=f"cd {shlex.quote(str(path.parent))} && mkdir -p damaged && mv {path.name}* damaged/",
    )


def _has_tables(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone())


def _is_full(path: Path) -> bool:
    try:
        disk = os.statvfs(path.parent)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < _LITTLE_BYTES
