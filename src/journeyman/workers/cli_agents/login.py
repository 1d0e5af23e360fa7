"""Lends a CLI the user's login for the length of a call: copies in, renewed tokens back, copies gone.

The user's own files are never shown to the sandbox. A CLI renews its tokens by itself, and the old ones are
void from then on: a renewed copy therefore replaces the user's file, but only where nothing in it except
tokens and their times has changed, so that a worker can plant nothing there.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from journeyman.domain.errors import JourneymanError
from journeyman.workers.cli_agents.cli import Lent

_MAX_BYTES = 1_000_000
_RENEWABLE = re.compile(r"access|refresh|expires|id_?token|scopes", re.IGNORECASE)


@contextmanager
def lent(files: tuple[Lent, ...], state: Path) -> Iterator[None]:
    """Copies of the files that exist, below ``state``, while the block runs."""
    copies = [(file, content) for file in files if (content := _content(file.source)) is not None]
    try:
        for file, content in copies:
            _write_private(_copy_path(state, file.target), content)
        yield
    finally:
        for file, content in copies:
            _take_back(file, _copy_path(state, file.target), content)


def renewed(before: bytes, after: bytes) -> bool:
    """Whether ``after`` is ``before`` with other tokens: the same shape, and only tokens and times differ."""
    try:
        old, new = json.loads(before), json.loads(after)
    except (ValueError, RecursionError):
        return False
    return bool(old != new) and _only_tokens_differ(old, new, renewable=False)


def _only_tokens_differ(old: object, new: object, *, renewable: bool) -> bool:
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys() and all(
            _only_tokens_differ(old[key], new[key], renewable=bool(_RENEWABLE.search(str(key))))
            for key in old
        )
    return old == new or (renewable and type(old) is type(new) and isinstance(new, str | int | float | list))


def _take_back(file: Lent, copy: Path, lent_content: bytes) -> None:
    returned = None if copy.is_symlink() else _content(copy)
    copy.unlink(missing_ok=True)
    if not file.login or returned is None or not renewed(lent_content, returned):
        return
    source = Path(os.path.realpath(file.source))
    if _content(source) == lent_content:  # nobody else has renewed it meanwhile
        temporary = source.with_name(f".{source.name}.{os.getpid()}.tmp")
        _write_private(temporary, returned)
        temporary.replace(source)


def _copy_path(state: Path, target: str) -> Path:
    """Where a copy lies. The CLI can write there, and may have put a link in our way."""
    path = Path(os.path.realpath(state), target)
    if os.path.realpath(path.parent) != str(path.parent):
        raise JourneymanError(
            "worker-failed", "the worker has replaced its own folder by a link", facts=(str(path.parent),)
        )
    return path


def _content(path: Path) -> bytes | None:
    """A regular file's content; the user's may be behind a link."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > _MAX_BYTES:
            return None
        return path.read_bytes()
    except OSError:
        return None


def _write_private(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
    except OSError as error:
        raise JourneymanError("not-writable", f"{path} cannot be written: {error.strerror}") from None
