"""Timelines made by hand, for folds over events."""

from __future__ import annotations

from journeyman.domain.events import Event, Payload, RunSpecified, RunStarted
from journeyman.domain.run import RunSpec
from journeyman.domain.settings import Settings
from journeyman.domain.task import Task

STARTED = RunStarted("T", "/r", "b" * 40, "replay", "none", "0")
SPECIFIED = RunSpecified(RunSpec(Task("T", "T"), Settings(), "/r", "b" * 40, "main", "replay"))


def timeline(*payloads: Payload | tuple[float, Payload]) -> tuple[Event, ...]:
    """Events a second apart on the run clock, or at the second given."""
    events: list[Event] = []
    clock = -1.0
    for number, item in enumerate(payloads, start=1):
        clock, payload = item if isinstance(item, tuple) else (clock + 1, item)
        events.append(Event("r", number, f"k{number}", 1000.0 + clock, clock, payload))
    return tuple(events)
