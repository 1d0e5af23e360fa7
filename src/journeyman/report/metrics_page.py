"""``jm metrics --html``: the trends on one page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from journeyman.domain.events import Outcome
from journeyman.report.metrics import HEADS, Metrics, RunFigures, group_row
from journeyman.report.page import Tile, render
from journeyman.report.text import dollars, number, percent, seconds

_COLUMNS = 60


@dataclass(frozen=True)
class Column:
    """One run as a column of the chart: its height in percent of the tallest."""

    height: float
    style: str
    told: str


def metrics_page(found: Metrics, runs: Sequence[RunFigures]) -> str:
    """The page."""
    return render(
        "metrics.html",
        found=found,
        tiles=_tiles(found),
        columns=_columns(runs, len(runs) and found.all.runs),
        heads=HEADS,
        right=frozenset(range(1, len(HEADS))),
        by_size=[HEADS, *map(group_row, (found.all, *found.by_size))],
        by_day=[HEADS, *map(group_row, found.by_day)],
        stops=[("why", "runs"), *((code, str(count)) for code, count in found.stop_reasons.items())],
    )


def _tiles(found: Metrics) -> tuple[Tile, ...]:
    every = found.all
    return (
        Tile("Runs", number(every.runs), f"{every.verified} verified of {every.ended} ended"),
        Tile("TVc p50", seconds(every.tvc_p50_s), f"p90 {seconds(every.tvc_p90_s)}"),
        Tile("Zero touch", percent(every.zero_touch_rate), f"verified {percent(every.verified_rate)}"),
        Tile("Cost", dollars(every.cost_usd), f"known of {every.cost_known} runs"),
    )


def _columns(runs: Sequence[RunFigures], count: int) -> tuple[Column, ...]:
    """The newest runs of the time that is looked at, oldest first."""
    newest = sorted(runs, key=lambda run: run.started_at)[-min(count, _COLUMNS) :] if count else []
    tallest = max((run.kpi.total_s or 0.0 for run in newest), default=0.0) or 1.0
    return tuple(_column(run, tallest) for run in newest)


def _column(run: RunFigures, tallest: float) -> Column:
    length = run.kpi.total_s
    state = run.outcome or "running"
    style = {Outcome.VERIFIED.value: "verified", Outcome.STOPPED.value: "stopped"}.get(state, "running")
    why = f" ({run.stop_code})" if run.stop_code else ""
    told = f"{run.run_id}: {state}{why}, {seconds(length)}, {run.kpi.human_touches} touches"
    return Column(round(max(3.0, 100 * (length or 0.0) / tallest), 2), style, told)
