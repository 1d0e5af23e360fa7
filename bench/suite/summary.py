"""From runs to the tables of docs/sprint-summary: pure."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import Any

from bench.suite.runs import RunFigures

_SUMMED = ("requests", "tokens_in", "tokens_cached", "tokens_out", "cost_usd")
_MEDIANS = ("model_s", "verify_s", "overhead_s")


def percentile(values: Sequence[float], share: float) -> float | None:
    """The value below which the share lies, between neighbours in proportion; ``None`` without values."""
    if not values:
        return None
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def figures_of(runs: Sequence[RunFigures]) -> dict[str, Any]:
    """The figures of one profile and size class, over its doable tasks; medians are of verified runs."""
    doable = [run for run in runs if run.doable]
    others = [run for run in runs if not run.doable]
    verified = [run for run in doable if run.verified]
    untouched = [run for run in verified if run.touches == 0]
    figures: dict[str, Any] = {
        "tasks": len(doable),
        "verified": len(verified),
        "hidden_passed": sum(run.hidden is True for run in verified),
        "human_touches": sum(run.touches for run in doable),
        "zero_touch": len(untouched),
        "zero_touch_rate": len(untouched) / len(doable) if doable else None,
        "tvc_p50_s": percentile(_known(verified, "tvc_s"), 0.5),
        "tvc_p90_s": percentile(_known(verified, "tvc_s"), 0.9),
        "undoable": len(others),
        "undoable_stopped_rightly": sum(run.right for run in others),
        "retries": _sum(doable, "retries"),
    }
    figures |= {f"{name.removesuffix('_s')}_p50_s": _median(verified, name) for name in _MEDIANS}
    return figures | {name: _sum(doable, name) for name in _SUMMED}


def _known(runs: Sequence[RunFigures], name: str) -> list[float]:
    return [value for run in runs if (value := getattr(run, name)) is not None]


def _median(runs: Sequence[RunFigures], name: str) -> float | None:
    known = _known(runs, name)
    return statistics.median(known) if known and len(known) == len(runs) else None


def _sum(runs: Sequence[RunFigures], name: str) -> float | None:
    known = _known(runs, name)
    return sum(known) if known and len(known) == len(runs) else None


def summarise(runs: Sequence[RunFigures], header: dict[str, Any]) -> dict[str, Any]:
    """Everything that docs/sprint-summary.json holds."""
    names = list(dict.fromkeys(run.profile for run in runs))
    profiles = {
        name: {
            size: figures_of([run for run in runs if run.profile == name and size in {run.size, "all"}])
            for size in ("small", "medium", "all")
        }
        for name in names
    }
    attribution = [abs(run.attribution_s) for run in runs if run.attribution_s is not None]
    return {
        "schema": 1,
        "header": header,
        "profiles": profiles,
        "criteria": criteria(profiles),
        "attribution": {
            "runs": len(runs),
            "checked": len(attribution),
            "worst_s": max(attribution, default=None),
        },
        "problems": [f"{run.profile}/{run.task}: {problem}" for run in runs for problem in run.problems],
        "runs": [run.as_json() for run in runs],
    }


def criteria(profiles: dict[str, Any]) -> list[dict[str, Any]]:
    """The seed criteria for the last profile that was run, against ``baseline`` where they compare."""
    if not profiles:
        return []
    name, last = list(profiles.items())[-1]
    baseline = profiles.get("baseline")
    saved = _less(baseline["all"], last["all"], "tokens_in") if baseline and name != "baseline" else None
    rows: list[tuple[str, float | None, str, Callable[[float], bool]]] = [
        ("TVc of small tasks, median, under 5 min", last["small"]["tvc_p50_s"], "s", lambda x: x < 300),
        ("TVc of medium tasks, median, under 20 min", last["medium"]["tvc_p50_s"], "s", lambda x: x < 1200),
        (
            "zero-touch, at least 80 % of small tasks",
            last["small"]["zero_touch_rate"],
            "%",
            lambda x: x >= 0.8,
        ),
        ("input tokens, at least 40 % less than baseline", saved, "%", lambda x: x >= 0.4),
    ]
    return [
        {
            "criterion": text,
            "profile": name,
            "figure": figure,
            "unit": unit,
            "reached": None if figure is None else good(figure),
        }
        for text, figure, unit, good in rows
    ]


def _less(before: dict[str, Any], after: dict[str, Any], name: str) -> float | None:
    return 1 - after[name] / before[name] if before[name] and after[name] is not None else None


def markdown(summary: dict[str, Any]) -> str:
    """docs/sprint-summary.md."""
    header = summary["header"]
    lines = ["# Sprint summary", "", *header["notes"], "", "## Seed criteria", ""]
    lines += ["| criterion | profile | figure | |", "|---|---|---|---|"]
    for row in summary["criteria"]:
        reached = {None: "not known", True: "reached", False: "not yet"}[row["reached"]]
        figure = _shown(row["figure"], row["unit"])
        lines.append(f"| {row['criterion']} | {row['profile']} | {figure} | {reached} |")
    for size in ("small", "medium", "all"):
        lines += ["", f"## {'All tasks' if size == 'all' else f'{size.capitalize()} tasks'}", ""]
        lines += _table({name: sizes[size] for name, sizes in summary["profiles"].items()})
    lines += ["", "## What the columns mean", "", *_MEANINGS, "", "## Problems", ""]
    lines += [f"- {problem}" for problem in summary["problems"]] or ["None."]
    attribution = summary["attribution"]
    worst = "not known" if attribution["worst_s"] is None else f"{attribution['worst_s'] * 1000:.3f} ms"
    checked, of = attribution["checked"], attribution["runs"]
    lines += ["", f"Phases and unattributed time make up the total in {checked} of {of} runs, told from the"]
    lines += [f"timeline anew: at most {worst} apart (10 ms are allowed)."]
    return "\n".join(lines) + "\n"


_MEANINGS = (
    "- success: verified commits of doable tasks; hidden: those whose acceptance tests, which no worker saw,",
    "  pass.",
    "- touches: how often the bench said `jm resume`, at once, in place of a person; zero-touch: verified",
    "  without.",
    "- TVc, model, verify, overhead: medians of verified runs (TVc also the 90th percentile), in seconds.",
    "- requests, tokens and cost: sums over the doable tasks, those included that were not verified.",
    "- undoable: tasks that must stop for a reason of their own, and how many stopped for exactly that.",
)
_COLUMNS: tuple[tuple[str, Callable[[dict[str, Any]], str]], ...] = (
    ("success", lambda row: f"{row['verified']}/{row['tasks']}"),
    ("hidden", lambda row: f"{row['hidden_passed']}/{row['tasks']}"),
    ("touches", lambda row: str(row["human_touches"])),
    ("zero-touch", lambda row: _shown(row["zero_touch_rate"], "%")),
    ("TVc p50", lambda row: _shown(row["tvc_p50_s"], "s")),
    ("TVc p90", lambda row: _shown(row["tvc_p90_s"], "s")),
    ("model", lambda row: _shown(row["model_p50_s"], "s")),
    ("verify", lambda row: _shown(row["verify_p50_s"], "s")),
    ("overhead", lambda row: _shown(row["overhead_p50_s"], "s")),
    ("requests", lambda row: _shown(row["requests"], "")),
    ("tokens in", lambda row: _shown(row["tokens_in"], "")),
    ("cached", lambda row: _shown(row["tokens_cached"], "")),
    ("out", lambda row: _shown(row["tokens_out"], "")),
    ("cost", lambda row: _shown(row["cost_usd"], "$")),
    ("undoable", lambda row: f"{row['undoable_stopped_rightly']}/{row['undoable']}"),
)


def _table(profiles: dict[str, dict[str, Any]]) -> list[str]:
    lines = [
        f"| profile | {' | '.join(name for name, _ in _COLUMNS)} |",
        f"|---|{'---|' * len(_COLUMNS)}",
    ]
    for name, row in profiles.items():
        lines.append(f"| {name} | {' | '.join(cell(row) for _, cell in _COLUMNS)} |")
    return lines


def _shown(figure: float | None, unit: str) -> str:
    if figure is None:
        return "?"
    match unit:
        case "%":
            return f"{figure:.0%}"
        case "$":
            return f"${figure:.2f}"
        case "s":
            return f"{figure:.1f}"
        case _:
            return f"{figure:,.0f}"
