"""Index, rank and pack in one call: for a run, and for ``jm context``."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from journeyman.context.index.indexer import Indexer
from journeyman.context.index.view import Index
from journeyman.context.pack.pack import make_pack
from journeyman.context.rank.fuse import Ranking, rank
from journeyman.context.rank.likely import likely_files
from journeyman.domain.context import Likely, Pack, PackRequest
from journeyman.domain.errors import JourneymanError

Used = TypeVar("Used")


@dataclass(frozen=True, repr=False)  # asyncio makes the repr of results, and this one is large
class Ranked:
    """A ranking, and the index that it was made from, still open."""

    index: Index
    ranking: Ranking
    rank_s: float


async def rank_and_pack(indexer: Indexer, request: PackRequest) -> tuple[Ranked, Pack]:
    """The pack of a task, and what led to it. Raises JourneymanError."""

    async def make() -> tuple[Ranked, Pack]:
        ranked = await _ranked(indexer, request.text)
        return ranked, await _packed(ranked, request)

    return await indexer.reading(make)


async def _ranked(indexer: Indexer, task: str) -> Ranked:
    index = await indexer.index()
    started = time.perf_counter()
    ranking = await asyncio.to_thread(rank, index, task)
    return Ranked(index, ranking, time.perf_counter() - started)


async def _packed(ranked: Ranked, request: PackRequest) -> Pack:
    started = time.perf_counter()
    pack = await asyncio.to_thread(make_pack, ranked.index, ranked.ranking, request)
    taken_s = ranked.rank_s + time.perf_counter() - started
    return replace(pack, index_s=round(ranked.index.index_s, 4), pack_s=round(taken_s, 4))


@dataclass(frozen=True, repr=False)
class _Kept:
    """What was ranked for a decision: the next pack is mostly of the same text and tree."""

    asked: tuple[str, str]
    indexer: Indexer
    ranked: Ranked


class RunContext:
    """Implements ``domain.context.ContextMaker`` for a run's worktree."""

    def __init__(self, checkout: Indexer, worktree: Callable[[str], Indexer]) -> None:
        """``checkout`` is the user's; ``worktree`` makes one for a tree, over the same index."""
        self._checkout = checkout
        self._worktree = worktree
        self._warming: asyncio.Task[None] | None = None
        self._kept: _Kept | None = None

    def start(self) -> None:
        """Index the user's checkout meanwhile."""
        if self._warming is None:
            self._warming = asyncio.ensure_future(self._warm())

    async def _warm(self) -> None:
        with contextlib.suppress(JourneymanError):  # the pack tells of it
            await self._checkout.index()
        self._checkout.close()

    async def likely(self, text: str, tree: str) -> Likely:
        """Sources that rank near the best one, and whether tests cover them."""

        async def look(ranked: Ranked) -> Likely:
            return await asyncio.to_thread(likely_files, ranked.index, ranked.ranking)

        return await self._with_ranking(text, tree, look, keep=True)

    async def pack(self, request: PackRequest, tree: str) -> Pack:
        """The pack of the worktree that holds ``tree``."""

        async def fill(ranked: Ranked) -> Pack:
            return await _packed(ranked, request)

        return await self._with_ranking(request.text, tree, fill, keep=False)

    async def _with_ranking(
        self, text: str, tree: str, use: Callable[[Ranked], Awaitable[Used]], *, keep: bool
    ) -> Used:
        """What comes of the ranking of a text and a tree: of the kept one, when it is of the same."""
        if self._warming is not None:
            await self._warming
        kept = self._kept if self._kept and self._kept.asked == (text, tree) else None
        if kept is None:
            self._let_go()
        indexer = kept.indexer if kept else self._worktree(tree)

        async def read() -> Used:
            ranked, self._kept = self._kept.ranked if self._kept else await _ranked(indexer, text), None
            used = await use(ranked)
            if keep:
                self._kept = _Kept((text, tree), indexer, ranked)
            return used

        try:
            return await indexer.reading(read)
        finally:
            if self._kept is None:
                indexer.close()
            elif self._kept.ranked.index.notes:  # nobody may come back to delete it
                self._let_go()

    def _let_go(self) -> None:
        if self._kept is not None:
            self._kept.indexer.close()
            self._kept = None
