"""A program of its own: parses the files named on standard input into the index.

``python -m journeyman.context.index.worker DATABASE ROOT``, with NUL-terminated keys and paths in turn.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

from journeyman.context.index.database import Database
from journeyman.context.index.parse import MAX_BYTES, ParsedFile, parse_file
from journeyman.context.index.segment import Segment

BATCH_FILES = 400
_BATCH_BYTES = 8_000_000


def read_regular(path: Path) -> bytes | None:
    """The bytes of a regular file, or nothing; links are not followed, huge files are cut."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        return file.read(MAX_BYTES + 1)


def content_key(data: bytes) -> str:
    """The id that git gives a content."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def index_files(database: Database, root: Path, files: Iterable[tuple[str, str]]) -> None:
    """Parse files, given as key and path, in batches that are each kept as soon as they are done."""
    segment, size = Segment(), 0
    for key, path in files:
        data = read_regular(root / path)
        segment.add(key, ParsedFile(0, (), (), (), "unreadable") if data is None else parse_file(data, path))
        size += len(data or b"")
        if len(segment.files) >= BATCH_FILES or size >= _BATCH_BYTES:
            database.add(segment)
            segment, size = Segment(), 0
    if segment.files:
        database.add(segment)


def index_named_files() -> int:
    """Do what the command line and standard input say."""
    import gc

    gc.disable()  # a short life, with nothing that goes in circles
    path, root = (Path(argument) for argument in sys.argv[1:3])
    items = [os.fsdecode(item) for item in sys.stdin.buffer.read().split(b"\0")[:-1]]
    database = Database(path)
    index_files(database, root, zip(items[::2], items[1::2], strict=True))
    database.close()
    return 0


if __name__ == "__main__":
    sys.exit(index_named_files())
