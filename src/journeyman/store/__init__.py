"""Timeline, artifacts, run locks and the result cache: what ``.journeyman/`` holds."""

from journeyman.store.artifacts import Artifacts
from journeyman.store.lock import RunLock, is_locked
from journeyman.store.nowhere import Nowhere
from journeyman.store.sqlite import SqliteStore
from journeyman.store.state import StateDir, ensure_state, state_dir

__all__ = [
    "Artifacts",
    "Nowhere",
    "RunLock",
    "SqliteStore",
    "StateDir",
    "ensure_state",
    "is_locked",
    "state_dir",
]
