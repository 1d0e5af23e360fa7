"""``jm status``, ``jm follow``, ``jm report``: what the timelines say."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from journeyman.cli.console import (
    OutputFormat,
    answer,
    answer_bytes,
    answer_json,
    answer_page,
    checked_directory,
    refuse_file,
    refuse_two,
)
from journeyman.cli.options import Html, Json, PageFile, Reference, Repo
from journeyman.cli.run import answer_summary

if TYPE_CHECKING:
    from journeyman.domain.events import Event
    from journeyman.domain.records import Storage
    from journeyman.report.overview import RunLine

_POLL_S = 0.2
_RUN = re.compile(r"[\w-]*\w[\w-]*")
"""A run's id or the start of one; anything else is a file."""


def register_look(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command("status")(status)
    app.command("follow")(follow)
    app.command("report")(report)


def status(
    repo: Repo = Path(),
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many runs, newest first.")] = 10,
    json_output: Json = False,
) -> int:
    """List the runs of this repository, newest first."""
    from journeyman.report.overview import overview

    storage = storage_of(repo)
    lines = overview(
        storage.runs.events_of_kind("run.started", "run.resumed", "run.finished", "phase.started"),
        storage.runs.last_seen(),
        storage.leases.is_held,
    )[:limit]
    if json_output:
        answer_json([line.as_json() for line in lines])
        return 0
    width = max((len(line.state) for line in lines), default=0)
    for line in lines:
        answer(f"{line.run_id}  {line.state:<{width}}  {_age(line):>8}  {line.title}")
    return 0


def follow(reference: Reference = "latest", repo: Repo = Path(), json_output: Json = False) -> int:
    """Watch a run as it happens, from its beginning; ends with it."""
    from journeyman.cli.view import make_view
    from journeyman.report.stream import event_line
    from journeyman.report.summary import summarize
    from journeyman.store.catalog import find_run

    storage = storage_of(repo)
    run_id = find_run(storage.runs, reference)
    seen = 0
    view = make_view(quiet=json_output)
    with view:
        while True:
            # Looked at before the events: a run that ends in between has its last event read below.
            running = storage.leases.is_held(run_id)
            events = storage.runs.events(run_id, after=seen)
            for event in events:
                view.show(event)
                line = event_line(event) if json_output else None
                if line is not None:
                    answer(line)
                seen = event.seq
            if not running:
                break
            if not events:
                time.sleep(_POLL_S)
    summary = summarize(run_id, storage.runs.events(run_id))
    return answer_summary(summary, OutputFormat.STREAM_JSON if json_output else OutputFormat.TEXT)


def report(
    reference: Reference = "latest",
    file: PageFile = None,
    repo: Repo = Path(),
    json_output: Json = False,
    diff: Annotated[bool, typer.Option("--diff", help="The change as a patch, and nothing else.")] = False,
    markdown: Annotated[bool, typer.Option("--md", help="The same as Markdown.")] = False,
    html: Html = False,
    decisions: Annotated[
        bool, typer.Option("--decisions", help="What the run decided by itself, and from what.")
    ] = False,
) -> int:
    """Tell what a run came to, and every figure of it: ten lines that say the most, then the rest."""
    from journeyman.report.full import report_lines, report_markdown
    from journeyman.report.summary import summarize
    from journeyman.store.catalog import find_run

    refuse_two({"--json": json_output, "--diff": diff, "--md": markdown, "--html": html})
    if html and file is None and not _RUN.fullmatch(reference):
        reference, file = "latest", reference  # `jm report --html FILE`
    refuse_file(file, html=html)
    storage = storage_of(repo)
    run_id = find_run(storage.runs, reference)
    artifacts = storage.artifacts(run_id)
    if diff:
        answer_bytes(artifacts.read_bytes("diff.patch") or b"")
        return 0
    events = storage.runs.events(run_id)
    if decisions:
        return _decisions(events, json_output=json_output)
    summary = summarize(run_id, events)
    if json_output:
        answer_json(summary.as_json())
    elif markdown:
        answer(report_markdown(summary, events))
    elif html:
        from journeyman.report.page import report_page

        page = report_page(summary, events, artifacts.read_bytes("diff.patch"))
        answer_page(page, file, artifacts.path("report.html"))
    else:
        answer("\n".join(report_lines(summary, events)))
    return 0


def _decisions(events: tuple[Event, ...], *, json_output: bool) -> int:
    from journeyman.report import decisions

    if json_output:
        answer_json([decision.as_json() for decision in decisions.decisions(events)])
    else:
        answer("\n".join(decisions.decision_lines(events)))
    return 0


def storage_of(repo: Path) -> Storage:
    """What is kept of the runs of the repository around a folder."""
    from journeyman import bootstrap

    return bootstrap.storage_around(checked_directory(repo))


def _age(line: RunLine) -> str:
    age = time.time() - line.last_seen
    if age < -1:
        return "?"  # the clock went back: there is no telling
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if age >= length:
            return f"{int(age // length)} {unit}"
    return f"{max(0, int(age))} s"
