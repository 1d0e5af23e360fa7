"""The fixers that a repository is set up for: what the autofix worker may run."""

from __future__ import annotations

from pathlib import Path

from journeyman.domain.checks import Fixer
from journeyman.verify.detect.candidates import Candidate, Purpose, RepositoryFiles
from journeyman.verify.detect.golang import detect_go
from journeyman.verify.detect.javascript import detect_javascript
from journeyman.verify.detect.javascript_tools import SCRIPT_FILES, configured_tool
from journeyman.verify.detect.python_config import configured_in
from journeyman.verify.detect.python_static import PYTHON_FILES, detect_python_static
from journeyman.verify.detect.rust import detect_rust
from journeyman.verify.programs import Which

# In the order to run them: linters mend first, formatters have the last word.
_PURPOSES = (Purpose.LINT, Purpose.FORMAT)
_LAST = ("isort", "black", "ruff")
_MENDS: dict[str, tuple[str, ...]] = {
    "ruff": PYTHON_FILES,
    "isort": PYTHON_FILES,
    "black": PYTHON_FILES,
    "eslint": SCRIPT_FILES,
    "gofmt": ("*.go",),
    "clippy": ("*.rs",),
    "cargo": ("*.rs",),
}
_WITH_SUBCOMMANDS = frozenset(("ruff", "cargo"))
_SCRIPT_RUNNERS = frozenset(("npm", "pnpm", "yarn", "bun"))


def detect_fixers(root: Path, which: Which, *, setup: bool = False) -> tuple[Fixer, ...]:
    """What the repository's checks are mended with, in the order to run it.

    Only tools that the repository configures and that can be started (or that ``setup`` will install) are
    listed, on the paths that the repository itself has them look at. A formatter that the tree was never
    kept with is left out: it would rewrite everything.
    """
    repository = RepositoryFiles(root, which, setup)
    candidates = [
        *detect_python_static(repository),
        *_mending_javascript(repository),
        *detect_rust(repository),
        *detect_go(repository),
    ]
    wanted = [one for one in candidates if one.purpose in _PURPOSES and one.check.fix]
    fixers = [_fixer(one) for one in sorted(wanted, key=_place)]
    if configured_in(repository.files, "codespell") and repository.has("codespell"):
        # It is no check where its configuration makes it edit, and a fixer all the same.
        fixers.insert(
            sum(one.purpose is Purpose.LINT for one in wanted), Fixer("codespell", ("codespell", "-w"))
        )
    return tuple(dict.fromkeys(fixers))


def _mending_javascript(repository: RepositoryFiles) -> list[Candidate]:
    """The scripts that mend; where a purpose's script cannot, the tool that is configured for it."""
    found = [one for one in detect_javascript(repository) if one.purpose in _PURPOSES]
    served = {one.purpose for one in found if one.check.fix}
    others = [configured_tool(repository, purpose) for purpose in _PURPOSES if purpose not in served]
    return [*found, *(one for one in others if one)]


def _place(candidate: Candidate) -> tuple[int, int]:
    tool = candidate.tool
    return _PURPOSES.index(candidate.purpose), _LAST.index(tool) + 1 if tool in _LAST else 0


def _fixer(candidate: Candidate) -> Fixer:
    command = candidate.check.fix or ()
    words = command.split() if isinstance(command, str) else list(command)
    several = 2 if words[0] in _WITH_SUBCOMMANDS else 3 if words[0] in _SCRIPT_RUNNERS else 1
    mends = _MENDS.get(candidate.tool) or _MENDS.get(words[0], ())
    return Fixer(" ".join(words[:several]), command, mends)
