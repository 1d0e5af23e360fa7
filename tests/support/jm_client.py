"""Asks the process that has made the imports (``preloaded.py``) for one ``jm``, and waits for its end.

Also a program, the ``jm`` of commands that tests paste into a shell: ``jm_client.py ADDRESS ARGUMENT...``. It must
start in a blink, so it imports little.
"""

import json
import os
import socket
import struct
import sys
from collections.abc import Mapping, Sequence

SIZE = struct.Struct("!I")
NUMBER = struct.Struct("!i")


def ask(
    address: str,
    arguments: Sequence[str],
    cwd: str,
    env: Mapping[str, str],
    streams: Sequence[int],
    timeout_s: float = 120,
) -> int:
    """The exit code of ``jm``, negative for a signal; ``streams`` are its standard ones. Killed when out of time."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout_s)
        connection.connect(address)
        job = json.dumps({"arguments": arguments, "cwd": cwd, "env": dict(env)}).encode()
        socket.send_fds(connection, [SIZE.pack(len(job))], list(streams))
        connection.sendall(job)
        (pid,) = NUMBER.unpack(exactly(connection, NUMBER.size))
        try:
            (status,) = NUMBER.unpack(exactly(connection, NUMBER.size))
        except TimeoutError:
            os.kill(pid, 9)
            raise AssertionError(f"jm {' '.join(arguments)} did not end in {timeout_s} s") from None
        return os.waitstatus_to_exitcode(status)


def exactly(connection: socket.socket, size: int) -> bytes:
    """So many bytes from the connection."""
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise AssertionError("the process that forks for the tests has ended")
        data += more
    return data


if __name__ == "__main__":
    code = ask(sys.argv[1], sys.argv[2:], os.getcwd(), os.environ, (0, 1, 2))  # noqa: PTH109 - pathlib is slow to load
    sys.exit(code if code >= 0 else 128 - code)
