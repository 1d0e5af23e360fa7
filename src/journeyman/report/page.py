"""Pages: one self-contained HTML file each. Nothing is fetched, nothing runs, everything is escaped."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from journeyman.domain.events import Event, Outcome, WorkerSpent, of_kind
from journeyman.domain.folds.kpi import Kpi
from journeyman.domain.text import printable
from journeyman.report.details import stop_lines, tables
from journeyman.report.diff import read_diff
from journeyman.report.receipt import check_line, first_line, receipt_lines
from journeyman.report.summary import RunSummary
from journeyman.report.text import dollars, number, percent, seconds
from journeyman.report.waterfall import waterfall

if TYPE_CHECKING:
    from jinja2 import Environment


@dataclass(frozen=True)
class Tile:
    """One figure, large, and a few words below it."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Share:
    """One phase's part of the time."""

    name: str
    style: str
    width: float
    told: str


@dataclass(frozen=True)
class CallBar:
    """One call's tokens, as parts of the largest call's, in percent."""

    name: str
    told: str
    cached: float
    fresh: float
    out: float


def report_page(summary: RunSummary, events: tuple[Event, ...], patch: bytes | None) -> str:
    """The page of one run."""
    known = Counter(failure.check for failure in summary.known_failures)
    return render(
        "report.html",
        title=first_line(summary),
        summary=summary,
        verified=summary.outcome == Outcome.VERIFIED,
        stopped=summary.outcome == Outcome.STOPPED,
        tiles=_tiles(summary),
        shares=_shares(summary.kpi),
        waterfall=waterfall(events),
        calls=_calls(events),
        evidence=[(result.passed, check_line(result, known[result.check])) for result in summary.checks],
        stop=stop_lines(summary),
        diff=read_diff(patch),
        tables=tables(summary, events),
        receipt="\n".join(receipt_lines(summary)),
    )


def render(template: str, **values: Any) -> str:  # noqa: ANN401 - what the template names
    """A template of ``pages/`` with these values."""
    return _environment().get_template(template).render(**values) + "\n"


def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    def finalize(value: Any) -> Any:  # noqa: ANN401 - whatever a template prints
        """Control characters are shown as what they are, beside the escaping of markup."""
        return (
            printable(value, keep="\n\t")
            if isinstance(value, str) and not isinstance(value, Markup)
            else value
        )

    return Environment(
        loader=PackageLoader("journeyman.report", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=finalize,
    )


def _tiles(summary: RunSummary) -> tuple[Tile, ...]:
    kpi = summary.kpi
    spend, context, checks = kpi.spend, kpi.context, kpi.verification
    tokens = f"{number(spend.tokens_out)} out, {percent(spend.prefix_cache_share)} cached"
    return (
        Tile("TVc", seconds(kpi.tvc_s), f"total {seconds(kpi.total_s)}"),
        Tile(
            "Human touches", number(kpi.human_touches), f"waited {seconds(kpi.waiting.people_s)} for people"
        ),
        Tile("Tokens in", number(spend.tokens_in), tokens),
        Tile("Cost", dollars(spend.cost_usd), f"{number(spend.calls)} model calls"),
        Tile(
            "Checks",
            number(checks.checks_run if checks else None),
            f"{_retries(checks.retries)}, first pass {percent(checks.first_pass_rate)}" if checks else "",
        ),
        Tile(
            "Context",
            percent(context.hit_rate),
            f"{number(context.tokens)} tokens, {number(context.files)} files",
        ),
        Tile("Overhead", seconds(kpi.overhead_s), "neither models nor checks"),
        Tile("Rate limits", seconds(kpi.waiting.rate_limits_s), "waited for models"),
    )


def _retries(count: int) -> str:
    return f"{count} {'retry' if count == 1 else 'retries'}"


def _shares(kpi: Kpi) -> tuple[Share, ...]:
    if not kpi.total_s:
        return ()
    parts = [
        (name, f"phase-{name.lower()}", phase.duration_s)
        for name, phase in kpi.phases.items()
        if phase.attempts
    ]
    parts.append(("in no phase", "phase-none", kpi.unattributed_s or 0.0))
    return tuple(
        Share(
            name,
            style,
            round(100 * length / kpi.total_s, 3),
            f"{name} {seconds(length)}, {percent(length / kpi.total_s)}",
        )
        for name, style, length in parts
        if length > 0
    )


def _calls(events: tuple[Event, ...]) -> tuple[CallBar, ...]:
    spent = of_kind(events, WorkerSpent)
    sizes = [(call.usage.tokens_in or 0) + (call.usage.tokens_out or 0) for call in spent]
    largest = max(sizes, default=0) or 1
    bars = []
    for place, call in enumerate(spent, start=1):
        usage = call.usage
        cached = min(usage.tokens_cached or 0, usage.tokens_in or 0)
        fresh = (usage.tokens_in or 0) - cached
        told = (
            f"{usage.model or call.worker}: {number(usage.tokens_in)} in,"
            f" {number(usage.tokens_cached)} cached, {number(usage.tokens_out)} out,"
            f" {seconds(usage.latency_s)}, {dollars(usage.cost_usd)}"
        )
        widths = [round(100 * part / largest, 3) for part in (cached, fresh, usage.tokens_out or 0)]
        bars.append(CallBar(f"{place} {call.phase.value}", told, *widths))
    return tuple(bars)
