"""From candidates to checks: every ecosystem is asked, covered ground is dropped, names are given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from journeyman.domain.checks import Check, CheckKind
from journeyman.domain.process import Network
from journeyman.verify.detect.candidates import Candidate, Directness, Purpose, RepositoryFiles
from journeyman.verify.detect.golang import detect_go
from journeyman.verify.detect.java import detect_java
from journeyman.verify.detect.javascript import detect_javascript
from journeyman.verify.detect.makefile import detect_makefile
from journeyman.verify.detect.precommit import detect_precommit
from journeyman.verify.detect.python_static import detect_python_static
from journeyman.verify.detect.python_tests import detect_python_tests
from journeyman.verify.detect.rust import detect_rust
from journeyman.verify.detect.subprojects import note_subprojects
from journeyman.verify.programs import Which

Detector = Callable[[RepositoryFiles], list[Candidate]]

_KINDS = {
    Purpose.TESTS: CheckKind.TESTS,
    Purpose.TYPES: CheckKind.TYPES,
    Purpose.LINT: CheckKind.LINT,
    Purpose.FORMAT: CheckKind.FORMAT,
}
DETECTORS: dict[str, Detector] = {
    "python-static": detect_python_static,
    "python-tests": detect_python_tests,
    "javascript": detect_javascript,
    "rust": detect_rust,
    "go": detect_go,
    "java": detect_java,
    "makefile": detect_makefile,
}


@dataclass(frozen=True)
class Detection:
    """The checks that were found, cheap ones first; and what to know about those that were not."""

    checks: tuple[Check, ...]
    notes: tuple[str, ...]


def detect_checks(root: Path, which: Which, *, setup: bool = False) -> Detection:
    """The checks that the repository at ``root`` is set up for. Reads a few small files, runs nothing.

    ``which`` finds a program on the user's PATH. ``setup`` says that a set-up command will install what
    is missing now, so that a configured tool counts as runnable.
    """
    repository = RepositoryFiles(root, which, setup)
    candidates = [candidate for detect in DETECTORS.values() for candidate in detect(repository)]
    if not any(candidate.purpose is Purpose.LINT for candidate in candidates):
        candidates += detect_precommit(repository)
    chosen = choose(candidates)
    for one in chosen:
        if one.check.network is Network.ON:
            repository.note(f"{one.tool} runs with network: it installs what it needs by itself")
    note_subprojects(repository)
    return Detection(checks=name_checks(chosen), notes=tuple(repository.notes))


def choose(candidates: list[Candidate]) -> list[Candidate]:
    """The candidates that cover ground which no more direct one covers."""
    chosen = [one for one in candidates if one.directness is Directness.TOOL]
    covered = {one.purpose for one in chosen}
    for directness in (Directness.TARGET, Directness.WRAPPER):
        farther = [
            one for one in candidates if one.directness is directness and one.purpose is not Purpose.ALL
        ]
        chosen += [one for one in farther if one.purpose not in covered]
        covered |= {one.purpose for one in chosen}
    if Purpose.TESTS not in covered:
        chosen += [one for one in candidates if one.purpose is Purpose.ALL][:1]
    return chosen


def name_checks(candidates: list[Candidate]) -> tuple[Check, ...]:
    """The checks under their final names: the purpose, with the tool where two share a purpose."""
    shared = Counter(candidate.purpose for candidate in candidates)
    named: list[Check] = []
    for candidate in sorted(candidates, key=lambda one: (one.check.tier, list(Purpose).index(one.purpose))):
        purpose = candidate.purpose
        name = purpose.value if shared[purpose] == 1 else f"{purpose.value}-{candidate.tool}"
        taken = {check.name for check in named}
        unique = next(
            option
            for option in (name, *(f"{name}-{number}" for number in range(2, 99)))
            if option not in taken
        )
        named.append(replace(candidate.check, name=unique, kind=_KINDS.get(purpose)))
    return tuple(named)
