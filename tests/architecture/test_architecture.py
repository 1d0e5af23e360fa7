"""The tree is the architecture, and these hold it (import contracts are import-linter's, in pyproject.toml)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "journeyman"
MODULES = sorted(SOURCE.rglob("*.py"))
PROCESS_CALLS = {
    "create_subprocess_exec",
    "create_subprocess_shell",
    "Popen",
    "posix_spawn",
    "posix_spawnp",
    "fork",
    "forkpty",
    "execv",
    "execve",
    "execvp",
    "spawnv",
}


def names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names)


def inside(module: Path, *rooms: str) -> bool:
    return module.relative_to(SOURCE).parts[0] in rooms


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(SOURCE)))
def test_rules_of_the_house(module: Path) -> None:
    text = module.read_text()
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "a module says what it owns"
    used = set(names(tree))
    if not inside(module, "sandbox"):
        assert not used & PROCESS_CALLS, "only sandbox/ starts processes"
        assert not re.search(r"\bos\.(system|popen)\(", text), "only sandbox/ starts processes"
        assert "import subprocess" not in text
    if not inside(module, "config.py"):
        reads = {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os"
        }
        assert not reads & {"environ", "getenv", "environb"}, "only config.py reads the environment"
    if not inside(module, "cli") and module.name != "canary_probe.py":  # a program of its own
        assert not re.search(r"(?<![\w.])print\(", text), "only cli/ prints"
    assert "asyncio.run(" not in text, "one event loop, at the edge: cli/console.py"


def test_dbos_is_known_to_one_file() -> None:
    knowing = [
        module for module in MODULES if re.search(r"^\s*(from|import) dbos", module.read_text(), re.MULTILINE)
    ]
    assert [module.name for module in knowing] == ["durable.py"]


def test_concrete_workers_are_named_in_bootstrap_alone() -> None:
    concrete = {"AutofixWorker", "ReplayWorker", "CommandWorker"}
    for module in MODULES:
        if not inside(module, "bootstrap", "workers"):
            assert not concrete & set(names(ast.parse(module.read_text()))), module
