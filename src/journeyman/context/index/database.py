"""The index on disk: one SQLite file for a repository, whatever its checkouts; every content once.

What a content holds is written in *segments*: batches with postings of their own, so that adding never
rewrites. A segment is written in one transaction; which segment counts for a content is said by one row.
"""

from __future__ import annotations

import contextlib
import errno
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from journeyman.context.index.segment import Segment

VERSION = 3
"""Of the tables and of the parser: another version's file is left alone, and a new one is made."""
_BUSY_S = 60.0
_MOST_VARIABLES = 500
_TABLES = """
CREATE TABLE IF NOT EXISTS segment (id INTEGER PRIMARY KEY AUTOINCREMENT, files INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS content (
    key TEXT PRIMARY KEY, segment INTEGER NOT NULL, place INTEGER NOT NULL, skipped TEXT NOT NULL,
    lines INTEGER NOT NULL, lengths BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fact (
    key TEXT PRIMARY KEY, facts TEXT NOT NULL, imports TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS posting (
    segment INTEGER NOT NULL, term TEXT NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (segment, term)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS past (
    number INTEGER PRIMARY KEY, sha TEXT NOT NULL UNIQUE, time INTEGER NOT NULL, paths TEXT NOT NULL,
    terms TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS head (sha TEXT PRIMARY KEY, numbers BLOB NOT NULL) WITHOUT ROWID;
"""

_State = tuple[int, int, int]
ContentRow = tuple[str, int, int, str, int, bytes]


class OutdatedError(Exception):
    """An index that can only be read lacks something."""


class Database:
    """One repository's index. ``note`` says when it is not kept."""

    def __init__(self, path: Path, *, note: str = "", read_only: str = "") -> None:
        """Opens the file, and makes it when it is missing, of another version, or damaged.

        ``read_only`` says why it cannot be written: then it must be there and sound, else sqlite3.Error.
        """
        self.path = path
        self.note = note
        self.read_only = read_only
        self._found: _State | None = None
        if read_only:
            self._found, self._connection = _opened_to_read(path)
        else:
            self._connection = _opened(path)

    @property
    def was_overwritten(self) -> bool:
        """Whether another process wrote the file since it was opened as one that nobody writes."""
        return self._found is not None and _state(self.path) != self._found

    def require_writable(self) -> None:
        """Raise OutdatedError where nothing can be added."""
        if self.read_only:
            raise OutdatedError

    def copy_into(self, other: Database) -> None:
        """Make another index hold what this one does. Raises sqlite3.Error when this one is not sound."""
        self._connection.backup(other._connection)
        if self.was_overwritten:
            raise sqlite3.DatabaseError("overwritten while it was read")

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()

    def known(self, keys: Iterable[str]) -> set[str]:
        """Those of the keys that the index has."""
        wanted = list(keys)
        if len(wanted) > 4 * _MOST_VARIABLES:
            have = {row[0] for row in self._connection.execute("SELECT key FROM content")}
            return have.intersection(wanted)
        found = (
            row[0] for part in _parts(wanted) for row in self._select("SELECT key FROM content", "key", part)
        )
        return set(found)

    def add(self, segment: Segment) -> None:
        """Write a segment. A content that another process wrote meanwhile stays that one's."""
        with self._writing() as connection:
            cursor = connection.execute("INSERT INTO segment (files) VALUES (?)", (len(segment.files),))
            number = cursor.lastrowid
            connection.executemany(
                "INSERT OR IGNORE INTO content VALUES (?, ?, ?, ?, ?, ?)",
                [(row.key, number, row.place, row.skipped, row.lines, row.lengths) for row in segment.files],
            )
            connection.executemany(
                "INSERT OR IGNORE INTO fact VALUES (?, ?, ?)",
                [(row.key, row.facts, row.imports) for row in segment.files],
            )
            connection.executemany(
                "INSERT INTO posting VALUES (?, ?, ?)",
                [(number, term, data) for term, data in segment.rows()],
            )

    def contents(self, keys: Iterable[str] | None = None) -> list[ContentRow]:
        """Key, segment, place, why skipped, lines and chunk lengths: of some contents, or of all."""
        what = "SELECT key, segment, place, skipped, lines, lengths FROM content"
        if keys is None:
            return self._connection.execute(what).fetchall()
        return [row for part in _parts(list(keys)) for row in self._select(what, "key", part)]

    def postings(self, term: str, segments: str) -> list[tuple[int, bytes]]:
        """Segment and postings of a term; ``segments`` is a JSON list of numbers."""
        term = term.encode("utf-8", "replace").decode("utf-8")  # a name of the file system's may not be text
        what = (
            "SELECT segment, data FROM posting WHERE segment IN (SELECT value FROM json_each(?)) AND term = ?"
        )
        return self._connection.execute(what, (segments, term)).fetchall()

    def facts(self, key: str) -> str | None:
        """What one content defines, and its chunks."""
        row = self._connection.execute("SELECT facts FROM fact WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def imports(self, keys: list[str]) -> list[tuple[str, str]]:
        """Keys, each with what that content imports."""
        what = "SELECT key, imports FROM fact"
        return [row for part in _parts(keys) for row in self._select(what, "key", part)]

    def head(self, sha: str) -> bytes | None:
        """The numbers of the commits before a head, newest first, when they were looked up before."""
        row = self._connection.execute("SELECT numbers FROM head WHERE sha = ?", (sha,)).fetchone()
        return None if row is None else bytes(row[0])

    def numbers(self, shas: list[str]) -> dict[str, int]:
        """Numbers of the commits that are known."""
        rows = (
            row for part in _parts(shas) for row in self._select("SELECT sha, number FROM past", "sha", part)
        )
        return dict(rows)

    def add_history(self, commits: Iterable[tuple[str, int, str, str]]) -> None:
        """Write commits: sha, time, paths, terms."""
        with self._writing() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO past (sha, time, paths, terms) VALUES (?, ?, ?, ?)", commits
            )

    def add_head(self, sha: str, numbers: bytes) -> None:
        """Remember which commits are before a head."""
        with self._writing() as connection:
            connection.execute("INSERT OR REPLACE INTO head VALUES (?, ?)", (sha, numbers))

    def past(self) -> list[tuple[int, int, str, str]]:
        """Number, time, paths and terms of all known commits."""
        return self._connection.execute("SELECT number, time, paths, terms FROM past").fetchall()

    def _select(self, what: str, column: str, values: list[str]) -> list[Any]:
        marks = ",".join("?" * len(values))
        return self._connection.execute(f"{what} WHERE {column} IN ({marks})", values).fetchall()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        self.require_writable()
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")


