"""The worker without a model: it runs the fixers that the repository has, and keeps them in scope."""

from __future__ import annotations

from dataclasses import dataclass, replace

from journeyman.domain.checks import Fixer
from journeyman.domain.errors import JourneymanError
from journeyman.domain.plan import Implementation
from journeyman.domain.process import CommandResult, command_text, command_words
from journeyman.domain.scope import path_matches
from journeyman.domain.worker import Health, ImplementRequest, WorkerHost
from journeyman.workers.base import ImplementOnly, missing_programs
from journeyman.workers.preserve import Permitted, list_paths, permits, preserved

_TIMEOUT_S = 600.0
# ruff, eslint and others end in 1 when problems remain that they cannot mend; codespell in 65 (EX_DATAERR).
_PROBLEMS_REMAIN = (1, 65)
_NOT_FOUND = (126, 127)


@dataclass(frozen=True)
class FixOutcome:
    """How one fixer ended."""

    fixer: str
    ran: bool
    """False when there was no file for it."""
    crashed: bool
    note: str = ""
    put_back: tuple[str, ...] = ()
    """Files out of scope that it changed, and that are as before."""


class AutofixWorker(ImplementOnly):
    """Runs each fixer over the worktree. What a fixer does outside the task's scope is undone at once."""

    name = "autofix"

    def __init__(self, fixers: tuple[Fixer, ...]) -> None:
        self._fixers = fixers

    async def implement(self, request: ImplementRequest, host: WorkerHost) -> Implementation:
        """Run every fixer once, in order.

        Raises JourneymanError("worker-failed") when there is none, or when every one that ran crashed.
        """
        if not self._fixers:
            raise JourneymanError("worker-failed", "no fixer was found in this repository", hint="jm doctor")
        permitted = permits(request.scope)
        outcomes = [await self._fix(fixer, permitted, host) for fixer in self._fixers]
        ran = [outcome for outcome in outcomes if outcome.ran]
        if ran and all(outcome.crashed for outcome in ran):
            raise JourneymanError(
                "worker-failed",
                "every fixer crashed",
                facts=tuple(outcome.note for outcome in ran),
                hint="jm doctor",
            )
        return Implementation(
            summary=_summary(outcomes),
            content=bool(ran) and not any(outcome.note for outcome in ran),
            put_back=tuple(dict.fromkeys(path for outcome in ran for path in outcome.put_back)),
        )

    async def health(self, host: WorkerHost) -> Health:
        """Whether there are fixers whose programs can be found."""
        if not self._fixers:
            return Health(
                ok=False,
                message="no fixer was found in this repository",
                hint="set up a linter or formatter that can mend, such as ruff",
            )
        programs = {fixer.name: _program(fixer) for fixer in self._fixers}
        missing = await missing_programs(host, tuple(sorted(set(programs.values()))))
        usable = [name for name, program in programs.items() if program not in missing]
        gone = f"; not found: {', '.join(missing)}" if missing else ""
        hint = f"install {', '.join(missing)}" if missing else None
        return Health(ok=bool(usable), message=f"fixers: {', '.join(usable) or 'none'}{gone}", hint=hint)

    async def _fix(self, fixer: Fixer, permitted: Permitted, host: WorkerHost) -> FixOutcome:
        async def effect() -> FixOutcome:
            paths = await list_paths(host)
            if not any(
                permitted(path) for path in paths if not fixer.paths or path_matches(path, fixer.paths)
            ):
                host.activity(f"{fixer.name}: no file in scope")
                return FixOutcome(fixer.name, ran=False, crashed=False)
            host.activity(f"{fixer.name}: {command_text(fixer.command)}")
            async with preserved(host, paths, permitted) as restored:
                outcome = await _run(fixer, host)
            if outcome.note:
                host.activity(outcome.note)
            if restored:
                host.activity(f"{fixer.name}: {_told(restored)} outside the scope, put back as before")
            shown = (
                path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
                for path in restored
            )
            return replace(outcome, put_back=tuple(shown))

        return await host.edit(f"fix/{fixer.name}", effect, FixOutcome)


async def _run(fixer: Fixer, host: WorkerHost) -> FixOutcome:
    try:
        result = await host.run(fixer.command, timeout_s=_TIMEOUT_S)
    except JourneymanError as error:
        if error.code != "command-not-found":
            raise
        return FixOutcome(fixer.name, ran=True, crashed=True, note=f"{fixer.name}: {error.message}")
    crashed, note = judge_exit(result)
    return FixOutcome(fixer.name, ran=True, crashed=crashed, note=note and f"{fixer.name}: {note}")


def judge_exit(result: CommandResult) -> tuple[bool, str]:
    """Whether a fixer crashed, and what is worth telling of how it ended."""
    if result.timed_out:
        return True, f"stopped after {_TIMEOUT_S:.0f} s"
    if result.exit_code == 0:
        return False, ""
    if result.exit_code in _PROBLEMS_REMAIN:
        return False, "problems remain that it cannot mend"
    last = next((line.strip() for line in reversed(result.text.splitlines()) if line.strip()), "no output")
    if result.exit_code in _NOT_FOUND:
        return True, f"could not be started: {last[:200]}"
    return True, f"crashed with exit code {result.exit_code}: {last[:200]}"


def _summary(outcomes: list[FixOutcome]) -> str:
    done = [outcome.fixer for outcome in outcomes if outcome.ran and not outcome.crashed]
    crashed = [outcome.fixer for outcome in outcomes if outcome.crashed]
    text = f"ran {', '.join(done)}" if done else "no fixer had a file to work on"
    return f"{text}; crashed: {', '.join(crashed)}" if crashed else text


def _program(fixer: Fixer) -> str:
    words = command_words(fixer.command)
    return words[0] if words else fixer.name


def _told(paths: list[str]) -> str:
    first = paths[0].encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return first if len(paths) == 1 else f"{first} and {len(paths) - 1} more"
