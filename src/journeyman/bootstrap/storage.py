"""Where runs are kept: the one place that chooses a store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from journeyman.domain.errors import JourneymanError
from journeyman.store import LocalStorage, ensure_state, state_dir
from journeyman.store.state import find_state_root

if TYPE_CHECKING:
    from journeyman.domain.records import Storage


def open_storage(state_root: Path) -> Storage:
    """The storage of a repository, made when missing. Raises what ``ensure_state`` and the store raise."""
    return LocalStorage(ensure_state(state_root), writable=True)


def ensure_storage(state_root: Path) -> None:
    """Make sure that runs can be kept. Raises JourneymanError("not-writable" or "disk-full")."""
    ensure_state(state_root)


def existing_storage(state_root: Path) -> Storage | None:
    """The storage for reading; ``None`` when nothing was ever run here."""
    state = state_dir(state_root)
    return LocalStorage(state, writable=False) if state.database.exists() else None


def read_storage(state_root: Path) -> Storage:
    """The storage for reading. Raises JourneymanError("unknown-run") when nothing was ever run here."""
    storage = existing_storage(state_root)
    if storage is None:
        raise JourneymanError("unknown-run", "nothing was run in this repository yet", hint='jm run "…"')
    return storage


def storage_around(directory: Path) -> Storage:
    """The storage that serves a folder, found without starting git: reading is quick."""
    return read_storage(find_state_root(directory))
