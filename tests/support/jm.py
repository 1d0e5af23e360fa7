"""``jm`` for tests: in a process of its own, which need not make the imports again.

Two thirds of what a small ``jm run`` costs is loading modules, and the tests run ``jm`` more than a thousand times.
So each process of the tests has one beside it that has loaded them, and forks for each command (``preloaded.py``).
What only a fresh interpreter has (start-up, its own variables, what is loaded when) is tested by
``python -m journeyman``, and so is whatever sets such a variable.
"""

from __future__ import annotations

import atexit
import functools
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support import jm_client

FRESH = (sys.executable, "-m", "journeyman")
_ROOT = Path(__file__).parents[2]
_AT_START = ("PYTHON", "LC_", "LANG", "LD_")
"""Variables that the interpreter or its loader reads when it starts: too late for a fork."""


def run_jm(
    arguments: tuple[str, ...], cwd: Path, env: Mapping[str, str], given: bytes | None = None
) -> subprocess.CompletedProcess[bytes]:
    """One command to its end, with these variables beside those of the tests; ``given`` is its standard input."""
    whole = {**os.environ, **env}
    if any(name.startswith(_AT_START) for name in env):
        return run_fresh(arguments, cwd, whole, given)
    with (
        tempfile.TemporaryFile() as stdin,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        stdin.write(given or b"")
        stdin.seek(0)
        streams = (stdin.fileno(), out.fileno(), err.fileno())
        code = jm_client.ask(_address(), arguments, str(cwd), whole, streams)
        for stream in (out, err):
            stream.seek(0)
        return subprocess.CompletedProcess(arguments, code, out.read(), err.read())


def run_fresh(
    arguments: tuple[str, ...],
    cwd: Path,
    env: Mapping[str, str],
    given: bytes | None = None,
    program: tuple[str, ...] = FRESH,
) -> subprocess.CompletedProcess[bytes]:
    """The same in an interpreter that starts now, with exactly these variables."""
    feed: dict[str, Any] = {"stdin": subprocess.DEVNULL} if given is None else {"input": given}
    return subprocess.run(
        (*program, *arguments), cwd=cwd, env=env, capture_output=True, timeout=120, check=False, **feed
    )


def shim(path: Path) -> None:
    """Put a ``jm`` there for a shell that a test pastes into."""
    command = shlex.join((sys.executable, "-I", "-S", jm_client.__file__, _address()))
    path.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    path.chmod(0o755)


@functools.cache
def _address() -> str:
    """Where our own preloaded process listens. It is started now, and ends with us."""
    folder = tempfile.mkdtemp(prefix="jm-")
    address = str(Path(folder) / "socket")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(64)
        server = subprocess.Popen(
            (sys.executable, "-m", "tests.support.preloaded", str(listener.fileno())),
            cwd=_ROOT,
            stdin=subprocess.PIPE,  # when its other end closes, the server knows that we are gone
            stdout=subprocess.DEVNULL,
            pass_fds=(listener.fileno(),),
            start_new_session=True,
        )
    atexit.register(_end, server, folder)
    return address


def _end(server: subprocess.Popen[bytes], folder: str) -> None:
    server.kill()
    server.wait()
    shutil.rmtree(folder, ignore_errors=True)
