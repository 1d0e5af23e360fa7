"""The ``run`` tool: a list of commands in the sandbox, each with its status and its telling lines."""

from __future__ import annotations

import re
from typing import Any

from journeyman.domain.worker import WorkerHost

TIMEOUT_S = 300.0
MAX_COMMANDS = 8
_HEAD, _TAIL, _ERRORS = 15, 40, 25
_LINE_CHARACTERS = 300
_TELLING = re.compile(
    r"error|fail|exception|traceback|assert|warning:|panic|undefined|cannot|not found", re.IGNORECASE
)


async def run_commands(host: WorkerHost, commands: list[Any]) -> str:
    """What each command came to, one after the other: they may build on each other."""
    parts = []
    for command in commands[:MAX_COMMANDS]:
        if not isinstance(command, str) or not command.strip():
            parts.append("error: each command is a text for the shell")
            continue
        result = await host.run(command, timeout_s=TIMEOUT_S)
        status = f"timed out after {TIMEOUT_S:.0f} s" if result.timed_out else f"exit code {result.exit_code}"
        parts.append(f"$ {command}\n[{status}, {result.duration_s:.1f} s]\n{trimmed(result.text)}".rstrip())
    if len(commands) > MAX_COMMANDS:
        parts.append(f"[{len(commands) - MAX_COMMANDS} commands not run: at most {MAX_COMMANDS} in one call]")
    return "\n\n".join(parts)


def trimmed(output: str) -> str:
    """Head, tail, and the lines between them that look like errors."""
    lines = [line[:_LINE_CHARACTERS] for line in output.splitlines()]
    if len(lines) <= _HEAD + _TAIL + _ERRORS:
        return "\n".join(lines)
    middle = lines[_HEAD:-_TAIL]
    telling = [line for line in middle if _TELLING.search(line)][:_ERRORS]
    cut = f"[{len(middle) - len(telling)} lines left out]"
    return "\n".join([*lines[:_HEAD], cut, *telling, *lines[-_TAIL:]])
