"""Writes a run's events: the run clock, the keys that keep a repeated step from repeating its events."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from secrets import token_hex

from journeyman.domain.events import Event, Payload
from journeyman.domain.records import Timeline

Listener = Callable[[Event], None]


class Recorder:
    """The timeline of one run, as this process writes it."""

    def __init__(
        self, timeline: Timeline, run_id: str, *, started: float, clock_s: float = 0.0, segment: int = 1
    ) -> None:
        """``started``: the ``time.monotonic()`` at which the run clock showed ``clock_s``."""
        self.run_id = run_id
        self.segment = segment
        self.listeners: list[Listener] = []
        self._timeline = timeline
        self._started = started
        self._clock_s = clock_s
        self._frozen = False

    @property
    def clock_s(self) -> float:
        """The run clock now, in seconds."""
        return self._clock_s + time.monotonic() - self._started

    def freeze(self) -> None:
        """Tell nothing more of the work: what dying processes say is no result. Its end is still told."""
        self._frozen = True

    def record(self, key: str, payload: Payload) -> None:
        """Add an event under a key that is the same when the segment is replayed."""
        if self._frozen:
            return
        self._append(f"{self.segment}:{key}", payload)

    def record_once(self, payload: Payload) -> None:
        """Add an event that a replay may repeat: what happens to processes, not to the work."""
        self._append(f"{self.segment}:once/{payload.kind}/{token_hex(6)}", payload)

    def step(self, name: str) -> StepRecorder:
        """A recorder for one execution of a step's effect."""
        return StepRecorder(self, name)

    def events(self) -> tuple[Event, ...]:
        """All events so far."""
        return self._timeline.events(self.run_id)

    def _append(self, key: str, payload: Payload) -> None:
        event = self._timeline.append(self.run_id, key, payload, self.clock_s)
        if event is not None:
            for listener in self.listeners:
                listener(event)


class StepRecorder:
    """Events of one step: numbered by kind and subject, so that a repeated step gives the same keys."""

    def __init__(self, recorder: Recorder, step: str) -> None:
        self._recorder = recorder
        self._step = step
        self._numbers: Counter[str] = Counter()

    def record(self, payload: Payload, subject: str = "") -> None:
        """Add an event; ``subject`` tells apart those that run at the same time, the check's name, say."""
        name = f"{self._step}/{payload.kind}/{subject}"
        self._numbers[name] += 1
        self._recorder.record(f"{name}#{self._numbers[name]}", payload)
