"""What does Journeyman cost beyond the commands it has to run? ``python bench/overhead.py``

A replay task in a tiny repository whose checks take no time, in a cold process: wall time of ``jm run`` from
start to exit against the sum of the bare git and check commands inside it, which a shim on the PATH times.
Also the start-up of commands that only read.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.support.jm import FRESH
from tests.support.project import Project, write

SHIM = """#!/bin/sh
begun=$(date +%s%N)
{program} "$@"
code=$?
echo "$begun $(date +%s%N) {name} $*" >> {log}
exit $code
"""


def timed(project: Project, *arguments: str, path: str | None = None) -> float:
    """Wall seconds of one ``jm`` process, which must succeed."""
    begun = time.perf_counter()
    answer = project.jm(*arguments, env={"PATH": path} if path else None, program=FRESH)
    took = time.perf_counter() - begun
    if answer.code != 0:
        raise SystemExit(f"jm {arguments[0]} ended with {answer.code}: {answer.out}{answer.err}")
    return took


def commands_s(log: Path) -> tuple[int, float]:
    """How many commands the shims saw, and the sum of their seconds."""
    spans = [line.split(" ", 2) for line in log.read_text().splitlines()]
    log.write_text("")
    return len(spans), sum((int(end) - int(begun)) / 1e9 for begun, end, _ in spans)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory(prefix="jm-overhead-") as folder:
        os.environ["HOME"] = folder
        checks = '[[checks]]\nname = "one"\nrun = ["true"]\n[[checks]]\nname = "two"\nrun = ["true"]\n'
        project = Project(Path(folder) / "project", {"a.txt": "alpha\n", "journeyman.toml": checks})
        worker = project.session([{"edits": [write("c.txt", "gamma\n")]}])
        run = ("run", "Add gamma", "--worker", worker, "--quiet", "--sandbox", "off")
        timed(project, *run)  # byte code, caches of the file system
        walls = [timed(project, *run) for _ in range(runs)]
        shims, log = Path(folder) / "shims", Path(folder) / "log"
        shims.mkdir()
        for name in ("git", "true"):
            program = os.path.realpath(shutil.which(name) or name)
            (shims / name).write_text(SHIM.format(program=program, name=name, log=log))
            (shims / name).chmod(0o755)
        log.write_text("")
        bare = []
        for _ in range(runs):
            timed(project, *run, path=f"{shims}{os.pathsep}{os.environ['PATH']}")
            bare.append(commands_s(log))
        wall, sum_s = statistics.median(walls), statistics.median(seconds for _, seconds in bare)
        print(
            f"jm run, cold process, checks of no time: median {wall:.2f} s of {runs} (best {min(walls):.2f})"
        )
        print(f"bare commands in it: {bare[0][0]}, in sum {sum_s:.2f} s")
        print(f"overhead {wall - sum_s:.2f} s, ratio {wall / sum_s:.1f}")
        for command in ("--help", "status", "report"):
            times = [timed(project, command) for _ in range(runs)]
            print(f"jm {command:<8} median {statistics.median(times):.2f} s (best {min(times):.2f})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
