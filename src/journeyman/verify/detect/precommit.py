"""pre-commit, for repositories whose linters are configured nowhere else."""

from __future__ import annotations

import re

from journeyman.domain.checks import Check, Tier
from journeyman.domain.process import Network
from journeyman.verify.detect.candidates import Candidate, Directness, Purpose, RepositoryFiles

_SOURCES = (".pre-commit-config.yaml", ".pre-commit-config.yml")


_NARROWED = re.compile(r"^(?:exclude|files):", re.MULTILINE)


def has_hook(repository: RepositoryFiles, *hooks: str) -> bool:
    """Whether one of the hooks is there, however it is set."""
    wanted = "|".join(map(re.escape, hooks))
    return re.search(rf"^\s*-\s*id:\s*(?:{wanted})\s*$", _text(repository), re.MULTILINE) is not None


def has_plain_hook(repository: RepositoryFiles, hook: str) -> bool:
    """Whether the hook is run on all of its files, as it is: without options, and with nothing excluded."""
    text = _text(repository)
    block = re.search(rf"^\s*-\s*id:\s*{re.escape(hook)}\s*$((?:\n(?!\s*-\s).*)*)", text, re.MULTILINE)
    narrowed = _NARROWED.search(text) or (block and re.search(r"\b(?:args|exclude|files):", block[1]))
    return block is not None and not narrowed


def _text(repository: RepositoryFiles) -> str:
    return repository.files.text(repository.files.exists(*_SOURCES) or "")


def detect_precommit(repository: RepositoryFiles) -> list[Candidate]:
    """All hooks over all files. A hook that edits files ends in a failure, so nothing is mended unseen."""
    source = repository.files.exists(*_SOURCES)
    if source is None:
        return []
    program = next((name for name in ("pre-commit", "prek") if repository.has(name)), None)
    if program is None:
        repository.note(f"pre-commit was expected ({source}) but is not installed: pip install pre-commit")
        return []
    check = Check(
        Purpose.LINT.value,
        (program, "run", "--all-files"),
        Tier.FULL,
        timeout_s=1800.0,
        network=Network.ON,
        source=source,
    )
    return [Candidate(Purpose.LINT, program, check, Directness.WRAPPER)]
