"""A worktree made ready for checks: set up, linked, and shown to be what the checks will see."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from journeyman.domain.process import CommandRunner
from journeyman.domain.settings import WorkspaceSettings
from journeyman.verify.canary import Canary, Ground, prove_imports
from journeyman.verify.generated import carry_version_files, lacking_files
from journeyman.verify.links import Links, make_links
from journeyman.verify.mirror import is_mirror
from journeyman.verify.programs import find_venv, own_tool_dirs
from journeyman.verify.python_layout import ImportRoot, find_import_roots
from journeyman.verify.python_visible import visible_folders
from journeyman.verify.repositories import inside
from journeyman.verify.setup_command import run_setup, setup_digest, setup_environment


@dataclass(frozen=True)
class CheckEnvironment:
    """What a check needs to run on ``tree``."""

    tree: Path
    env: Mapping[str, str]
    readable: tuple[Path, ...]
    """Folders outside the tree that a check has to see: what is linked, and what that leads to."""
    proofs: tuple[str, ...]
    warnings: tuple[str, ...]
    setup_digest: str = ""
    """Identity of the set-up command; empty without one."""


async def prepare_environment(
    tree: Path,
    checkout: Path,
    settings: WorkspaceSettings,
    base_env: Mapping[str, str],
    runner: CommandRunner,
    *,
    git_common_dir: Path,
    log_dir: Path,
) -> CheckEnvironment:
    """Set the tree up, link what the checkout has installed, and prove that checks will see this tree.

    Can be repeated on the same tree: what is done is not done again, what has to be true is shown again.
    Raises JourneymanError: "setup-failed" when the set-up command or an interpreter fails, "wrong-tree" when
    the checks would see other code, "bad-config" for a link that is no path inside the checkout.
    """
    set_up = await run_setup(
        tree,
        settings,
        setup_environment(base_env, checkout),
        runner,
        git_common_dir=git_common_dir,
        log_dir=log_dir,
    )
    links, roots = await asyncio.to_thread(_link_and_look, tree, checkout, settings.link, git_common_dir)
    env = check_environment(tree, checkout, base_env, roots)
    carried = await carry_version_files(tree, checkout, dict(env), runner)
    lacking = await lacking_files(tree, checkout, roots, dict(env), runner)
    readable = (*links.readable, *await asyncio.to_thread(visible_folders, tree, checkout))
    canary = await _canary(Ground(tree, checkout, roots, env, readable), settings, runner)
    return CheckEnvironment(
        tree=tree,
        env=env,
        readable=readable,
        proofs=(*([set_up] if set_up else []), *links.proofs, *carried, *canary.proofs, *_by_place(tree)),
        warnings=(*links.warnings, *lacking, *canary.warnings),
        setup_digest=setup_digest(settings.setup),
    )


def check_environment(
    tree: Path, checkout: Path, base_env: Mapping[str, str], roots: tuple[ImportRoot, ...]
) -> dict[str, str]:
    """The variables a check runs with: the tree's own tools first, its packages before any installed copy."""
    env = {name: value for name, value in base_env.items() if name != "PYTHONHOME"}
    own = [str(folder) for folder in own_tool_dirs(tree)]
    env["PATH"] = _joined([*own, *_moved(base_env.get("PATH", ""), tree, checkout)])
    venv = find_venv(tree)
    active = base_env.get("VIRTUAL_ENV")
    if venv:
        env["VIRTUAL_ENV"] = str(tree / venv)
    elif active and inside(Path(active), checkout) is not None:
        del env["VIRTUAL_ENV"]
    if venv and is_mirror(tree / venv):
        # `uv run` would otherwise bring the linked environment, the user's, in line with this tree.
        env["UV_NO_SYNC"] = "1"
    shadows = [str(tree / root.folder) for root in roots if root.folder or not root.clashes(tree)]
    python_path = _joined([*shadows, *_moved(base_env.get("PYTHONPATH", ""), tree, checkout)])
    if python_path:
        env["PYTHONPATH"] = python_path
    typed = [str(tree / root.folder) for root in roots if _typed(tree, root)]
    if typed:
        env["MYPYPATH"] = _joined([*typed, *_moved(base_env.get("MYPYPATH", ""), tree, checkout)])
    return env


def _typed(tree: Path, root: ImportRoot) -> bool:
    """Whether mypy may be told of the root: it takes installed, typed packages from site-packages otherwise.

    Not for namespace packages, which it would then find under two names, nor for the tree's own root,
    where it looks anyway.
    """
    regular = all("." not in name for name in root.names)
    return (
        bool(root.folder)
        and regular
        and any((tree / root.folder / name / "py.typed").is_file() for name in root.names)
    )


def _moved(path: str, tree: Path, checkout: Path) -> list[str]:
    """The entries of a PATH-like text; one in the user's checkout becomes the tree's, or none."""
    entries = []
    for entry in path.split(os.pathsep):
        here = inside(Path(entry), checkout) if Path(entry).is_absolute() else None
        if here is None:
            entries += [entry] if entry else []
        elif (tree / here).exists():
            entries.append(str(tree / here))
    return entries


def _joined(entries: list[str]) -> str:
    return os.pathsep.join(dict.fromkeys(entries))


def _link_and_look(
    tree: Path, checkout: Path, links: tuple[str, ...], git_common_dir: Path
) -> tuple[Links, tuple[ImportRoot, ...]]:
    return make_links(tree, checkout, links, git_common_dir), find_import_roots(tree)


async def _canary(ground: Ground, settings: WorkspaceSettings, runner: CommandRunner) -> Canary:
    if not ground.roots:
        return Canary()
    if not settings.canary:
        return Canary(warnings=("workspace.canary is off: not shown that imports come from this tree",))
    return await prove_imports(ground, runner)


def _by_place(tree: Path) -> tuple[str, ...]:
    """Proof lines for tools that know no other code than that of their current directory."""
    lines = (
        ("Cargo.toml", "cargo builds the packages of its current directory, which is this tree"),
        ("pom.xml", "mvn builds the project of its current directory, which is this tree"),
        ("go.mod", "go builds the module of its current directory, which is this tree"),
    )
    return tuple(line for manifest, line in lines if (tree / manifest).is_file())
