"""Every place of an identifier that the task names and few places have: what is to be changed together."""

from __future__ import annotations

from collections.abc import Iterator

from journeyman.context.index.kinds import FileKind
from journeyman.context.index.words import exact_term
from journeyman.context.pack.filling import Filling
from journeyman.context.rank.fuse import Ranking

_MOST_FILES = 4
_MOST_LINES = 12
_AROUND = 3
_SHARE = 0.3
"""Of the room, at most so much goes to them."""
_KINDS = frozenset({FileKind.SOURCE, FileKind.TEST, FileKind.DOC, FileKind.EXAMPLE, FileKind.CONFIG})


def add_mentions(filling: Filling, ranking: Ranking) -> None:
    """Show the lines around each mention of such identifiers, those of few places first."""
    least = filling.room * (1 - _SHARE)
    found = [list(_mentions(filling, name)) for name in dict.fromkeys(ranking.query.names)]
    for places in sorted((places for places in found if 0 < len(places) <= _MOST_LINES), key=len):
        for number, line in places:
            if filling.room <= least:
                return
            filling.add(number, line - _AROUND, line + _AROUND)


def _mentions(filling: Filling, name: str) -> Iterator[tuple[int, int]]:
    """File and line of each mention of a compound name; none where too many files have it."""
    index = filling.index
    numbers = index.posting(exact_term(name))
    if len(numbers) > _MOST_FILES:
        return
    for number in sorted(numbers):
        if index.files[number].kind in _KINDS:
            yield from ((number, at) for at, line in enumerate(filling.read(number), 1) if name in line)
