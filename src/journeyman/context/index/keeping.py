"""Where an index is kept: in the cache, or for as long as it is used in a folder of its own."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from pathlib import Path

from journeyman.context.index.database import VERSION, Database, remove_database


def open_database(folder: Path, name: str) -> Database:
    """The index called ``name`` in a folder of the cache.

    Where that cannot be written: the kept one to read, and a passing one where there is none.
    """
    path = folder / f"{name}-{VERSION}.sqlite"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _require_writable(path)
        return Database(path)
    except (OSError, sqlite3.OperationalError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
    note = f"the index is not kept: {folder} cannot be written ({reason})"
    try:
        return Database(path, read_only=note)
    except (OSError, sqlite3.Error):
        return _passing(path.name, note)


def passing_copy(database: Database) -> Database:
    """A passing index with what a read-only one holds, which is closed."""
    made = _passing(database.path.name, database.read_only)
    try:
        database.copy_into(made)
    except sqlite3.Error:
        # Damaged, or another process wrote it meanwhile: what it held can be found again.
        discard_passing(made)
        made = _passing(database.path.name, database.read_only)
    database.close()
    return made


def discard_passing(database: Database) -> None:
    """Close an index; delete it when it is not kept."""
    database.close()
    if database.note:
        for file in database.path.parent.iterdir():
            file.unlink(missing_ok=True)
        database.path.parent.rmdir()


def without_damage(database: Database) -> Database | None:
    """What to use instead of a damaged index, which is closed; nothing where it can be made anew."""
    if database.note:
        discard_passing(database)
        return None
    database.close()
    if database.read_only:
        return _passing(database.path.name, database.read_only)
    remove_database(database.path)
    return None


def _passing(name: str, note: str) -> Database:
    return Database(Path(tempfile.mkdtemp(prefix="jm-index-")) / name, note=note)


def _require_writable(path: Path) -> None:
    """Raise OSError for a file that SQLite would open without a word, and fail to write in the middle."""
    if path.exists():
        os.close(os.open(path, os.O_RDWR | os.O_CLOEXEC))
