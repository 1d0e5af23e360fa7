"""``jm report`` as text and as Markdown: ten lines, then everything."""

from __future__ import annotations

from journeyman.domain.events import Event
from journeyman.domain.text import printable
from journeyman.report.details import Table, stop_lines, tables
from journeyman.report.glance import glance_lines
from journeyman.report.receipt import receipt_lines
from journeyman.report.summary import RunSummary
from journeyman.report.text import table_lines


def report_lines(summary: RunSummary, events: tuple[Event, ...]) -> tuple[str, ...]:
    """The ten lines, the tables, why it stopped, and the receipt's evidence."""
    lines = [*glance_lines(summary)]
    for table in tables(summary, events):
        lines += ["", table.title, *(f"  {line}" for line in _table_lines(table))]
    stop = stop_lines(summary)
    if stop:
        lines += ["", "Why it stopped", *(f"  {line}" for line in stop)]
    # The receipt's first line stands on top already.
    lines += ["", "Receipt", *receipt_lines(summary)[1:]]
    return tuple(printable(line, keep="\n\t") for line in lines)


def report_markdown(summary: RunSummary, events: tuple[Event, ...]) -> str:
    """The same as a Markdown page."""
    head, *glance = glance_lines(summary)
    parts = [f"# {_cell(head)}", "\n".join(("```", *glance, "```"))]
    for table in tables(summary, events):
        parts += [f"## {table.title}", _markdown_table(table)]
    stop = stop_lines(summary)
    if stop:
        parts += ["## Why it stopped", "\n".join(f"- {_cell(line)}" for line in stop)]
    receipt = "\n".join(line.replace("```", "'''") for line in receipt_lines(summary)[1:]).strip("\n")
    parts += ["## Receipt", f"```\n{receipt}\n```"]
    return "\n\n".join(parts)


def _table_lines(table: Table) -> list[str]:
    return table_lines(table.rows, right=table.right) if len(table.rows) > 1 else [table.empty]


def _markdown_table(table: Table) -> str:
    if len(table.rows) == 1:
        return table.empty
    heads, *rows = table.rows
    rule = ["---:" if place in table.right else "---" for place in range(len(heads))]
    lines = [heads, rule, *([_cell(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    """Text of a run where Markdown means something: no table, tag or line ends in it."""
    plain = " ".join(printable(text).split())
    for sign in ("\\", "|", "<", "`", "*", "_", "["):
        plain = plain.replace(sign, f"\\{sign}")
    return plain
