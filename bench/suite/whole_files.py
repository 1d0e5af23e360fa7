"""``jm`` as ever, but for what a worker is shown: the files that a plan names, whole, and no choice of lines.

What the packs of ``context`` are compared with. Run by its path, so that no checkout comes on ``sys.path``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from journeyman import __main__ as program
from journeyman.domain.context import ContextMaker, Likely, Pack, PackRequest

if TYPE_CHECKING:
    from journeyman.bootstrap.project import Project
    from journeyman.context.index.tree import Lister, Tree
    from journeyman.domain.run import RunSpec
    from journeyman.workspace import Workspace

MAX_CHARACTERS = 400_000
_MAX_LISTED = 2_000


class WholeFiles:
    """Implements ``domain.context.ContextMaker``. Whoever is told no file gets the list of all."""

    def __init__(self, lister: Callable[[str], Lister]) -> None:
        """``lister`` makes one for a tree that the worktree holds."""
        self._lister = lister

    def start(self) -> None:
        """Nothing is prepared."""

    async def pack(self, request: PackRequest, tree: str) -> Pack:
        """Every line of the files, with its number; what has no room or is no text is said."""
        from journeyman.context.pack.tokens import estimate_tokens

        started = time.perf_counter()
        text, shown, left_out = "", list[str](), 0
        if not request.only_failures:
            listed = await self._lister(tree)()
            text, shown, left_out = _whole(listed, request.files) if request.files else _listing(listed)
        taken = round(time.perf_counter() - started, 4)
        tokens = estimate_tokens(text) if text else 0
        return Pack(text, tokens, tuple(shown), left_out=left_out, pack_s=taken)

    async def likely(self, text: str, tree: str) -> Likely:
        """Nothing is ranked here."""
        del text, tree
        return Likely()


def _whole(tree: Tree, paths: tuple[str, ...]) -> tuple[str, list[str], int]:
    from journeyman.context.index.worker import read_regular

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


def whole_files(
    project: Project, spec: RunSpec, workspace: Workspace, base_env: Mapping[str, str]
) -> ContextMaker:
    """In place of ``journeyman.bootstrap.context.run_context``."""
    from journeyman.context.index.tree import TreeLister
    from journeyman.domain.scope import denied_by

    del project, base_env
    denied = denied_by(spec.settings.scope)
    return WholeFiles(lambda tree: TreeLister(lambda: workspace.listing(tree), workspace.work_path, denied))


if __name__ == "__main__":
    from journeyman.bootstrap import context

    context.run_context = whole_files
    program.main()
