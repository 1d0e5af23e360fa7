"""Trouble that passes by itself: whether a call is tried again, and after how long. Pure."""

from __future__ import annotations

from journeyman.domain.settings import AutonomySettings

PASSING_CODES = frozenset(
    {"model-unreachable", "worker-network", "worker-silent", "worker-garbled", "worker-crashed"}
)
"""Stops that say nothing about the task: the same call may well succeed a little later."""
_LONGEST_S = 300.0


def wait_before_retry(code: str, tried: int, settings: AutonomySettings) -> float | None:
    """Seconds to wait after ``tried`` failed calls before the next one; ``None`` to give up."""
    if code not in PASSING_CODES or tried > settings.transient_retries:
        return None
    return float(min(_LONGEST_S, settings.transient_wait_s * 2 ** (tried - 1)))
