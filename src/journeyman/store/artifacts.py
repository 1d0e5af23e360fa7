"""Files of one run: receipt, diff, logs, prompts. Written atomically."""

from __future__ import annotations

import os
from pathlib import Path

from journeyman.store.state import storage_error


class FolderArtifacts:
    """Implements ``domain.records.Artifacts`` as a folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def path(self, name: str) -> Path:
        """Where the artifact ``name`` (a relative path) is; its folder exists afterwards."""
        path = self._root / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise storage_error(error, path.parent) from None
        return path

    def write(self, name: str, content: str | bytes) -> Path:
        """Write the artifact whole or not at all. Raises JourneymanError("disk-full" or "not-writable")."""
        path = self.path(name)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        data = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
        try:
            temporary.write_bytes(data)
            temporary.replace(path)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise storage_error(error, path) from None
        return path

    def read_bytes(self, name: str) -> bytes | None:
        """The artifact, or ``None`` when there is none."""
        try:
            return (self._root / name).read_bytes()
        except OSError:
            return None
