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
    "codespell that edits is no check": ({".codespellrc": "[codespell]\nwrite-changes ="}, ["codespell"]),
    "codespell with options of its own": ({"Makefile": "x:\n\tcodespell docs -S x\n"}, []),
    "scripts before tools": (
        {
            "package.json": '{"scripts": {"lint": "eslint", "lint:fix": "eslint --fix"}}',
            "eslint.config.js": "",
        },
        ["npm run lint:fix"],
    ),
    "a tool where the script cannot mend": (
        {"package.json": '{"scripts": {"lint": "npm run x && eslint ."}}', "eslint.config.js": ""},
        ["eslint"],
    ),
    "linters first, ruff's formatter last": (
        {"ruff.toml": "[format]", ".isort.cfg": "", ".codespellrc": ""},
        ["codespell", "ruff check", "isort", "ruff format"],
    ),
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


def test_a_fixer_mends_no_more_than_the_repository_looks_at(tmp_path):
    (tmp_path / "ruff.toml").write_text("")
    (tmp_path / "app").mkdir()
    (tmp_path / "tox.ini").write_text("[testenv:lint]\ncommands = ruff check app\n")
    (fixer,) = detect_fixers(tmp_path, lambda name: name)
    assert fixer.command == ("ruff", "check", "--fix", "app")


def test_fixers_that_a_set_up_will_install(tmp_path):
    (tmp_path / "ruff.toml").write_text("")
    (tmp_path / "Cargo.toml").write_text("")
    found = detect_fixers(tmp_path, lambda name: None, setup=True)
    assert [fixer.name for fixer in found] == ["cargo clippy", "ruff check", "cargo fmt"]


def test_clippy_mends_a_dirty_tree(tmp_path):
    (tmp_path / "Cargo.toml").write_text("")
    clippy = detect_fixers(tmp_path, lambda name: name)[0]
    assert {"--allow-dirty", "--allow-staged", "--offline"} <= set(clippy.command)
