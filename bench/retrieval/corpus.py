"""Tasks from real histories, and the index of a repository at any commit, without a checkout.

``--data`` is a folder of ``*.jsonl`` files with the records ``repo, sha, parent, time, lang, query, gold,
gold_tests, gold_ranges``; ``--mirrors`` holds git directories as ``OWNER+NAME/repo``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from journeyman.context.index.database import Database
from journeyman.context.index.history import read_history
from journeyman.context.index.kinds import is_secret
from journeyman.context.index.parse import MAX_BYTES, ParsedFile, parse_file
from journeyman.context.index.segment import Segment
from journeyman.context.index.tree import Tree
from journeyman.context.index.view import Index, view

BATCH = 400
_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? ")
Ranges = dict[str, list[list[int]]]


def data_parser(about: str | None) -> argparse.ArgumentParser:
    """The options that say where the tasks, the repositories and the kept indexes are."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--mirrors", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "jm-bench-retrieval")
    return parser


@dataclass(frozen=True)
class Record:
    """One task and what really changed."""

    source: str
    repo: str
    sha: str
    parent: str
    time: int
    lang: str
    query: str
    gold: tuple[str, ...]
    gold_tests: tuple[str, ...]
    gold_ranges: Ranges


def read_records(files: list[Path]) -> list[Record]:
    """All records, by repository and time."""
    records = []
    for file in files:
        for line in file.read_text("utf-8").splitlines():
            row = json.loads(line)
            records.append(
                Record(
                    file.stem, row["repo"], row["sha"], row["parent"], int(row.get("time") or 0),
                    row.get("lang") or "python", row["query"], tuple(row["gold"]),
                    tuple(row.get("gold_tests") or ()), row["gold_ranges"],
                )
            )  # fmt: skip
    return sorted(records, key=lambda record: (record.repo, record.time, record.sha))


class Mirror:
    """A git directory, and its index in a file."""

    def __init__(self, mirrors: Path, repo: str, cache: Path) -> None:
        place = mirrors / repo.replace("/", "+") / "repo"
        self.git_dir = place / ".git" if (place / ".git").is_dir() else place
        cache.mkdir(parents=True, exist_ok=True)
        self.database = Database(cache / f"{repo.replace('/', '+')}.sqlite")

    def git(self, *arguments: str, stdin: bytes | None = None) -> bytes:
        return subprocess.run(
            ("git", "--git-dir", self.git_dir, *arguments), input=stdin, capture_output=True, check=True
        ).stdout

    async def call(self, *arguments: str, stdin: bytes | None = None) -> bytes:
        return self.git(*arguments, stdin=stdin)

    def index(self, commit: str) -> Index:
        """The index of the tree of a commit, with the history before it."""
        keys = {}
        for item in self.git("ls-tree", "-r", "-z", commit).decode("utf-8", "surrogateescape").split("\0"):
            if item.startswith("100"):
                entry, path = item.split("\t", 1)
                if not is_secret(path):
                    keys[path] = entry.split(" ")[2]
        tree = Tree(Path(), dict(sorted(keys.items())), ())
        wanted = {key: path for path, key in reversed(tree.keys.items())}
        known = self.database.known(wanted)
        self._parse([(key, path) for key, path in wanted.items() if key not in known])
        history = asyncio.run(read_history(self.call, self.database, commit))
        return view(tree, self.database, history, ())

    def blobs(self, keys: list[str]) -> Iterator[bytes | None]:
        """Contents, in order; nothing for one that the mirror lacks."""
        told = self.git("cat-file", "--batch", stdin="\n".join(keys).encode() + b"\n")
        at = 0
        for _ in keys:
            end = told.index(b"\n", at)
            header = told[at:end].split()
            at = end + 1
            if header[-1] == b"missing":
                yield None
                continue
            size = int(header[2])
            yield told[at : at + size]
            at += size + 1

    def _parse(self, files: list[tuple[str, str]]) -> None:
        for start in range(0, len(files), BATCH):
            part, segment = files[start : start + BATCH], Segment()
            for (key, path), data in zip(part, self.blobs([key for key, _ in part]), strict=True):
                if data is None or len(data) > MAX_BYTES:
                    segment.add(key, ParsedFile(0, (), (), (), "huge"))
                else:
                    segment.add(key, parse_file(data, path))
            self.database.add(segment)


def changed_ranges(mirror: Mirror, parent: str, sha: str, paths: tuple[str, ...]) -> Ranges:
    """Changed lines of files, at the parent."""
    told = mirror.git("diff", "-U0", "--no-renames", "--no-ext-diff", parent, sha, "--", *paths)
    found: Ranges = {}
    path = ""
    for line in told.decode("utf-8", "replace").split("\n"):
        if line.startswith("--- "):
            path = line.removeprefix("--- a/")
        elif hunk := _HUNK.match(line):
            first, count = int(hunk[1]), int(hunk[2] or 1)
            found.setdefault(path, []).append([max(1, first), first + max(count - 1, 0 if count else 1)])
    return found
