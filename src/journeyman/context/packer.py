"""Index, rank and pack in one call: for a run, and for ``jm context``."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from journeyman.context.index.indexer import Indexer
from journeyman.context.index.view import Index
from journeyman.context.pack.pack import Pack, PackRequest, make_pack
from journeyman.context.rank.fuse import Ranking, rank
from journeyman.context.rank.likely import likely_files
from journeyman.context.rank.outline import candidates_of
from journeyman.context.rank.rerank import reordered
from journeyman.domain.context import Candidate, ContextPack, ContextWanted, Likely, ModelOrder, Reranked
from journeyman.domain.errors import JourneymanError

Used = TypeVar("Used")
_BRIEF = 3
"""A brief pack has this part of the budget."""


@dataclass(frozen=True, repr=False)  # asyncio makes the repr of results, and this one is large
class Answer:
    """A pack with all that led to it."""

    index: Index
    ranking: Ranking
    pack: Pack
    query_s: float
    reranked: Reranked | None = None
    """What came of asking a model for an order, if one was asked."""


@dataclass(frozen=True, repr=False)
class Ranked:
    """A ranking, and the index that it was made from, still open."""

    index: Index
    ranking: Ranking
    rank_s: float


async def answer_task(
    indexer: Indexer, task: str, request: PackRequest, order: ModelOrder | None = None
) -> Answer:
    """The pack of a task, with a model's order where there is one. Raises JourneymanError."""

    async def answer() -> Answer:
        return await _packed(await _ranked(indexer, task), request, order)

    return await indexer.reading(answer)


async def _ranked(indexer: Indexer, task: str) -> Ranked:
    index = await indexer.index()
    started = time.perf_counter()
    ranking = await asyncio.to_thread(rank, index, task)
    return Ranked(index, ranking, time.perf_counter() - started)


async def _packed(ranked: Ranked, request: PackRequest, order: ModelOrder | None) -> Answer:
    started = time.perf_counter()
    ranking = reordered(ranked.ranking, order)
    pack = await asyncio.to_thread(make_pack, ranked.index, ranking, request)
    return Answer(ranked.index, ranking, pack, ranked.rank_s + time.perf_counter() - started)


@dataclass(frozen=True, repr=False)
class _Kept:
    """What was ranked for a decision or an order: the next pack is mostly of the same text and tree."""

    asked: tuple[str, str]
    indexer: Indexer
    ranked: Ranked


async def candidates_for(indexer: Indexer, task: str) -> tuple[Candidate, ...]:
    """The files ranked first for a task, for a model to order. Raises JourneymanError."""

    async def look() -> tuple[Candidate, ...]:
        return await _candidates(await _ranked(indexer, task))

    return await indexer.reading(look)


async def _candidates(ranked: Ranked) -> tuple[Candidate, ...]:
    return await asyncio.to_thread(candidates_of, ranked.index, ranked.ranking)


class RunContext:
    """Implements ``domain.context.ContextMaker`` for a run's worktree."""

    def __init__(self, checkout: Indexer, worktree: Callable[[str], Indexer], budget: int) -> None:
        """``checkout`` is the user's; ``worktree`` makes one for a tree, over the same index."""
        self._checkout = checkout
        self._worktree = worktree
        self._budget = budget
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

    async def candidates(self, text: str, tree: str) -> tuple[Candidate, ...]:
        """The files ranked first, with their signatures."""
        return await self._with_ranking(text, tree, _candidates, keep=True)

    async def pack(self, wanted: ContextWanted, tree: str) -> ContextPack:
        """A pack that stops where what is left is little like the task."""
        request = PackRequest(
            budget=self._budget // _BRIEF if wanted.brief else self._budget,
            thrifty=True,
            failures=wanted.failures,
            wanted=wanted.files,
            look_for=wanted.look_for,
            only_failures=wanted.only_failures,
            outlines=wanted.brief,
        )

        async def fill(ranked: Ranked) -> Answer:
            return await _packed(ranked, request, wanted.order)

        answer = await self._with_ranking(wanted.text, tree, fill, keep=False)
        pack = answer.pack
        return ContextPack(
            text=pack.text,
            tokens=pack.tokens,
            files=tuple(file.path for file in pack.files if file.ranges),
            left_out=len(pack.left_out),
            index_s=round(answer.index.index_s, 4),
            pack_s=round(answer.query_s, 4),
            notes=answer.index.notes,
        )

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
