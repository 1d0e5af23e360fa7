"""Which events a process answers for: no span is sent twice, and none of a killed process is lost."""

from __future__ import annotations

from journeyman.domain.events import Event, RunFinished


def own_share(events: tuple[Event, ...]) -> tuple[Event, ...]:
    """The events since the end before the last one.

    Every process that ends by itself writes ``run.finished`` last, and then sends what is new. One that was
    killed sends nothing: what it did is sent by the process that goes on.
    """
    ends = [place for place, event in enumerate(events) if isinstance(event.payload, RunFinished)]
    return events[ends[-2] + 1 :] if len(ends) > 1 else events
