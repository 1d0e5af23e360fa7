"""The right-tree canary for Python: shows, before any check runs, that imports come from this tree."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from journeyman.domain.errors import JourneymanError
from journeyman.domain.process import Command, CommandRunner, Confinement, is_within
from journeyman.verify.canary_probe import ImportOrigins, probe_script, read_import_origins
from journeyman.verify.programs import find_on_path, script_interpreter
from journeyman.verify.python_layout import ImportRoot
from journeyman.verify.repositories import inside

_TIMEOUT_S = 60.0
_MAX_NAMED = 6


@dataclass(frozen=True)
class Canary:
    """What the interpreters said, as lines for a person."""

    proofs: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ground:
    """Where the question is asked: the tree with its import roots, and what is visible from it."""

    tree: Path
    checkout: Path
    roots: tuple[ImportRoot, ...]
    env: Mapping[str, str]
    readable: tuple[Path, ...]


async def prove_imports(ground: Ground, runner: CommandRunner) -> Canary:
    """Ask each Python that the checks use where it would import the tree's packages from.

    Raises JourneymanError("wrong-tree") when that is anywhere else, and JourneymanError("setup-failed")
    when an interpreter cannot answer.
    """
    interpreters = find_interpreters(ground.env.get("PATH", ""))
    if not interpreters:
        return Canary(warnings=("no Python was found to prove that imports come from this tree",))
    # Two at most, and asked at the same time: the usual answer costs one start of Python.
    answers = await asyncio.gather(*(_ask(ground, python, runner) for python in interpreters))
    said = [
        judge_answer(ground, python, answer) for python, answer in zip(interpreters, answers, strict=True)
    ]
    return Canary(
        proofs=tuple(dict.fromkeys(proof for one in said for proof in one.proofs)),
        warnings=tuple(dict.fromkeys(warning for one in said for warning in one.warnings)),
    )


def find_interpreters(path: str) -> tuple[Path, ...]:
    """The Pythons behind ``python`` and ``pytest``, each once."""
    found: dict[tuple[str, str], Path] = {}
    pytest = find_on_path("pytest", path)
    candidates = (
        find_on_path("python", path) or find_on_path("python3", path),
        script_interpreter(pytest, path) if pytest else None,
    )
    for python in candidates:
        if python and python.exists():
            # The folder tells two environments apart whose python is a link to the same program.
            found.setdefault((os.path.realpath(python.parent), os.path.realpath(python)), python)
    return tuple(found.values())


def judge_answer(ground: Ground, python: Path, answer: ImportOrigins) -> Canary:
    """What an answer proves. Raises JourneymanError("wrong-tree") when a name comes from elsewhere."""
    proofs, warnings = [], []
    for root in ground.roots:
        for name in root.names:
            places = answer.found.get(name, [])
            if not places:
                warnings.append(_unfound(name, root, ground))
            elif _really_within(Path(places[0]), ground.tree):
                proofs.append(_proof(name, places[0], answer, python, ground))
            else:
                raise _wrong_tree(name, places[0], answer, python, ground)
        warnings += _stray_portions(root, answer, ground)
    if len(proofs) > _MAX_NAMED:
        proofs = [*proofs[:_MAX_NAMED], f"{len(proofs) - _MAX_NAMED} more names come from this tree likewise"]
    return Canary(tuple(proofs), tuple(warnings))


async def _ask(ground: Ground, python: Path, runner: CommandRunner) -> ImportOrigins:
    names = [name for root in ground.roots for name in root.names]
    parents = [name.split(".")[0] for name in names if "." in name]
    on_path = tuple(
        str(ground.tree / root.folder) if root.folder else str(ground.tree) for root in ground.roots
    )
    command = Command(
        argv=(str(python), "-X", "utf8", "-"),
        cwd=ground.tree,
        env={**ground.env, "PYTHONDONTWRITEBYTECODE": "1"},
        timeout_s=_TIMEOUT_S,
        stdin=probe_script(tuple(dict.fromkeys([*names, *parents])), on_path),
        confinement=Confinement(writable=(), readable=(ground.tree, *ground.readable)),
    )
    result = await runner.run(command)
    answer = read_import_origins(result.stdout) if result.ok else None
    if answer is None:
        raise JourneymanError(
            "setup-failed",
            f"{python} could not say where it would import this project from",
            facts=tuple(result.text.strip().splitlines()[-8:]),
            hint=f"{python} -c pass",
        )
    return answer


def _proof(name: str, place: str, answer: ImportOrigins, python: Path, ground: Ground) -> str:
    here = inside(Path(place), ground.tree)
    behind = answer.behind.get(name) or [""]
    shadowed = behind[0] and not _really_within(Path(behind[0]), ground.tree)
    instead = f", shadowing {behind[0]}" if shadowed else ""
    return f"{name} is imported from {here} of this tree by {_called(python, ground)}{instead}"


def _called(python: Path, ground: Ground) -> str:
    here = inside(python, ground.tree) if is_within(python, ground.tree) else None
    return str(here or python)


def _unfound(name: str, root: ImportRoot, ground: Ground) -> str:
    place = root.folder or "the repository's root"
    clashes = root.clashes(ground.tree)
    why = f": {place} holds {', '.join(clashes)}, which would hide the standard library's" if clashes else ""
    return (
        f"{name} is importable only from within {place}, so it is not proven which one a check imports{why}"
    )


def _stray_portions(root: ImportRoot, answer: ImportOrigins, ground: Ground) -> list[str]:
    """Namespace packages that also reach into the checkout, where deleted modules would still be found."""
    found = []
    for parent in dict.fromkeys(name.split(".")[0] for name in root.names if "." in name):
        strays = [place for place in answer.found.get(parent, []) if _is_stray(Path(place), ground)]
        found += [
            f"namespace package {parent} also reaches into your checkout ({stray}): a module that is deleted "
            "here would still be found there"
            for stray in strays
        ]
    return found


def _is_stray(place: Path, ground: Ground) -> bool:
    installed = any(_really_within(place, folder) for folder in ground.readable)
    return _really_within(place, ground.checkout) and not installed


def _really_within(path: Path, folder: Path) -> bool:
    """Whether the path is in the folder when all links are followed: a linked environment is not."""
    return is_within(Path(os.path.realpath(path)), Path(os.path.realpath(folder)))


def _wrong_tree(
    name: str, place: str, answer: ImportOrigins, python: Path, ground: Ground
) -> JourneymanError:
    whose = "your checkout" if inside(Path(place), ground.checkout) is not None else "elsewhere"
    culprits = tuple(f"put there by {path}" for path in find_culprits(answer.path, place, ground.checkout))
    return JourneymanError(
        "wrong-tree",
        f"the checks would import {name} from {whose}, not from this tree",
        facts=(
            f"{_called(python, ground)} finds it at {place}",
            f"PYTHONPATH was {ground.env.get('PYTHONPATH', '(empty)')}",
            *culprits,
        ),
        hint="install into each worktree, in journeyman.toml: [workspace] link = [], "
        'setup = "python -m venv .venv && .venv/bin/pip install -e ."',
    )


def find_culprits(path: list[str], place: str, checkout: Path) -> tuple[str, ...]:
    """Start-up files on an interpreter's path that speak of the place or of the checkout."""
    patterns = (
        "*.pth",
        "__editable__*.py",
        "*.egg-link",
        "sitecustomize.py",
        "usercustomize.py",
        "*_editable_*.py",
    )
    wanted = (str(checkout), str(Path(place).parent.parent))
    found = []
    for entry in path:
        for pattern in patterns:
            for file in sorted(Path(entry).glob(pattern)) if Path(entry).is_dir() else ():
                text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
                if any(word in text for word in wanted):
                    found.append(str(file))
    return tuple(dict.fromkeys(found))
