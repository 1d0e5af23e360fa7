"""What task files give to a tool, and what is left alone because it cannot be read."""

from __future__ import annotations

import pytest

from journeyman.verify.detect.calls import WHOLE, given_paths

RUFF = {
    "ruff check src tests": ("src", "tests"),
    "ruff check ./src/ --output-format=github": ("src",),
    "uv run ruff check --fix src && mypy src": ("src",),
    "ruff check src\n\truff check tests": ("src", "tests"),
    "ruff check \\\n    src \\\n    tests": ("src", "tests"),
    'session.run("ruff", "check", "src", "tests")': ("src", "tests"),
    'commands = [["ruff", "check", "src"]]': ("src",),
    "ruff check {posargs:src tests}": ("src", "tests"),
    "ruff check src {posargs}": ("src",),
    "ruff check src {{options}}": ("src",),
    "ruff check .": WHOLE,
    "ruff check . src": WHOLE,
    "ruff check src\n\truff check .": WHOLE,
    "ruff check": WHOLE,
    "- name: ruff check\n  run: ruff check src": ("src",),
    "ruff check $(SOURCES)": (),
    "ruff check --config src tests": (),
    "ruff check gone": (),
    "ruff check src gone": (),
    "ruff check ../src": (),
    "ruff check /": (),
    "ruff-check src": (),
    "": (),
}


@pytest.mark.parametrize("text", RUFF)
def test_ruff(tmp_path, text):
    (tmp_path / "src").mkdir()
    (tmp_path / "tests").mkdir()
    assert given_paths([text], "ruff check", tmp_path) == RUFF[text]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mypy src", ("src",)),
        ("pip install mypy src", ("src",)),  # harmless: no one installs a folder of that name with it
        ('dev = ["mypy", "pytest"]', ()),
        ("[tool.mypy]\nstrict = true", ()),
        ("mypy", ()),
        ("mypy -p src", ()),
        ("mypy --strict src", ("src",)),
    ],
)
def test_a_bare_name_is_as_often_a_dependency(tmp_path, text, expected):
    (tmp_path / "src").mkdir()
    assert given_paths([text], "mypy", tmp_path) == expected
