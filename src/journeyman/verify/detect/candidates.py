"""What an ecosystem's detector sees, and what it answers with: candidates for checks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from pathlib import Path

from journeyman.domain.checks import Check
from journeyman.verify.detect.calls import given_paths
from journeyman.verify.manifests import Manifests
from journeyman.verify.programs import Which, find_program


class Purpose(StrEnum):
    """What a check looks after; the value is the check's name."""

    LINT = "lint"
    FORMAT = "format"
    TYPES = "types"
    TESTS = "tests"
    ALL = "check"
    """A catch-all such as ``make check``; used when no other check runs tests."""


class Directness(IntEnum):
    """How near a command is to the tool that does the work; a farther one is for uncovered ground."""

    TOOL = 0
    TARGET = 1
    """A task runner's target, such as ``make test``."""
    WRAPPER = 2
    """Something that makes its own environments: tox, nox, pre-commit."""


@dataclass(frozen=True)
class Candidate:
    """A check that could be used. Its name in ``check`` is a placeholder until all are known."""

    purpose: Purpose
    tool: str
    check: Check
    directness: Directness = Directness.TOOL
    ecosystem: str = ""


@dataclass
class RepositoryFiles:
    """What a detector may ask of the repository; it reads files and looks programs up, nothing else."""

    root: Path
    which: Which
    setup: bool = False
    """Whether a set-up command will install what is missing now."""
    notes: list[str] = field(default_factory=list)
    files: Manifests = field(init=False)

    _missing: set[str] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        self.files = Manifests(self.root)
        self.files.notes = self.notes

    def runnable(self, program: str, *, because: str, install: str) -> bool:
        """Whether ``program`` can be started; a note tells why it was expected when not."""
        if find_program(self.root, program, self.which):
            return True
        if self.setup:
            self.note(f"{program} is not here yet ({because}): [workspace] setup has to install it")
            return True
        if program not in self._missing:
            self._missing.add(program)
            self.note(
                f"{program} was expected ({because}) but is not installed, so it is no check: {install}"
            )
        return False

    def has(self, program: str) -> bool:
        """Whether ``program`` can be started, without a word when not."""
        return find_program(self.root, program, self.which) is not None

    def note(self, text: str) -> None:
        """Tell the user, once."""
        if text not in self.notes:
            self.notes.append(text)

    def mentions(self, *words: str) -> str | None:
        """The first task-runner or CI file of the repository that contains any of the words."""
        return self.matches(re.compile("|".join(map(re.escape, words))))

    def matches(self, pattern: re.Pattern[str]) -> str | None:
        """The first such file in which the pattern is found."""
        return next((name for name in self._task_files() if pattern.search(self.files.text(name))), None)

    def targets(self, call: str) -> tuple[str, ...]:
        """The paths that these files give to ``call``, such as ``ruff check``; empty when they do not say."""
        return given_paths([self.files.text(name) for name in self._task_files()], call, self.root)

    def _task_files(self) -> Iterator[str]:
        yield from (name for name in _TASK_FILES if self.files.exists(name))
        workflows = (self.root / ".github/workflows").glob("*.y*ml")
        yield from sorted(path.relative_to(self.root).as_posix() for path in workflows)


_TASK_FILES = (
    ".pre-commit-config.yaml",
    "Makefile",
    "makefile",
    "GNUmakefile",
    "tox.ini",
    "noxfile.py",
    "justfile",
    "Justfile",
    "Taskfile.yml",
    "pyproject.toml",
    "package.json",
    ".gitlab-ci.yml",
    ".ci/run",
    "scripts/check",
    "scripts/lint",
    "scripts/format",
)
