"""What VERIFY did, and how often it was content at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from journeyman.domain.checks import CheckResult
from journeyman.domain.events import (
    CheckFinished,
    CheckStarted,
    Event,
    Measure,
    Role,
    RungTaken,
    RunStarted,
    VerifyJudged,
    of_kind,
)
from journeyman.domain.folds.kpi.intervals import Interval, total_of, union_length
from journeyman.domain.folds.kpi.values import TierKpi, VerificationKpi
from journeyman.domain.folds.retries import retries_of
from journeyman.domain.policy.ladder import Rung


@dataclass(frozen=True)
class CheckSpan:
    """One check of VERIFY on the run clock; a cached one takes no time."""

    result: CheckResult
    interval: Interval


def check_spans(events: tuple[Event, ...]) -> tuple[CheckSpan, ...]:
    """VERIFY's checks that have a result, in the order of their ends."""
    started: dict[tuple[str, str], float] = {}
    spans = []
    for event in events:
        match event.payload:
            case CheckStarted(check=check, tree=tree, role=Role.VERIFY):
                started[check, tree] = event.clock_s
            case CheckFinished(result=result, role=Role.VERIFY):
                begun = started.pop((result.check, result.tree), event.clock_s)
                spans.append(CheckSpan(result, (min(begun, event.clock_s), event.clock_s)))
            case _:
                pass
    return tuple(spans)


def rungs_taken(events: tuple[Event, ...], rung: Rung) -> int:
    """How often a run went on in this way."""
    return sum(taken.rung is rung for taken in of_kind(events, RungTaken))


def verification_of(
    events: tuple[Event, ...], spans: tuple[CheckSpan, ...], measures: frozenset[str]
) -> VerificationKpi:
    """VERIFY's figures."""
    run = [span.result for span in spans if not span.result.cached]
    return VerificationKpi(
        checks_run=len(run),
        checks_cached=len(spans) - len(run),
        checks_skipped=sum(len(judged.skipped) for judged in of_kind(events, VerifyJudged)),
        retries=len(retries_of(events)),
        auto_fixes=rungs_taken(events, Rung.FIX) if Measure.AUTO_FIXES in measures else None,
        wall_s=union_length(span.interval for span in spans),
        cpu_s=total_of([result.cpu_s for result in run]),
        tiers=_tiers(events, spans),
        base_wait_s=sum(judged.waited_s for judged in of_kind(events, VerifyJudged)),
        first_pass_rate=_first_pass_rate(events),
    )


def _tiers(events: tuple[Event, ...], spans: Iterable[CheckSpan]) -> tuple[TierKpi, ...]:
    started = of_kind(events, RunStarted)
    tier_of = {check.name: check.tier.value for each in started for check in each.checks}
    by_tier: dict[int, list[CheckSpan]] = defaultdict(list)
    for span in spans:
        if span.result.check in tier_of:
            by_tier[tier_of[span.result.check]].append(span)
    return tuple(_tier(tier, by_tier[tier]) for tier in sorted(by_tier))


def _tier(tier: int, spans: list[CheckSpan]) -> TierKpi:
    run = [span.result for span in spans if not span.result.cached]
    return TierKpi(
        tier=tier,
        checks_run=len(run),
        checks_cached=len(spans) - len(run),
        wall_s=union_length(span.interval for span in spans),
        cpu_s=total_of([result.cpu_s for result in run]),
    )


def _first_pass_rate(events: tuple[Event, ...]) -> float | None:
    first: dict[int, bool] = {}
    for judged in of_kind(events, VerifyJudged):
        first.setdefault(judged.milestone, judged.ok)
    return sum(first.values()) / len(first) if first else None
