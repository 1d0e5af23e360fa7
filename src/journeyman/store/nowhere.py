"""A store that keeps nothing: for work that must happen for real, and leave no trace."""

from __future__ import annotations

from journeyman.domain.checks import CheckResult
from journeyman.domain.events import Event, Payload


class Nowhere:
    """Implements ``domain.records.RunStore``: forgets everything at once."""

    def append(self, run_id: str, key: str, payload: Payload, clock_s: float) -> Event | None:
        """Keep nothing."""
        del run_id, key, payload, clock_s
        return None

    def events(self, run_id: str, *, after: int = 0) -> tuple[Event, ...]:
        """Nothing is there."""
        del run_id, after
        return ()

    def events_of_kind(self, *kinds: str) -> tuple[Event, ...]:
        """Nothing is there."""
        del kinds
        return ()

    def run_ids(self) -> tuple[str, ...]:
        """Nothing is there."""
        return ()

    def last_seen(self) -> dict[str, tuple[float, float]]:
        """Nothing is there."""
        return {}

    def get(self, key: str) -> CheckResult | None:
        """Nothing is cached."""
        del key
        return None

    def put(self, key: str, result: CheckResult) -> None:
        """Keep nothing."""
        del key, result
