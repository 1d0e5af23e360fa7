"""Which paths hold a term: found without taking every file's name apart."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from journeyman.context.index.kinds import name_stem
from journeyman.context.index.view import Index
from journeyman.context.index.words import EXACT
from journeyman.context.rank.query import path_terms


class PathTerms:
    """The paths of an index. Folders are few and taken apart; names are searched as one text.

    A term of an ASCII name is a part of that name in small letters, so that the search misses none.
    """

    def __init__(self, index: Index) -> None:
        self._index = index
        self._names = [name for name in index.by_name if name.isascii()]
        self._others = [name for name in index.by_name if not name.isascii()]
        self._text = "\n".join(self._names).lower()
        self._starts = list(accumulate((len(name) + 1 for name in self._names), initial=0))
        self._folders: dict[str, list[str]] = {}
        for folder in index.by_folder:
            for term in path_terms(folder):
                self._folders.setdefault(term, []).append(folder)
        self._found: dict[str, tuple[set[int], set[int]]] = {}

    def holding(self, term: str) -> tuple[set[int], set[int]]:
        """Numbers of the files with a term in their paths; of those that have it in their names' stems."""
        found = self._found.get(term)
        if found is None:
            index = self._index
            anywhere = {n for folder in self._folders.get(term, ()) for n in index.by_folder[folder]}
            own = set()
            for name in (*self._like(term.removeprefix(EXACT)), *self._others):
                if term in path_terms(name):
                    anywhere.update(index.by_name[name])
                if term in path_terms(name_stem(name)):
                    own.update(index.by_name[name])
            found = self._found[term] = anywhere, own
        return found

    def _like(self, part: str) -> list[str]:
        """The names that hold a text."""
        found = []
        at = self._text.find(part)
        while at >= 0:
            place = bisect_right(self._starts, at) - 1
            found.append(self._names[place])
            at = self._text.find(part, self._starts[place + 1])
        return found
