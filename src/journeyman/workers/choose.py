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

A coding CLI that you have can be the worker instead: --worker {clis};
any other program through a [workers.NAME] table of type "command" in journeyman.toml.
"""


def _advice() -> list[str]:
    from journeyman.workers.cli_agents.registry import CODING_CLIS

    *others, last = CODING_CLIS
    return _ADVICE.format(clis=f"{', '.join(others)} or {last}").rstrip().splitlines()


def choose_worker(
    task: Task,
    settings: Settings,
    flag: str | None,
    *,
    model_ready: Callable[[], bool],
    fixers: Callable[[], tuple[Fixer, ...]],
    missing: Callable[[], tuple[Fixer, ...]] = lambda: (),
    notes: tuple[str, ...] = (),
) -> str:
    """The name of the run's worker. Raises JourneymanError("no-worker") with how to get one.

    ``model_ready``: a model is configured, or a provider's key is there. ``fixers`` are those of the
    repository, ``missing`` those that it also has by its configuration, with ``notes`` on what there is to
    install. They are looked for only when nobody named a worker.
    """
    wanted = flag or task.worker or settings.phases.implement.worker or settings.worker
    if wanted is not None:
        return wanted
    if model_ready():
        return WorkerType.AGENT.value
    found = fixers()
    decision = can_autofix(task, found)
    if decision.possible:
        return WorkerType.AUTOFIX.value
    absent = missing()
    if absent and can_autofix(task, (*found, *absent)).possible:
        names = ", ".join(fixer.name for fixer in absent)
        raise JourneymanError(
            "no-worker",
            f"the repository's own fixers could do this, but they are not installed: {names}",
            facts=notes,
            hint="jm doctor",
        )
    raise JourneymanError(
        "no-worker",
        "this task needs a worker that can think, and none is configured",
        facts=(
            f"autofix, which needs no set-up, is not for it: {decision.reason}",
            *(notes if not found else ()),
            *_advice(),
        ),
        hint='jm run "…" --model PROVIDER:NAME',
    )
