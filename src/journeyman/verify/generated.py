"""Files that a build leaves beside the sources: ignored by git, so missing in a fresh worktree."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from journeyman.domain.process import Command, CommandRunner
from journeyman.verify.manifests import Manifests, table, texts
from journeyman.verify.python_layout import ImportRoot

_COMPILED = (".so", ".pyd")
_MAX_BYTES = 100_000
_MAX_ENTRIES = 5_000
_NAMED = 3


async def carry_version_files(
    tree: Path, checkout: Path, env: dict[str, str], runner: CommandRunner
) -> tuple[str, ...]:
    """Copy the version modules that the build backend writes, so that the package can be imported here.

    Only such files as the build configuration names and git ignores: any other would get into the commit.
    """
    carried = []
    for name in version_files(Manifests(tree)):
        if _wanted(checkout / name, tree / name) and await _ignored(tree, name, env, runner):
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


def unbuilt_extensions(tree: Path, checkout: Path, roots: tuple[ImportRoot, ...]) -> tuple[str, ...]:
    """A warning when compiled modules lie in the checkout's packages that this tree does not have."""
    missing = []
    for root in roots:
        for name in root.names:
            folder = PurePosixPath(root.folder, *name.split("."))
            missing += [path for path in _compiled(checkout, folder) if not (tree / path).exists()]
    if not missing:
        return ()
    shown = ", ".join(sorted(missing)[:_NAMED]) + (", …" if len(missing) > _NAMED else "")
    return (
        f"compiled in your checkout but not in this tree: {shown}; [workspace] setup has to build it here",
    )


def _compiled(checkout: Path, folder: PurePosixPath) -> Iterator[str]:
    """Compiled modules next to a package or module, or below it, relative to the checkout."""
    looked_at = 0
    for base, folders, files in os.walk(checkout / folder):
        folders[:] = [name for name in folders if not name.startswith(".") and name != "__pycache__"]
        for name in files:
            if name.endswith(_COMPILED):
                yield (Path(base) / name).relative_to(checkout).as_posix()
        looked_at += len(files)
        if looked_at > _MAX_ENTRIES:
            return


async def _ignored(tree: Path, name: str, env: dict[str, str], runner: CommandRunner) -> bool:
    # --no-index: the index is not read, so no configured file-system monitor is started for it.
    argv = ("git", "-c", "core.fsmonitor=false", "check-ignore", "--quiet", "--no-index", "--", name)
    result = await runner.run(Command(argv=argv, cwd=tree, env=env, timeout_s=60.0))
    return result.ok
