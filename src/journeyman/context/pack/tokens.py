"""How many tokens a provider will count, before it does.

What a piece of text costs was fitted to two published byte-pair encodings over numbered lines of Python,
TypeScript, Go, Rust and Markdown; ``bench/tokens.py`` compares again. ``MARGIN`` keeps nearly every pack
within its budget there. An encoding that is not published may count more.
"""

from __future__ import annotations

import re
from functools import lru_cache

MARGIN = 1.08
_PIECE = re.compile(r"[^\W\d_]+|\d+|_+|\n[ \t]*|[^\w\s]+|[ \t]{2,}|[^\x00-\x7f]")
_CAMEL = re.compile(r"[a-z][A-Z]")
_LONG_WORD = 8


def estimate_tokens(text: str) -> int:
    """Tokens of a text, with the margin."""
    return int(raw_tokens(text) * MARGIN) + 1


def raw_tokens(text: str) -> float:
    """The estimate without its margin; of parts it is nearly the sum."""
    total = 0.4 * len(_CAMEL.findall(text))
    for cost in map(_cost, _PIECE.findall(text)):
        total += cost
    return total


@lru_cache(maxsize=50_000)
def _cost(piece: str) -> float:
    first = piece[0]
    if not piece.isascii():
        return 1.15 * len(piece)
    if first.isalpha():
        return 0.94 + 0.87 * ((len(piece) - 1) // _LONG_WORD)
    if first.isdigit():
        return 1.29 * ((len(piece) + 2) // 3)
    if first == "_":
        return 0.11
    return 0.66 if first.isspace() else 0.56 + 0.19 * len(piece)
