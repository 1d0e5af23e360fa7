"""Options of commands, each said once, and the settings that flags stand for."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any

import typer

from journeyman.cli.console import OutputFormat


def _minutes(value: float | None) -> float | None:
    if value is not None and not 0 < value < math.inf:
        raise typer.BadParameter(f"{value:g} is no number of minutes above 0.")
    return value


Repo = Annotated[Path, typer.Option("--repo", help="The repository; default is the current folder.")]
Reference = Annotated[str, typer.Argument(metavar="RUN", help="A run id, a unique prefix, or latest.")]
Format = Annotated[
    OutputFormat,
    typer.Option(
        "--output-format", help="text, json (one object at the end) or stream-json (one event a line)."
    ),
]
MaxUsd = Annotated[
    float | None, typer.Option("--max-budget-usd", min=0, help="Dollars that the built-in agent may spend.")
]
MaxTurns = Annotated[
    int | None, typer.Option("--max-turns", min=1, help="Model requests of the built-in agent, in all.")
]
MaxTokens = Annotated[
    int | None, typer.Option("--max-tokens", min=1, help="Tokens of the built-in agent, sent and received.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")]
Json = Annotated[bool, typer.Option("--json", help="Answer as JSON on stdout.")]
Html = Annotated[bool, typer.Option("--html", help="As one self-contained HTML file; prints its path.")]
PageFile = Annotated[str | None, typer.Argument(metavar="FILE", help="Where --html writes; - is stdout.")]

# Of `jm run` alone.
TaskArgument = Annotated[
    str | None, typer.Argument(help="A sentence, a Markdown file, or - for standard input.")
]
WorkerName = Annotated[
    str | None, typer.Option("--worker", "-w", help="autofix, replay:FILE, or a [workers.NAME] of yours.")
]
ModelName = Annotated[
    str | None,
    typer.Option("--model", "-m", help="The built-in agent's model, PROVIDER:NAME, in every phase."),
]
Fast = Annotated[bool, typer.Option("--fast", help="No PLAN and no REVIEW; guards and verification stay.")]
Full = Annotated[bool, typer.Option("--full", help="Every phase, whatever the configuration says.")]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="A configuration file instead of journeyman.toml.")
]
Allow = Annotated[
    list[str] | None,
    typer.Option("--allow", help="Only paths matching this glob may change. Repeatable."),
]
Deny = Annotated[
    list[str] | None, typer.Option("--deny", help="Paths matching this glob may not. Repeatable.")
]
AllowLockfile = Annotated[bool, typer.Option("--allow-lockfile", help="A changed lockfile is fine.")]
Green = Annotated[bool, typer.Option("--green", help="Every check must pass, even those the base fails.")]
Minutes = Annotated[
    float | None, typer.Option("--minutes", callback=_minutes, help="The time budget of the run.")
]
Retries = Annotated[
    int | None,
    typer.Option(
        "--retries", "--verify-auto-retry", min=0, help="Attempts after the first, for each milestone."
    ),
]
AutoFixLint = Annotated[
    bool | None,
    typer.Option("--auto-fix-lint/--no-auto-fix-lint", help="Try the project's own fixers first."),
]
AutoFixTests = Annotated[
    bool | None,
    typer.Option("--auto-fix-tests/--no-auto-fix-tests", help="Work on failing tests without asking."),
]
AutoCreateTests = Annotated[
    bool | None,
    typer.Option(
        "--auto-create-tests/--no-auto-create-tests", help="Ask for a test where the change has none."
    ),
]
MaxAutoIterations = Annotated[
    int | None,
    typer.Option("--max-auto-iterations", min=0, help="Fixes, re-runs and retries of the run, in all."),
]
StopFor = Annotated[
    list[str] | None,
    typer.Option("--stop-for", help="One of the stop conditions, instead of all. Repeatable."),
]
ScopeViolation = Annotated[
    str | None, typer.Option("--scope-violation", help="Edits out of scope: stop or drop.")
]
TestIntegrity = Annotated[
    str | None, typer.Option("--test-integrity", help="Weakened tests or checks: review, stop or allow.")
]
Sandbox = Annotated[str | None, typer.Option("--sandbox", help="auto, required or off.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="A label for reports. Repeatable.")]
ResumeReference = Annotated[
    str | None, typer.Option("--resume", help="Go on with this run instead; the same as jm resume.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and do nothing.")]

# Of `jm resume` alone.
AnswerText = Annotated[
    str | None,
    typer.Option(
        "--answer", help="The answer to the question that blocked it; - reads it from standard input."
    ),
]
AllowWeakerTests = Annotated[
    bool, typer.Option("--allow-weaker-tests", help="What the change weakens of the tests is fine.")
]
AllowLockfileAgain = Annotated[bool, typer.Option("--allow-lockfile", help="The changed lockfile is fine.")]
NewMinutes = Annotated[
    float | None, typer.Option("--minutes", callback=_minutes, help="A new time budget, in all.")
]


def given_flags(*given: tuple[str, str, object]) -> dict[str, Any]:
    """Settings by table and key, of those flags that were given."""
    flags: dict[str, Any] = {}
    for table, key, value in given:
        if value is not None:
            (flags.setdefault(table, {}) if table else flags)[key] = value
    return flags
