"""What does the collection of figures cost? ``python bench/kpi_overhead.py``

Two runs of the same kind in turn, each in a cold process: one as it is, one with the recorder's clock on
(this script starts ``jm`` with a recorder that adds up the time inside itself, its store and its listeners,
and with the summary at the end on the same clock).
Told: that time as a share of the run's wall time; what the clock itself changes (A/B of walls); and, when
the extra ``otel`` is there, what it costs to send the run to a collector on loopback. Exit code 1 when the
share is 2 % or more.

``--checks SECONDS`` is how long each of the two checks takes: 0 is the worst case, where nothing but overhead
is left; real checks take seconds to minutes.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from journeyman.telemetry import is_installed
from tests.support.project import Project, write

LIMIT = 0.02
CLOCKED = """
import atexit, os, sys, time
from journeyman.cli import clock, main
from journeyman.engine import ending, lifecycle
from journeyman.engine.recorder import Recorder

spent = [0.0, 0]

def clocked(function, counts=0):
    def call(*arguments):
        begun = time.perf_counter()
        try:
            return function(*arguments)
        finally:
            spent[0] += time.perf_counter() - begun
            spent[1] += counts
    return call

def leave(code):
    with open(os.environ["KPI_CLOCK"], "w") as file:
        file.write(f"{spent[0]} {spent[1]} {time.monotonic() - clock.STARTED}")
    os._exit(code)

Recorder._append = clocked(Recorder._append, 1)
lifecycle.leave_receipt = clocked(lifecycle.leave_receipt)
ending._record_size = clocked(ending._record_size)
main.leave = leave
main.run_command_line()
"""


def run(project: Project, worker: str, program: list[str], env: dict[str, str]) -> float:
    """Wall seconds of one run, which must be verified."""
    command = [*program, "run", "Add gamma", "--worker", worker, "--quiet", "--sandbox", "off"]
    begun = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=project.root,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    took = time.perf_counter() - begun
    if done.returncode != 0:
        raise SystemExit(f"jm run ended with {done.returncode}: {done.stdout!r} {done.stderr!r}")
    return took


def main() -> int:
    """Print the shares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--checks", type=float, default=1.0, metavar="SECONDS")
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    plain, clocked = [sys.executable, "-m", "journeyman"], [sys.executable, "-c", CLOCKED]
    with tempfile.TemporaryDirectory(prefix="jm-kpi-") as folder:
        os.environ["HOME"] = folder
        checks = "".join(
            f'[[checks]]\nname = "{name}"\nrun = "sleep {options.checks}; test -f a.txt"\n'
            for name in ("one", "two")
        )
        project = Project(Path(folder) / "project", {"a.txt": "alpha\n"})
        (project.root / "journeyman.toml").write_text(checks)
        project.commit("checks")
        # Another file each time, so that no check comes from the cache.
        workers = [
            project.session([{"edits": [write("c.txt", f"{number}\n")]}])
            for number in range(3 * options.runs + 1)
        ]
        run(project, workers.pop(), plain, {})  # byte code, caches of the file system
        clock = Path(folder) / "clock"
        walls_a, walls_b, walls_c, shares, counts = [], [], [], [], []
        for _ in range(options.runs):
            walls_a.append(run(project, workers.pop(), plain, {}))
            walls_b.append(run(project, workers.pop(), clocked, {"KPI_CLOCK": str(clock)}))
            spent_s, count, wall_s = map(float, clock.read_text().split())
            shares.append(spent_s / wall_s)
            counts.append((int(count), spent_s, wall_s))
            if is_installed():
                walls_c.append(run(project, workers.pop(), plain, collector_env()))
        events, spent_s, wall_s = counts[-1]
        share = statistics.median(shares)
        wall_a = statistics.median(walls_a)
        print(f"{options.runs} runs of each kind, two checks of {options.checks:g} s")
        print(f"collection: {events} events in {spent_s * 1000:.1f} ms of {wall_s:.2f} s (the last run)")
        print(f"share of wall time: median {share:.2%}, worst {max(shares):.2%}; limit {LIMIT:.0%}")
        print(f"A/B: plain {wall_a:.2f} s, with the clock {statistics.median(walls_b):.2f} s")
        if walls_c:
            sent = statistics.median(walls_c)
            print(f"A/B: plain {wall_a:.2f} s, sent to a collector {sent:.2f} s ({sent - wall_a:+.2f} s)")
        else:
            print("the extra otel is not installed: sending was not measured")
    return 0 if share < LIMIT else 1


def collector_env() -> dict[str, str]:
    """A collector on loopback, started at the first call."""
    if not _collectors:
        from tests.support.collector import Collector

        _collectors.append(Collector().__enter__().url)
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": _collectors[0]}


_collectors: list[str] = []


if __name__ == "__main__":
    sys.exit(main())
