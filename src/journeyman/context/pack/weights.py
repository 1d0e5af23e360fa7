"""What tells that a block changes. Made by ``bench/retrieval/blocks.py`` from the dev data alone."""

from __future__ import annotations

BLOCKS: dict[str, float] = {
    "score": 0.95,
    "place": -1.1,
    "test": -0.43,
    "other": -0.73,
    "in_file": -0.1,
    "chunk": 1.0,
    "silent": 0.93,
    "around": -0.04,
    "order": -0.66,
    "named": 0.69,
    "title": 1.15,
    "spoken": 0.85,
    "size": -0.33,
}
"""Of the logarithm of the share of a task's changes to expect in one of a block's characters."""
