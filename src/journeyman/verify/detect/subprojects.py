"""Projects below the root: detection reads the root only, and says which ones it passed over."""

from __future__ import annotations

import os

from journeyman.verify.detect.candidates import RepositoryFiles

_MANIFESTS = ("pyproject.toml", "package.json", "go.mod", "Cargo.toml", "setup.py")
_GROUPS = ("packages", "apps", "services", "libs", "crates", "modules", "projects")
_IGNORED = frozenset(
    """
    node_modules venv env target dist build vendor third_party bench benchmark benchmarks demo demos doc docs
    example examples fixtures fuzz sample samples template templates test tests testing
    """.split()  # noqa: SIM905 - words read better than quotes and commas
)
_NAMED = 4


def note_subprojects(repository: RepositoryFiles) -> None:
    """One note that names the manifests one level down, and below the usual group folders."""
    found = _manifests(repository, "")
    for group in _GROUPS:
        if (repository.root / group).is_dir():
            found += _manifests(repository, f"{group}/")
    # A Cargo or Go workspace's members are built from the root.
    rooted = {name for name in ("Cargo.toml", "go.mod") if repository.files.exists(name)}
    found = [path for path in found if path.rsplit("/", 1)[-1] not in rooted]
    if not found:
        return
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    repository.note(
        f"checks are detected at the root only; passed over: {', '.join(found[:_NAMED])}{more} "
        "(add [[checks]] to journeyman.toml for them)"
    )


def _manifests(repository: RepositoryFiles, prefix: str) -> list[str]:
    try:
        with os.scandir(repository.root / prefix) as entries:
            folders = sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError:
        return []
    return [
        f"{prefix}{folder}/{manifest}"
        for folder in folders
        if not folder.startswith(".") and folder not in _IGNORED
        for manifest in _MANIFESTS
        if (repository.root / prefix / folder / manifest).is_file()
    ]
