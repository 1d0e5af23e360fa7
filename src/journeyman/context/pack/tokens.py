"""How many tokens a provider will count, before it does.

Words, numbers, punctuation and line breaks are counted as byte-pair encodings cut them; ``bench/tokens.py``
compares the estimate with published encodings. ``MARGIN`` keeps a pack below its budget where a provider's
encoding is less thrifty.
"""

from __future__ import annotations

import re

MARGIN = 1.05
_PIECE = re.compile(r"[^\W\d_]+|\d+|_+|\n[ \t]*|[^\w\s]+|[ \t]{2,}|[^\x00-\x7f]")
_LETTERS_PER_TOKEN = 6


def estimate_tokens(text: str) -> int:
    """Tokens of a text: what encodings of today's models make of code, with a margin."""
    return int(raw_tokens(text) * MARGIN) + 1


def raw_tokens(text: str) -> float:
    """The estimate without its margin; of parts it is the sum."""
    total = 0.0
    for piece in _PIECE.findall(text):
        first = piece[0]
        if not piece.isascii():
            total += 0.8 * len(piece)
        elif first.isalpha():
            total += 1 + (len(piece) - 1) // (_LETTERS_PER_TOKEN + 2) * 0.9
        elif first.isdigit():
            total += (len(piece) + 2) // 3
        elif first == "_":
            total += 0.6
        elif first.isspace():
            total += 1
        else:
            total += 0.55 * len(piece) + 0.4
    return total
