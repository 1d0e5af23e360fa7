"""Files that a build leaves beside the sources: ignored by git, so missing in a fresh worktree."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import Iterator
from itertools import islice
from pathlib import Path, PurePosixPath

from journeyman.domain.process import Command, CommandRunner
from journeyman.verify.manifests import Manifests, table, texts
from journeyman.verify.python_layout import ImportRoot

_COMPILED = (".so", ".pyd")
_MAX_BYTES = 100_000
_MAX_ENTRIES = 5_000
_MAX_MISSING = 500
_NAMED = 3
_BY_PRODUCT = re.compile(
    r"^\.|^__pycache__$|^node_modules$|\.(?:py[co]|egg-info|log|orig|rej|sw[op]|bak|tmp)$|~$"
)
"""What lies about in a checkout and nobody's checks need."""


async def carry_version_files(
    tree: Path, checkout: Path, env: dict[str, str], runner: CommandRunner
) -> tuple[str, ...]:
    """Copy the version modules that the build backend writes, so that the package can be imported here.

    Only such files as the build configuration names and git ignores: any other would get into the commit.
    """
    carried = []
    for name in version_files(Manifests(tree)):
        if _wanted(checkout / name, tree / name) and await _ignored([name], tree, env, runner):
            shutil.copyfile(checkout / name, tree / name)
            carried.append(f"{name} is copied from your checkout: the build writes it, and git ignores it")
    return tuple(carried)


def _wanted(source: Path, target: Path) -> bool:
    plain = source.is_file() and not source.is_symlink() and source.stat().st_size <= _MAX_BYTES
    return plain and target.parent.is_dir() and not os.path.lexists(target)


def version_files(files: Manifests) -> tuple[str, ...]:
    """The modules that the build configuration has the version written to."""
    tool = table(files.toml("pyproject.toml"), "tool")
    tables = (
        table(tool, "setuptools_scm"),
        table(tool, "hatch", "build", "hooks", "vcs"),
        table(tool, "pdm", "version"),
    )
    keys = ("write_to", "version_file", "version-file")
    names = [name for one in tables for key in keys for name in texts(one.get(key))]
    plain = [os.path.normpath(name) for name in names]
    return tuple(name for name in plain if not name.startswith(("..", "/")) and name.endswith(".py"))


async def lacking_files(
    tree: Path, checkout: Path, roots: tuple[ImportRoot, ...], env: dict[str, str], runner: CommandRunner
) -> tuple[str, ...]:
    """A warning when the checkout's packages hold what was built into them, and this tree's do not."""
    missing = await asyncio.to_thread(_missing, tree, checkout, roots)
    compiled = [path for path in missing if path.endswith(_COMPILED)]
    others = await _ignored([path for path in missing if path not in compiled], tree, env, runner)
    lacking = sorted({*compiled, *others})
    if not lacking:
        return ()
    more = f" and {len(lacking) - _NAMED} more" if len(lacking) > _NAMED else ""
    warning = (
        f"built in your checkout, not in git and so not in this tree: {', '.join(lacking[:_NAMED])}{more}; "
        "what the checks need of it, [workspace] setup has to build here"
    )
    return (warning,)


def _missing(tree: Path, checkout: Path, roots: tuple[ImportRoot, ...]) -> list[str]:
    folders = [PurePosixPath(root.folder, *name.split(".")) for root in roots for name in root.names]
    found = (path for folder in folders for path in _differences(tree, checkout, folder))
    return list(islice(found, _MAX_MISSING))


def _differences(tree: Path, checkout: Path, folder: PurePosixPath) -> Iterator[str]:
    """Files below a package of the checkout that the tree has not, relative to both."""
    looked_at = 0
    for base, folders, files in os.walk(checkout / folder):
        folders[:] = [name for name in folders if not _BY_PRODUCT.search(name)]
        place = Path(base).relative_to(checkout)
        here = {entry.name for entry in (tree / place).iterdir()} if (tree / place).is_dir() else set()
        for name in files:
            if name not in here and not _BY_PRODUCT.search(name):
                yield (place / name).as_posix()
        looked_at += len(files)
        if looked_at > _MAX_ENTRIES:
            return


async def _ignored(names: list[str], tree: Path, env: dict[str, str], runner: CommandRunner) -> list[str]:
    """Those of the names that git ignores."""
    if not names:
        return []
    # --no-index: the index is not read, so no configured file-system monitor is started for it.
    argv = ("git", "-c", "core.fsmonitor=false", "check-ignore", "--no-index", "-z", "--stdin")
    asked = b"".join(os.fsencode(name) + b"\0" for name in names)
    result = await runner.run(Command(argv=argv, cwd=tree, env=env, timeout_s=60.0, stdin=asked))
    return [os.fsdecode(name) for name in result.stdout.split(b"\0") if name] if result.ok else []
