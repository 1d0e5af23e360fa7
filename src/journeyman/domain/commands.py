"""Commands as they are configured: a string is for the shell, a tuple is a program and its arguments."""

from __future__ import annotations

import shlex


def command_text(command: str | tuple[str, ...]) -> str:
    """The command as a person would type it."""
    return command if isinstance(command, str) else shlex.join(command)


def command_words(command: str | tuple[str, ...]) -> list[str]:
    """Its words, more or less: what a shell makes of a line is only guessed."""
    if not isinstance(command, str):
        return list(command)
    try:
        return shlex.split(command)
    except ValueError:  # an unbalanced quote: the shell will say so
        return command.split()
