"""The ten lines on top of a report: what a person reads in five seconds."""

from __future__ import annotations

from journeyman.domain.folds.kpi import Kpi, SpendKpi
from journeyman.domain.text import printable
from journeyman.report.receipt import first_line
from journeyman.report.summary import RunSummary
from journeyman.report.text import dollars, number, percent, seconds

BAR_WIDTH = 40
_LETTERS = {
    "SETUP": "s",
    "PLAN": "p",
    "IMPLEMENT": "i",
    "VERIFY": "v",
    "REVIEW": "r",
    "CHECKPOINT": "c",
    "FINALIZE": "f",
}
NOWHERE = "·"


def glance_lines(summary: RunSummary) -> tuple[str, ...]:
    """Ten lines, always the same ones in the same order; an unknown figure is a dash."""
    kpi = summary.kpi
    done = summary.milestones
    lines = (
        first_line(summary),
        (
            f"run       {summary.run_id} · worker {summary.worker or '–'} · size {kpi.size or '–'}"
            f" · {done.completed} of {'–' if done.planned is None else done.planned} milestones"
        ),
        (
            f"TVc       {seconds(kpi.tvc_s)} · total {seconds(kpi.total_s)}"
            f" · overhead {seconds(kpi.overhead_s)} · touches {kpi.human_touches}"
        ),
        f"tokens    {_tokens(kpi.spend)}",
        f"time      {bar(kpi)}  {_shares(kpi)}",
        f"worst     {_worst(kpi)}",
        f"checks    {_checks(kpi)}",
        f"context   {_context(kpi)}",
        (
            f"waiting   people {seconds(kpi.waiting.people_s)}"
            f" · rate limits {seconds(kpi.waiting.rate_limits_s)} · downtime {seconds(kpi.downtime_s)}"
        ),
        f"next      {summary.next_actions[0] if summary.next_actions else '–'}",
    )
    return tuple(" ".join(printable(line).splitlines()) for line in lines)


def bar(kpi: Kpi, width: int = BAR_WIDTH) -> str:
    """Where the time went: a letter for each share of it, a dot for time in no phase."""
    if not kpi.total_s:
        return "–"
    cells = [
        (name, phase.duration_s * width / kpi.total_s) for name, phase in kpi.phases.items() if kpi.total_s
    ]
    text, reached = "", 0.0
    for name, share in cells:
        reached += share
        text += _LETTERS.get(name, "?") * (round(reached) - len(text))
    return text.ljust(width, NOWHERE)[:width]


def worst_phase(kpi: Kpi) -> str | None:
    """The phase that took longest."""
    return max(kpi.phases, key=lambda name: kpi.phases[name].duration_s, default=None)


def _shares(kpi: Kpi) -> str:
    if not kpi.total_s:
        return ""
    parts = [(name.lower(), phase.duration_s / kpi.total_s) for name, phase in kpi.phases.items()]
    largest = sorted(parts, key=lambda part: -part[1])[:3]
    return ", ".join(f"{name} {percent(share)}" for name, share in largest)


def _worst(kpi: Kpi) -> str:
    name = worst_phase(kpi)
    if name is None:
        return "–"
    phase = kpi.phases[name]
    share = f" ({percent(phase.duration_s / kpi.total_s)} of the run)" if kpi.total_s else ""
    return f"{name} {seconds(phase.duration_s)}{share}, {phase.attempts}×"


def _tokens(spend: SpendKpi) -> str:
    if spend.calls is None:
        return "– · no model call was booked"
    return (
        f"{number(spend.tokens_in)} in ({percent(spend.prefix_cache_share)} cached)"
        f" · {number(spend.tokens_out)} out · {spend.calls} calls · cost {dollars(spend.cost_usd)}"
    )


def _checks(kpi: Kpi) -> str:
    checks = kpi.verification
    if checks is None:
        return "–"
    return (
        f"{checks.checks_run} run, {checks.checks_cached} cached, {checks.checks_skipped} skipped"
        f" · {checks.retries} {'retry' if checks.retries == 1 else 'retries'}"
        f" · first pass {percent(checks.first_pass_rate)} · wall {seconds(checks.wall_s)}"
    )


def _context(kpi: Kpi) -> str:
    context = kpi.context
    if context.tokens is None:
        return "– · no pack was made"
    return (
        f"{number(context.tokens)} tokens, {number(context.files)} files"
        f" · held {percent(context.hit_rate)} of what changed · {number(context.read_beyond)} read beyond"
    )
