"""Which checks a change calls for."""

from __future__ import annotations

import pytest

from journeyman.domain.checks import Check, Tier
from journeyman.domain.errors import JourneymanError
from journeyman.verify.select import select_checks

LINT = Check("lint", "ruff check .", Tier.FAST, paths=("**/*.py",), source="pyproject.toml")
WEB = Check("web", "npm test", Tier.AFFECTED, paths=("web/**", "!web/docs/**"), source="web/package.json")
TESTS = Check("tests", "pytest", Tier.AFFECTED)
SLOW = Check("slow", "pytest slow", Tier.FULL, source="scripts/slow.toml", paths=("src/**",))
ALL = (LINT, WEB, TESTS, SLOW)

TABLE = [
    ("python", ["src/a.py"], (), Tier.FULL, ["lint", "tests", "slow"]),
    ("python below tier 2", ["src/a.py"], (), Tier.AFFECTED, ["lint", "tests"]),
    ("tier 0 only", ["src/a.py"], (), Tier.FAST, ["lint"]),
    ("web", ["web/a.js"], (), Tier.FULL, ["web", "tests"]),
    ("excluded by a later glob", ["web/docs/a.md"], (), Tier.FULL, ["tests"]),
    ("prose", ["README.md"], (), Tier.FULL, ["tests"]),
    ("nothing", [], (), Tier.FULL, ["tests"]),
    ("configuration", ["README.md", "pyproject.toml"], (), Tier.FULL, ["lint", "web", "tests", "slow"]),
    ("nested configuration", ["sub/tsconfig.build.json"], (), Tier.FULL, ["lint", "web", "tests", "slow"]),
    ("configuration respects tiers", ["tox.ini"], (), Tier.AFFECTED, ["lint", "web", "tests"]),
    ("a lockfile", ["Cargo.lock"], (), Tier.FULL, ["lint", "web", "tests", "slow"]),
    ("where a check comes from", ["scripts/slow.toml"], (), Tier.FULL, ["tests", "slow"]),
    ("named", ["src/a.py"], ("web",), Tier.FULL, ["web"]),
    ("named beyond the tier", ["src/a.py"], ("slow",), Tier.FAST, ["slow"]),
]


@pytest.mark.parametrize(
    ("changed", "named", "tier", "names"), [r[1:] for r in TABLE], ids=[r[0] for r in TABLE]
)
def test_selection(changed, named, tier, names):
    selection = select_checks(ALL, tuple(changed), named, tier)
    assert [check.name for check in selection.selected] == names
    assert set(selection.skipped) == {check.name for check in ALL} - set(names)
    assert len(selection.reasons) == len(selection.skipped)
    assert all(selection.reasons)


@pytest.mark.parametrize(
    "path",
    [
        "setup.cfg",
        "tox.ini",
        "package.json",
        "tsconfig.json",
        "Cargo.toml",
        "go.mod",
        "Makefile",
        ".flake8",
        "mypy.ini",
        "ruff.toml",
        "conftest.py",
        ".eslintrc.json",
        "eslint.config.js",
        "vitest.config.ts",
        ".prettierrc",
        "noxfile.py",
        "requirements-dev.txt",
        "uv.lock",
        ".pre-commit-config.yaml",
        "journeyman.toml",
        ".cargo/config.toml",
        "rust-toolchain.toml",
    ],
)
def test_every_configuration_file_selects_all(path):
    assert not select_checks(ALL, (path,)).skipped


def test_a_check_that_does_not_exist():
    with pytest.raises(JourneymanError) as stop:
        select_checks(ALL, (), ("test",))
    assert stop.value.code == "bad-task"
    assert "did you mean 'tests'?" in stop.value.message
