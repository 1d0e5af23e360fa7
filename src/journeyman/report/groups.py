"""Which runs a group means: ``tag=fast``, ``size=small,worker=agent``; and since when."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from journeyman.domain.errors import JourneymanError
from journeyman.domain.events import Event, RunFinished, RunStarted, last_of
from journeyman.domain.folds.kpi import compute_kpi
from journeyman.domain.task import nearest
from journeyman.report.metrics import RunFigures

KEYS = ("tag", "size", "worker", "model", "outcome")
_UNITS_S = {"h": 3_600.0, "d": 86_400.0, "w": 7 * 86_400.0}


@dataclass(frozen=True)
class RunFacts:
    """One run as groups look at it."""

    figures: RunFigures
    facts: Mapping[str, frozenset[str]]
    """For each key of ``KEYS`` the values that the run answers to."""


def run_facts(run_id: str, events: tuple[Event, ...]) -> RunFacts | None:
    """What the run's timeline says; ``None`` when it holds nothing that this version can read."""
    if not events:
        return None
    kpi = compute_kpi(events)
    end = events[-1].payload
    finished = end if isinstance(end, RunFinished) else None
    started = last_of(events, RunStarted)
    outcome = finished.outcome.value if finished else None
    facts = {
        "tag": frozenset(started.tags if started else ()),
        "size": frozenset((kpi.size or "unknown",)),
        "worker": frozenset((started.worker,) if started else ()),
        "model": frozenset(worker.model for worker in kpi.workers if worker.model),
        "outcome": frozenset((outcome or "running",)),
    }
    figures = RunFigures(run_id, events[0].at, outcome, finished.stop_code if finished else None, kpi)
    return RunFacts(figures, facts)


def parse_group(text: str) -> dict[str, str]:
    """``KEY=VALUE``, several joined by commas. Raises JourneymanError("usage").

    Of ``tag=a=b`` the value is ``a=b``.
    """
    wanted: dict[str, str] = {}
    for part in text.split(","):
        key, sign, value = part.partition("=")
        if not sign or not value or key not in KEYS:
            guess = nearest(key, KEYS)
            raise JourneymanError(
                "usage",
                f"a group is KEY=VALUE, not {part!r}" + (f"; did you mean {guess!r}?" if guess else ""),
                facts=(f"keys: {', '.join(KEYS)}",),
            )
        wanted[key] = value
    return wanted


def in_group(run: RunFacts, wanted: Mapping[str, str]) -> bool:
    """Whether the run answers to all that is wanted."""
    return all(value in run.facts[key] for key, value in wanted.items())


def parse_since(text: str, now: float) -> float:
    """A date (``2026-11-23``, also with a time) or an age (``12h``, ``7d``, ``2w``) as Unix seconds.

    Raises JourneymanError("usage").
    """
    age = re.fullmatch(r"(\d{1,6})([hdw])", text)
    if age:
        return now - int(age[1]) * _UNITS_S[age[2]]
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        message = f"{text!r} is neither a date such as 2026-11-23 nor an age such as 12h, 7d or 2w"
        raise JourneymanError("usage", message) from None
