"""Where a repository's tools are: its virtual environment, its node_modules, then PATH; and who runs them."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

Which = Callable[[str], str | None]

VENV_NAMES = (".venv", "venv", "env")
NODE_BIN = "node_modules/.bin"


def find_venv(root: Path, names: tuple[str, ...] = VENV_NAMES) -> str | None:
    """The name of the root's virtual environment."""
    return next((name for name in names if (root / name / "pyvenv.cfg").is_file()), None)


def own_tool_dirs(root: Path) -> tuple[Path, ...]:
    """The folders of programs that the repository brings along, first one first."""
    venv = find_venv(root)
    candidates = ([root / venv / "bin"] if venv else []) + [root / NODE_BIN]
    return tuple(folder for folder in candidates if folder.is_dir())


def find_program(root: Path, name: str, which: Which) -> str | None:
    """Where ``name`` would run from: the repository's own folders first, then ``which``."""
    for folder in own_tool_dirs(root):
        path = folder / name
        if path.is_file() and os.access(path, os.X_OK):
            return str(path)
    return which(name)


def find_on_path(name: str, path: str) -> Path | None:
    """The program in a PATH-like text, its last symlink not followed."""
    found = shutil.which(name, path=path)
    return Path(found) if found else None


def script_interpreter(script: Path, path: str) -> Path | None:
    """The Python that a console script runs under, read from its first lines; ``None`` when not a Python's.

    Knows plain shebangs, ``/usr/bin/env``, and the ``/bin/sh`` trampolines that pip and uv write when the
    interpreter's path is long, has spaces, or is relative to the script.
    """
    head = _head(script)
    words = head[2:].split("\n", 1)[0].split() if head.startswith("#!") else []
    program = Path(words[0]).name if words else ""
    if program == "env":
        name = next((word for word in words[1:] if not word.startswith("-") and "=" not in word), "")
        return find_on_path(name, path) if _is_python(name) else None
    if program == "sh":
        return _trampoline_target(script, head)
    return Path(words[0]) if _is_python(program) else None


def _head(script: Path) -> str:
    try:
        with script.open("rb") as file:
            return file.read(1024).decode("utf-8", "replace")
    except OSError:
        return ""


def _trampoline_target(script: Path, head: str) -> Path | None:
    relative = re.search(r"realpath[^\n]*\$0[^\n/]*/'?([\w.]*python[\w.]*)", head)
    if relative:
        return script.resolve().parent / relative[1]
    absolute = re.search(r"'''exec'\s+(?:\"([^\"\n]+)\"|'([^'\n]+)'|(\S+))", head)
    target = next((group for group in absolute.groups() if group), None) if absolute else None
    return Path(target) if target and _is_python(target) else None


def _is_python(program: str) -> bool:
    return re.fullmatch(r"(?:python|pypy)[\d.]*", Path(program).name) is not None
