"""What is kept of runs, as those who use it see it: implemented in ``store``, chosen in ``bootstrap``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from journeyman.domain.checks import CheckResult
from journeyman.domain.errors import JourneymanError
from journeyman.domain.events import Event, Payload


class Timeline(Protocol):
    """Where the events of runs are kept."""

    # Adds an event; ``None`` when the run has an event under this key already.
    def append(self, run_id: str, key: str, payload: Payload, clock_s: float) -> Event | None: ...

    # The run's events in order, those after sequence number ``after``.
    def events(self, run_id: str, *, after: int = 0) -> tuple[Event, ...]: ...


class ResultCache(Protocol):
    """Results of checks by key; outlives the process."""

    # The result kept under this key, or ``None``.
    def get(self, key: str) -> CheckResult | None: ...

    # Keeps the result, in place of an older one.
    def put(self, key: str, result: CheckResult) -> None: ...


class RunStore(Timeline, ResultCache, Protocol):
    """Timelines of all runs of a repository, and cached results.

    Every method may raise JourneymanError: "corrupt-store", "disk-full" or "not-writable".
    """

    # Events of the given kinds, of all runs, in order.
    def events_of_kind(self, *kinds: str) -> tuple[Event, ...]: ...

    # All runs, in the order in which they began, whatever the clock said.
    def run_ids(self) -> tuple[str, ...]: ...

    # For each run the wall clock and the run clock of its last event.
    def last_seen(self) -> dict[str, tuple[float, float]]: ...


class Artifacts(Protocol):
    """Files by relative name: those of one run, or those about all of them."""

    # Where the file is, or a program may write it; its folder exists afterwards.
    # Raises JourneymanError("disk-full" or "not-writable"), as ``write`` does.
    def path(self, name: str) -> Path: ...

    # Writes the file whole or not at all.
    def write(self, name: str, content: str | bytes) -> Path: ...

    # The file, or ``None`` when there is none.
    def read_bytes(self, name: str) -> bytes | None: ...


class Lease(Protocol):
    """The right to work on a run, held by one process at a time; it ends with its process."""

    # Gives it back; harmless when that was done.
    def release(self) -> None: ...


class Leases(Protocol):
    """Who works on which run."""

    # Takes the run for this process. Raises JourneymanError("run-locked") naming who has it.
    def take(self, run_id: str) -> Lease: ...

    # Whether a living process works on the run now.
    def is_held(self, run_id: str) -> bool: ...


class JournalDatabase(Protocol):
    """Where the durable engine keeps which steps are done."""

    # An SQLAlchemy engine for the journal's own tables; loads library and driver.
    def engine(self) -> Any: ...  # noqa: ANN401 - the library is not loaded here

    # The expected error that a database error stands for.
    def error(self, raised: Exception) -> JourneymanError: ...


class Storage(Protocol):
    """All that is kept of one repository's runs."""

    @property
    def runs(self) -> RunStore: ...

    @property
    def leases(self) -> Leases: ...

    @property
    def journal(self) -> JournalDatabase: ...

    # Files about all runs: pages.
    @property
    def shared(self) -> Artifacts: ...

    # The files of one run.
    def artifacts(self, run_id: str) -> Artifacts: ...
