"""``jm report`` in the terminal: the KPI lines, computed from events."""

from __future__ import annotations

from journeyman.domain.kpi import Kpi
from journeyman.report.receipt import receipt_lines
from journeyman.report.summary import RunSummary

_BAR_WIDTH = 40
_BAR_MARKS = {
    "SETUP": "s",
    "PLAN": "p",
    "IMPLEMENT": "i",
    "VERIFY": "v",
    "REVIEW": "r",
    "CHECKPOINT": "c",
    "FINALIZE": "f",
}


def report_lines(summary: RunSummary) -> tuple[str, ...]:
    """The receipt, then every figure."""
    return (*receipt_lines(summary), "", *kpi_lines(summary.kpi))


def kpi_lines(kpi: Kpi) -> tuple[str, ...]:
    """The figures of a run, a line each; an unknown one is a dash."""
    lines = [
        f"TVc          {seconds(kpi.tvc_s)}",
        (
            f"total        {seconds(kpi.total_s)}   overhead {seconds(kpi.overhead_s)}"
            f"   unattributed {seconds(kpi.unattributed_s)}"
        ),
        f"touches      {kpi.human_touches}",
        f"time went to {_bar(kpi)}",
    ]
    lines += [
        f"  {name:<10} {seconds(phase.duration_s):>9}   {phase.attempts}×"
        for name, phase in kpi.phases.items()
    ]
    if kpi.verification is not None:
        checks = kpi.verification
        lines.append(
            f"checks       {checks.checks_run} run, {checks.checks_cached} cached,"
            f" {checks.checks_skipped} skipped, {checks.retries} retries, wall {seconds(checks.wall_s)}"
        )
    lines += [
        f"worker       {worker.name}/{worker.model or '-'} in {worker.phase}: {worker.calls} calls,"
        f" tokens {number(worker.tokens_in)} in ({number(worker.tokens_cached)} cached),"
        f" {number(worker.tokens_out)} out, cost {dollars(worker.cost_usd)}"
        for worker in kpi.workers
    ]
    if not kpi.workers:
        lines.append("worker       no model calls")
    return tuple(lines)


def seconds(value: float | None) -> str:
    """A duration for people: ``0.42 s``, ``12.3 s``, ``3 min 05 s``."""
    if value is None:
        return "–"
    if value < 10:
        return f"{value:.2f} s"
    if value < 100:
        return f"{value:.1f} s"
    return f"{int(value // 60)} min {int(value % 60):02d} s"


def number(value: int | None) -> str:
    """An integer with separators; a dash when unknown."""
    return "–" if value is None else f"{value:,}"


def dollars(value: float | None) -> str:
    """A cost; a dash when unknown, never 0 for unknown."""
    return "–" if value is None else f"${value:.4f}"


def _bar(kpi: Kpi) -> str:
    if not kpi.total_s:
        return "–"
    bar = "".join(
        _BAR_MARKS.get(name, "?") * round(_BAR_WIDTH * phase.duration_s / kpi.total_s)
        for name, phase in kpi.phases.items()
    )
    return bar.ljust(_BAR_WIDTH, "·")[:_BAR_WIDTH]
