"""Which model does what, and the one place where its client is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from journeyman.bootstrap.project import Project
from journeyman.domain.context import RERANK
from journeyman.domain.events import Event, WorkerSpent
from journeyman.domain.phases import Phase
from journeyman.domain.policy.spending import Spending
from journeyman.domain.settings import ModelsSettings, Settings, WorkerType
from journeyman.domain.task import Task

if TYPE_CHECKING:
    from journeyman.context.reranker import ModelReranker
    from journeyman.domain.model import ModelClient

_DEFAULT_MODELS = {"anthropic": "anthropic:claude-sonnet-4-5", "openai": "openai:gpt-5.4"}
"""Where a provider's key is all that is known."""


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


def cheapest_model(models: ModelsSettings, environ: Mapping[str, str], task: Task | None) -> str | None:
    """The model of the lowest tier that has one; the task's own beats all, and a key is what is left."""
    asked = task.model if task else None
    return _named((asked, models.cheap, models.standard, models.strong), environ)


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
    *,
    tries: int | None = None,
) -> ModelClient:
    """A model's client, as patient as the settings say, with fewer ``tries`` if given."""
    from journeyman.models.registry import make_model
    from journeyman.models.retry import RetryPolicy

    policy = RetryPolicy(max_tries=tries or RetryPolicy.max_tries, budget_s=models.patience_s)
    return make_model(name, environ, first_byte_s=models.silence_s, policy=policy)


def make_reranker(
    settings: Settings, environ: Mapping[str, str], task: Task | None = None
) -> ModelReranker | None:
    """Who asks the cheapest model for an order of files, where that is wanted.

    It tries once: the ranking is there without it.
    """
    if not settings.context.rerank:
        return None
    from journeyman.context.reranker import ModelReranker

    def make(name: str) -> ModelClient:
        return make_client(name, settings.models, environ, tries=1)

    return ModelReranker(cheapest_model(settings.models, environ, task), make, settings.budget)


def spending_of(settings: Settings, events: tuple[Event, ...] = (), segment: int = 1) -> Spending:
    """What our own model calls have spent in earlier segments: this one's calls are in its journal."""
    spending = Spending(settings.budget)
    for event in events:
        booked = event.payload
        ours = isinstance(booked, WorkerSpent) and booked.worker in {WorkerType.AGENT.value, RERANK}
        if isinstance(booked, WorkerSpent) and ours and event.segment < segment:
            spending.add(booked.usage)
    spending.dearest_usd = 0.0  # who resumes knows what it cost
    return spending
