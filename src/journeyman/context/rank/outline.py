"""What a file defines, as one line for each definition."""

from __future__ import annotations

from journeyman.context.index.view import Index
from journeyman.context.index.worker import read_regular
from journeyman.context.rank.fuse import Ranking
from journeyman.context.rank.rerank import DEPTH
from journeyman.domain.context import Candidate

_MOST_SIGNATURES = 12
_MOST_CHARACTERS = 100


def signature_line(first: int, last: int, name: str, lines: list[str]) -> int:
    """The line that names a definition: decorators and comments come before."""
    for line in range(first, min(last, len(lines)) + 1):
        if name in lines[line - 1]:
            return line
    return first


def signatures_of(index: Index, number: int) -> tuple[str, ...]:
    """The first lines of a file's functions and classes, exported ones first; cut, and only so many."""
    symbols = [symbol for symbol in index.facts(number).symbols if symbol.kind != "constant"]
    chosen = sorted(symbols, key=lambda symbol: not symbol.exported)[:_MOST_SIGNATURES]
    data = read_regular(index.tree.root / index.files[number].path) if chosen else None
    if data is None:
        return ()
    lines = data.decode("utf-8", "replace").splitlines()
    numbers = (signature_line(symbol.first, symbol.last, symbol.name, lines) for symbol in chosen)
    told = (" ".join(lines[number - 1].split()) for number in sorted(set(numbers)) if number <= len(lines))
    return tuple(line[:_MOST_CHARACTERS] for line in told if line)


def candidates_of(index: Index, ranking: Ranking) -> tuple[Candidate, ...]:
    """The files ranked first, as a model is told of them that may put them in another order."""
    return tuple(Candidate(file.path, signatures_of(index, file.number)) for file in ranking.files[:DEPTH])
