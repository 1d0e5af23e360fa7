"""So many checks at the same time, first come first served, and now and then one alone."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Slots:
    """``total`` places. Whoever asks for all waits until the others are done, and is not overtaken."""

    def __init__(self, total: int) -> None:
        self._total = max(1, total)
        self._taken = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def take(self, *, alone: bool = False) -> AsyncIterator[None]:
        """Hold one place, or every place."""
        width = self._total if alone else 1
        await self._acquire(width)
        try:
            yield
        finally:
            self._taken -= width
            self._admit()

    async def _acquire(self, width: int) -> None:
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((width, place))
        self._admit()
        try:
            await place
        except asyncio.CancelledError:
            # Cancelled after it was admitted, but before it ran: the place is free again.
            if place.done() and not place.cancelled():
                self._taken -= width
            self._admit()
            raise

    def _admit(self) -> None:
        while self._waiting:
            width, place = self._waiting[0]
            if place.cancelled():
                self._waiting.popleft()
            elif self._taken + width <= self._total:
                self._waiting.popleft()
                self._taken += width
                place.set_result(None)
            else:
                return
