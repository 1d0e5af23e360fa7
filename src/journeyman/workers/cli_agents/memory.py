"""What outlives a call of a CLI: which session a milestone has, and what of its cost is booked already.

It lies beside the CLI's own folder, where the CLI cannot write, and is saved as soon as something is seen:
the process may be killed at any moment.
"""

from __future__ import annotations

import dataclasses
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from journeyman.domain.errors import JourneymanError
from journeyman.domain.worker import Usage

_N = TypeVar("_N", int, float)
_SESSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")


@dataclass(frozen=True)
class Memory:
    """One milestone's session."""

    session_id: str | None = None
    reported: Usage | None = None
    """The last total that the CLI told of the session: booked."""
    pending: Usage | None = None
    """What was used since, request by request: to be booked."""


def valid_session(session_id: str) -> bool:
    """Whether a name that a CLI gave its session can be trusted as an argument and in a file name."""
    return _SESSION.fullmatch(session_id) is not None


def load_memory(path: Path) -> Memory:
    """What was saved; an empty memory when there is nothing, or nothing whole."""
    try:
        plain = json.loads(path.read_bytes())
        usages = {key: Usage(**plain[key]) if plain[key] else None for key in ("reported", "pending")}
        return Memory(plain["session_id"], **usages)
    except (OSError, ValueError, KeyError, TypeError):
        return Memory()


def save_memory(path: Path, memory: Memory) -> None:
    """Whole or not at all."""
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        temporary.write_text(json.dumps(dataclasses.asdict(memory)), "utf-8")
        temporary.replace(path)
    except OSError as error:
        raise JourneymanError("not-writable", f"{path} cannot be written: {error.strerror}") from None


def since(total: Usage, before: Usage | None) -> Usage:
    """What was used after ``before``. A total that is smaller has begun anew, and is taken as it is."""
    if before is None or (total.tokens_in or 0) < (before.tokens_in or 0):
        return total
    return replace(
        total,
        tokens_in=_less(total.tokens_in, before.tokens_in),
        tokens_cached=_less(total.tokens_cached, before.tokens_cached),
        tokens_out=_less(total.tokens_out, before.tokens_out),
        cost_usd=_less(total.cost_usd, before.cost_usd),
        latency_s=_less(total.latency_s, before.latency_s),
    )


def together(usages: list[Usage]) -> Usage | None:
    """The sum of several requests; a figure that one of them does not know is not known."""
    if not usages:
        return None
    return Usage(
        model=next((usage.model for usage in usages if usage.model), None),
        tokens_in=_sum([usage.tokens_in for usage in usages]),
        tokens_cached=_sum([usage.tokens_cached for usage in usages]),
        tokens_out=_sum([usage.tokens_out for usage in usages]),
        cost_usd=_sum([usage.cost_usd for usage in usages]),
        latency_s=_sum([usage.latency_s for usage in usages]),
        requests=sum(usage.requests for usage in usages),
    )


def _less(total: _N | None, before: _N | None) -> _N | None:
    return None if total is None else max(total - (before or 0), type(total)(0))


def _sum(figures: list[_N | None]) -> _N | None:
    known = [figure for figure in figures if figure is not None]
    return sum(known[1:], known[0]) if len(known) == len(figures) else None
