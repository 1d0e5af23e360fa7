"""Events as JSON lines: ``--output-format stream-json`` and ``jm follow --json``."""

from __future__ import annotations

import dataclasses
import json

from journeyman.domain.events import SCHEMA, Event, RunSpecified


def event_line(event: Event) -> str | None:
    """One event as one line of JSON, in the same shape for ever within a schema version.

    ``None`` for the run's specification, which only a resume reads: a stream begins with ``run.started``.
    """
    if isinstance(event.payload, RunSpecified):
        return None
    return json.dumps(
        {
            "schema": SCHEMA,
            "kind": event.payload.kind,
            "run_id": event.run_id,
            "seq": event.seq,
            "at": event.at,
            "clock_s": round(event.clock_s, 4),
            "data": dataclasses.asdict(event.payload),
        }
    )
