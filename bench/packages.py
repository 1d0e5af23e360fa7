"""Does ``jm run "fix lint"`` work on projects that we did not write? ``python bench/packages.py``

Takes published packages in their source form, makes a git repository of each, installs what their own tests
and lint need beside it, plants lint errors, and has Journeyman mend them without any configuration. Checked
from outside: exit code 0, a verified commit without the planted errors, a checkout that nobody touched,
and ``jm verify`` proving the commit again. Needs the package registries that pip and npm are set up for.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TASK = "fix lint"


@dataclass(frozen=True)
class Plant:
    """A lint error put into a file: the first ``old`` becomes ``new``."""

    path: str
    old: str
    new: str


@dataclass(frozen=True)
class Package:
    """A published package, what its checks need, and what is planted."""

    name: str
    version: str
    layout: str
    plants: tuple[Plant, ...]
    install: tuple[str, ...] = ()
    """Requirements beside the package itself; of an npm package its own devDependencies are installed."""
    npm: bool = False
    slow: bool = False

    @property
    def folder(self) -> str:
        """A plain name for files."""
        return f"{self.name.replace('@', '').replace('/', '-')}-{self.version}"


LINT = ("ruff==0.17.6", "mypy==2.4.1", "pytest==9.2.0")
PACKAGES = (
    Package(
        "humanize",
        "4.17.0",
        "src, hatch-vcs",
        (
            Plant("src/humanize/number.py", "import bisect\n", "import wave\nimport bisect\n"),
            Plant(
                "src/humanize/lists.py", "import annotations\n", "import annotations\nimport string, wave\n"
            ),
        ),
        (*LINT, "freezegun", "pytest-cov", "types-setuptools"),
    ),
    Package(
        "tenacity",
        "9.2.1",
        "flat, hatch-vcs writes a module",
        (
            Plant("tenacity/wait.py", "import abc\nimport math\n", "import math, wave\nimport abc\n"),
            Plant("tenacity/nap.py", "import time\nimport typing\n", "import  time\nimport typing\n\n\n\n"),
        ),
        (*LINT, "tornado", "typeguard", "pytest-asyncio", "trio"),
    ),
    Package(
        "pytest-mock",
        "3.17.0",
        "src, setuptools_scm writes a module",
        (
            Plant("src/pytest_mock/plugin.py", "import inspect\n", "import wave\nimport inspect\n"),
            Plant("src/pytest_mock/_util.py", "_mock_module = None", "_mock_module   = None"),
        ),
        (*LINT, "pytest-asyncio"),
    ),
    Package(
        "click",
        "8.5.1",
        "src, flit, no .gitignore",
        (
            Plant("src/click/formatting.py", "import collections.abc", "import wave\nimport collections.abc"),
            Plant("tests/test_formatting.py", "import pytest\n", "import pytest  \n"),
        ),
        LINT,
    ),
    Package(
        "packaging",
        "26.3",
        "src, flit, 62,000 tests",
        (Plant("src/packaging/markers.py", "import operator\n", "import wave\nimport operator\n"),),
        (*LINT, "pretend", "hypothesis", "tomli-w"),
        slow=True,
    ),
    Package(
        "@fastify/deepmerge",
        "3.2.4",
        "npm, eslint.config.js",
        (
            Plant("index.js", "const JSON_PROTO = ", "const JSON_PROTO  =  "),
            Plant("index.js", "    const il = value.length\n", "      const il = value.length;\n"),
        ),
        npm=True,
    ),
    Package(
        "fastify",
        "5.12.8",
        "npm, eslint.config.js, many tests",
        (Plant("lib/errors.js", "'use strict'\n", '"use strict";\n'),),
        npm=True,
        slow=True,
    ),
)


@dataclass
class Row:
    """What came of one package."""

    package: Package
    result: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    mended_as_before: bool = False
    others: int = 0
    """Files that the commit changed beyond the planted ones."""
    verify: str = ""
    commands: dict[str, str] = field(default_factory=dict)
    """The detected checks as the commit's trailers name them."""

    def expect(self, holds: bool, problem: str) -> None:
        if not holds:
            self.problems.append(problem)


