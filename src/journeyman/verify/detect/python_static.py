"""Python's linters, formatters and type checkers, each when the repository configures it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from journeyman.domain.checks import Check, Tier
from journeyman.verify.detect.calls import WHOLE
from journeyman.verify.detect.candidates import Candidate, Purpose, RepositoryFiles
from journeyman.verify.detect.precommit import has_hook, has_plain_hook
from journeyman.verify.detect.python_config import configured_in, settings_of
from journeyman.verify.manifests import has_table, texts
from journeyman.verify.python_layout import find_import_roots

PYTHON_FILES = ("*.py", "*.pyi", "*.ipynb")
_SOURCES = (*PYTHON_FILES, "*.toml", "*.cfg", "*.ini", ".flake8", ".gitignore")
_TIMEOUT_S = 180.0
_TYPES_TIMEOUT_S = 600.0

Argv = tuple[str, ...]
# Both lack the paths that follow.
_SIMPLE_TOOLS: tuple[tuple[str, Purpose, Argv, Argv | None], ...] = (
    ("flake8", Purpose.LINT, ("flake8",), None),
    ("isort", Purpose.FORMAT, ("isort", "--check-only"), ("isort",)),
    ("black", Purpose.FORMAT, ("black", "--check"), ("black",)),
)
_CALLS_BLACK = re.compile(r"^[^#\n]*(?<![\w.=/-])black\b[^#\n]*\s--check\b", re.MULTILINE)
_MENTIONS_BLACK = re.compile(rf"{_CALLS_BLACK.pattern}|^\s*-\s*id:\s*black\s*$", re.MULTILINE)


def detect_python_static(repository: RepositoryFiles) -> list[Candidate]:
    """Ruff, flake8, codespell, black, isort, mypy and pyright."""
    found = [*_ruff(repository), *_codespell(repository)]
    for tool, purpose, run, fix in _SIMPLE_TOOLS:
        source = configured_in(repository.files, tool) or _unconfigured_black(repository, tool)
        if source and _runnable(repository, tool, source):
            targets = _targets(repository, tool, tool)
            mend = (*fix, *targets) if fix else None
            found.append(_candidate(purpose, tool, (*run, *targets), source, fix=mend, paths=_SOURCES))
    return [*found, *_mypy(repository), *_pyright(repository)]


def uses_ruff_format(repository: RepositoryFiles) -> str | None:
    """The file that shows that the tree is kept in ruff's format.

    Ruff is configured in many repositories that never ran its formatter: only ``[tool.ruff.format]``, or a
    task file or CI workflow that runs it, is taken as a sign. Nothing is run to find out.
    """
    source = configured_in(repository.files, "ruff")
    if source is None:
        return None
    if has_table(settings_of(repository.files, "ruff", source), "format"):
        return source
    return repository.mentions("ruff format", "ruff-format", '"ruff", "format"', "'ruff', 'format'")


def _ruff(repository: RepositoryFiles) -> list[Candidate]:
    source = configured_in(repository.files, "ruff")
    if source is None or not _runnable(repository, "ruff", source):
        return []
    settings = settings_of(repository.files, "ruff", source)
    # A configured `fix = true` would mend the tree under test and then pass; `extend` may hide one.
    no_fix = ("--no-fix",) if settings.get("fix") or "extend" in settings else ()
    widened = any(key in settings for key in ("include", "extend-include", "extension"))
    paths: Argv = () if widened else _SOURCES
    run: Argv
    fix: Argv
    targets = _targets(repository, "ruff check", "ruff", "ruff-check")
    run, fix = ("ruff", "check", *no_fix, *targets), ("ruff", "check", "--fix", *targets)
    found = [_candidate(Purpose.LINT, "ruff", run, source, fix=fix, paths=paths)]
    format_source = uses_ruff_format(repository)
    if format_source:
        targets = _targets(repository, "ruff format", "ruff-format")
        run, fix = ("ruff", "format", "--check", *targets), ("ruff", "format", *targets)
        found.append(_candidate(Purpose.FORMAT, "ruff", run, format_source, fix=fix, paths=paths))
    elif configured_in(repository.files, "black") is None and not repository.matches(_MENTIONS_BLACK):
        repository.note(
            f"ruff format is left out: {source} configures ruff, but nothing shows that the tree is kept in "
            "its format (a [tool.ruff.format] table would)"
        )
    return found


def _mypy(repository: RepositoryFiles) -> list[Candidate]:
    source = configured_in(repository.files, "mypy")
    if source is None or not _runnable(repository, "mypy", source):
        return []
    settings = settings_of(repository.files, "mypy", source)
    named = any(settings.get(key) for key in ("files", "packages", "modules"))
    run = ("mypy",) if named else ("mypy", *(repository.targets("mypy") or _packages(repository)))
    # `files` may name scripts without a suffix, which no glob here would see change.
    bare = any("." not in part.rsplit("/", 1)[-1] for part in _listed(settings, "files"))
    unusual = bare and any((repository.root / part).is_file() for part in _listed(settings, "files"))
    paths: Argv = () if unusual else (*_SOURCES, "py.typed")
    return [_candidate(Purpose.TYPES, "mypy", run, source, paths=paths, timeout_s=_TYPES_TIMEOUT_S)]


def _pyright(repository: RepositoryFiles) -> list[Candidate]:
    found = []
    for tool in ("pyright", "basedpyright"):
        source = configured_in(repository.files, tool)
        if source and _runnable(repository, tool, source):
            paths = (*_SOURCES, "*.json", "py.typed")
            found.append(
                _candidate(Purpose.TYPES, tool, (tool,), source, paths=paths, timeout_s=_TYPES_TIMEOUT_S)
            )
    return found


def _targets(repository: RepositoryFiles, call: str, *hooks: str) -> Argv:
    """What the repository itself has the tool look at: a hook of pre-commit's sees every file."""
    return WHOLE if has_hook(repository, *hooks) else repository.targets(call) or WHOLE


