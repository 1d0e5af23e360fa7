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
from journeyman.domain.context import ContextPack, ContextWanted
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


async def answer_task(indexer: Indexer, task: str, request: PackRequest) -> Answer:
    """The pack of a task. Raises JourneymanError."""
    index = await indexer.index()
    started = time.perf_counter()
    ranking, pack = await asyncio.to_thread(_packed, index, task, request)
    return Answer(index, ranking, pack, time.perf_counter() - started)


def _packed(index: Index, task: str, request: PackRequest) -> tuple[Ranking, Pack]:
    ranking = rank(index, task)
    return ranking, make_pack(index, ranking, request)


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
        indexer = self._worktree(tree)
        try:
            answer = await answer_task(indexer, wanted.text, request)
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
