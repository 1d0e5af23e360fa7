"""The parsers on tools that are installed here: a new version that speaks differently is noticed."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path

import pytest

from journeyman.domain.process import Command
from journeyman.sandbox.processes import ProcessRunner
from journeyman.verify.parsers.base import ParsedOutput
from journeyman.verify.parsers.registry import parse_output

BIN = Path(sys.executable).parent


def run(tree: Path, *argv: str) -> ParsedOutput:
    env = {"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(tree.parent / "home")}
    cargo = shutil.which("cargo")
    rustup = Path(cargo).parents[2] / ".rustup" if cargo else None
    if rustup and rustup.is_dir():  # a cargo that rustup put there finds its toolchains by HOME
        env["RUSTUP_HOME"] = str(rustup)
    command = Command(argv, tree, env, timeout_s=120)
    result = asyncio.run(ProcessRunner().run(command))
    return parse_output(" ".join(argv), result.text, tree, exit_code=result.exit_code)


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "home").mkdir()
    root = tmp_path / "tree"
    root.mkdir()
    return root


BAD = "import os\n\n\ndef f(x: int) -> str:\n    return x\n"


def key_moves_with_lines(tree: Path, *argv: str) -> None:
    """The keys stay when the file is pushed down and the tree is elsewhere."""
    before = run(tree, *argv)
    elsewhere = tree.parent / "other place"
    shutil.copytree(tree, elsewhere)
    for file in elsewhere.glob("*.py"):
        file.write_text('"""Words."""\n\n' + file.read_text())
    after = run(elsewhere, *argv)
    assert before.complete
    assert after.complete
    assert before.failures
    assert [failure.key for failure in before.failures] == [failure.key for failure in after.failures]


@pytest.mark.parametrize("form", ["full", "concise"])
def test_ruff(tree, form):
    (tree / "a.py").write_text(BAD)
    parsed = run(tree, "ruff", "check", "--no-cache", "--isolated", "--output-format", form, ".")
    assert [failure.key for failure in parsed.failures] == ["a.py::F401::`os` imported but unused"]
    assert (parsed.failures[0].line, parsed.complete) == (1, True)
    key_moves_with_lines(tree, "ruff", "check", "--no-cache", "--isolated", "--output-format", form, ".")


def test_ruff_format(tree):
    (tree / "a.py").write_text("x  =  1\n")
    parsed = run(tree, "ruff", "format", "--no-cache", "--isolated", "--check", ".")
    assert [failure.path for failure in parsed.failures] == ["a.py"]
    assert parsed.complete


def test_mypy(tree):
    (tree / "a.py").write_text(BAD)
    parsed = run(tree, "mypy", "--cache-dir", os.devnull, "a.py")
    (failure,) = parsed.failures
    assert failure.key == 'a.py::return-value::Incompatible return value type (got "int", expected "str")'
    assert (failure.line, parsed.complete) == (5, True)


def test_pytest(tree):
    (tree / "test_a.py").write_text("def test_a():\n    assert [1] == [2]\n\ndef test_b():\n    pass\n")
    parsed = run(tree, sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q")
    (failure,) = parsed.failures
    assert (failure.key, failure.line, parsed.complete) == ("test_a.py::test_a", 2, True)
    assert failure.detail.startswith(">       assert [1] == [2]\nE       assert [1] == [2]")
    assert (parsed.passed_count, parsed.failed_count) == (1, 1)


def test_unittest(tree):
    (tree / "test_a.py").write_text(
        "import unittest\n\nclass T(unittest.TestCase):\n"
        "    def test_a(self):\n        self.assertEqual(1, 2)\n"
        "    def test_b(self):\n        pass\n"
    )
    parsed = run(tree, sys.executable, "-m", "unittest", "test_a")
    (failure,) = parsed.failures
    assert (failure.key, failure.path, failure.line) == ("test_a.T.test_a", "test_a.py", 5)
    assert (parsed.passed_count, parsed.failed_count, parsed.complete) == (1, 1, True)


@pytest.mark.skipif(not shutil.which("node"), reason="needs node")
@pytest.mark.parametrize("reporter", ["tap", "spec"])
def test_node(tree, reporter):
    (tree / "a.test.mjs").write_text(
        'import test from "node:test";\nimport assert from "node:assert";\n'
        'test("one", () => assert.equal(1, 2));\ntest("two", () => {});\n'
    )
    parsed = run(tree, "node", "--test", "--test-reporter", reporter, "a.test.mjs")
    (failure,) = parsed.failures
    assert (failure.path, failure.line) == ("a.test.mjs", 3)
    assert failure.key.endswith("one")
    assert (parsed.passed_count, parsed.failed_count, parsed.complete) == (1, 1, True)


@pytest.mark.skipif(not shutil.which("cargo"), reason="needs cargo")
def test_cargo(tree):
    (tree / "src").mkdir()
    (tree / "Cargo.toml").write_text('[package]\nname = "demo"\nversion = "0.1.0"\nedition = "2021"\n')
    library = tree / "src" / "lib.rs"
    library.write_text("pub fn f() -> i32 { missing() }\n")
    parsed = run(tree, "cargo", "check", "--offline")
    (failure,) = parsed.failures
    assert (failure.path, failure.line, parsed.complete) == ("src/lib.rs", 1, True)
    assert failure.key.startswith("src/lib.rs::E0425::cannot find function `missing`")