def _packages(repository: RepositoryFiles) -> Argv:
    targets = []
    for root in find_import_roots(repository.root, repository.files):
        if root.folder:
            targets.append(root.folder)
            continue
        modules = (name if (repository.root / name).is_dir() else f"{name}.py" for name in root.names)
        targets.extend(modules)
    return tuple(targets) or (".",)


def _unconfigured_black(repository: RepositoryFiles, tool: str) -> str | None:
    """Where a repository runs black, which needs no configuration, and where black is installed."""
    if tool != "black" or not repository.has("black"):
        return None
    hooked = ".pre-commit-config.yaml" if has_plain_hook(repository, "black") else None
    return hooked or repository.matches(_CALLS_BLACK)


def _codespell(repository: RepositoryFiles) -> list[Candidate]:
    source = configured_in(repository.files, "codespell")
    if source is None:
        return []
    if "write-changes" in repository.files.text(source):
        repository.note(
            f"codespell is no check: {source} makes it edit files (write-changes), which hides its findings"
        )
        return []
    if not _runnable(repository, "codespell", source):
        return []
    return [_candidate(Purpose.LINT, "codespell", ("codespell",), source, fix=("codespell", "-w"))]


def _runnable(repository: RepositoryFiles, tool: str, source: str) -> bool:
    return repository.runnable(tool, because=f"{source} configures it", install=f"pip install {tool}")


def _candidate(
    purpose: Purpose,
    tool: str,
    run: Argv,
    source: str,
    *,
    fix: Argv | None = None,
    paths: Argv = (),
    timeout_s: float = _TIMEOUT_S,
) -> Candidate:
    check = Check(purpose.value, run, Tier.FAST, fix, paths, timeout_s=timeout_s, source=source)
    return Candidate(purpose, tool, check, ecosystem="python")


def _listed(settings: Mapping[str, object], key: str) -> tuple[str, ...]:
    parts = [part for text in texts(settings.get(key)) for part in text.replace("\n", ",").split(",")]
    return tuple(part.strip() for part in parts if part.strip())
