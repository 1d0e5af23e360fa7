"""The fixers that a repository is set up for: what the autofix worker may run."""

from __future__ import annotations

from pathlib import Path

from journeyman.domain.checks import Fixer
from journeyman.verify.detect.candidates import Repository
from journeyman.verify.detect.golang import MANIFESTS as GO_MANIFESTS
from journeyman.verify.detect.javascript_tools import (
    SCRIPT_FILES,
    biome_config,
    eslint_config,
    eslint_targets,
    prettier_config,
)
from journeyman.verify.detect.python_config import configured_in
from journeyman.verify.detect.python_static import PYTHON_FILES, uses_ruff_format
from journeyman.verify.detect.rust import cargo_options
from journeyman.verify.programs import Which


def detect_fixers(root: Path, which: Which, *, setup: bool = False) -> tuple[Fixer, ...]:
    """The fixers, in the order to run them: linters mend first, formatters have the last word.

    Only tools that the repository configures and that can be started (or that ``setup`` will install) are
    listed. A formatter that the tree was never kept with is left out: it would rewrite everything.
    """
    repository = Repository(root, which, setup)
    wanted = [*_linters(repository), *_formatters(repository)]
    return tuple(fixer for fixer, program in wanted if setup or repository.has(program))


def _linters(repository: Repository) -> list[tuple[Fixer, str]]:
    found = []
    if configured_in(repository.files, "ruff"):
        found.append((Fixer("ruff check", ("ruff", "check", "--fix", "."), PYTHON_FILES), "ruff"))
    if eslint_config(repository):
        command = ("eslint", "--fix", *eslint_targets(repository))
        found.append((Fixer("eslint", command, SCRIPT_FILES), "eslint"))
    if biome_config(repository):
        found.append((Fixer("biome", ("biome", "check", "--write", "."), ()), "biome"))
    if repository.files.exists("Cargo.toml"):
        fix = ("cargo", "clippy", "--fix", "--allow-dirty", "--allow-staged")
        command = (*fix, *cargo_options(repository), "--all-targets")
        found.append((Fixer("cargo clippy", command, ("*.rs",)), "cargo-clippy"))
    if configured_in(repository.files, "codespell") or repository.mentions("codespell"):
        found.append((Fixer("codespell", ("codespell", "-w"), ()), "codespell"))
    return found


def _formatters(repository: Repository) -> list[tuple[Fixer, str]]:
    found = []
    if configured_in(repository.files, "isort"):
        found.append((Fixer("isort", ("isort", "."), PYTHON_FILES), "isort"))
    if configured_in(repository.files, "black"):
        found.append((Fixer("black", ("black", "."), PYTHON_FILES), "black"))
    if uses_ruff_format(repository):
        found.append((Fixer("ruff format", ("ruff", "format", "."), PYTHON_FILES), "ruff"))
    if prettier_config(repository):
        found.append((Fixer("prettier", ("prettier", "--write", "."), ()), "prettier"))
    if repository.files.exists(*GO_MANIFESTS):
        found.append((Fixer("gofmt", ("gofmt", "-w", "."), ("*.go",)), "gofmt"))
    if repository.files.exists("Cargo.toml"):
        found.append((Fixer("cargo fmt", ("cargo", "fmt", "--all"), ("*.rs",)), "cargo-fmt"))
    return found
