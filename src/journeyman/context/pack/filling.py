"""A pack as it grows: which lines of which files it holds, and what room is left."""

from __future__ import annotations

from dataclasses import dataclass, field

from journeyman.context.index.view import Index
from journeyman.context.pack.tokens import raw_tokens

SEPARATOR = 2
"""Tokens between two stretches of lines."""
_MOST_CHARACTERS = 8
"""Of code, no token has more on average."""
NUMBERED_EVERY = 10
"""So many lines apart stand line numbers, beside that of a stretch's first."""
_FIRST_NUMBER = 3
"""Tokens."""


@dataclass
class Filling:
    """The pack as it grows."""

    index: Index
    room: float
    """Tokens left, without margin."""
    lines: dict[int, list[str]] = field(default_factory=dict)
    shown: dict[int, set[int]] = field(default_factory=dict)
    costs: dict[tuple[int, int], float] = field(default_factory=dict)

    def read(self, number: int) -> list[str]:
        """A file's lines, read once."""
        if number not in self.lines:
            lines = self.index.text_lines(number)
            self.lines[number] = lines
        return self.lines[number]

    def cost(self, number: int, line: int) -> float:
        """Tokens of a line with its number."""
        found = self.costs.get((number, line))
        if found is None:
            found = raw_tokens(f"\n{self.lines[number][line - 1]}")
            found += raw_tokens(f"{line}|") if line % NUMBERED_EVERY == 0 else 0.0
            self.costs[number, line] = found
        return found

    def add(self, number: int, first: int, last: int) -> bool:
        """Show lines when there is room for all of them."""
        lines = self.read(number)
        held = self.shown.get(number, set())
        fresh = [line for line in range(max(1, first), min(last, len(lines)) + 1) if line not in held]
        if not fresh:
            return True
        if sum(len(lines[line - 1]) for line in fresh) > self.room * _MOST_CHARACTERS:
            return False
        cost = sum(self.cost(number, line) for line in fresh) + SEPARATOR + _FIRST_NUMBER
        head = 0.0 if held else raw_tokens(self.index.files[number].path) + 40
        if cost + head > self.room:
            return False
        self.room -= cost + head
        self.shown.setdefault(number, set()).update(fresh)
        return True
