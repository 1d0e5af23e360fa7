"""The index as one checkout sees it now: what ranking and packing read."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from journeyman.context.index.database import ContentRow, Database
from journeyman.context.index.history import PastCommit
from journeyman.context.index.imports import Resolver
from journeyman.context.index.kinds import FileKind, bare_stem, file_kind
from journeyman.context.index.segment import CHUNK_SHIFT, Facts, read_facts, read_imports
from journeyman.context.index.tree import Tree
from journeyman.context.index.worker import read_regular

_MASK = (1 << CHUNK_SHIFT) - 1
_NOTHING = Facts((), ())


class IndexedFile(NamedTuple):
    """One file of the checkout. A tuple, since a query makes one for each file."""

    path: str
    key: str
    kind: FileKind
    lines: int
    lengths: array[int]
    """Terms in each of its chunks."""
    skipped: str

    @property
    def length(self) -> int:
        """Terms in all of it."""
        return sum(self.lengths)


Posting = dict[int, list[tuple[int, int]]]
"""By a file's number: chunk and count of a term."""


@dataclass(repr=False)
class Index:
    """Files by number, in the order of their paths; words, facts and history behind them."""

    tree: Tree
    files: tuple[IndexedFile, ...]
    history: tuple[PastCommit, ...]
    notes: tuple[str, ...] = ()
    """What weakens it, for a person."""
    index_s: float = 0.0
    importers: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """Filled where it is needed."""
    _database: Database | None = None
    _places: dict[int, dict[int, int]] = field(default_factory=dict)
    """By segment: from places to file numbers."""
    _copies: dict[int, list[int]] = field(default_factory=dict)
    _rows: dict[str, list[tuple[int, bytes]]] = field(default_factory=dict)
    """Postings as the database has them, by term."""
    _counts: dict[str, int] = field(default_factory=dict)
    _facts: dict[str, Facts] = field(default_factory=dict)
    _imports: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def _segments(self) -> str:
        return json.dumps(list(self._places))

    @cached_property
    def numbers(self) -> dict[str, int]:
        """File numbers by path."""
        return {file.path: number for number, file in enumerate(self.files)}

    @cached_property
    def by_name(self) -> dict[str, list[int]]:
        """File numbers by the file's own name."""
        found: dict[str, list[int]] = {}
        for number, file in enumerate(self.files):
            found.setdefault(file.path.rpartition("/")[2], []).append(number)
        return found

    @cached_property
    def by_stem(self) -> dict[str, list[int]]:
        """File numbers by the module's name: a package's file has its folder's."""
        found: dict[str, list[int]] = {}
        for number, file in enumerate(self.files):
            folder, _, name = file.path.rpartition("/")
            stem = name.split(".")[0]
            if stem in {"__init__", "index", "mod"}:
                stem = folder.rpartition("/")[-1]
            found.setdefault(stem, []).append(number)
        return found

    @cached_property
    def by_folder(self) -> dict[str, list[int]]:
        """File numbers by folder."""
        found: dict[str, list[int]] = {}
        for number, file in enumerate(self.files):
            found.setdefault(file.path.rpartition("/")[0] or ".", []).append(number)
        return found

    def in_folder(self, folder: str, names: Iterable[str]) -> list[int]:
        """Numbers of a folder's own files with some names, in the names' order; ``.`` is the root."""
        prefix = "" if folder == "." else f"{folder}/"
        found = (self.numbers.get(prefix + name) for name in names)
        return [number for number in found if number is not None]

    @cached_property
    def tests_by_stem(self) -> dict[str, list[int]]:
        """Test files by what their names say that they test."""
        found: dict[str, list[int]] = {}
        for number, file in enumerate(self.files):
            if file.kind is FileKind.TEST:
                found.setdefault(bare_stem(file.path).strip("_"), []).append(number)
        return found

    @cached_property
    def resolver(self) -> Resolver:
        """Finds what imports mean."""
        return Resolver(file.path for file in self.files)

    def count(self, term: str) -> int:
        """How many files hold a term."""
        found = self._counts.get(term)
        if found is None:
            numbers = {number for part, _ in self._parts(term) for number in part}
            numbers.discard(None)
            copies = sum(len(self._copies[number]) for number in self._copies.keys() & numbers)
            found = self._counts[term] = len(numbers) + copies
        return found

    def _parts(self, term: str) -> Iterator[tuple[Iterator[int | None], array[int]]]:
        """Postings of a term: file numbers, none for a file that is not in the tree, and what they say."""
        rows = self._rows.get(term)
        if rows is None:
            rows = self._database.postings(term, self._segments) if self._database else []
            self._rows[term] = rows
        for segment, data in rows:
            pairs = array("I", data)
            yield map(self._places[segment].get, pairs[::2]), pairs[1::2]

    def posting(self, term: str) -> Posting:
        """Where a term is."""
        found: Posting = {}
        for numbers, said in self._parts(term):
            for number, packed in zip(numbers, said, strict=True):
                if number is not None:
                    entry = (packed >> CHUNK_SHIFT, packed & _MASK)
                    if number in found:
                        found[number].append(entry)
                    else:
                        found[number] = [entry]
        if self._copies:
            for number in [number for number in found if number in self._copies]:
                for copy in self._copies[number]:
                    found[copy] = found[number]
        return found

    def facts(self, number: int) -> Facts:
        """What a file defines and imports."""
        key = self.files[number].key
        if key not in self._facts:
            text = self._database.facts(key) if self._database else None
            self._facts[key] = read_facts(text) if text else _NOTHING
        return self._facts[key]

    def import_names(self, numbers: Sequence[int]) -> list[tuple[str, ...]]:
        """What each of some files' imports name, as written."""
        keys = [self.files[number].key for number in numbers]
        unread = {key for key in keys if key not in self._imports}
        if unread and self._database is not None:
            for key, text in self._database.imports(sorted(unread)):
                self._imports[key] = read_imports(text)
        return [self._imports.get(key, ()) for key in keys]

    def imports(self, number: int) -> tuple[str, ...]:
        """The paths that a file imports."""
        path = self.files[number].path
        found = (self.resolver.resolve(path, name) for name in self.import_names([number])[0])
        return tuple(dict.fromkeys(target for targets in found for target in targets if target != path))

    def text_lines(self, number: int) -> list[str]:
        """A file's lines as they are now; none when it has gone."""
        data = read_regular(Path(self.tree.root) / self.files[number].path)
        if data is None:
            return []
        lines = data.decode("utf-8", "replace").split("\n")
        return lines[:-1] if lines[-1] == "" else lines


def view(
    tree: Tree,
    database: Database,
    history: tuple[PastCommit, ...],
    notes: tuple[str, ...],
    contents: Iterable[ContentRow] | None = None,
) -> Index:
    """The index over a tree whose contents the database has; ``contents`` are their rows, once read."""
    rows = {row[0]: row for row in (database.contents() if contents is None else contents)}
    files: list[IndexedFile] = []
    owners: dict[str, int] = {}
    places: dict[int, dict[int, int]] = {}
    copies: dict[int, list[int]] = {}
    unknown = ("", 0, 0, "", 0, b"")
    for number, (path, key) in enumerate(tree.keys.items()):
        row = rows.get(key, unknown)
        _, segment, place, skipped, lines, packed = row
        files.append(IndexedFile(path, key, file_kind(path), lines, array("I", packed), skipped))
        owner = owners.setdefault(key, number)
        if owner != number:
            copies.setdefault(owner, []).append(number)
        elif row is not unknown:
            places.setdefault(segment, {})[place] = number
    return Index(tree, tuple(files), history, notes, _database=database, _places=places, _copies=copies)
