"""A repository's runs, kept below its own folder: one SQLite file, and a folder for each run."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from journeyman.store.artifacts import FolderArtifacts
from journeyman.store.leases import FileLeases
from journeyman.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from journeyman.store.journal import SqliteJournal
    from journeyman.store.state import StateDir


class LocalStorage:
    """Implements ``domain.records.Storage``. Raises what SqliteStore raises."""

    def __init__(self, state: StateDir, *, writable: bool) -> None:
        self._state = state
        self.runs = SqliteStore(state.database, writable=writable)
        self.leases = FileLeases(state.run_dir)
        self.shared = FolderArtifacts(state.root)

    @cached_property
    def journal(self) -> SqliteJournal:
        """The durable engine's database, loaded only where a run is worked on."""
        from journeyman.store.journal import SqliteJournal

        return SqliteJournal(self._state.database)

    def artifacts(self, run_id: str) -> FolderArtifacts:
        """The folder of one run."""
        return FolderArtifacts(self._state.run_dir(run_id))
