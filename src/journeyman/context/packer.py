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


async def answer_task(
    indexer: Indexer, task: str, request: PackRequest, order: ModelOrder | None = None
) -> Answer:
    """The pack of a task, with a model's order where there is one. Raises JourneymanError."""
    index = await indexer.index()
    started = time.perf_counter()
    ranking, pack = await asyncio.to_thread(_packed, index, task, request, order)
    return Answer(index, ranking, pack, time.perf_counter() - started)


def _packed(index: Index, task: str, request: PackRequest, order: ModelOrder | None) -> tuple[Ranking, Pack]:
    ranking = reordered(rank(index, task), order)
    return ranking, make_pack(index, ranking, request)


async def candidates_for(indexer: Indexer, task: str) -> tuple[Candidate, ...]:
    """The files ranked first for a task, for a model to order. Raises JourneymanError."""
    index = await indexer.index()
    return await asyncio.to_thread(lambda: candidates_of(index, rank(index, task)))


class RunContext:
    """Implements ``domain.context.ContextMaker`` for a run's worktree."""

    def __init__(self, checkout: Indexer, worktree: Callable[[str], Indexer], budget: int) -> None:
        """``checkout`` is the user's; ``worktree`` makes one for a tree, over the same index."""
        self._checkout = checkout
        self._worktree = worktree
        self._budget = budget
        self._warming: asyncio.Task[None] | None = None

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
        indexer = self._worktree(tree)
        try:
            index = await indexer.index()
            return await asyncio.to_thread(lambda: likely_files(index, rank(index, text)))
        finally:
            indexer.close()

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
        )
        indexer = self._worktree(tree)
        try:
            answer = await answer_task(indexer, wanted.text, request, wanted.order)
        finally:
            indexer.close()
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
