"""Timelines, results, leases and artifacts of runs: what ``.journeyman/`` holds."""

from journeyman.store.artifacts import FolderArtifacts
from journeyman.store.local import LocalStorage
from journeyman.store.nowhere import Nowhere
from journeyman.store.sqlite import SqliteStore
from journeyman.store.state import StateDir, ensure_state, state_dir

__all__ = [
    "FolderArtifacts",
    "LocalStorage",
    "Nowhere",
    "SqliteStore",
    "StateDir",
    "ensure_state",
    "state_dir",
]