def run(*argv: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    """A tool's output; the bench ends when one of its own steps fails."""
    done = subprocess.run(
        argv, cwd=cwd, env=env, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode != 0:
        raise SystemExit(
            f"{' '.join(map(str, argv))} failed in {cwd}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )
    return done.stdout


def git(root: Path, *arguments: str) -> str:
    return run("git", *arguments, cwd=root, env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"})


def fetch(package: Package, cache: Path) -> Path:
    """The package's source archive, downloaded once."""
    folder = cache / package.folder
    if not folder.is_dir():
        unfinished = Path(tempfile.mkdtemp(dir=cache))
        named = f"{package.name}@{package.version}" if package.npm else f"{package.name}=={package.version}"
        if package.npm:
            run("npm", "pack", "--silent", named, cwd=unfinished)
        else:
            pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "download")
            run(*pip, "--no-binary", ":all:", "--no-deps", named, cwd=unfinished)
        unfinished.rename(folder)
    return next(path for path in folder.iterdir() if path.name.endswith((".tar.gz", ".tgz")))


def make_repository(package: Package, archive: Path, folder: Path) -> Path:
    """A repository as its developers would have it on the day of the release, with dependencies installed."""
    with tarfile.open(archive) as source:
        source.extractall(folder, filter="data")
    (root,) = folder.iterdir()
    if package.npm:
        # All that is added to a package: npm never publishes this file.
        (root / ".gitignore").write_text("node_modules\n", "utf-8")
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "config", "user.name", "Ada")
    git(root, "config", "user.email", "ada@example.invalid")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", f"{package.name} {package.version}")
    git(root, "tag", f"v{package.version}" if package.npm else package.version)
    if package.npm:
        quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock")
        run("npm", "install", *quiet, cwd=root)
        return root
    run(sys.executable, "-m", "venv", ".venv", cwd=root)
    (root / ".venv" / ".gitignore").write_text("*\n", "utf-8")  # as uv and newer versions of venv do
    pip = (".venv/bin/python", "-m", "pip", "--quiet", "--disable-pip-version-check", "install")
    run(*pip, "--editable", ".", *package.install, cwd=root)
    return root


def plant(package: Package, root: Path) -> str:
    """Commit the lint errors; the commit before them."""
    before = git(root, "rev-parse", "HEAD").strip()
    for one in package.plants:
        path = root / one.path
        text = path.read_text("utf-8")
        if one.old not in text:
            raise SystemExit(f"{package.name}: {one.path} has no {one.old!r}")
        path.write_text(text.replace(one.old, one.new, 1), "utf-8")
    git(root, "commit", "--quiet", "--all", "--message", "careless work")
    return before


def fingerprint(root: Path) -> dict[str, str]:
    """All that a run must leave alone: what git says, and every file of the checkout with size and time."""
    refs = git(root, "for-each-ref").splitlines(keepends=True)
    index = hashlib.sha256((root / ".git/index").read_bytes()).hexdigest()
    return {
        "status": git(root, "status", "--porcelain=v2", "--branch"),
        "index": index,
        "HEAD": git(root, "symbolic-ref", "HEAD") + git(root, "rev-parse", "HEAD"),
        "stash": git(root, "stash", "list"),
        "refs": "".join(line for line in refs if "/journeyman/" not in line),
        "config": (root / ".git/config").read_text("utf-8"),
        "files": hashlib.sha256("\n".join(sorted(_files(root))).encode()).hexdigest(),
    }


def _files(root: Path) -> Iterator[str]:
    for base, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in (".git", ".journeyman")]
        for name in files:
            status = (Path(base) / name).lstat()
            yield f"{base}/{name} {status.st_size} {status.st_mtime_ns} {status.st_mode}"


def jm(root: Path, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Journeyman as a user has it: nothing in HOME, and no tools of the bench's own environment on PATH."""
    own = str(Path(sys.executable).parent)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "JOURNEYMAN_"))}
    kept.pop("VIRTUAL_ENV", None)
    path = [entry for entry in kept.get("PATH", "").split(os.pathsep) if entry != own]
    return subprocess.run(
        (sys.executable, "-m", "journeyman", *arguments),
        cwd=root,
        env={**kept, "HOME": str(home), "PATH": os.pathsep.join(path)},
        capture_output=True,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
        check=False,
    )


