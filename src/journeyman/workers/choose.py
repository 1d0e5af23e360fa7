"""Which worker a run gets: what was asked for, else autofix where it is enough, else advice."""

from __future__ import annotations

from collections.abc import Callable

from journeyman.domain.checks import Fixer
from journeyman.domain.errors import JourneymanError
from journeyman.domain.settings import Settings, WorkerType
from journeyman.domain.task import Task
from journeyman.workers.autofix_task import can_autofix

_ADVICE = """
Any coding agent with a command line can be the worker. In journeyman.toml:

    worker = "claude"

    [workers.claude]
    type = "command"
    command = ["claude", "-p", "{prompt}", "--permission-mode", "acceptEdits"]
    env = ["ANTHROPIC_API_KEY"]

{prompt} or {prompt_file} is filled in; the program edits a worktree of its own, and Journeyman commits.
"""


def choose_worker(
    task: Task, settings: Settings, flag: str | None, fixers: Callable[[], tuple[Fixer, ...]]
) -> str:
    """The name of the run's worker. Raises JourneymanError("no-worker") with how to get one.

    ``fixers`` are those of the repository; looked for only when nobody named a worker.
    """
    wanted = flag or task.worker or settings.phases.implement.worker or settings.worker
    if wanted is not None:
        return wanted
    decision = can_autofix(task, fixers())
    if decision.possible:
        return WorkerType.AUTOFIX.value
    raise JourneymanError(
        "no-worker",
        "this task needs a worker that can think, and none is configured",
        facts=(
            f"autofix, which needs no set-up, is not for it: {decision.reason}",
            *_ADVICE.rstrip().splitlines(),
        ),
        hint=f'jm run "{task.title}" --worker claude',
    )
