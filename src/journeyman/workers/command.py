"""The worker that is any program: it gets a prompt, edits the worktree, and exits 0 when it is done."""

from __future__ import annotations

import re
from dataclasses import dataclass

from journeyman.domain.errors import JourneymanError
from journeyman.domain.plan import Implementation, Question
from journeyman.domain.process import CommandResult, Network
from journeyman.domain.settings import WorkerSettings
from journeyman.domain.worker import Health, ImplementRequest, WorkerHost
from journeyman.workers.base import IN_A_NEW_RUN, ImplementOnly, crashed, missing_programs, signal_name
from journeyman.workers.final_message import plain, read_final_line, shortened
from journeyman.workers.prompt import implement_prompt

MAX_ACTIVITIES = 200
_LAST_LINES = 15
# Linux takes at most 128 KiB in one argument of a program, its end mark included.
_MAX_ARGUMENT_BYTES = 131_000
_PLACEHOLDER = re.compile(r"\{(prompt_file|prompt|worktree|run_id)\}")


@dataclass(frozen=True)
class CommandOutcome:
    """How the program ended, as far as it matters."""

    exit_code: int | None
    """``None`` when it could not be started."""
    timed_out: bool = False
    summary: str = ""
    blocked: Question | None = None
    last_lines: tuple[str, ...] = ()


class CommandWorker(ImplementOnly):
    """Runs the configured program once for each attempt, confined to the worktree."""

    wants_context = True

    def __init__(self, name: str, settings: WorkerSettings) -> None:
        self.name = name
        self._settings = settings

    async def implement(self, request: ImplementRequest, host: WorkerHost) -> Implementation:
        """One run of the program.

        Raises JourneymanError "worker-missing" when it cannot be started, "worker-timeout" when it takes
        too long, "worker-failed" when it exits with anything but 0.
        """
        if not self._settings.command:
            raise JourneymanError("bad-config", f"workers.{self.name} has no command")

        async def effect() -> CommandOutcome:
            return await self._run(request, host)

        outcome = await host.edit(f"command/{self.name}", effect, CommandOutcome)
        self._refuse(outcome)
        return Implementation(summary=outcome.summary, blocked=outcome.blocked)

    async def health(self, host: WorkerHost) -> Health:
        """Whether the program can be found."""
        if not self._settings.command:
            return Health(ok=False, message="it has no command", hint=f"set workers.{self.name}.command")
        program = _fill(self._settings.command[:1], {"worktree": str(host.worktree), "run_id": host.run_id})[
            0
        ]
        if await missing_programs(host, (program,)):
            message = f"{program} was not found"
            return Health(ok=False, message=message, hint=f"install {program}, or put it on the PATH")
        return Health(ok=True, message=f"{program} was found")

    async def _run(self, request: ImplementRequest, host: WorkerHost) -> CommandOutcome:
        argv = self._argv(request, host)
        settings = self._settings
        try:
            result = await host.run(
                argv,
                timeout_s=settings.timeout_s,
                network=Network.ON if settings.network else Network.OFF,
                env=settings.env,
                on_line=_Activities(host),
            )
        except JourneymanError as error:
            if error.code != "command-not-found":
                raise
            return CommandOutcome(exit_code=None, last_lines=(error.message, *error.facts))
        return read_outcome(result)

    def _argv(self, request: ImplementRequest, host: WorkerHost) -> tuple[str, ...]:
        prompt = implement_prompt(request, host.worktree)
        name = f"prompt-m{request.milestone_number}-a{request.attempt}.md"
        values = {
            "prompt_file": str(host.scratch_file(name, prompt)),
            "prompt": prompt.replace("\0", ""),
            "worktree": str(host.worktree),
            "run_id": host.run_id,
        }
        argv = _fill(self._settings.command, values)
        if any(len(word.encode("utf-8", "surrogateescape")) > _MAX_ARGUMENT_BYTES for word in argv):
            raise JourneymanError(
                "worker-failed",
                "the prompt is too long for an argument of a program",
                hint=f"say {{prompt_file}}, not {{prompt}}, as workers.{self.name}.command {IN_A_NEW_RUN}",
            )
        return argv

    def _refuse(self, outcome: CommandOutcome) -> None:
        program = self._settings.command[0]
        if outcome.exit_code is None:
            message = f"{program} could not be started"
            raise JourneymanError("worker-missing", message, facts=outcome.last_lines, hint="jm doctor")
        if outcome.timed_out:
            message = f"{program} did not finish in {self._settings.timeout_s:g} s"
            hint = f"raise workers.{self.name}.timeout_s {IN_A_NEW_RUN}"
            raise JourneymanError("worker-timeout", message, facts=outcome.last_lines, hint=hint)
        if crashed(outcome.exit_code):
            message = f"{program} was ended by {signal_name(outcome.exit_code)}"
            raise JourneymanError("worker-crashed", message, facts=outcome.last_lines)
        if outcome.exit_code != 0:
            message = f"{program} ended with exit code {outcome.exit_code}"
            raise JourneymanError("worker-failed", message, facts=outcome.last_lines)


def read_outcome(result: CommandResult) -> CommandOutcome:
    """What the exit code and the last lines say. A last line that is a JSON object speaks for the worker."""
    said = _lines(result.stdout)
    answer = read_final_line(said[-1]) if said else None
    if answer is not None:
        said = said[:-1]
    summary = answer.summary if answer else shortened(said[-1]) if said else ""
    last = tuple(shortened(line) for line in (said + _lines(result.stderr))[-_LAST_LINES:])
    return CommandOutcome(
        exit_code=result.exit_code,
        timed_out=result.timed_out,
        summary=summary,
        blocked=answer.blocked if answer else None,
        last_lines=last,
    )


class _Activities:
    """Passes lines of standard output on as activity, within bounds."""

    def __init__(self, host: WorkerHost) -> None:
        self._host = host
        self._count = 0

    def __call__(self, stream: str, line: str) -> None:
        text = plain(line)
        if stream != "stdout" or not text or read_final_line(text) is not None:
            return
        self._count += 1
        if self._count < MAX_ACTIVITIES:
            self._host.activity(shortened(text))
        elif self._count == MAX_ACTIVITIES:
            self._host.activity("… further lines are not shown")


def _fill(command: tuple[str, ...], values: dict[str, str]) -> tuple[str, ...]:
    return tuple(_PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), word) for word in command)


def _lines(output: bytes) -> list[str]:
    lines = (plain(line) for line in output.decode("utf-8", "backslashreplace").splitlines())
    return [line for line in lines if line]
