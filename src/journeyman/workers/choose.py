"""Which worker a run gets: what was asked for, else autofix where it is enough, else advice."""

from __future__ import annotations

from collections.abc import Callable

from journeyman.domain.checks import Fixer
from journeyman.domain.errors import JourneymanError
from journeyman.domain.settings import Settings, WorkerType
from journeyman.domain.task import Task
from journeyman.workers.autofix_task import can_autofix

_ADVICE = """
The built-in agent needs a model:

    export ANTHROPIC_API_KEY=…        then jm run as before, or
    export OPENAI_API_KEY=…           likewise, or
    jm run "…" --model ollama:NAME    a model on this machine, or
    OPENAI_BASE_URL=http://localhost:8000/v1 jm run "…" --model openai:NAME

A coding CLI that you have can be the worker instead: --worker claude_code, codex or opencode;
any other program through a [workers.NAME] table of type "command" in journeyman.toml.
"""


def choose_worker(
    task: Task,
    settings: Settings,
    flag: str | None,
    *,
    model_ready: Callable[[], bool],
    fixers: Callable[[], tuple[Fixer, ...]],
) -> str:
    """The name of the run's worker. Raises JourneymanError("no-worker") with how to get one.

    ``model_ready``: a model is configured, or a provider's key is there. ``fixers`` are those of the
    repository. Both are looked for only when nobody named a worker.
    """
    wanted = flag or task.worker or settings.phases.implement.worker or settings.worker
    if wanted is not None:
        return wanted
    if model_ready():
        return WorkerType.AGENT.value
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
        hint=f'jm run "{task.title}" --model PROVIDER:NAME',
    )
