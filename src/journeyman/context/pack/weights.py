"""What tells that a block changes. Made by ``bench/retrieval/blocks.py`` from the dev data alone."""

from __future__ import annotations

BLOCKS: dict[str, float] = {
    "score": 0.93,
    "place": -1.05,
    "test": -0.73,
    "other": -3.67,
    "in_file": -0.09,
    "chunk": 1.11,
    "silent": 1.25,
    "around": -0.02,
    "order": -0.62,
    "named": 0.63,
    "title": 2.0,
    "spoken": 0.91,
    "size": -0.3,
}
"""Of the logarithm of the share of a task's changes to expect in one of a block's characters."""
