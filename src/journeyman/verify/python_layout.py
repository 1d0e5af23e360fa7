"""Where a tree keeps its Python packages: the import roots and the names that are importable from them."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from journeyman.verify.manifests import Manifests, table, texts
from journeyman.verify.programs import VENV_NAMES

MAX_NAMES = 40
_NOT_PRODUCT = frozenset(
    ("test", "tests", "testing", "doc", "docs", "build", "dist", "node_modules", "vendor", *VENV_NAMES)
)
_NOT_MODULES = frozenset(("setup", "conftest", "noxfile", "tasks", "fabfile", "manage", "dodo", "versioneer"))


@dataclass(frozen=True)
class ImportRoot:
    """One folder that belongs on the import path, and what is importable from it."""

    folder: str
    """Relative to the tree, in POSIX form; empty for the tree itself."""
    names: tuple[str, ...]
    """Dotted: a top-level name, or for a namespace package the first real packages or modules below it."""

    def clashes(self, tree: Path) -> tuple[str, ...]:
        """Modules of the standard library that this folder would hide when put on the import path."""
        found = set()
        for entry in _entries(tree / self.folder):
            stem = entry.stem if entry.suffix == ".py" else entry.name
            real = entry.suffix == ".py" or (entry / "__init__.py").is_file()
            if stem in sys.stdlib_module_names and stem != "test" and real:
                found.add(stem)
        return tuple(sorted(found))


def find_import_roots(tree: Path, manifests: Manifests | None = None) -> tuple[ImportRoot, ...]:
    """The tree's import roots, from what its build configuration says, else from its folders."""
    files = manifests or Manifests(tree)
    declared = _declared_roots(files)
    folders = list(dict.fromkeys([*declared, *(["src"] if (tree / "src").is_dir() else [])]))
    # With packages named or found below a declared root, root-level folders are not the product.
    flat = not any(_names_in(tree / folder, tree, files) for folder in folders if folder)
    if flat or "" in declared:
        folders.append("")
    found = []
    for folder in dict.fromkeys(folders):
        names = _names_in(tree / folder, tree, files)
        if names:
            found.append(ImportRoot(folder, names[:MAX_NAMES]))
    return tuple(found)


def _declared_roots(files: Manifests) -> list[str]:
    pyproject = files.toml("pyproject.toml")
    roots: list[str] = []
    setuptools = table(pyproject, "tool", "setuptools")
    roots += texts(table(setuptools, "packages", "find").get("where"))
    roots += texts(table(setuptools, "package-dir").get(""))
    roots += _poetry_roots(table(pyproject, "tool", "poetry").get("packages"))
    wheel = table(pyproject, "tool", "hatch", "build", "targets", "wheel")
    roots += [str(PurePosixPath(path).parent) for path in texts(wheel.get("packages"))]
    roots += texts(wheel.get("sources"))
    roots += texts(table(pyproject, "tool", "pdm", "build").get("package-dir"))
    roots += texts(table(pyproject, "tool", "maturin").get("python-source"))
    roots += texts(table(pyproject, "tool", "uv", "build-backend").get("module-root"))
    roots += _setup_cfg_roots(files)
    match = re.search(
        r"package_dir\s*=\s*(?:\{|dict\()\s*['\"]{2}\s*:\s*['\"]([\w./-]+)", files.text("setup.py")
    )
    roots += [match[1]] if match else []
    return [root for root in (_inside(root) for root in roots) if root is not None]


def _poetry_roots(packages: object) -> list[str]:
    items = packages if isinstance(packages, list) else []
    return [source for item in items for source in texts(table(item).get("from")) if source]


def _setup_cfg_roots(files: Manifests) -> list[str]:
    setup_cfg = files.ini("setup.cfg")
    where = table(setup_cfg, "options.packages.find").get("where")
    package_dir = table(setup_cfg, "options").get("package_dir")
    lines = package_dir.splitlines() if isinstance(package_dir, str) else []
    mapped = [line.split("=", 1)[1].strip() for line in lines if line.strip().startswith("=")]
    return [*texts(where), *mapped]


def _inside(root: str) -> str | None:
    """A declared root in its plain form; ``None`` when it leaves the tree."""
    plain = os.path.normpath(root.strip() or ".")
    if plain.startswith(("..", "/")):
        return None
    return "" if plain == "." else PurePosixPath(plain).as_posix()


def _names_in(folder: Path, tree: Path, files: Manifests) -> tuple[str, ...]:
    flat = folder == tree
    declared = _declared_modules(files) if flat else frozenset()
    names: list[str] = []
    for entry in _entries(folder):
        if entry.is_dir():
            if not flat:
                names += [entry.name] if _is_package(entry) else _namespace_names(entry, entry.name, depth=3)
            # At the root any folder with a script in it would pass for a namespace package.
            elif _is_package(entry) and (entry.name.lower() not in _NOT_PRODUCT or entry.name in declared):
                names.append(entry.name)
        elif _is_module(entry) and (not flat or entry.stem in declared):
            names.append(entry.stem)
    return tuple(names)


def _namespace_names(folder: Path, name: str, depth: int) -> list[str]:
    if not folder.name.isidentifier() or folder.name == "__pycache__":
        return []
    names: list[str] = []
    for entry in _entries(folder):
        if _is_module(entry) or _is_package(entry):
            names.append(f"{name}.{entry.stem}")
        elif depth and entry.is_dir():
            names += _namespace_names(entry, f"{name}.{entry.name}", depth - 1)
    return names


def _declared_modules(files: Manifests) -> frozenset[str]:
    pyproject = files.toml("pyproject.toml")
    names = set(texts(table(pyproject, "tool", "setuptools").get("py-modules")))
    listed = table(files.ini("setup.cfg"), "options").get("py_modules")
    names.update(listed.replace(",", " ").split() if isinstance(listed, str) else ())
    match = re.search(r"py_modules\s*=\s*\[([^\]]*)\]", files.text("setup.py"))
    names.update(re.findall(r"['\"]([\w.]+)['\"]", match[1]) if match else ())
    named = (
        table(pyproject, "project").get("name"),
        table(pyproject, "tool", "poetry").get("name"),
        table(pyproject, "tool", "flit", "module").get("name"),
        table(files.ini("setup.cfg"), "metadata").get("name"),
    )
    names.update(name.replace("-", "_").replace(".", "_").lower() for name in named if isinstance(name, str))
    return frozenset(names)


def _is_package(entry: Path) -> bool:
    return entry.name.isidentifier() and (entry / "__init__.py").is_file()


def _is_module(entry: Path) -> bool:
    return (
        entry.suffix == ".py"
        and entry.stem.isidentifier()
        and entry.stem not in _NOT_MODULES
        and not entry.stem.startswith("test_")
        and not entry.stem.startswith("__")
        and entry.is_file()
    )


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
