"""Commands that must not slow down the ones somebody waits for."""

from __future__ import annotations

from dataclasses import replace

from journeyman.domain.process import Command, CommandResult, CommandRunner, OnLine

_NICENESS = "15"


class BackgroundRunner:
    """Runs commands through another runner at a low priority."""

    def __init__(self, runner: CommandRunner) -> None:
        self._runner = runner

    @property
    def backend(self) -> str:
        """That of the other runner."""
        return self._runner.backend

    async def run(self, command: Command, on_line: OnLine | None = None) -> CommandResult:
        """Like the other runner's; a program that is missing ends with exit code 127."""
        nice = replace(command, argv=("nice", "-n", _NICENESS, *command.argv))
        return replace(await self._runner.run(nice, on_line), argv=command.argv)
