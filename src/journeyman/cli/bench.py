"""``jm bench``: the suite of the checkout that Journeyman was installed from, as a command."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Annotated

import typer

from journeyman.domain.errors import JourneymanError

_SUITE = Path("bench") / "suite" / "__main__.py"


def register_bench(app: typer.Typer) -> None:
    """Add this file's command."""
    app.command("bench")(bench)


def bench(
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", help="A real model, PROVIDER:NAME; default is a simulated one."),
    ] = None,
    tasks: Annotated[
        str, typer.Option("--tasks", help="Sizes, kinds, packages or names, comma-separated.")
    ] = "",
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Only so many tasks.")] = None,
    profiles: Annotated[
        str | None,
        typer.Option("--profiles", help="Comma-separated; default is every one, or all with a model."),
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="Runs at the same time.")] = 1,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for sprint-summary.md and sprint-summary.json.")
    ] = None,
    suite: Annotated[
        Path | None, typer.Option("--suite", help="Another folder of packages.yaml and tasks/.")
    ] = None,
    checkout: Annotated[
        Path | None,
        typer.Option("--checkout", help="A checkout of Journeyman, whose bench is run; default: its own."),
    ] = None,
) -> int:
    """Work the suite's tasks on real packages, and print what they took."""
    root = find_checkout(checkout)
    given = (
        ("--model", model),
        ("--tasks", tasks or None),
        ("--limit", limit),
        ("--profiles", profiles),
        ("--jobs", jobs),
        ("--out", out),
        ("--suite", suite),
    )
    arguments = [word for flag, value in given if value is not None for word in (flag, str(value))]
    sys.path.insert(0, str(root))
    try:
        return int(importlib.import_module("bench.suite.__main__").main(arguments))
    except SystemExit as ended:  # as argparse leaves
        return ended.code if isinstance(ended.code, int) else 2


def find_checkout(given: Path | None) -> Path:
    """The folder that holds the bench. Raises JourneymanError("usage") where it is not."""
    import journeyman

    root = given if given is not None else Path(journeyman.__file__).parents[2]
    if (root / _SUITE).is_file():
        return root.resolve()
    where = f"{root} holds no bench/suite" if given else "the suite is no part of the installed package"
    raise JourneymanError(
        "usage", where, facts=("it comes with a checkout of Journeyman",), hint="jm bench --checkout DIR"
    )
