"""Timelines made by hand, for folds over events."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from journeyman.domain.events import Event, Payload, RunSpecified, RunStarted
from journeyman.domain.run import RunSpec
from journeyman.domain.settings import Settings
from journeyman.domain.task import Task
from journeyman.store import SqliteStore, ensure_state

OLD_TIMELINE = Path(__file__).parents[1] / "fixtures" / "timelines" / "schema-1.json"
"""A resumed, verified run as the first version wrote it: no waits, packs, reads, sizes or measures."""
RERANKED_TIMELINE = OLD_TIMELINE.with_name("reranked.json")
"""A verified run of the time when a model could be asked for the order of files."""

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


def import_timeline(root: Path, file: Path = OLD_TIMELINE) -> str:
    """Put a recorded timeline into the store of the repository at ``root``, byte for byte; its run's id."""
    recorded = json.loads(file.read_text())
    database = ensure_state(root).database
    SqliteStore(database).close()
    with sqlite3.connect(database) as connection:
        connection.executemany(
            "INSERT INTO jm_events (run_id, key, kind, at, clock_s, body) VALUES (?, ?, ?, ?, ?, ?)",
            [
                (
                    recorded["run_id"],
                    event["key"],
                    event["kind"],
                    event["at"],
                    event["clock_s"],
                    json.dumps(event["data"]),
                )
                for event in recorded["events"]
            ],
        )
    return str(recorded["run_id"])
