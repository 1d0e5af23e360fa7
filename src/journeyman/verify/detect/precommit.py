"""pre-commit, for repositories whose linters are configured nowhere else."""

from __future__ import annotations

from journeyman.domain.checks import Check, Tier
from journeyman.domain.process import Network
from journeyman.verify.detect.candidates import Candidate, Directness, Purpose, Repository

_SOURCES = (".pre-commit-config.yaml", ".pre-commit-config.yml")


def detect_precommit(repository: Repository) -> list[Candidate]:
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
