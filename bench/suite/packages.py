"""Packages of the suite: fetched once, checked by hash, unpacked, with the tools that their checks need.

Everything is kept below the user's cache folder, so that a second run fetches and installs nothing.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

PACKAGES = Path(__file__).parent / "packages.yaml"


class BenchError(Exception):
    """The bench cannot go on; its text says why."""


@dataclass(frozen=True)
class Package:
    """A published package by version and hash."""

    name: str
    version: str
    sha256: str
    npm: bool
    checks: Mapping[str, str]
    roots: tuple[str, ...] = ()
    """Folders that Python imports from."""
    install: bool = False
    """Whether its tests ask for its installed metadata."""
    file: Path | None = None
    """The archive, where it comes from no registry."""
    added: Path | None = None
    """A folder with what the archive leaves out, such as tests."""

    @property
    def folder(self) -> str:
        """A plain name for files."""
        return f"{self.name.replace('@', '').replace('/', '-')}-{self.version}"


@dataclass(frozen=True)
class Shelf:
    """All packages, and the tools beside them."""

    packages: Mapping[str, Package]
    python_tools: tuple[str, ...]
    node_tools: tuple[str, ...]


def load_shelf(path: Path = PACKAGES) -> Shelf:
    """What packages.yaml says."""
    data = yaml.safe_load(path.read_text("utf-8"))
    packages = {name: _package(name, entry, path.parent) for name, entry in data["packages"].items()}
    return Shelf(packages, tuple(data["python_tools"]), tuple(data["node_tools"]))


def _package(name: str, entry: dict[str, Any], folder: Path) -> Package:
    return Package(
        name,
        str(entry["version"]),
        entry["sha256"],
        npm=entry["registry"] == "npm",
        checks=entry["checks"],
        roots=tuple(entry.get("roots", ())),
        install=entry.get("install", False),
        file=folder / entry["file"] if entry["registry"] == "file" else None,
        added=folder / entry["added"] if "added" in entry else None,
    )


def default_cache(environ: Mapping[str, str]) -> Path:
    """``journeyman-bench`` below the user's cache folder."""
    home = environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "journeyman-bench"


def run(*argv: str | Path, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """A tool's output. Raises BenchError when it fails."""
    done = subprocess.run(
        argv,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        shown = " ".join(map(str, argv))
        raise BenchError(f"{shown} failed in {cwd}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


class Pantry:
    """The cache: archives, unpacked trees, a Python environment, a node_modules."""

    def __init__(self, folder: Path, shelf: Shelf) -> None:
        self.folder, self.shelf = folder, shelf
        folder.mkdir(parents=True, exist_ok=True)

    def tree(self, package: Package) -> Path:
        """The package unpacked; not to be changed."""
        target = self.folder / f"tree-{package.folder}-{package.sha256[:12]}"
        if not target.is_dir():
            with tempfile.TemporaryDirectory(dir=self.folder) as name:
                with tarfile.open(self.archive(package)) as source:
                    source.extractall(name, filter="data")
                (root,) = Path(name).iterdir()
                for litter in (*root.glob("*.egg-info"), root / "PKG-INFO"):
                    shutil.rmtree(litter) if litter.is_dir() else litter.unlink(missing_ok=True)
                root.rename(target)
        return target

    def archive(self, package: Package) -> Path:
        """The source distribution. Raises BenchError when it is not the one that is named."""
        folder = self.folder / "archives" / package.folder
        if package.file is None and not folder.is_dir():
            _download(package, folder)
        file = package.file or next(
            path for path in folder.iterdir() if path.name.endswith((".tar.gz", ".tgz"))
        )
        found = hashlib.sha256(file.read_bytes()).hexdigest()
        if found != package.sha256:
            raise BenchError(f"{file} has the hash {found}, not {package.sha256}")
        return file

    def python(self) -> Path:
        """An environment with the Python tools, and the packages that ask for their own metadata.

        Where no tools are named, the one that runs the bench.
        """
        if not self.shelf.python_tools:
            return Path(sys.prefix)
        installed = tuple(
            f"{one.name}=={one.version}"
            for one in self.shelf.packages.values()
            if one.install and not one.npm
        )
        target = self.folder / f"python-{_digest(sys.version, *self.shelf.python_tools, *installed)}"
        if not (target / "ready").is_file():
            run(sys.executable, "-m", "venv", target, cwd=self.folder)
            pip = (
                target / "bin" / "python",
                "-m",
                "pip",
                "--quiet",
                "--disable-pip-version-check",
                "install",
            )
            run(*pip, *self.shelf.python_tools, cwd=self.folder)
            run(*pip, "--no-deps", *installed, cwd=self.folder)
            (target / "ready").touch()
        return target

    def node_modules(self) -> Path:
        """A folder with the JavaScript tools."""
        target = self.folder / f"node-{_digest(*self.shelf.node_tools)}"
        if not (target / "ready").is_file():
            target.mkdir(exist_ok=True)
            (target / "package.json").write_text('{"private": true}\n', "utf-8")
            quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--silent")
            run("npm", "install", *quiet, *self.shelf.node_tools, cwd=target)
            (target / "ready").touch()
        return target / "node_modules"

    def get_ready(self, packages: list[Package]) -> None:
        """Fetch and install what these need, before anything is timed."""
        for package in packages:
            self.tree(package)
        if any(package.npm for package in packages):
            self.node_modules()
        if not all(package.npm for package in packages):
            self.python()


def _download(package: Package, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(dir=folder.parent))
    if package.npm:
        run("npm", "pack", "--silent", f"{package.name}@{package.version}", cwd=unfinished)
    else:
        pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "download")
        run(*pip, "--no-binary", ":all:", "--no-deps", f"{package.name}=={package.version}", cwd=unfinished)
    unfinished.rename(folder)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def clean_environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The user's environment without what would reach into Journeyman or Python."""
    own = str(Path(sys.executable).parent)
    path = [entry for entry in environ.get("PATH", os.defpath).split(os.pathsep) if entry != own]
    dropped = ("XDG_", "JOURNEYMAN_", "PYTHON", "OPENAI_", "ANTHROPIC_", "VIRTUAL_ENV", "GIT_")
    kept = {name: value for name, value in environ.items() if not name.startswith(dropped)}
    return {**kept, "PATH": os.pathsep.join(path)}
