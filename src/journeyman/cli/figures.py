"""``jm compare`` and ``jm metrics``: figures of several runs."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from journeyman.cli.console import answer, answer_json, answer_page, refuse_file, refuse_two
from journeyman.cli.look import storage_of
from journeyman.cli.options import Html, Json, PageFile, Repo
from journeyman.domain.errors import JourneymanError

if TYPE_CHECKING:
    from journeyman.domain.records import RunStore
    from journeyman.report.compare import Side
    from journeyman.report.groups import RunFacts


def register_figures(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command("compare")(compare_command)
    app.command("metrics")(metrics_command)


def compare_command(
    run_a: Annotated[str | None, typer.Argument(metavar="RUN_A", help="What is compared with.")] = None,
    run_b: Annotated[str | None, typer.Argument(metavar="RUN_B", help="What is judged.")] = None,
    repo: Repo = Path(),
    group: Annotated[
        list[str] | None,
        typer.Option(
            "--group", metavar="KEY=VALUE", help="Runs by tag, size, worker, model, outcome; twice."
        ),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="WHEN", help="Only newer runs: a date, or 12h, 7d, 2w.")
    ] = None,
    json_output: Json = False,
) -> int:
    """Compare two runs, or two groups of runs: every figure, and what got worse."""
    from journeyman.report.compare import compare, compare_lines

    groups = group or []
    if groups and (run_a is not None or len(groups) != 2):
        raise JourneymanError("usage", "name two runs, or two groups", hint="jm compare RUN_A RUN_B")
    if not groups and (run_a is None or run_b is None or since is not None):
        message = "--since goes with groups" if since is not None else "name two runs, or two groups"
        raise JourneymanError("usage", message, hint="jm compare --group tag=A --group tag=B")
    runs = storage_of(repo).runs
    if groups:
        side_a, side_b = _groups(runs, groups, since)
    else:
        side_a, side_b = _one(runs, run_a or ""), _one(runs, run_b or "")
    comparison = compare(side_a, side_b)
    if json_output:
        answer_json(comparison.as_json())
    else:
        answer("\n".join(compare_lines(comparison)))
    return 0


def metrics_command(
    file: PageFile = None,
    repo: Repo = Path(),
    days: Annotated[int, typer.Option("--days", min=1, max=36_500, help="How far back.")] = 30,
    json_output: Json = False,
    html: Html = False,
) -> int:
    """Tell the trends of the last days: TVc, touches, verification, cost, stops."""
    from journeyman.report.metrics import metrics, metrics_lines

    refuse_two({"--json": json_output, "--html": html})
    refuse_file(file, html=html)
    storage = storage_of(repo)
    runs = [run.figures for run in _facts(storage.runs)]
    found = metrics(runs, time.time(), days)
    if json_output:
        answer_json(found.as_json())
    elif html:
        from journeyman.report.metrics_page import metrics_page

        answer_page(metrics_page(found, runs), file, storage.shared.path("metrics.html"))
    else:
        answer("\n".join(metrics_lines(found)))
    return 0


def _facts(store: RunStore) -> list[RunFacts]:
    from journeyman.report.groups import run_facts

    found = (run_facts(run_id, store.events(run_id)) for run_id in store.run_ids())
    return [facts for facts in found if facts is not None]


def _one(store: RunStore, reference: str) -> Side:
    from journeyman.domain.folds.kpi import compute_kpi
    from journeyman.report.compare import Side
    from journeyman.store.catalog import find_run

    run_id = find_run(store, reference)
    return Side(run_id, (run_id,), (compute_kpi(store.events(run_id)),))


def _groups(store: RunStore, groups: list[str], since: str | None) -> tuple[Side, Side]:
    from journeyman.report.compare import Side
    from journeyman.report.groups import in_group, parse_group, parse_since

    wanted = [parse_group(text) for text in groups]
    first = parse_since(since, time.time()) if since is not None else float("-inf")
    # A run that is still under way has figures that will change: it is in no group.
    runs = [run for run in _facts(store) if run.figures.outcome and run.figures.started_at >= first]
    sides = []
    for text, one in zip(groups, wanted, strict=True):
        members = [run.figures for run in runs if in_group(run, one)]
        if not members:
            raise JourneymanError("unknown-run", f"no run that has ended is in {text!r}", hint="jm status")
        sides.append(Side(text, tuple(run.run_id for run in members), tuple(run.kpi for run in members)))
    return sides[0], sides[1]
