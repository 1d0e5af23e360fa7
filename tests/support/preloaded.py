"""The process that has made the imports of ``jm`` and forks for each command: a program, started by ``jm.py``.

A child has the command's arguments, folder, environment and standard streams and a session of its own; it is killed,
locked out and waited for like any other process.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import selectors
import signal
import socket
import sys
from typing import Any, NoReturn, TextIO

from tests.support.jm_client import NUMBER, SIZE, exactly

_LEFT_OUT = {
    "journeyman.cli",  # the clock of a run starts when the commands are loaded
    "journeyman.__main__",
    "journeyman.verify.canary_probe",  # programs
    "journeyman.context.index.worker",
}

# What commands load when they first need it.
_LATE = (
    "concurrent.futures.thread",
    "dbos",
    "jinja2",
    "pathspec",
    "psycopg",
    "sqlalchemy.dialects.sqlite",
    "typer.main",
    "yaml",
)


def _preload() -> None:
    _load("journeyman")
    for name in _LATE:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # a collection in a fork would touch, and so copy, all of it


def _load(name: str) -> None:
    module = importlib.import_module(name)
    for found in pkgutil.iter_modules(getattr(module, "__path__", ()), f"{name}."):
        if found.name not in _LEFT_OUT:
            _load(found.name)


class _Server:
    """Forks for each connection, and answers with how the process ended."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._connections: dict[int, socket.socket] = {}
        self._ended, self._wake = os.pipe()
        os.set_blocking(self._wake, False)

    def serve(self) -> None:
        """Go on until whoever started us has ended."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake)
        with selectors.DefaultSelector() as selector:
            for source in (sys.stdin.fileno(), self._listener.fileno(), self._ended):
                selector.register(source, selectors.EVENT_READ)
            while True:
                ready = {key.fd for key, _ in selector.select()}
                if sys.stdin.fileno() in ready:
                    return
                if self._ended in ready:
                    os.read(self._ended, 4096)
                    self._reap()
                if self._listener.fileno() in ready:
                    self._start(selector)

    def _start(self, selector: selectors.BaseSelector) -> None:
        connection, _ = self._listener.accept()
        header, streams, _, _ = socket.recv_fds(connection, SIZE.size, 3)
        job = json.loads(exactly(connection, *SIZE.unpack(header)))
        pid = os.fork()
        if pid == 0:
            selector.close()
            for held in (self._listener, connection, *self._connections.values()):
                held.close()
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.close(self._ended)
            os.close(self._wake)
            _become(job["arguments"], job["cwd"], job["env"], streams)
        for stream in streams:
            os.close(stream)
        self._connections[pid] = connection
        _tell(connection, pid)

    def _reap(self) -> None:
        for pid in list(self._connections):
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                with self._connections.pop(pid) as connection:
                    _tell(connection, status)


def _tell(connection: socket.socket, number: int) -> None:
    with contextlib.suppress(BrokenPipeError):  # who asked is gone: a shell that a test has killed
        connection.sendall(NUMBER.pack(number))


def _become(arguments: list[str], cwd: str, env: dict[str, str], streams: list[int]) -> NoReturn:
    """Be ``python -m journeyman``, started there, to its end."""
    os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin, sys.stdout, sys.stderr = (_like(stream) for stream in (sys.stdin, sys.stdout, sys.stderr))
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.path[0] = cwd
    module = importlib.import_module("journeyman.__main__")
    sys.argv = [str(module.__file__), *arguments]
    try:
        module.main()
    except SystemExit as left:
        # As the interpreter would, but for taking all the modules apart.
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(left.code if isinstance(left.code, int) else left.code is not None)
    os._exit(0)


def _like(stream: TextIO) -> Any:
    """The standard stream again, for what its descriptor is now: a pipe cannot be sought."""
    return open(
        stream.fileno(),
        stream.mode,
        encoding=stream.encoding,
        errors=stream.errors,
        buffering=1 if stream.name == "<stderr>" else -1,
        closefd=False,
    )


if __name__ == "__main__":
    inherited = socket.socket(fileno=int(sys.argv[1]))
    _preload()
    _Server(inherited).serve()
