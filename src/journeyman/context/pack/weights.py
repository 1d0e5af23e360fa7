"""What tells that a block changes. Made by ``bench/retrieval/blocks.py`` from commit texts alone: those of
the dev set and of more commits of the same repositories.
"""

from __future__ import annotations

BLOCKS: dict[str, float] = {
    "score": 1.43,
    "place": -0.86,
    "test": -0.62,
    "other": -0.57,
    "in_file": -0.26,
    "chunk": 1.19,
    "silent": 0.89,
    "around": 0.0,
    "order": -0.39,
    "named": 0.85,
    "title": 0.86,
    "spoken": 0.84,
    "size": -0.27,
    "calls": 0.37,
    "called": 0.23,
    "sibling": -0.28,
    "far": -0.16,
    "lines": -0.54,
    "chunks": 0.02,
    "owner": 0.65,
}
"""Of the logarithm of the share of a task's changes to expect in one of a block's characters."""