def try_package(package: Package, cache: Path, folder: Path) -> Row:
    """One package, from its archive to the proof."""
    row = Row(package)
    home = folder / "home"
    home.mkdir(parents=True)
    root = make_repository(package, fetch(package, cache), folder / "project")
    before = plant(package, root)
    git(root, "update-index", "--refresh")
    untouched = fingerprint(root)
    answer = jm(root, home, "run", TASK, "--output-format", "json")
    row.expect(answer.returncode == 0, f"exit code {answer.returncode}: {answer.stderr[-400:]}")
    row.result = json.loads(answer.stdout) if answer.stdout.startswith("{") else {}
    after = fingerprint(root)
    row.problems += [
        f"{name} of the checkout changed" for name in untouched if untouched[name] != after[name]
    ]
    row.expect(row.result.get("outcome") == "verified", f"outcome {row.result.get('outcome')}")
    if row.problems:
        return row
    commit = row.result["commit"]
    paths = sorted({one.path for one in package.plants})
    for one in package.plants:
        text = git(root, "show", f"{commit}:{one.path}")
        row.expect(one.new not in text, f"{one.path} still has {one.new!r}")
    row.mended_as_before = not git(root, "diff", "--name-only", before, commit, "--", *paths)
    row.others = len(set(row.result["files_changed"]) - set(paths))
    trailers = git(
        root, "show", "--no-patch", "--format=%(trailers:key=Verified-By,valueonly,unfold)", commit
    )
    row.commands = dict(read_trailer(line) for line in trailers.splitlines() if line)
    proof = jm(root, home, "verify", commit, "--json")
    row.expect(proof.returncode == 0, f"jm verify: {proof.stdout[-400:]}{proof.stderr[-400:]}")
    row.verify = "proven again" if proof.returncode == 0 else "not proven"
    return row


def read_trailer(line: str) -> tuple[str, str]:
    """``tests (passed): ["pytest", "-q"]`` as the check's name and its command."""
    name, _, command = line.partition(": ")
    words = json.loads(command) if command.startswith("[") else [command]
    return name.partition(" (")[0], " ".join(words)


def show(rows: list[Row]) -> None:
    """The table: a line for each package, and one for each of its checks."""
    for row in rows:
        package, result = row.package, row.result
        if not result:
            print(f"\n{package.name} {package.version} ({package.layout}): {'; '.join(row.problems)}")
            continue
        mended = "planted files as before" if row.mended_as_before else "planted errors gone"
        others = f", {row.others} more files mended" if row.others else ""
        print(
            f"\n{package.name} {package.version} ({package.layout})\n"
            f"  {result['outcome']}, TVc {result['kpi']['tvc_s'] or 0:.1f} s; {mended}{others};"
            f" {len(result['fixed_failures'])} findings mended; {row.verify}"
        )
        for check in result["checks"]:
            command = row.commands.get(check["check"], "?")
            known = [one for one in result["known_failures"] if one["check"] == check["check"]]
            counts = f", {check['passed_count']} passed" if check["passed_count"] is not None else ""
            more = f", {len(known)} known failure{'s' if len(known) > 1 else ''}" if known else ""
            result_text = f"{check['status']}{counts}, {check['duration_s']:.1f} s{more}"
            print(f"    {check['check']:<8} {command:<34} {result_text}")
        for problem in row.problems:
            print(f"  PROBLEM: {problem}")


def main() -> int:
    """Run them; exit code 1 when anything went otherwise than it should."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, help="keep the downloads here; default is a temporary folder")
    parser.add_argument("--only", action="append", help="a package's name; repeatable")
    parser.add_argument("--slow", action="store_true", help="with those whose tests take minutes")
    parser.add_argument("--keep", type=Path, help="leave the repositories here, to look at them")
    options = parser.parse_args()
    chosen = (
        [one for one in PACKAGES if one.name in options.only]
        if options.only
        else [one for one in PACKAGES if options.slow or not one.slow]
    )
    with tempfile.TemporaryDirectory(prefix="jm-packages-") as temporary:
        cache = (options.cache or Path(temporary) / "cache").resolve()
        cache.mkdir(parents=True, exist_ok=True)
        rows = []
        for package in chosen:
            print(f"{package.name} {package.version} …", file=sys.stderr, flush=True)
            folder = (options.keep or Path(temporary)).resolve() / package.folder
            shutil.rmtree(folder, ignore_errors=True)
            rows.append(try_package(package, cache, folder))
        show(rows)
    good = sum(not row.problems for row in rows)
    print(f"\n{good} of {len(rows)} packages: verified, untouched and proven again")
    return 0 if good == len(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
