"""How many tokens a provider will count, before it does.

What a piece of text costs was fitted to two published byte-pair encodings over numbered lines of Python,
TypeScript, Go, Rust and Markdown; ``bench/tokens.py`` compares again. ``MARGIN`` keeps nearly every pack
within its budget there. An encoding that is not published may count more.
"""

from __future__ import annotations

import re

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
    for piece in _PIECE.findall(text):
        first = piece[0]
        if not piece.isascii():
            total += 1.15 * len(piece)
        elif first.isalpha():
            total += 0.94 + 0.87 * ((len(piece) - 1) // _LONG_WORD)
        elif first.isdigit():
            total += 1.29 * ((len(piece) + 2) // 3)
        elif first == "_":
            total += 0.11
        elif first.isspace():
            total += 0.66
        else:
            total += 0.56 + 0.19 * len(piece)
    return total
