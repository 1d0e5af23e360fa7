"""Which worker a run gets: what was asked for, else autofix where it is enough, else advice."""

from __future__ import annotations

from journeyman.domain.errors import JourneymanError
from journeyman.domain.settings import Settings, WorkerType
from journeyman.domain.task import Task
from journeyman.workers.autofix_task import can_autofix

_ADVICE = """
Any coding agent with a command line can be the worker. In journeyman.toml:

    worker = "claude"

    [workers.claude]
    type = "command"
    command = ["claude", "-p", "{prompt}", "--dangerously-skip-permissions"]
    env = ["ANTHROPIC_API_KEY"]

{prompt} or {prompt_file} is filled in; the program edits a worktree of its own, inside the sandbox.
"""


def choose_worker(task: Task, settings: Settings, flag: str | None) -> str:
    """The name of the run's worker. Raises JourneymanError("no-worker") with how to get one."""
    wanted = flag or task.worker or settings.phases.implement.worker or settings.worker
    if wanted is not None:
        return wanted
    able, reason = can_autofix(task)
    if able:
        return WorkerType.AUTOFIX.value
    raise JourneymanError(
        "no-worker",
        "this task needs a worker that can think, and none is configured",
        facts=(f"autofix, which needs no set-up, is not for it: {reason}", *_ADVICE.rstrip().splitlines()),
        hint=f'jm run "{task.title}" --worker claude',
    )
