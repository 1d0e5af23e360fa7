"""One name for one thing: a class or a public function of a module is called like no other in the whole package."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "journeyman"


def defined() -> dict[str, list[str]]:
    """Each class, and each public function of a module: where it is defined."""
    places = defaultdict(list)
    for module in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(module.read_text())
        classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
        functions = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        public = [function for function in functions if not function.name.startswith("_")]
        for node in (*classes, *public):
            places[node.name].append(f"{module.relative_to(SOURCE)}:{node.lineno}")
    return dict(places)


def test_no_name_is_given_twice() -> None:
    twice = {name: places for name, places in defined().items() if len(places) > 1}
    assert not twice, "\n".join(f"{name}: {', '.join(places)}" for name, places in sorted(twice.items()))
