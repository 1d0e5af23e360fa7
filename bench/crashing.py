"""``python -P bench/crashing.py N run …``: jm, killed by SIGKILL right after its n-th event.

The store is wrapped from outside: the product knows nothing of it.
"""

from __future__ import annotations

import os
import signal
import sys

from journeyman import __main__
from journeyman.domain.events import Event, Payload
from journeyman.store import SqliteStore


def die_after(events: int) -> None:
    """Let this process die once it has written so many events; with 0, never."""
    append = SqliteStore.append
    left = events

    def counted(self: SqliteStore, run_id: str, key: str, payload: Payload, clock_s: float) -> Event | None:
        nonlocal left
        made = append(self, run_id, key, payload, clock_s)
        if made is not None:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return made

    SqliteStore.append = counted  # type: ignore[method-assign]


if __name__ == "__main__":
    die_after(int(sys.argv.pop(1)))
    __main__.main()
