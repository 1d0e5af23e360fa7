"""Index, rank and pack in one call: for a run, and for ``jm context``."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass

from journeyman.context.index.indexer import Indexer
from journeyman.context.index.view import Index
from journeyman.context.pack.pack import Pack, PackRequest, make_pack
from journeyman.context.rank.fuse import Ranking, rank
from journeyman.context.rank.likely import likely_files
from journeyman.context.rank.outline import candidates_of
from journeyman.context.rank.rerank import reordered
from journeyman.domain.context import Candidate, ContextPack, ContextWanted, ModelOrder, Reranked
from journeyman.domain.errors import JourneymanError
from journeyman.domain.fast_path import LikelyFile

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
    """What was ranked for the fast path's decision: the first pack is mostly of the same text and tree."""

    asked: tuple[str, str]
    indexer: Indexer
    ranked: Ranked


async def candidates_for(indexer: Indexer, task: str) -> tuple[Candidate, ...]:
    """The files ranked first for a task, for a model to order. Raises JourneymanError."""

    async def look() -> tuple[Candidate, ...]:
        ranked = await _ranked(indexer, task)
        return await asyncio.to_thread(candidates_of, ranked.index, ranked.ranking)

    return await indexer.reading(look)


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

    async def likely(self, text: str, tree: str) -> tuple[LikelyFile, ...]:
        """Sources that rank near the best one, and whether tests cover them."""
        if self._warming is not None:
            await self._warming
        self._let_go()
        indexer = self._worktree(tree)

        async def look() -> tuple[LikelyFile, ...]:
            ranked = await _ranked(indexer, text)
            found = await asyncio.to_thread(likely_files, ranked.index, ranked.ranking)
            self._kept = _Kept((text, tree), indexer, ranked)
            return found

        try:
            return await indexer.reading(look)
        finally:
            if self._kept is None:
                indexer.close()
            elif self._kept.ranked.index.notes:  # nobody may come back to delete it
                self._let_go()

    async def candidates(self, text: str, tree: str) -> tuple[Candidate, ...]:
        """The files ranked first, with their signatures."""
        if self._warming is not None:
            await self._warming
        indexer = self._worktree(tree)
        try:
            return await candidates_for(indexer, text)
        finally:
            indexer.close()

    async def pack(self, wanted: ContextWanted, tree: str) -> ContextPack:
        """A pack that stops where what is left is little like the task."""
        if self._warming is not None:
            await self._warming
        request = PackRequest(
            budget=self._budget // _BRIEF if wanted.brief else self._budget,
            thrifty=True,
            failures=wanted.failures,
            wanted=wanted.files,
            only_failures=wanted.only_failures,
            outlines=wanted.brief,
        )
        answer = await self._answer(wanted.text, tree, request, wanted.order)
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

    async def _answer(self, text: str, tree: str, request: PackRequest, order: ModelOrder | None) -> Answer:
        kept = self._kept if self._kept and self._kept.asked == (text, tree) else None
        if kept is None:
            self._let_go()
        indexer = kept.indexer if kept else self._worktree(tree)

        async def answer() -> Answer:
            ranked, self._kept = self._kept.ranked if self._kept else await _ranked(indexer, text), None
            return await _packed(ranked, request, order)

        try:
            return await indexer.reading(answer)
        finally:
            self._kept = None
            indexer.close()

    def _let_go(self) -> None:
        if self._kept is not None:
            self._kept.indexer.close()
            self._kept = None
