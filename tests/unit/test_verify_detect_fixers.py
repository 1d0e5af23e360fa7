"""Which fixers a repository is set up for, and in which order they run."""

from __future__ import annotations

import pytest

from journeyman.domain.checks import Fixer
from journeyman.verify.detect import detect_fixers

EVERYTHING = "ruff black isort eslint prettier go gofmt cargo cargo-fmt cargo-clippy codespell biome npm pnpm"

CASES: dict[str, tuple[dict[str, str], list[str]]] = {
    "nothing configured": ({"a.py": "import os\n"}, []),
    "ruff as a linter only": ({"pyproject.toml": "[tool.ruff.lint]"}, ["ruff check"]),
    "ruff with its formatter": ({"pyproject.toml": "[tool.ruff.format]"}, ["ruff check", "ruff format"]),
    "ruff format in pre-commit": (
        {"ruff.toml": "", ".pre-commit-config.yaml": "- id: ruff-format"},
        ["ruff check", "ruff format"],
    ),
    "black and isort": ({"pyproject.toml": "[tool.black]\n[tool.isort]"}, ["isort", "black"]),
    "eslint and prettier": ({"eslint.config.js": "", ".prettierrc": ""}, ["eslint", "prettier"]),
    "in package.json": (
        {"package.json": '{"eslintConfig": {}, "prettier": {}}'},
        ["eslint", "prettier"],
    ),
    "go": ({"go.mod": ""}, ["gofmt"]),
    "rust": ({"Cargo.toml": ""}, ["cargo clippy", "cargo fmt"]),
    "codespell": ({".codespellrc": ""}, ["codespell"]),
}


@pytest.mark.parametrize("case", CASES)
def test_fixers(tmp_path, case):
    files, expected = CASES[case]
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    known = set(EVERYTHING.split())
    fixers = detect_fixers(tmp_path, lambda name: name if name in known else None)
    assert [fixer.name for fixer in fixers] == expected
    assert detect_fixers(tmp_path, lambda name: None) == ()


def test_a_fixer_says_what_it_can_mend(tmp_path):
    (tmp_path / "ruff.toml").write_text("")
    (fixer,) = detect_fixers(tmp_path, lambda name: name)
    assert fixer == Fixer("ruff check", ("ruff", "check", "--fix", "."), ("*.py", "*.pyi", "*.ipynb"))


def test_clippy_mends_a_dirty_tree(tmp_path):
    (tmp_path / "Cargo.toml").write_text("")
    clippy = detect_fixers(tmp_path, lambda name: name)[0]
    assert {"--allow-dirty", "--allow-staged", "--offline"} <= set(clippy.command)
