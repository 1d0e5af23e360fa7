"""What besides the tree decides a check's result: a cached result holds only while its digest is the same."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from journeyman.domain.checks import Check
from journeyman.domain.process import is_within
from journeyman.verify.environment import CheckEnvironment
from journeyman.verify.programs import find_on_path, script_interpreter
from journeyman.verify.python_visible import site_packages

_HERE = "{tree}"
# Different from one terminal or session to the next, and nothing a check should depend on.
_VOLATILE = re.compile(
    r"PWD|OLDPWD|SHLVL|_|TERM|COLUMNS|LINES|TMPDIR|JOURNEYMAN_.*|SSH_.*|XDG_.*|DBUS_.*|.*SESSION.*"
)
_NODE_STATE = (".package-lock.json", ".modules.yaml", ".yarn-integrity", ".yarn-state.yml")
_RUNNERS = frozenset(
    (
        "make",
        "tox",
        "nox",
        "pre-commit",
        "prek",
        "npm",
        "npx",
        "pnpm",
        "yarn",
        "bun",
        "just",
        "sh",
        "bash",
        "uv",
    )
)
_USUAL = ("python", "python3", "node", "pytest", "ruff", "mypy", "cargo", "go", "mvn", "java")


def environment_fingerprint(environment: CheckEnvironment, check: Check) -> str:
    """The digest, in hex. It does not depend on where the tree is."""
    tree = environment.tree
    path = environment.env.get("PATH", "")
    programs = sorted(set(_programs(check.run, path)))
    facts = {
        "env": {
            name: value.replace(str(tree), _HERE)
            for name, value in environment.env.items()
            if not _VOLATILE.fullmatch(name)
        },
        "setup": environment.setup_digest,
        "programs": [_program(program, tree) for program in programs],
        "python": sorted(_python(programs, path, tree)),
        "node": sorted(_node(tree / "node_modules")),
        "rust": sorted(_rust(environment)) if (tree / "Cargo.toml").is_file() else [],
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode("utf-8", "backslashreplace")).hexdigest()


def _programs(run: str | tuple[str, ...], path: str) -> Iterator[Path]:
    """Every program on PATH that the command names; with one that runs others, those it usually runs."""
    for word in run if isinstance(run, tuple) else _words(run):
        found = find_on_path(word, path) if re.fullmatch(r"[\w.+-]+", word) else None
        if found:
            yield found
            if found.name in _RUNNERS:
                yield from (usual for name in _USUAL if (usual := find_on_path(name, path)))


def _words(command: str) -> list[str]:
    try:
        lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        return list(lexer)
    except ValueError:
        return command.split()


def _program(program: Path, tree: Path) -> list[str | int]:
    name = str(program).replace(str(tree), _HERE)
    real = Path(os.path.realpath(program))
    # What set-up installed into the tree itself has another time and shebang in each tree.
    if _in_tree(real, tree) or not real.is_file():
        return [name]
    status = real.stat()
    return [name, str(real), status.st_mtime_ns, status.st_size]


def _python(programs: list[Path], path: str, tree: Path) -> Iterator[str]:
    """The packages that each Python sees. A folder's time changes when something is installed into it."""
    pythons = {program for program in programs if re.match(r"python|pypy", program.name)}
    pythons |= {python for program in programs if (python := script_interpreter(program, path))}
    prefixes = {Path(os.path.realpath(python.parent)).parent for python in pythons}
    prefixes |= {Path(os.path.realpath(python)).parent.parent for python in pythons}
    for folder in sorted(folder for prefix in prefixes for folder in site_packages(prefix)):
        if _in_tree(folder, tree):
            yield " ".join(sorted(entry.name for entry in folder.glob("*-info")))
        else:
            yield f"{folder} {folder.stat().st_mtime_ns}"
        for file in sorted(folder.glob("*.pth")):
            yield f"{file.name} {_digest(file, tree)}"


def _node(folder: Path) -> Iterator[str]:
    states = [folder / name for name in _NODE_STATE if (folder / name).is_file()]
    for file in states:
        yield f"{file.name} {_digest(file, folder.parent)}"
    if not states and folder.is_dir():
        yield " ".join(sorted(entry.name for entry in folder.iterdir()))


def _rust(environment: CheckEnvironment) -> Iterator[str]:
    """The toolchains: rustup's programs stay the same when the compiler behind them is updated."""
    default = Path(environment.env.get("HOME", "/")) / ".rustup"
    home = Path(environment.env.get("RUSTUP_HOME") or default)
    for place in (home / "settings.toml", *home.glob("toolchains/*")):
        if place.exists():
            yield f"{place.name} {place.stat().st_mtime_ns}"


def _in_tree(path: Path, tree: Path) -> bool:
    return is_within(path, tree) or is_within(path, Path(os.path.realpath(tree)))


def _digest(file: Path, tree: Path) -> str:
    return hashlib.sha256(file.read_bytes().replace(os.fsencode(tree), _HERE.encode())).hexdigest()
