"""The timeline's entry: one event of whatever kind, and all kinds by their names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar, get_args

from journeyman.domain.events.autonomy import AutonomyEvent
from journeyman.domain.events.phases import PhaseEvent
from journeyman.domain.events.run import RunEvent
from journeyman.domain.events.verification import VerificationEvent
from journeyman.domain.events.work import WorkEvent
from journeyman.domain.events.workers import WorkerEvent

SCHEMA = 1
"""Bumped when a field changes its meaning; new fields get defaults, so that older timelines stay readable."""
Payload = RunEvent | WorkEvent | PhaseEvent | WorkerEvent | VerificationEvent | AutonomyEvent
P = TypeVar("P", bound=Payload)
EVENT_TYPES: dict[str, type[Payload]] = {event.kind: event for event in get_args(Payload)}


@dataclass(frozen=True)
class Event:
    """One payload on the timeline of one run."""

    run_id: str
    seq: int
    """Order of arrival in the store, unique over all runs."""
    key: str
    """Unique within the run: a repeated step repeats no event."""
    at: float
    """Wall clock, Unix seconds."""
    clock_s: float
    """Run clock: seconds of work since the run began. Stands still while no process works on the run,
    and is monotonic when the machine's clock is not."""
    payload: Payload

    @property
    def segment(self) -> int:
        """The segment that wrote it: 1, and one more for each resume after a final stop."""
        number = self.key.partition(":")[0]
        return int(number) if number.isdecimal() else 1


def of_kind(events: Iterable[Event], kind: type[P]) -> list[P]:
    """What the events of a kind say, in order."""
    return [event.payload for event in events if isinstance(event.payload, kind)]


def last_of(events: Sequence[Event], kind: type[P]) -> P | None:
    """What the last event of a kind says."""
    return next((event.payload for event in reversed(events) if isinstance(event.payload, kind)), None)
