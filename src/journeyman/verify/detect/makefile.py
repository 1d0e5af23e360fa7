"""Makefile targets, for ground that no tool covers more directly."""

from __future__ import annotations

import re

from journeyman.domain.checks import Check, Tier
from journeyman.domain.process import Network
from journeyman.verify.detect.candidates import Candidate, Directness, Purpose, RepositoryFiles

_NAMES = ("GNUmakefile", "makefile", "Makefile")
_TARGETS: dict[Purpose, tuple[str, ...]] = {
    Purpose.LINT: ("lint",),
    Purpose.FORMAT: ("format-check", "check-format", "fmt-check"),
    Purpose.TYPES: ("typecheck", "type-check", "types", "mypy"),
    Purpose.TESTS: ("test", "tests"),
    Purpose.ALL: ("check",),
}
_RULE = re.compile(
    r"^([A-Za-z0-9_.][^:=#\t\n]*?)\s*::?(?!=)([^\n]*)\n((?:[ \t]*\n|\t[^\n]*\n|#[^\n]*\n)*)", re.MULTILINE
)
_EDITS = re.compile(
    r"\s(?:--fix|--write)(?=[\s=]|$)|\b(?:black|isort|ruff format)\s+(?!--check|-c\b|.*--check)|gofmt -w"
)
_TIMEOUT_S = 1800.0


def detect_makefile(repository: RepositoryFiles) -> list[Candidate]:
    """The usual targets. One whose recipe edits files is no check: it would mend the tree and pass."""
    source = repository.files.exists(*_NAMES)
    if source is None:
        return []
    recipes = rules(repository.files.text(source))
    found = []
    for purpose, names in _TARGETS.items():
        target = next((name for name in names if name in recipes), None)
        if target is None:
            continue
        if not repository.has("make"):
            repository.note(
                f"make is not installed, so target {target!r} of {source} is no check: install make"
            )
            continue
        if purpose is not Purpose.TESTS and _EDITS.search(recipes[target]):
            repository.note(f"make {target} is no check: its recipe edits files")
            continue
        found.append(_candidate(purpose, target, source))
    return found


def rules(text: str) -> dict[str, str]:
    """Each plain target of a Makefile with its recipe."""
    found: dict[str, str] = {}
    for match in _RULE.finditer(text.replace("\\\n", " ") + "\n"):
        for target in match[1].split():
            if not target.startswith(".") and "%" not in target and "$" not in target:
                found[target] = found.get(target, "") + match[3]
    return found


def _candidate(purpose: Purpose, target: str, source: str) -> Candidate:
    tests = purpose in (Purpose.TESTS, Purpose.ALL)
    check = Check(
        purpose.value,
        ("make", target),
        Tier.AFFECTED if tests else Tier.FAST,
        timeout_s=_TIMEOUT_S,
        network=Network.LOOPBACK if tests else Network.OFF,
        source=source,
    )
    return Candidate(purpose, "make", check, Directness.TARGET)
