from __future__ import annotations

import subprocess

import pytest

from journeyman.domain.process import Limits
from journeyman.sandbox.limits import limit_argv


@pytest.mark.parametrize(
    ("limits", "prefix"),
    [
        (Limits(memory_bytes=5), ("/bin/prlimit", "--as=5", "--")),
        (Limits(processes=7, file_bytes=0), ("/bin/prlimit", "--nproc=7", "--fsize=0", "--")),
    ],
)
def test_prlimit(limits, prefix):
    assert limit_argv(("a", "b"), limits, "/bin/prlimit") == (*prefix, "a", "b")


def test_a_shell_stands_in_for_prlimit():
    argv = limit_argv(("sh", "-c", 'ulimit -f; echo "$1"', "sh", "a  b"), Limits(file_bytes=10_000), None)
    result = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert result.stdout.split("\n")[1] == "a  b"
    assert result.stdout.split("\n")[0] in {"20", "10"}  # in blocks of 512 or 1024 bytes
