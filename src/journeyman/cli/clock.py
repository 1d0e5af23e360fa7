"""When the process began: imported before all else, so that the run clock counts what the user waits for."""

from __future__ import annotations

import time

STARTED = time.monotonic()
"""Where the run clock of ``jm run`` and ``jm resume`` begins."""
