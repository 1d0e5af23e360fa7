"""The durable engine's tables, in the SQLite file that holds the timelines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from journeyman.store.sqlite import store_error

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from journeyman.domain.errors import JourneymanError


class SqliteJournal:
    """Implements ``domain.records.JournalDatabase``."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def engine(self) -> Engine:
        """An engine with the store's own trade between safety and speed."""
        import sqlite3

        from sqlalchemy import create_engine

        def connect() -> sqlite3.Connection:
            connection = sqlite3.connect(self._path, check_same_thread=False, timeout=30)
            # WAL with NORMAL: 2 ms a step instead of 15, and safe against a killed process.
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            return connection

        # The path is not part of the URL, where "%" and "?" mean something and not every byte may stand.
        return create_engine(f"sqlite:///{self._path.name}", creator=connect)

    def error(self, raised: Exception) -> JourneymanError:
        """The expected error that a database error stands for."""
        return store_error(raised, self._path)


def preload_driver() -> None:
    """Import what :meth:`SqliteJournal.engine` needs."""
    import sqlalchemy.dialects.sqlite

    del sqlalchemy
