"""Processes of a dead run are found and killed, wherever they hid; nobody else is."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from journeyman.sandbox.orphans import kill_orphans
from tests.support.sandbox import alive, wait_until

SLEEPER = "import time; time.sleep(600)"
DOUBLE_FORK = f"""
import os, sys
if os.fork():
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
os.execv(sys.executable, [sys.executable, "-S", "-c", {SLEEPER!r}, *sys.argv[1:]])
"""
CLEARED_CHILD = f"""
import subprocess, sys
subprocess.run([sys.executable, "-S", "-c", {SLEEPER!r}, *sys.argv[1:]], env={{}}, start_new_session=True)
"""


@pytest.fixture
def marker():
    marker = uuid.uuid4().hex
    yield marker
    for pid in alive(marker):
        os.kill(pid, 9)


def start(program: str, marker: str, run_id: str) -> subprocess.Popen[bytes]:
    env = {**os.environ, "JOURNEYMAN_RUN": run_id}
    return subprocess.Popen([sys.executable, "-S", "-c", program, marker], env=env, stdin=subprocess.DEVNULL)


def sleeping(pids: list[int]) -> bool:
    """Whether one of them is what sleeps to the end, and not one on its way there."""
    lines = [Path(f"/proc/{pid}/cmdline") for pid in pids]
    return any(SLEEPER.encode() in line.read_bytes().split(b"\0")[3:4] for line in lines if line.exists())


@pytest.mark.parametrize(("program", "living"), [(SLEEPER, 1), (DOUBLE_FORK, 1), (CLEARED_CHILD, 2)])
def test_kills_every_process_of_the_run(marker, program, living):
    process = start(program, marker, marker)
    if program is DOUBLE_FORK:
        process.wait()
    wait_until(lambda: len(alive(marker)) == living and sleeping(alive(marker)), "the processes run")
    expected = set(alive(marker))
    killed = kill_orphans(marker)
    assert set(killed) >= expected
    assert alive(marker) == []
    process.wait()


def test_leaves_other_runs_alone(marker):
    process = start(SLEEPER, marker, "another-" + marker)
    wait_until(lambda: alive(marker), "the process runs")
    assert kill_orphans(marker) == ()
    assert alive(marker) == [process.pid]
    process.kill()
    process.wait()


def test_spares_itself_and_its_ancestors(marker):
    program = (
        "import os, sys\nfrom journeyman.sandbox.orphans import kill_orphans\n"
        "pid = os.fork()\n"
        "if pid == 0:\n    print(kill_orphans(sys.argv[1]), flush=True)\n    os._exit(0)\n"
        "os.waitpid(pid, 0)\nprint('parent lives')"
    )
    env = {**os.environ, "JOURNEYMAN_RUN": marker}
    result = subprocess.run(
        [sys.executable, "-c", program, marker], env=env, capture_output=True, text=True, check=False
    )
    assert (result.stdout, result.stderr) == ("()\nparent lives\n", "")
