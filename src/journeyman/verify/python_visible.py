"""What a virtual environment leads to: the Python it is made from, and editable dependencies."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from journeyman.verify.programs import find_venv
from journeyman.verify.repositories import inside


def visible_folders(tree: Path, checkout: Path) -> tuple[Path, ...]:
    """Folders that a check has to see for the tree's virtual environment to work.

    Never the user's checkout: an editable install of this very project must not be found there.
    """
    venv = find_venv(tree)
    if venv is None:
        return ()
    found = [*_base_python(tree / venv), *_path_entries(tree / venv)]
    return tuple(
        dict.fromkeys(
            folder for folder in found if inside(folder, checkout) is None and inside(folder, tree) is None
        )
    )


def site_packages(prefix: Path) -> tuple[Path, ...]:
    """The folders of installed packages below an interpreter's prefix."""
    patterns = ("lib/python3*/site-packages", "lib/python3*/dist-packages", "lib/pypy3*/site-packages")
    return tuple(sorted(folder for pattern in patterns for folder in prefix.glob(pattern)))


def _base_python(venv: Path) -> Iterator[Path]:
    for line in _lines(venv / "pyvenv.cfg"):
        key, _, value = line.partition("=")
        home = Path(os.path.realpath(value.strip()))
        # A prefix such as /usr shows anyway; only one that is a Python's own is worth naming.
        if key.strip() == "home" and home.name == "bin" and any(home.parent.glob("lib/python3*")):
            yield home.parent


def _path_entries(venv: Path) -> Iterator[Path]:
    for folder in site_packages(venv):
        for file in sorted(folder.glob("*.pth")):
            for line in _lines(file):
                if Path(line).is_absolute() and Path(line).is_dir():
                    yield Path(line)


def _lines(file: Path) -> list[str]:
    try:
        return [line.strip() for line in file.read_text(encoding="utf-8", errors="replace").splitlines()]
    except OSError:
        return []
