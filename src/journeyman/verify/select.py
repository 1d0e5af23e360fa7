"""Which checks a change calls for. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from journeyman.domain.checks import Check, Tier
from journeyman.domain.errors import JourneymanError
from journeyman.domain.scope import LOCKFILES, path_matches
from journeyman.domain.task import nearest

CONFIGURATION = (
    "journeyman.toml",
    ".editorconfig",
    ".pre-commit-config.yaml",
    "[Mm]akefile",
    "GNUmakefile",
    "*.mk",
    "[Jj]ustfile",
    "Taskfile.y*ml",
    "CMakeLists.txt",
    # Python
    "pyproject.toml",
    "setup.cfg",
    "setup.py",
    "tox.ini",
    "noxfile.py",
    "pytest.ini",
    ".pytest.ini",
    "pytest.toml",
    ".pytest.toml",
    "conftest.py",
    "mypy.ini",
    ".mypy.ini",
    "pyrightconfig.json",
    "ruff.toml",
    ".ruff.toml",
    ".flake8",
    ".pylintrc",
    "pylintrc",
    ".isort.cfg",
    ".coveragerc",
    ".python-version",
    "*requirements*.txt",
    "constraints*.txt",
    "Pipfile",
    # JavaScript
    "package.json",
    "pnpm-workspace.yaml",
    "tsconfig*.json",
    "jsconfig*.json",
    ".npmrc",
    ".yarnrc*",
    ".nvmrc",
    ".node-version",
    ".babelrc*",
    ".eslint*",
    ".prettier*",
    ".stylelintrc*",
    "biome.json*",
    "deno.json*",
    "turbo.json",
    "nx.json",
    "*.config.js",
    "*.config.cjs",
    "*.config.mjs",
    "*.config.ts",
    "*.config.mts",
    "*.config.cts",
    # Rust
    "Cargo.toml",
    ".cargo/",
    "build.rs",
    "clippy.toml",
    ".clippy.toml",
    "rustfmt.toml",
    ".rustfmt.toml",
    "rust-toolchain*",
    # Java
    "pom.xml",
    ".mvn/",
    # Go
    "go.mod",
    "go.work*",
    ".golangci.*",
    "vendor/modules.txt",
    *LOCKFILES,
)
"""Files that decide what a check does: when one changes, every check is run again."""


@dataclass(frozen=True)
class Selection:
    """The checks to run, in their given order, and the names of those left out, each with its reason."""

    selected: tuple[Check, ...]
    skipped: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    """One for each of ``skipped``, in the same order."""


def select_checks(
    checks: tuple[Check, ...],
    changed: tuple[str, ...],
    named: tuple[str, ...] = (),
    tier: Tier = Tier.FULL,
) -> Selection:
    """The checks that apply to the changed paths, up to ``tier``.

    ``named`` are the task's own: they are run whatever changed and whatever their tier, and no other is.
    Raises JourneymanError("bad-task") when one of them does not exist.
    """
    known = tuple(check.name for check in checks)
    for name in named:
        if name not in known:
            guess = nearest(name, known)
            raise JourneymanError(
                "bad-task",
                f"the task names a check {name!r} that does not exist"
                + (f"; did you mean {guess!r}?" if guess else ""),
                facts=(f"checks: {', '.join(known) or 'none'}",),
            )
    configured = next((path for path in changed if path_matches(path, CONFIGURATION)), None)
    reasons = {check.name: _why_not(check, changed, named, tier, configured) for check in checks}
    left_out = tuple(name for name in known if reasons[name])
    return Selection(
        selected=tuple(check for check in checks if not reasons[check.name]),
        skipped=left_out,
        reasons=tuple(reasons[name] for name in left_out),
    )


def _why_not(
    check: Check, changed: tuple[str, ...], named: tuple[str, ...], tier: Tier, configured: str | None
) -> str:
    """Why the check is left out; empty when it is not."""
    if named:
        return "" if check.name in named else "the task names other checks"
    if check.tier > tier:
        return f"it is of tier {check.tier:d}, and only tiers up to {tier:d} are run"
    if not check.paths or configured or check.source in changed:
        return ""
    if any(path_matches(path, check.paths) for path in changed):
        return ""
    return f"nothing changed that matches {', '.join(check.paths)}"
