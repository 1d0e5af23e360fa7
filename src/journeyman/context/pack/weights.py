"""What tells that a block changes. Made by ``bench/retrieval/blocks.py`` from commit texts alone."""

from __future__ import annotations

BLOCKS: dict[str, float] = {
    "score": 1.06,
    "place": -1.16,
    "test": -0.45,
    "other": -0.89,
    "in_file": -0.06,
    "chunk": 0.94,
    "silent": 0.81,
    "around": -0.05,
    "order": -0.4,
    "named": 0.65,
    "title": 1.1,
    "spoken": 0.75,
    "size": -0.28,
    "calls": 0.33,
    "called": 0.15,
    "sibling": -0.21,
    "far": -0.15,
    "lines": -0.37,
    "chunks": -0.15,
    "owner": 0.68,
}
"""Of the logarithm of the share of a task's changes to expect in one of a block's characters."""
