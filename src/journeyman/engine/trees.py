"""The run's three worktrees: where the worker edits, where VERIFY looks, where the baseline is taken."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from journeyman.domain.events import Role, WorkRescued
from journeyman.domain.identity import rescue_ref
from journeyman.domain.process import Confinement
from journeyman.engine.exact import ExactTree
from journeyman.verify.environment import CheckEnvironment

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from journeyman.engine.recorder import Recorder
    from journeyman.workspace import Workspace

    Prepare = Callable[[Path], Awaitable[CheckEnvironment]]

# Caches of tools that find out themselves what is stale: a clean-up may leave them, and checks get faster.
KEPT_CACHES = (".mypy_cache", ".ruff_cache", ".pytest_cache", "target")


class Trees:
    """Worktrees of one run in this process.

    After a crash nobody knows what the work tree holds: ``ensure_work_tree`` puts back the tree that the
    journal last knew, and keeps what it finds under a rescue ref.
    """

    def __init__(
        self, workspace: Workspace, prepare: Prepare, kept: tuple[str, ...], recorder: Recorder
    ) -> None:
        """``prepare`` makes a worktree ready for checks; ``kept`` are names that a clean-up must leave."""
        self._workspace = workspace
        self._prepare = prepare
        self._kept = kept + KEPT_CACHES
        self._recorder = recorder
        self._work: CheckEnvironment | None = None
        self._expected: str | None = None
        self._sure = False
        self.base_tree = ""

    def expect(self, tree: str, base_tree: str | None = None) -> None:
        """The journal says that the work tree holds ``tree``."""
        self._expected = tree
        if base_tree is not None:
            self.base_tree = base_tree

    async def ensure_work_tree(self) -> None:
        """Make the work tree hold what the journal says, once in each process."""
        if self._sure or self._expected is None:
            return
        if await self._workspace.current_tree() != self._expected:
            await self.rescue()
            await self._workspace.restore(self._expected)
        self._sure = True

    @property
    def work_tree(self) -> str:
        """The tree that the journal says the worktree holds."""
        return self._expected or self.base_tree

    async def edited(self) -> str:
        """The tree after an edit."""
        self._expected = await self._workspace.current_tree()
        return self._expected

    async def work(self) -> CheckEnvironment:
        """The environment of the tree that the worker edits."""
        if self._work is None:
            self._work = await self._prepare(self._workspace.work_path)
        return self._work

    async def verify(self, commit: str) -> CheckEnvironment:
        """The verify tree at ``commit``, ready and proven to be the one that checks see."""
        return await self._prepare(await self._workspace.tree_at("verify", commit, self._kept))

    def exactly(self, role: Role, commit: str) -> ExactTree:
        """The verify or the base tree at ``commit``, for checks that must see nothing else."""
        if role is Role.VERIFY:
            return ExactTree(partial(self.verify, commit), partial(self._workspace.altered, "verify"))
        return ExactTree(partial(self.base, commit), partial(self._workspace.altered, "base"))

    async def base(self, commit: str) -> CheckEnvironment:
        """The baseline's tree, ready."""
        return await self._prepare(await self._workspace.tree_at("base", commit, self._kept))

    async def confinement_paths(self) -> Confinement:
        """What a worker may touch: its worktree; what it may see beyond: the links' targets and git."""
        environment = await self.work()
        return Confinement(writable=(environment.tree,), readable=environment.readable)

    async def rescue(self) -> None:
        """Keep what the work tree holds beyond what the journal knows, under a ref."""
        if self._expected is not None:
            await self._keep(frozenset({self._expected}))

    async def keep_unsaved(self, known: frozenset[str]) -> None:
        """Keep what the work tree holds under a ref, unless it is one of the trees ``known`` to have one."""
        if known and self._workspace.is_open:
            await self._keep(known)

    async def _keep(self, known: frozenset[str]) -> None:
        if await self._workspace.current_tree() in known:
            return
        refs = await self._workspace.list_run_refs()
        number = sum("/rescue/" in ref for ref in refs) + 1
        ref = rescue_ref(self._recorder.run_id, number)
        kept = await self._workspace.rescue(ref)
        self._recorder.record_once(WorkRescued(ref, kept.commit, kept.tree))
