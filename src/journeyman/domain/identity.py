"""Names that a run gives to itself and its refs: run ids, slugs, branches."""

from __future__ import annotations

import re
import secrets
from datetime import datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u
RUN_ID_PATTERN = re.compile(r"^\d{8}-\d{6}-[0-9a-z]{4}$")
REF_PREFIX = "refs/journeyman"


def new_run_id(now: datetime) -> str:
    """A run id that sorts by start time: ``20261123-154210-7k2m`` (UTC, then four random characters)."""
    suffix = "".join(secrets.choice(_ALPHABET) for _ in range(4))
    return f"{now:%Y%m%d-%H%M%S}-{suffix}"


def slug(text: str, limit: int = 40) -> str:
    """The text as a branch-name part: lower-case words joined by ``-``, at most ``limit`` characters."""
    words = re.findall(r"[a-z0-9]+", text.lower())
    result = ""
    for word in words:
        if len(result) + len(word) + 1 > limit:
            break
        result = f"{result}-{word}" if result else word
    return result or (words[0][:limit] if words else "task")


def branch_name(run_id: str, title: str) -> str:
    """The run's own branch, short name without ``refs/heads/``."""
    return f"journeyman/{run_id}/{slug(title)}"


def attempt_ref(run_id: str, milestone: int, attempt: int, rung: int = 0) -> str:
    """The ref that keeps the snapshot of one attempt reachable, or of what the fixers made of it."""
    return f"{REF_PREFIX}/{run_id}/m{milestone}/a{attempt}" + (f"-{rung}" if rung else "")


def rescue_ref(run_id: str, number: int) -> str:
    """The ref that keeps work found in the worktree when it had to be restored."""
    return f"{REF_PREFIX}/{run_id}/rescue/{number}"
