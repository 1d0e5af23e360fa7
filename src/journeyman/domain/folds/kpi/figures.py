"""The figures of a run under flat names, with unit and direction: what is compared, and how it is told."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import StrEnum

from journeyman.domain.folds.kpi.values import Kpi


class Direction(StrEnum):
    """Which way a figure gets better."""

    LOWER = "lower"
    HIGHER = "higher"
    NEITHER = "neither"


@dataclass(frozen=True)
class Figure:
    """One figure of one run. ``unit`` is ``s``, ``tokens``, ``USD``, ``share`` or ``count``."""

    name: str
    value: float | None
    unit: str
    better: Direction


_BETTER_HIGH = frozenset(
    {
        "spend.prefix_cache_share",
        "verification.first_pass_rate",
        "context.hit_rate",
        "context.used_share",
    }
)
_NEITHER = frozenset(
    {
        "spend.tokens_cached",
        "spend.tokens_repeated",
        "spend.repeated_share",
        "verification.checks_run",
        "verification.checks_cached",
        "verification.checks_skipped",
        "verification.auto_fixes",
        "context.files",
    }
)


def figures(kpi: Kpi) -> tuple[Figure, ...]:
    """Every number of ``kpi``, in its order; ``phases.VERIFY.duration_s`` is the form of a nested one."""
    flat: dict[str, float | None] = {}
    for name in ("tvc_s", "total_s", "overhead_s", "unattributed_s", "downtime_s", "human_touches"):
        flat[name] = getattr(kpi, name)
    flat["escalations"] = kpi.escalations
    for phase, spent in kpi.phases.items():
        flat[f"phases.{phase}.duration_s"] = spent.duration_s
        flat[f"phases.{phase}.attempts"] = spent.attempts
    for part in ("spend", "verification", "waiting", "context"):
        value = getattr(kpi, part)
        if value is None:
            continue
        for field in dataclasses.fields(value):
            if field.name != "tiers":
                flat[f"{part}.{field.name}"] = getattr(value, field.name)
    for tier in kpi.verification.tiers if kpi.verification else ():
        flat[f"verification.tiers.{tier.tier}.wall_s"] = tier.wall_s
        flat[f"verification.tiers.{tier.tier}.cpu_s"] = tier.cpu_s
    return tuple(Figure(name, value, unit_of(name), _better(name)) for name, value in flat.items())


def unit_of(name: str) -> str:
    """The unit that a figure's name says."""
    last = name.rpartition(".")[2]
    if last.endswith("_s"):
        return "s"
    if last.endswith("_usd"):
        return "USD"
    if last.endswith(("_share", "_rate")):
        return "share"
    return "tokens" if last.startswith("tokens") else "count"


def _better(name: str) -> Direction:
    if name in _BETTER_HIGH:
        return Direction.HIGHER
    return Direction.NEITHER if name in _NEITHER else Direction.LOWER
