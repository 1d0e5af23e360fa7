"""The question that an interpreter is asked: where would you import these names from? Nothing is imported."""

from __future__ import annotations

import json
from dataclasses import dataclass

_ANSWER = "journeyman-canary:"

# Runs under whatever Python the checks use, back to 2.7's grammar where that costs nothing. It walks the
# finders itself: importlib.util.find_spec would execute the parents of a dotted name. The empty first entry
# of sys.path (the current directory) is dropped, since a console script such as pytest does not have it.
_SCRIPT = """\
import sys
if sys.path and sys.path[0] == "":
    del sys.path[0]
import json
names, roots = json.loads({question!r})

def find(name):
    search, places, parts = None, [], name.split(".")
    for depth in range(len(parts)):
        spec = None
        for finder in list(sys.meta_path):
            ask = getattr(finder, "find_spec", None)
            spec = ask(".".join(parts[:depth + 1]), search) if ask else None
            if spec is not None:
                break
        if spec is None:
            return []
        inner = spec.submodule_search_locations
        search = [] if inner is None else [str(path) for path in getattr(inner, "_path", inner)]
        places = [spec.origin] if spec.has_location and spec.origin else search or [str(spec.origin)]
    return places

found = dict((name, find(name)) for name in names)
path = list(sys.path)
sys.path[:] = [entry for entry in sys.path if entry not in roots]
behind = dict((name, find(name)) for name in names)
print("")
print({answer!r} + json.dumps([found, behind, path]))
"""


@dataclass(frozen=True)
class ImportOrigins:
    """What an interpreter said."""

    found: dict[str, list[str]]
    """Name → its file, or the folders of a namespace package; empty when it would not be found."""
    behind: dict[str, list[str]]
    """The same, were the tree's import roots not on PYTHONPATH."""
    path: list[str]
    """Its ``sys.path``."""


def probe_script(names: tuple[str, ...], roots: tuple[str, ...]) -> bytes:
    """The script that asks, to be fed to ``python -``."""
    question = json.dumps([list(names), list(roots)])
    return _SCRIPT.format(question=question, answer=_ANSWER).encode("ascii", "backslashreplace")


def read_import_origins(output: bytes) -> ImportOrigins | None:
    """The answer in the interpreter's output; start-up code may have printed before it."""
    lines = output.decode("utf-8", "replace").splitlines()
    line = next((line for line in reversed(lines) if line.startswith(_ANSWER)), None)
    if line is None:
        return None
    try:
        found, behind, path = json.loads(line.removeprefix(_ANSWER))
    except ValueError:
        return None
    return ImportOrigins(found, behind, path)
