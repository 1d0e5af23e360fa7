"""From what an import names to the files that it means."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

_SCRIPT = (".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts", ".d.ts", ".vue", ".svelte")
_MOST = 20
_OF_FOLDER = frozenset(("__init__", "index", "mod"))
"""What a file is called that is its folder's module."""


class Resolver:
    """Answers for one set of paths."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._by_stem: dict[str, list[str]] = {}
        self._by_folder: dict[str, list[str]] = {}
        self._paths = set(paths)
        for path in sorted(self._paths):
            folder, _, name = path.rpartition("/")
            stem = name.partition(".")[0]
            self._by_folder.setdefault(folder, []).append(path)
            if stem in _OF_FOLDER:
                stem = folder.rpartition("/")[2]
            self._by_stem.setdefault(stem, []).append(path)

    def resolve(self, path: str, name: str) -> tuple[str, ...]:
        """The files of the tree that ``name``, imported in ``path``, may mean."""
        if path.endswith((".py", ".pyi", ".pyx")):
            return self._python(path, name)
        if path.endswith(_SCRIPT):
            return self._script(path, name)
        if path.endswith(".go"):
            return self._folder(name, ".go")
        if path.endswith(".rs"):
            return self._rust(path, name)
        if path.endswith(".java"):
            return self._suffix(name.split("."), path)
        return self._suffix(posixpath.splitext(name.lstrip("./"))[0].split("/"), path)

    def _python(self, path: str, name: str) -> tuple[str, ...]:
        if not name.startswith("."):
            return self._suffix(name.split("."), path)
        folder = path.rpartition("/")[0]
        for _ in range(len(name) - len(name.lstrip(".")) - 1):
            folder = folder.rpartition("/")[0]
        base = "/".join(filter(None, (folder, *name.split("."))))
        return self._existing((f"{base}.py", f"{base}/__init__.py", f"{base}.pyi"))

    def _script(self, path: str, name: str) -> tuple[str, ...]:
        if not name.startswith("."):
            return self._suffix([part for part in name.split("/") if part and part not in {"@", "~"}], path)
        base = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
        bare = posixpath.splitext(base)[0] if base.endswith(_SCRIPT) else base
        return self._existing(
            (base, *(bare + end for end in _SCRIPT), *(f"{base}/index{end}" for end in _SCRIPT))
        )

    def _rust(self, path: str, name: str) -> tuple[str, ...]:
        parts = [part for part in name.split("::") if part]
        if "::" not in name:
            folder, own = posixpath.split(path)
            base = folder if own in {"mod.rs", "lib.rs", "main.rs"} else posixpath.splitext(path)[0]
            return self._existing((f"{base}/{name}.rs", f"{base}/{name}/mod.rs"))
        parts = [part for part in parts if part not in {"crate", "super", "self"}]
        for size in range(len(parts), 0, -1):
            found = self._suffix(parts[:size], path)
            if found:
                return found
        return ()

    def _suffix(self, parts: list[str], path: str) -> tuple[str, ...]:
        """Files whose path ends in the parts; of several, those nearest to ``path``."""
        if not parts or not parts[-1]:
            return ()
        wanted = "/".join(parts)
        found = []
        for candidate in self._by_stem.get(parts[-1], ()):
            folder, slash, own = candidate.rpartition("/")
            stem = own.partition(".")[0]
            # A package's file without a folder keeps its own name.
            whole = (folder or own) if stem in _OF_FOLDER else folder + slash + stem
            if (whole == wanted or whole.endswith("/" + wanted)) and candidate != path:
                found.append(candidate)
        if len(found) <= 1:
            return tuple(found)
        near = {candidate: len(posixpath.commonprefix((candidate, path))) for candidate in found}
        best = max(near.values())
        return tuple(candidate for candidate in found if near[candidate] == best)[:_MOST]

    def _folder(self, name: str, ending: str) -> tuple[str, ...]:
        parts = name.split("/")
        for size in range(len(parts), 0, -1):
            files = self._by_folder.get("/".join(parts[-size:]), ())
            found = tuple(f for f in files if f.endswith(ending) and not f.endswith("_test.go"))
            if found:
                return found[:_MOST]
        return ()

    def _existing(self, candidates: Iterable[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(path for path in candidates if path in self._paths))[:2]
