"""Which model does what, and the one place where its client is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from journeyman.bootstrap.project import Project
from journeyman.domain.events import Event, WorkerSpent
from journeyman.domain.phases import Phase
from journeyman.domain.policy.spending import Spending
from journeyman.domain.settings import ModelsSettings, Settings, WorkerType
from journeyman.domain.task import Task

if TYPE_CHECKING:
    from journeyman.domain.model import ModelClient

_DEFAULT_MODELS = {"anthropic": "anthropic:claude-sonnet-4-5", "openai": "openai:gpt-5.4"}
"""Where a provider's key is all that is known."""
_OURS = frozenset({WorkerType.AGENT.value, "rerank"})
"""Who books calls against the budget; the second did in versions that asked a model for an order of files."""


def phase_models(project: Project, settings: Settings, task: Task) -> dict[Phase, str | None]:
    """The built-in agent's model for each phase: by the task, by the phase, by its tier, or by a key."""
    models = settings.models
    tiers = {"cheap": models.cheap, "standard": models.standard, "strong": models.strong}
    fallback = _named(
        (task.model, models.standard, models.cheap, models.strong), project.surroundings.environ
    )
    wanted = {
        Phase.PLAN: settings.phases.plan.model or "cheap",
        Phase.IMPLEMENT: settings.phases.implement.model or "standard",
        Phase.REVIEW: settings.phases.review.model or "strong",
    }
    return {phase: task.model or tiers.get(name, name) or fallback for phase, name in wanted.items()}


def _named(names: tuple[str | None, ...], environ: Mapping[str, str]) -> str | None:
    """The first name, else the default of the first provider with a key."""
    named = next(filter(None, names), None)
    if named is not None:
        return named
    from journeyman.models.registry import known_key_present

    keys = known_key_present(environ)
    return next((_DEFAULT_MODELS[provider] for provider in keys if provider in _DEFAULT_MODELS), None)


def make_client(
    name: str,
    models: ModelsSettings,
    environ: Mapping[str, str],
) -> ModelClient:
    """A model's client, as patient as the settings say."""
    from journeyman.models.registry import make_model
    from journeyman.models.retry import RetryPolicy

    policy = RetryPolicy(budget_s=models.patience_s)
    return make_model(name, environ, first_byte_s=models.silence_s, policy=policy)


def spending_of(settings: Settings, events: tuple[Event, ...] = (), segment: int = 1) -> Spending:
    """What our own model calls have spent in earlier segments: this one's calls are in its journal."""
    spending = Spending(settings.budget)
    for event in events:
        booked = event.payload
        if isinstance(booked, WorkerSpent) and booked.worker in _OURS and event.segment < segment:
            spending.add(booked.usage)
    spending.dearest_usd = 0.0  # who resumes knows what it cost
    return spending
