"""The links of a ``node_modules``: dependencies lead to the checkout's, workspace packages to this tree."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from journeyman.domain.errors import JourneymanError
from journeyman.domain.process import is_within
from journeyman.verify.manifests import Manifests, table, texts
from journeyman.verify.mirror import Entries
from journeyman.verify.repositories import git_dir_of

# Caches that tools keep here: a stale one would speak of another tree, and the checkout's is read-only.
_CACHES = frozenset((".cache", ".vite", ".vite-temp", ".vitest", ".tmp", ".gitignore"))
_MAX_PROOFS = 20


@dataclass(frozen=True)
class NodeModules:
    """What to put in the tree in place of one ``node_modules``."""

    entries: Entries
    outside: tuple[Path, ...]
    """Linked packages that live outside the checkout, such as ``npm link`` makes."""
    warnings: tuple[str, ...] = ()


@dataclass
class _LinkReader:
    """Reads one ``node_modules`` and decides where each of its entries shall lead."""

    source: Path
    """The real folder."""
    home: Path
    """The checkout that it belongs to: what links below it, but outside of node_modules, is a workspace."""
    tree: Path
    package_names: frozenset[str]
    git_common_dir: Path
    outside: list[Path] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def read(self, folder: Path, prefix: str = "") -> dict[str, Path | Entries]:
        entries: dict[str, Path | Entries] = {}
        with os.scandir(folder) as found:
            listed = sorted(found, key=lambda entry: entry.name)
        for entry in listed:
            if not prefix and entry.name in _CACHES:
                continue
            path = Path(entry.path)
            if entry.is_symlink():
                target = self._target(path, prefix + entry.name)
                if target:
                    entries[entry.name] = target
            elif not prefix and (entry.name.startswith("@") or entry.name == ".bin") and entry.is_dir():
                entries[entry.name] = self.read(path, f"{entry.name}/")
            else:
                entries[entry.name] = path
        return entries

    def _target(self, link: Path, name: str) -> Path | None:
        real = Path(os.path.realpath(link))
        if not real.exists():
            return None
        if is_within(real, self.home):
            relative = real.relative_to(self.home)
            if "node_modules" in relative.parts:
                return link
            target = self.tree / relative
            if not target.exists():
                self.warnings.append(
                    f"node_modules/{name} leads to {relative}, which this tree does not have: "
                    "if it is built, [workspace] setup has to build it"
                )
            return target
        self._judge_outside(name, real)
        return link

    def _judge_outside(self, name: str, real: Path) -> None:
        same_repository = git_dir_of(real) == self.git_common_dir.resolve()
        if same_repository or name in self.package_names:
            whose = (
                "another checkout of this repository"
                if same_repository
                else "a copy of a package of this one"
            )
            raise JourneymanError(
                "wrong-tree",
                f"node_modules/{name} leads to {whose}, so the checks would test that",
                facts=(f"it resolves to {real}",),
                hint="npm install in your checkout, or [workspace] setup to install in each worktree",
            )
        self.outside.append(real)
        self.warnings.append(f"node_modules/{name} is linked from outside the repository: {real}")


def read_node_modules(
    source: Path, link: str, tree: Path, package_names: frozenset[str], git_common_dir: Path
) -> NodeModules:
    """What the tree's ``link`` (a ``node_modules``) shall hold, going by the real folder ``source``.

    Raises JourneymanError("wrong-tree") when an entry leads to this repository's code elsewhere.
    """
    parts = PurePosixPath(link).parts
    # The folder may itself be linked from another checkout: its workspaces are retargeted all the same.
    if source.parts[-len(parts) :] == parts:
        home, base = source.parents[len(parts) - 1], tree
    else:
        home, base = source.parent, (tree / link).parent
    reader = _LinkReader(source, home, base, package_names, git_common_dir)
    return NodeModules(reader.read(source), tuple(reader.outside), tuple(reader.warnings))


def workspace_packages(tree: Path) -> dict[str, str]:
    """The tree's own JavaScript packages: name → folder, from package.json or pnpm-workspace.yaml."""
    files = Manifests(tree)
    workspaces = files.json("package.json").get("workspaces")
    globs = texts(workspaces) or texts(table(workspaces).get("packages")) or _pnpm_globs(files)
    folders = set()
    for glob in globs:
        plain = glob.removeprefix("./").rstrip("/")
        if plain and not plain.startswith(("!", "/")) and ".." not in plain.split("/"):
            folders |= {
                path.parent.relative_to(tree).as_posix() for path in tree.glob(f"{plain}/package.json")
            }
    found = {}
    for folder in sorted(folders):
        name = files.json(f"{folder}/package.json").get("name")
        if isinstance(name, str) and "node_modules" not in folder.split("/"):
            found[name] = folder
    return found


def prove_workspaces(tree: Path, packages: dict[str, str]) -> tuple[str, ...]:
    """One line for each linked workspace package: what node finds for it is this tree's.

    Raises JourneymanError("wrong-tree") for a package that node would take from elsewhere.
    """
    proofs = []
    for name, folder in packages.items():
        linked = tree / "node_modules" / name
        if not os.path.lexists(linked):
            continue
        real = Path(os.path.realpath(linked))
        if not is_within(real, Path(os.path.realpath(tree))):
            raise JourneymanError(
                "wrong-tree",
                f"node would take {name} from {real}, not from {folder} of this tree",
                hint="[workspace] setup, to install in each worktree",
            )
        proofs.append(f"{name} resolves to {folder} of this tree through node_modules")
    if len(proofs) > _MAX_PROOFS:
        proofs = [*proofs[:_MAX_PROOFS], f"and {len(proofs) - _MAX_PROOFS} more workspace packages likewise"]
    return tuple(proofs)


def unbuilt_packages(tree: Path, checkout: Path, packages: dict[str, str]) -> tuple[str, ...]:
    """Warnings on packages whose entry point is built in the checkout and missing in the tree."""
    warnings = []
    for name, folder in packages.items():
        main = Manifests(tree).json(f"{folder}/package.json").get("main")
        if not isinstance(main, str):
            continue
        place = f"{folder}/{main.removeprefix('./')}"
        if (checkout / place).is_file() and not (tree / place).exists():
            warnings.append(
                f"{name} is built in your checkout but not here ({place}): [workspace] setup has to"
            )
    return tuple(warnings)


def _pnpm_globs(files: Manifests) -> tuple[str, ...]:
    text = files.text("pnpm-workspace.yaml")
    if not text:
        return ()
    import yaml

    try:
        return texts(table(yaml.safe_load(text)).get("packages"))
    except yaml.YAMLError:
        return ()
