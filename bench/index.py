"""What indexing a repository costs: cold, warm, and what a query takes.

``python bench/index.py REPOSITORY… [--aider PYTHON] [--growth] [--plot FILE.svg]``

Each repository is cloned first, and looked at with ``git status``. Cold: an empty cache. Changed: ten files
edited before the query, in process. Command: a whole ``jm context`` on a warm index. Medians of ``--runs``;
CPU is of all processes together, and the figure to trust on a busy machine. ``--aider``: the Python of an
environment with aider, whose map of the same tree is timed cold and again. ``--growth``: trees of growing
size, made of the first repository's Python files; ``--plot`` draws them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
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
sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.growth_plot import growth_plot, through_zero
from journeyman.bootstrap import pack_context
from journeyman.config import Surroundings

TASK = "The cache returns a wrong value when two keys have the same hash\n\nSee `get_or_create`."
SIZES = (1_000, 3_000, 10_000, 20_000, 50_000)
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
    # Files as young as git's index are read whole by each look, until one writes the index again.
    time.sleep(1)
    subprocess.run(("git", "status", "--porcelain"), cwd=place, capture_output=True, check=True)
    return place


def surroundings(cache: Path) -> Surroundings:
    environ = {"PATH": os.environ["PATH"], "HOME": str(cache.parent)}
    return Surroundings(environ, cache.parent, cache, cache / "config.toml")


def timed(work: Callable[[], object]) -> float:
    return spent(work)[0]


def spent(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the clock, and CPU seconds."""
    start, used = time.perf_counter(), cpu_s()
    work()
    return time.perf_counter() - start, cpu_s() - used


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
    cold = [spent(partial(ask, root, folder / f"cache{number}")) for number in range(runs)]
    for number in range(runs):
        edited(root, number)
        changed.append(spent(partial(ask, root, folder / "cache0")))
    env = {**os.environ, "XDG_CACHE_HOME": str(folder / "home")}
    argv = (sys.executable, "-m", "journeyman", "context", TASK, "--json", "--repo", str(root))
    run = partial(subprocess.run, argv, env=env, capture_output=True, check=True)
    command = [spent(run) for _ in range(runs + 1)][1:]
    rows = {"cold": cold, "changed": changed, "command": command}
    clock = {name: statistics.median(each for each, _ in row) for name, row in rows.items()}
    return clock | {f"{name} cpu": statistics.median(each for _, each in row) for name, row in rows.items()}


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


def made_tree(sources: list[str], root: Path, count: int) -> None:
    """A repository of so many files: real ones, again and again, each copy with a line of its own."""
    for number in range(count):
        file = root / f"part{number // 200}" / f"module_{number}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        again = number // len(sources)
        text = re.sub(r"\b(def|class) (\w+)", rf"\1 \2_{again}", sources[number % len(sources)])
        file.write_text(f"COPY_{number} = {again}\n{text}")
    identity = ("-c", "user.name=Bench", "-c", "user.email=bench@localhost", "-c", "gc.auto=0")
    for command in (("init", "-q"), ("add", "-A"), (*identity, "commit", "-qm", "made")):
        subprocess.run(("git", *command), cwd=root, check=True)


def grown(origin: Path, folder: Path, plot: Path | None) -> None:
    """What a cold index and a query cost as a tree grows: each size in a process of its own."""
    listed = subprocess.run(
        ("git", "ls-files", "*.py"), cwd=origin, capture_output=True, check=True
    ).stdout.decode()
    texts = [(origin / name).read_text("utf-8", "replace") for name in listed.splitlines()]
    sources = [text for text in texts if 200 < len(text) < 20_000]
    heads = ("files", "cold s", "cold CPU s", "CPU ms a file", "again s", "memory MB")
    print("\n| " + " | ".join(heads) + " |\n|" + "---|" * len(heads))
    rows = []
    for count in SIZES:
        root, cache = folder / f"made{count}", folder / f"grown{count}"
        made_tree(sources, root, count)
        done = subprocess.run(
            (sys.executable, __file__, "--one", root, cache), capture_output=True, text=True, check=True
        )
        cold, cpu, again, own, child = json.loads(done.stdout)
        rows.append((count, cpu, again))
        cells = f"{count:,} | {cold:.1f} | {cpu:.1f} | {cpu / count * 1000:.2f} | {again:.2f}"
        print(f"| {cells} | {max(own, child):.0f} |", flush=True)
        shutil.rmtree(root)
        shutil.rmtree(cache)
    slope, fit = through_zero([(count, cpu) for count, cpu, _ in rows])
    print(f"\n{slope * 1000:.2f} CPU ms a file; a straight line through zero explains R² = {fit:.4f}")
    if plot is not None:
        plot.write_text(growth_plot(rows, slope, fit), "utf-8")


def one(root: Path, cache: Path) -> None:
    """A cold index and a query after it, and the memory that they took."""
    cold, cpu = timed(partial(ask, root, cache)), cpu_s()
    again = statistics.median(timed(partial(ask, root, cache)) for _ in range(3))
    print(json.dumps([cold, cpu, again, *most_memory()]))


def cpu_s() -> float:
    """CPU seconds of this process and the children that ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def most_memory() -> tuple[float, float]:
    """MB at most so far: of this process, and of its largest child."""
    own, child = (
        resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own, child


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("repositories", type=Path, nargs="*")
    parser.add_argument("--aider", type=Path)
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--one", type=Path, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one(*options.one)
        return
    heads = (
        "files", "cold s", "10 changed s", "command s", "cold CPU s", "10 changed CPU ms", "command CPU ms",
        "aider cold s", "aider again s",
    )  # fmt: skip
    print("| repository | " + " | ".join(heads) + " |\n|---|" + "---|" * len(heads))
    with tempfile.TemporaryDirectory(prefix="jm-index-", ignore_cleanup_errors=True) as name:
        found = []
        for repository in options.repositories:
            folder = Path(name) / repository.name
            root = copied(repository, folder / "tree")
            found.append((root, measured(root, folder, options.runs)))
        own, child = most_memory()  # before the peer takes its own
        for root, got in found:
            listed = subprocess.run(("git", "ls-files"), cwd=root, capture_output=True, check=True).stdout
            aider = (
                [f"{seconds:.2f}" for seconds in peer(options.aider, root)] if options.aider else ["-", "-"]
            )
            cells = [
                str(listed.count(b"\n")),
                *(f"{got[key]:.3f}" for key in ("cold", "changed", "command")),
                f"{got['cold cpu']:.1f}",
                *(f"{got[key] * 1000:.0f}" for key in ("changed cpu", "command cpu")),
                *aider,
            ]
            print(f"| {root.name} | " + " | ".join(cells) + " |", flush=True)
        print(f"\nmost memory: this process {own:.0f} MB, a child {child:.0f} MB")
        if options.growth:
            grown(options.repositories[0], Path(name), options.plot)


if __name__ == "__main__":
    main()
