"""Packs without a choice of lines: the files that a plan names, whole. What the packer is compared with."""

from __future__ import annotations

import time
from collections.abc import Callable

from journeyman.context.index.tree import Lister, Tree
from journeyman.context.index.worker import read_regular
from journeyman.context.pack.tokens import estimate_tokens
from journeyman.domain.context import Candidate, ContextPack, ContextWanted, Likely

MAX_CHARACTERS = 400_000
_MAX_LISTED = 2_000


class WholeFiles:
    """Implements ``domain.context.ContextMaker``. Whoever is told no file gets the list of all."""

    def __init__(self, lister: Callable[[str], Lister]) -> None:
        """``lister`` makes one for a tree that the worktree holds."""
        self._lister = lister

    def start(self) -> None:
        """Nothing is prepared."""

    async def pack(self, wanted: ContextWanted, tree: str) -> ContextPack:
        """Every line of the files, with its number; what has no room or is no text is said."""
        started = time.perf_counter()
        text, shown, left_out = "", list[str](), 0
        if not wanted.only_failures:
            listed = await self._lister(tree)()
            text, shown, left_out = _whole(listed, wanted.files) if wanted.files else _listing(listed)
        taken = round(time.perf_counter() - started, 4)
        return ContextPack(text, estimate_tokens(text) if text else 0, tuple(shown), left_out, 0.0, taken)

    async def likely(self, text: str, tree: str) -> Likely:
        """Nothing is ranked here."""
        del text, tree
        return Likely()

    async def candidates(self, text: str, tree: str) -> tuple[Candidate, ...]:
        """Nothing is ranked here."""
        del text, tree
        return ()


def _whole(tree: Tree, paths: tuple[str, ...]) -> tuple[str, list[str], int]:
    parts: list[str] = []
    shown: list[str] = []
    left = MAX_CHARACTERS
    for path in dict.fromkeys(paths):
        data = read_regular(tree.root / path) if path in tree.keys else None
        if data is None:
            parts.append(f"{path}: not here")
            continue
        lines = data.decode("utf-8", "replace").splitlines()
        numbered = "\n".join(f"{number}|{line}" for number, line in enumerate(lines, start=1))
        if len(numbered) > left:
            parts.append(f"{path}: {len(lines)} lines, left out; read what is needed")
            continue
        left -= len(numbered)
        shown.append(path)
        parts.append(f"{path} (whole)\n{numbered}")
    return "\n\n".join(parts), shown, len(set(paths)) - len(shown)


def _listing(tree: Tree) -> tuple[str, list[str], int]:
    paths = list(tree.keys)
    more = [f"[{len(paths) - _MAX_LISTED} more files]"] if len(paths) > _MAX_LISTED else []
    return "\n".join([*paths[:_MAX_LISTED], *more]), [], len(more)
