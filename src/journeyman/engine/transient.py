"""Calls of workers that are tried again when they fail for a reason that passes by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count
from typing import TypeVar

from journeyman.domain.errors import JourneymanError
from journeyman.domain.events import TransientRetried
from journeyman.domain.phases import Phase
from journeyman.domain.policy.transient import wait_before_retry
from journeyman.engine.model import Run

T = TypeVar("T")


async def retry_transient(run: Run, phase: Phase, key: str, call: Callable[[str], Awaitable[T]]) -> T:
    """The result of ``call``, which is given a key for its steps: another one for each try.

    The time budget ends a wait as it ends everything else.
    """
    for tried in count(1):
        try:
            return await call(key if tried == 1 else f"{key}.try{tried}")
        except JourneymanError as trouble:
            wait_s = wait_before_retry(trouble.code, tried, run.spec.settings.autonomy)
            if wait_s is None:
                raise
            event = TransientRetried(phase, trouble.code, trouble.message, tried, wait_s)
            run.recorder.record(f"{key}.trouble{tried}", event)
            await run.journal.step(f"{key}.wait{tried}", _waiting(wait_s), type(None))
    raise AssertionError  # count() has no end


def _waiting(seconds: float) -> Callable[[], Awaitable[None]]:
    async def wait() -> None:
        await asyncio.sleep(seconds)

    return wait
