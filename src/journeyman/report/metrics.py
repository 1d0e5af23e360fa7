"""Trends over many runs: how fast, how often alone, how often right, at what cost, and why not."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from journeyman.domain.events import Outcome
from journeyman.domain.folds.kpi import Kpi, total_of
from journeyman.domain.folds.samples import quantile
from journeyman.domain.text import printable
from journeyman.report.text import dollars, number, percent, seconds, table_lines

SCHEMA = 1
UNSIZED = "unknown"
_SIZES = ("small", "medium", "large", UNSIZED)
_DAY_S = 86_400


@dataclass(frozen=True)
class RunFigures:
    """What one run adds to the trends."""

    run_id: str
    started_at: float
    """Wall clock, Unix seconds."""
    outcome: str | None
    """``None`` while it has no end."""
    stop_code: str | None
    kpi: Kpi


@dataclass(frozen=True)
class Group:
    """The runs of one size class or one day. Rates are of the runs that have ended."""

    name: str
    runs: int
    ended: int
    verified: int
    tvc_p50_s: float | None
    tvc_p90_s: float | None
    zero_touch_rate: float | None
    """Verified without a human touch, of those that ended."""
    verified_rate: float | None
    first_pass_rate: float | None
    """Mean over the runs that were judged."""
    cost_usd: float | None
    """``None`` when no run's cost is known; else of those ``cost_known`` runs."""
    cost_known: int
    tokens_in: int | None


@dataclass(frozen=True)
class Metrics:
    """Everything that ``jm metrics`` tells."""

    days: int
    all: Group
    by_size: tuple[Group, ...]
    by_day: tuple[Group, ...]
    stop_reasons: dict[str, int]

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"schema": SCHEMA, **dataclasses.asdict(self)}


def metrics(runs: Sequence[RunFigures], now: float, days: int) -> Metrics:
    """The trends over the runs that began in the last ``days`` days."""
    recent = [run for run in runs if run.started_at > now - days * _DAY_S]
    by_size = {size: [run for run in recent if (run.kpi.size or UNSIZED) == size] for size in _SIZES}
    by_day: dict[str, list[RunFigures]] = {}
    for run in sorted(recent, key=lambda run: run.started_at):
        by_day.setdefault(_day(run.started_at), []).append(run)
    stops = Counter(run.stop_code for run in recent if run.stop_code)
    return Metrics(
        days,
        _group("all", recent),
        tuple(_group(size, found) for size, found in by_size.items() if found),
        tuple(_group(day, found) for day, found in by_day.items()),
        dict(stops.most_common()),
    )


HEADS = ("", "runs", "verified", "TVc p50", "TVc p90", "zero touch", "first pass", "cost", "tokens in")


def group_row(group: Group) -> tuple[str, ...]:
    """A group as the cells below ``HEADS``."""
    partly = group.cost_known < group.runs
    return (
        group.name,
        str(group.runs),
        percent(group.verified_rate),
        seconds(group.tvc_p50_s),
        seconds(group.tvc_p90_s),
        percent(group.zero_touch_rate),
        percent(group.first_pass_rate),
        dollars(group.cost_usd) + (f" of {group.cost_known}" if group.cost_known and partly else ""),
        number(group.tokens_in),
    )


def metrics_lines(found: Metrics) -> tuple[str, ...]:
    """For people."""
    if not found.all.runs:
        return (f"no run began in the last {found.days} days",)
    right = frozenset(range(1, len(HEADS)))
    lines = [f"the last {found.days} days"]
    for groups in ((found.all, *found.by_size), found.by_day):
        lines += ["", *table_lines([HEADS, *map(group_row, groups)], right=right)]
    stops = [(code, str(count)) for code, count in found.stop_reasons.items()]
    lines += (
        ["", "stops", *(f"  {line}" for line in table_lines(stops, right=frozenset({1})))] if stops else []
    )
    return tuple(printable(line) for line in lines)


def _group(name: str, runs: Sequence[RunFigures]) -> Group:
    ended = [run for run in runs if run.outcome is not None]
    verified = [run for run in ended if run.outcome == Outcome.VERIFIED]
    times = [run.kpi.tvc_s for run in verified if run.kpi.tvc_s is not None]
    alone = sum(run.kpi.human_touches == 0 for run in verified)
    passes = [run.kpi.verification.first_pass_rate for run in runs if run.kpi.verification]
    costs = _known(run.kpi.spend.cost_usd for run in runs)
    tokens = [known for run in runs if (known := run.kpi.spend.tokens_in) is not None]
    return Group(
        name=name,
        runs=len(runs),
        ended=len(ended),
        verified=len(verified),
        tvc_p50_s=quantile(times, 0.5),
        tvc_p90_s=quantile(times, 0.9),
        zero_touch_rate=alone / len(ended) if ended else None,
        verified_rate=len(verified) / len(ended) if ended else None,
        first_pass_rate=_mean(_known(passes)),
        cost_usd=total_of(costs),
        cost_known=len(costs),
        tokens_in=total_of(tokens),
    )


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _day(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().date().isoformat()
