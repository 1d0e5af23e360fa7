"""Figures as people read them: durations, numbers, shares; a dash where nothing is known."""

from __future__ import annotations

from collections.abc import Sequence

_UNKNOWN = "–"


def seconds(value: float | None) -> str:
    """A duration for people: ``0.42 s``, ``12.3 s``, ``3 min 05 s``, ``2 h 07 min``."""
    if value is None:
        return _UNKNOWN
    if value == 0:
        return "0 s"
    if value < 10:
        return f"{value:.2f} s"
    if value < 100:
        return f"{value:.1f} s"
    if value < 7200:
        return f"{int(value // 60)} min {int(value % 60):02d} s"
    return f"{int(value // 3600)} h {int(value % 3600 // 60):02d} min"


def number(value: float | None) -> str:
    """A number with separators; a dash when unknown."""
    if value is None:
        return _UNKNOWN
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


def dollars(value: float | None) -> str:
    """A cost; a dash when unknown, never 0 for unknown."""
    return _UNKNOWN if value is None else f"${value:.4f}"


def percent(share: float | None) -> str:
    """A share as a percentage."""
    return _UNKNOWN if share is None else f"{share * 100:.0f} %"


def figure_text(value: float | None, unit: str) -> str:
    """A figure in its unit: ``s``, ``USD``, ``share``, ``tokens`` or ``count``."""
    if unit == "s":
        return seconds(value)
    if unit == "USD":
        return dollars(value)
    return percent(value) if unit == "share" else number(value)


def table_lines(rows: Sequence[Sequence[str]], *, right: frozenset[int] = frozenset()) -> list[str]:
    """Rows as columns two blanks apart; those in ``right`` are flush right."""
    widths = [max(map(len, column), default=0) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(widths[place]) if place in right else cell.ljust(widths[place])
            for place, cell in enumerate(row)
        ]
        lines.append("  ".join(cells).rstrip())
    return lines
