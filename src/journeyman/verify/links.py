"""Ignored folders of the user's checkout, made usable in a worktree without leading the checks astray."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from journeyman.domain.errors import JourneymanError
from journeyman.verify.mirror import is_mirror, write_mirror
from journeyman.verify.node_links import (
    prove_workspaces,
    read_node_modules,
    unbuilt_packages,
    workspace_packages,
)
from journeyman.verify.programs import find_venv

NODE_MODULES = "node_modules"


@dataclass(frozen=True)
class Links:
    """What was linked, and what was shown or noticed on the way."""

    readable: tuple[Path, ...] = ()
    """Folders outside the tree that linked entries lead into."""
    proofs: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def make_links(tree: Path, checkout: Path, links: tuple[str, ...], git_common_dir: Path) -> Links:
    """Link each of ``links`` that the checkout has and the tree has not. Idempotent.

    Raises JourneymanError("wrong-tree") when a link would lead to this repository's code elsewhere, and
    JourneymanError("bad-config") for a link that is no path inside the checkout.
    """
    packages = workspace_packages(tree) if (tree / "package.json").is_file() else {}
    made = [
        _link(tree, checkout, link, frozenset(packages), git_common_dir)
        for link in wanted_links(checkout, links, packages)
    ]
    return Links(
        readable=tuple(dict.fromkeys(path for one in made for path in one.readable)),
        proofs=tuple(proof for one in made for proof in one.proofs) + prove_workspaces(tree, packages),
        warnings=tuple(warning for one in made for warning in one.warnings)
        + unbuilt_packages(tree, checkout, packages),
    )


def wanted_links(checkout: Path, links: tuple[str, ...], packages: dict[str, str]) -> tuple[str, ...]:
    """The links to make: a virtual environment under another usual name, and nested ``node_modules`` too."""
    wanted = [_inner_path(link) for link in links]
    venv = find_venv(checkout)
    if ".venv" in wanted and venv:
        wanted.append(venv)
    if NODE_MODULES in wanted:
        wanted += [f"{folder}/{NODE_MODULES}" for folder in packages.values()]
    return tuple(dict.fromkeys(wanted))


def _inner_path(link: str) -> str:
    path = PurePosixPath(link)
    if path.is_absolute() or ".." in path.parts or not path.parts or path.parts[0] == ".git":
        raise JourneymanError(
            "bad-config", f"workspace.link has {link!r}, which is no path inside the repository"
        )
    return path.as_posix()


def _link(
    tree: Path, checkout: Path, link: str, package_names: frozenset[str], git_common_dir: Path
) -> Links:
    target = tree / link
    source = Path(os.path.realpath(checkout / link))
    if not source.is_dir() or not target.parent.is_dir():
        if source.is_file() and not os.path.lexists(target):
            return Links(warnings=(f"{link} is a file: only folders are linked into worktrees",))
        return Links()
    if os.path.lexists(target) and not is_mirror(target):
        # Tracked, or made by the set-up command: either way it is this tree's own.
        return Links()
    if target.name == NODE_MODULES:
        found = read_node_modules(source, link, tree, package_names, git_common_dir)
        write_mirror(target, found.entries)
        return Links((source, *found.outside), (f"{link} is linked from {source}",), found.warnings)
    write_mirror(target, {entry.name: Path(entry.path) for entry in os.scandir(source)})
    return Links((source,), (f"{link} is linked from {source}",))
