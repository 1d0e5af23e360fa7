"""``jm init``, ``jm doctor``, ``jm config``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from journeyman.cli.console import answer, answer_json, checked_directory, run_async, say
from journeyman.cli.options import Json, Repo
from journeyman.domain.errors import JourneymanError

if TYPE_CHECKING:
    from journeyman.domain.checks import Check


def register_setup(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command("init")(init)
    app.command("doctor")(doctor)
    config = typer.Typer(help="Show the configuration and where it comes from.", no_args_is_help=True)
    config.command("show")(config_show)
    config.command("schema")(config_schema)
    app.add_typer(config, name="config")


def init(
    repo: Repo = Path(),
    force: Annotated[bool, typer.Option("--force", help="Overwrite journeyman.toml.")] = False,
) -> int:
    """Write what was detected to journeyman.toml, commented."""
    return run_async(_init(repo, force))


async def _init(repo: Path, force: bool) -> int:
    from journeyman import bootstrap
    from journeyman.config import CONFIG_FILE, read_surroundings
    from journeyman.report.configuration import configuration_file

    project = await bootstrap.open_project(checked_directory(repo), read_surroundings())
    path = project.repository.root / CONFIG_FILE
    if path.exists() and not force:
        raise JourneymanError("bad-config", f"{path} exists already", hint="jm init --force")
    try:
        path.write_text(configuration_file(project.detection.checks, project.detection.notes), "utf-8")
    except OSError as error:
        raise JourneymanError("not-writable", f"{path} cannot be written: {error.strerror}") from None
    count = len(project.detection.checks)
    found = f"{count} check{'s' if count != 1 else ''}; commit it to share them"
    say(f"wrote {path} with {found if count else 'no check: none was found, so add [[checks]] of yours'}")
    for note in project.detection.notes:
        say(f"note: {note}")
    return 0


def doctor(
    repo: Repo = Path(),
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", help="Also make one tiny call to this model, PROVIDER:NAME."),
    ] = None,
    json_output: Json = False,
) -> int:
    """Try every piece for real, and say how to mend what fails. Checks run on HEAD."""
    return run_async(_doctor(repo, model, json_output))


async def _doctor(repo: Path, model: str | None, json_output: bool) -> int:
    from journeyman import bootstrap
    from journeyman.config import read_surroundings

    project = await bootstrap.open_project(checked_directory(repo), read_surroundings())
    found = []
    async for probe in bootstrap.examine_project(project, model):
        found.append(probe)
        if json_output:
            continue
        answer(f"{'✓' if probe.ok else '✗'} {probe.name:<12} {probe.message}")
        if probe.hint and not probe.ok:
            answer(f"  hint: {probe.hint}")
    healthy = all(probe.ok for probe in found)
    if json_output:
        answer_json({"ok": healthy, "probes": [probe.as_json() for probe in found]})
    return 0 if healthy else 2


def config_show(repo: Repo = Path(), json_output: Json = False) -> int:
    """Print each value and where it came from."""
    return run_async(_config_show(repo, json_output))


async def _config_show(repo: Path, json_output: bool) -> int:
    from journeyman import bootstrap
    from journeyman.config import leaves, read_surroundings

    project = await bootstrap.open_project(checked_directory(repo), read_surroundings())
    sources = project.loaded.sources
    values = [(name, value, _source(name, sources)) for name, value in leaves(project.settings)]
    if json_output:
        answer_json({name: {"value": value, "source": source} for name, value, source in values})
        return 0
    for name, value, source in values:
        shown = _checks_text(value) if name == "checks" else json.dumps(value, default=vars)
        answer(f"{name} = {shown}  # {source}")
    return 0


def config_schema() -> int:
    """Print the JSON schema of journeyman.toml."""
    from journeyman.config import schema

    answer_json(schema())
    return 0


def _source(name: str, sources: object) -> str:
    if not isinstance(sources, dict):
        return "default"
    return next(
        (source for key, source in sources.items() if name == key or name.startswith(f"{key}.")), "default"
    )


def _checks_text(checks: object) -> str:
    found: tuple[Check, ...] = checks if isinstance(checks, tuple) else ()
    return json.dumps([f"{check.name}: {check.run}" for check in found])