def _opened(path: Path) -> sqlite3.Connection:
    for attempt in (1, 2):
        connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            _prepare(connection)
        except sqlite3.OperationalError:
            connection.close()
            raise
        except sqlite3.DatabaseError:
            # Damaged, or no database at all: what it held can be found again.
            connection.close()
            if attempt == 2:
                raise
            remove_database(path)
            continue
        return connection
    raise AssertionError("unreachable")


def _opened_to_read(path: Path) -> tuple[_State | None, sqlite3.Connection]:
    """A file that cannot be written, and its state when it is taken for one that nobody writes.

    Raises OSError or sqlite3.Error when it is of no use.

    A write-ahead log is read along, and SQLite sees to other processes then. Without one, which is how the
    last process leaves it, SQLite would make one: ``immutable`` keeps it from that, and from noticing others.
    """
    state = _state(path)
    log = Path(f"{path}-wal")
    alone = not log.exists() or log.stat().st_size == 0
    address = f"{path.as_uri()}?mode=ro" + ("&immutable=1" if alone else "")
    connection = sqlite3.connect(
        address, uri=True, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
    )
    try:
        if _version(connection) != VERSION:
            raise sqlite3.DatabaseError("of another version")
    except sqlite3.Error:
        connection.close()
        raise
    return state if alone else None, connection


def _state(path: Path) -> _State:
    """Inode, size and time: they differ when the file is another one or was written."""
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def _version(connection: sqlite3.Connection) -> int:
    """The version of the tables, which are looked into; 0 for an empty file. Raises sqlite3.DatabaseError."""
    connection.execute("PRAGMA cache_size=-32000")
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version == VERSION:
        connection.execute("SELECT key FROM content LIMIT 1").fetchone()
        connection.execute("SELECT segment FROM posting LIMIT 1").fetchone()
    return version


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    # Nothing waits for the disk: a killed process loses nothing by it; what a power cut spoils is made again.
    connection.execute("PRAGMA synchronous=OFF")
    version = _version(connection)
    if version == VERSION:
        return
    if version:
        raise sqlite3.DatabaseError("of another version")
    for statement in _TABLES.split(";"):
        if statement.strip():
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version={VERSION}")
    # An index that nobody can write is of no use: told now rather than in the middle.
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("COMMIT")


def remove_database(path: Path) -> None:
    """Delete the file and what SQLite keeps beside it."""
    for ending in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            Path(f"{path}{ending}").unlink()


def _parts(values: list[str]) -> Iterator[list[str]]:
    for at in range(0, len(values), _MOST_VARIABLES):
        yield values[at : at + _MOST_VARIABLES]


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file holds no sound database; the subclasses say other things."""
    return type(error) is sqlite3.DatabaseError


def is_full(error: sqlite3.Error) -> bool:
    """Whether a disk has no room."""
    return "full" in str(error) or getattr(error, "errno", None) == errno.ENOSPC
