"""What a Python module offers to its callers. Pure."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_CALLED = {"__init__", "__new__", "__call__"}


def python_surface(text: str) -> frozenset[str] | None:
    """Public classes with their bases, and public functions and methods with what they take; ``None`` for a
    text that is no Python.

    Without annotations: they bind no caller at run time.
    """
    try:
        return frozenset(_surface(ast.parse(text).body, ""))
    except (SyntaxError, ValueError, RecursionError):
        return None


def _surface(body: list[ast.stmt], owner: str) -> Iterator[str]:
    for node in body:
        if isinstance(node, _Function) and _is_public(node.name):
            yield owner + _signature(node)
        elif isinstance(node, ast.ClassDef) and _is_public(node.name):
            yield f"{owner}{node.name}({', '.join(ast.unparse(base) for base in node.bases)})"
            yield from _surface(node.body, f"{owner}{node.name}.")
        elif isinstance(node, ast.If | ast.Try):
            yield from _surface([*node.body, *node.orelse], owner)


def _is_public(name: str) -> bool:
    return not name.startswith("_") or name in _CALLED


def _signature(node: _Function) -> str:
    taken = node.args
    for each in (*taken.posonlyargs, *taken.args, *taken.kwonlyargs, taken.vararg, taken.kwarg):
        if each is not None:
            each.annotation = None
    marks = " ".join(f"@{ast.unparse(mark)}" for mark in node.decorator_list)
    kind = "async " if isinstance(node, ast.AsyncFunctionDef) else ""
    return f"{marks} {kind}{node.name}({ast.unparse(taken)})".strip()
