"""What only the bare runner shows: grandchildren that leave the group, grace at a time-out."""

from __future__ import annotations

import signal
import sys
import uuid

import psutil
import pytest

from journeyman.sandbox.processes import ProcessRunner
from tests.support.sandbox import Bench, alive, wait_until

DAEMON = """
import os, subprocess, sys
subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)", sys.argv[1]], start_new_session=True)
print("parent done")
"""


@pytest.fixture
def bench(tmp_path) -> Bench:
    return Bench(ProcessRunner(), tmp_path)


def test_a_grandchild_that_left_the_group_cannot_hold_us_up_by_our_pipes(bench):
    marker = uuid.uuid4().hex
    result = bench.run(bench.python(DAEMON, marker, timeout_s=None))
    assert result.ok
    assert result.stdout == b"parent done\n"
    for pid in alive(marker):
        psutil.Process(pid).kill()
    wait_until(lambda: not alive(marker), "the daemon is gone")


def test_a_time_out_gives_the_program_a_moment_to_clean_up(bench):
    script = "trap 'echo cleaned; exit 0' TERM; echo ready; while :; do sleep 0.05; done"
    result = bench.shell(script, timeout_s=1.0)
    assert result.timed_out
    assert not result.ok
    assert result.stdout == b"ready\ncleaned\n"


def test_a_signal_is_a_negative_exit_code(bench):
    assert bench.shell("kill -SEGV $$").exit_code == -signal.SIGSEGV


def test_runs_in_a_session_of_its_own(bench):
    result = bench.run(bench.python("import os; print(os.getsid(0) == os.getpid() == os.getpgid(0))"))
    assert result.stdout == b"True\n"


def test_only_the_standard_descriptors_are_inherited(bench):
    result = bench.run(
        bench.command(sys.executable, "-S", "-c", "import os; print(len(os.listdir('/dev/fd')))")
    )
    assert int(result.stdout) <= 4  # the fourth is the listing itself
