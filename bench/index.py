"""What indexing a repository costs: cold, warm, and what a query takes.

``python bench/index.py REPOSITORY… [--aider PYTHON] [--growth]``

Each repository is copied first. Cold: an empty cache. Changed: ten files edited before the query, in process.
Command: a whole ``jm context`` on a warm index. Medians of ``--runs``. ``--aider``: the Python of an
environment with aider, whose map of the same tree is timed cold and again. ``--growth``: made trees
of growing size.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from journeyman.bootstrap import pack_context
from journeyman.config import Surroundings

TASK = "The cache returns a wrong value when two keys have the same hash\n\nSee `get_or_create`."
AIDER = """
import sys, time, json
from aider.repomap import RepoMap
from aider.io import InputOutput
class Model:
    def token_count(self, text): return len(text) // 4
files = sys.argv[2:]
io = InputOutput(yes=True, pretty=False)
times = []
for _ in range(2):
    start = time.perf_counter()
    RepoMap(map_tokens=8000, root=sys.argv[1], main_model=Model(), io=io).get_ranked_tags_map([], files)
    times.append(time.perf_counter() - start)
print(json.dumps(times))
"""


def copied(repository: Path, folder: Path) -> Path:
    place = folder / repository.name
    subprocess.run(("git", "clone", "-q", repository.resolve(), place), check=True)
    return place


def surroundings(cache: Path) -> Surroundings:
    environ = {"PATH": os.environ["PATH"], "HOME": str(cache.parent)}
    return Surroundings(environ, cache.parent, cache, cache / "config.toml")


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def ask(root: Path, cache: Path) -> None:
    asyncio.run(pack_context(root, surroundings(cache), TASK, 8000))


def edited(root: Path, number: int) -> None:
    """Ten files of the tree, each with one more line."""
    listed = subprocess.run(
        ("git", "ls-files", "*.py", "*.ts", "*.go"), cwd=root, capture_output=True, check=True
    )
    for name in listed.stdout.decode().splitlines()[number * 10 : number * 10 + 10]:
        with (root / name).open("a") as file:
            file.write(f"\nCHANGED_{number} = 1\n")


def measured(root: Path, folder: Path, runs: int) -> dict[str, float]:
    changed = []
    cold = [timed(partial(ask, root, folder / f"cache{number}")) for number in range(runs)]
    for number in range(runs):
        edited(root, number)
        changed.append(timed(partial(ask, root, folder / "cache0")))
    env = {**os.environ, "XDG_CACHE_HOME": str(folder / "home")}
    argv = (sys.executable, "-m", "journeyman", "context", TASK, "--json", "--repo", str(root))
    run = partial(subprocess.run, argv, env=env, capture_output=True, check=True)
    command = [timed(run) for _ in range(runs + 1)]
    return {
        "cold": statistics.median(cold),
        "changed": statistics.median(changed),
        "command": statistics.median(command[1:]),
    }


def peer(python: Path, root: Path) -> tuple[float, float]:
    """Seconds of aider's map: with an empty cache, and again."""
    shutil.rmtree(root / ".aider.tags.cache.v4", ignore_errors=True)
    listed = subprocess.run(("git", "ls-files"), cwd=root, capture_output=True, check=True).stdout.decode()
    files = [str(root / name) for name in listed.splitlines()]
    done = subprocess.run(
        (python, "-c", AIDER, root, *files), cwd=root, capture_output=True, text=True, check=True
    )
    cold, again = json.loads(done.stdout.splitlines()[-1])
    return cold, again


def grown(folder: Path, runs: int) -> None:
    """Made trees: what a cold index costs as they grow."""
    print("\n| files made | cold s |\n|---|---|")
    for count in (1000, 5000, 20_000, 50_000):
        root = folder / f"made{count}"
        for number in range(count):
            file = root / f"pkg{number % 97}" / f"module_{number}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            body = "\n".join(f"    total_{n} = cache.get(key_{n % 7}, {number})" for n in range(20))
            file.write_text(
                f"import pkg{number % 89}\n\n\ndef work_{number}(cache):\n{body}\n    return total_1\n"
            )
        identity = ("-c", "user.name=Bench", "-c", "user.email=bench@localhost")
        for command in (("init", "-q"), ("add", "-A"), (*identity, "commit", "-qm", "made")):
            subprocess.run(("git", *command), cwd=root, check=True)
        times = [timed(partial(ask, root, folder / f"grown{root.name}{n}")) for n in range(runs)]
        print(f"| {count} | {statistics.median(times):.2f} |", flush=True)
        shutil.rmtree(root)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("repositories", type=Path, nargs="*")
    parser.add_argument("--aider", type=Path)
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    heads = ("files", "cold s", "10 changed s", "command s", "aider cold s", "aider again s")
    print("| repository | " + " | ".join(heads) + " |\n|---|" + "---|" * len(heads))
    with tempfile.TemporaryDirectory(prefix="jm-index-", ignore_cleanup_errors=True) as name:
        for repository in options.repositories:
            folder = Path(name) / repository.name
            root = copied(repository, folder / "tree")
            listed = subprocess.run(("git", "ls-files"), cwd=root, capture_output=True, check=True).stdout
            got = measured(root, folder, options.runs)
            aider = (
                [f"{seconds:.2f}" for seconds in peer(options.aider, root)] if options.aider else ["-", "-"]
            )
            cells = [
                str(listed.count(b"\n")),
                *(f"{got[key]:.3f}" for key in ("cold", "changed", "command")),
                *aider,
            ]
            print(f"| {repository.name} | " + " | ".join(cells) + " |", flush=True)
        if options.growth:
            grown(Path(name), 1)
    own, children = (
        resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    print(f"\nmost memory: this process {own / 1024:.0f} MB, a child {children / 1024:.0f} MB")


if __name__ == "__main__":
    main()
