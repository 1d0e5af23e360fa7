"""``jm run`` and ``jm resume``."""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from journeyman.cli.edge import OutputFormat, answer, answer_json, checked_directory, offer, run_async, say
from journeyman.domain.errors import JourneymanError
from journeyman.domain.resumption import Resumption
from journeyman.domain.task import MAX_TASK_CHARACTERS, Task, parse_task

if TYPE_CHECKING:
    from journeyman.domain.events import Event
    from journeyman.engine.recorder import Listener
    from journeyman.report.summary import RunSummary

_MOST_BYTES = 4 * MAX_TASK_CHARACTERS + 4  # one character more than a task may have, at least


def _minutes(value: float | None) -> float | None:
    if value is not None and not 0 < value < math.inf:
        raise typer.BadParameter(f"{value:g} is no number of minutes above 0.")
    return value


Repo = Annotated[Path, typer.Option("--repo", help="The repository; default is the current folder.")]
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
Rerank = Annotated[
    bool | None,
    typer.Option(
        "--rerank/--no-rerank", help="Ask the cheapest model once for an order of the files ranked first."
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")]


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command("run")(run)
    app.command("resume")(resume)
    app.command("continue")(continue_)


def run(
    task: Annotated[
        str | None, typer.Argument(help="A sentence, a Markdown file, or - for standard input.")
    ] = None,
    repo: Repo = Path(),
    worker: Annotated[
        str | None, typer.Option("--worker", "-w", help="autofix, replay:FILE, or a [workers.NAME] of yours.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", help="The built-in agent's model, PROVIDER:NAME, in every phase."),
    ] = None,
    fast: Annotated[
        bool, typer.Option("--fast", help="No PLAN and no REVIEW; guards and verification stay.")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Every phase, whatever the configuration says.")
    ] = False,
    max_budget_usd: MaxUsd = None,
    max_turns: MaxTurns = None,
    max_tokens: MaxTokens = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="A configuration file instead of journeyman.toml.")
    ] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option("--allow", help="Only paths matching this glob may change. Repeatable."),
    ] = None,
    deny: Annotated[
        list[str] | None, typer.Option("--deny", help="Paths matching this glob may not. Repeatable.")
    ] = None,
    allow_lockfile: Annotated[
        bool, typer.Option("--allow-lockfile", help="A changed lockfile is fine.")
    ] = False,
    green: Annotated[
        bool, typer.Option("--green", help="Every check must pass, even those the base fails.")
    ] = False,
    minutes: Annotated[
        float | None, typer.Option("--minutes", callback=_minutes, help="The time budget of the run.")
    ] = None,
    retries: Annotated[
        int | None,
        typer.Option(
            "--retries", "--verify-auto-retry", min=0, help="Attempts after the first, for each milestone."
        ),
    ] = None,
    auto_fix_lint: Annotated[
        bool | None,
        typer.Option("--auto-fix-lint/--no-auto-fix-lint", help="Try the project's own fixers first."),
    ] = None,
    auto_fix_tests: Annotated[
        bool | None,
        typer.Option("--auto-fix-tests/--no-auto-fix-tests", help="Work on failing tests without asking."),
    ] = None,
    auto_create_tests: Annotated[
        bool | None,
        typer.Option(
            "--auto-create-tests/--no-auto-create-tests", help="Ask for a test where the change has none."
        ),
    ] = None,
    max_auto_iterations: Annotated[
        int | None,
        typer.Option("--max-auto-iterations", min=0, help="Fixes, re-runs and retries of the run, in all."),
    ] = None,
    stop_for: Annotated[
        list[str] | None,
        typer.Option("--stop-for", help="One of the stop conditions, instead of all. Repeatable."),
    ] = None,
    scope_violation: Annotated[
        str | None, typer.Option("--scope-violation", help="Edits out of scope: stop or drop.")
    ] = None,
    test_integrity: Annotated[
        str | None, typer.Option("--test-integrity", help="Weakened tests or checks: review, stop or allow.")
    ] = None,
    rerank: Rerank = None,
    sandbox: Annotated[str | None, typer.Option("--sandbox", help="auto, required or off.")] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", help="A label for reports. Repeatable.")] = None,
    resume_reference: Annotated[
        str | None, typer.Option("--resume", help="Go on with this run instead; the same as jm resume.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be done, and do nothing.")
    ] = False,
    output_format: Format = OutputFormat.TEXT,
    quiet: Quiet = False,
) -> int:
    """Work a task to a verified commit on a branch of its own, or stop and say why."""
    flags = given_flags(
        ("scope", "allow", allow or None),
        ("scope", "deny", deny or None),
        ("scope", "lockfiles", "allow" if allow_lockfile else None),
        ("verify", "require", "green" if green else None),
        ("budget", "minutes", minutes),
        ("autonomy", "verify_auto_retry", retries),
        ("autonomy", "auto_fix_lint", auto_fix_lint),
        ("autonomy", "auto_fix_tests", auto_fix_tests),
        ("autonomy", "auto_create_tests", auto_create_tests),
        ("autonomy", "max_auto_iterations", max_auto_iterations),
        ("autonomy", "stop_conditions", stop_for or None),
        ("autonomy", "scope_violation", scope_violation),
        ("autonomy", "test_integrity", test_integrity),
        ("context", "rerank", rerank),
        ("", "sandbox", sandbox),
        ("models", "cheap", model),
        ("models", "standard", model),
        ("models", "strong", model),
        ("fast_path", "force", True if fast else False if full else None),
        ("fast_path", "enabled", False if full else None),
        ("budget", "usd", max_budget_usd),
        ("budget", "requests", max_turns),
        ("budget", "tokens", max_tokens),
    )
    if fast and full:
        raise JourneymanError("usage", "--fast and --full contradict each other")
    if resume_reference is not None:
        _refuse_beside_resume(resume_reference, flags, task, worker, config, tag, dry_run)
        asked = Resumption(allow_lockfile=allow_lockfile, **flags.get("budget", {}))
        return run_async(_resume(resume_reference, repo, asked, output_format, quiet))
    if task is None:
        raise JourneymanError("usage", "there is no task", hint='jm run "…"')
    return run_async(
        _run(read_task(task), repo, worker, config, flags, tuple(tag or ()), dry_run, output_format, quiet)
    )


def _refuse_beside_resume(reference: str, flags: dict[str, Any], *others: object) -> None:
    """What would have no effect: a run goes on with the task and the settings that it began with."""
    scope = set(flags.get("scope", ())) - {"lockfiles"}
    if scope or set(flags) - {"scope", "budget"} or any(others):
        message = "a resume keeps the task and the settings; --resume takes only limits and --allow-lockfile"
        raise JourneymanError("usage", message, hint=f"jm resume {reference}")


def resume(
    reference: Annotated[
        str, typer.Argument(metavar="RUN", help="A run id, a unique prefix, or latest.")
    ] = "latest",
    repo: Repo = Path(),
    answer_text: Annotated[
        str | None,
        typer.Option(
            "--answer", help="The answer to the question that blocked it; - reads it from standard input."
        ),
    ] = None,
    allow_lockfile: Annotated[
        bool, typer.Option("--allow-lockfile", help="The changed lockfile is fine.")
    ] = False,
    allow_weaker_tests: Annotated[
        bool, typer.Option("--allow-weaker-tests", help="What the change weakens of the tests is fine.")
    ] = False,
    minutes: Annotated[
        float | None, typer.Option("--minutes", callback=_minutes, help="A new time budget, in all.")
    ] = None,
    max_budget_usd: MaxUsd = None,
    max_turns: MaxTurns = None,
    max_tokens: MaxTokens = None,
    output_format: Format = OutputFormat.TEXT,
    quiet: Quiet = False,
) -> int:
    """Go on with a run that was cut off or stopped, keeping everything it has."""
    if answer_text == "-":
        say("your answer, ended by Ctrl-D:" if sys.stdin.isatty() else "the answer is read from stdin")
        answer_text = _read_text(None, "standard input").strip()
        if not answer_text:
            raise JourneymanError("usage", "the answer is empty", hint=f'jm resume {reference} --answer "…"')
    asked = Resumption(
        answer=answer_text,
        allow_lockfile=allow_lockfile,
        allow_weaker_tests=allow_weaker_tests,
        minutes=minutes,
        usd=max_budget_usd,
        tokens=max_tokens,
        requests=max_turns,
    )
    return run_async(_resume(reference, repo, asked, output_format, quiet))


def continue_(repo: Repo = Path(), output_format: Format = OutputFormat.TEXT, quiet: Quiet = False) -> int:
    """Go on with the latest run: jm resume latest."""
    return run_async(_resume("latest", repo, Resumption(), output_format, quiet))


def read_task(text: str) -> Task:
    """The task that the argument names: standard input, a file, or the sentence itself."""
    if text == "-":
        return parse_task(_read_text(None, "standard input"), "standard input")
    if _names_file(text):
        return read_task_file(Path(text), text)
    if text.endswith(".md") and " " not in text.strip():
        raise JourneymanError("bad-task", f"there is no task file {text}")
    return parse_task(_decoded(os.fsencode(text), "the task"))


def read_task_file(path: Path, origin: str) -> Task:
    """The task that a file holds, named ``origin`` in what is said of it."""
    return parse_task(_read_text(path, origin), origin)


def _names_file(text: str) -> bool:
    """Whether it names a file, a pipe, or (with a slash) a folder, which cannot be read and is told so."""
    try:
        # A sentence can be too long for a file name; then it is no file.
        found = len(text) < 4096 and bool(text) and Path(text).exists()
        return found and ("/" in text or not Path(text).is_dir())
    except (OSError, ValueError):
        return False


def _read_text(path: Path | None, origin: str) -> str:
    """The text of a file; of standard input for ``None``. Raises JourneymanError("bad-task")."""
    try:
        with sys.stdin.buffer if path is None else path.open("rb") as file:
            return _decoded(file.read(_MOST_BYTES), origin)
    except OSError as error:
        raise JourneymanError("bad-task", f"{origin} cannot be read: {error.strerror}") from None


def _decoded(data: bytes, origin: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        # Cut off where reading stopped: then it is too long, which parsing tells.
        if len(data) == _MOST_BYTES and error.start > len(data) - 4:
            return data[: error.start].decode("utf-8")
        raise JourneymanError(
            "bad-task", f"{origin} is not UTF-8: byte {data[error.start]:#04x} at position {error.start}"
        ) from None


async def _run(
    task: Task,
    repo: Path,
    worker: str | None,
    config: Path | None,
    flags: dict[str, Any],
    tags: tuple[str, ...],
    dry_run: bool,
    output_format: OutputFormat,
    quiet: bool,
) -> int:
    import asyncio

    from journeyman import bootstrap
    from journeyman.cli.main import STARTED
    from journeyman.cli.view import describe, make_view
    from journeyman.config import read_surroundings
    from journeyman.store.catalog import unfinished_run

    if not dry_run:
        # Half a second of imports, while git looks at the repository and makes the worktree.
        asyncio.get_running_loop().run_in_executor(None, _preload)
    project = await bootstrap.open_project(
        checked_directory(repo), read_surroundings(), flags=flags, config_file=config
    )
    options = bootstrap.StartOptions(worker=worker, tags=tags, started=STARTED)
    if dry_run:
        name = bootstrap.worker_for(project, task, worker)
        for line in describe(project, task, name):
            answer(line)
        return 0
    unfinished = unfinished_run(project.repository.state_root, task, project.repository.head)
    if unfinished is not None:
        say(f"note: an unfinished run of this task exists; to go on with it instead: jm resume {unfinished}")
    view = make_view(quiet=quiet or output_format is not OutputFormat.TEXT)
    listeners = (view.show, *_streaming(output_format))
    with view:
        summary = await bootstrap.start_run(project, task, options, listeners)
    return conclude(summary, output_format)


async def _resume(
    reference: str, repo: Path, asked: Resumption, output_format: OutputFormat, quiet: bool
) -> int:
    import asyncio

    from journeyman import bootstrap
    from journeyman.cli.main import STARTED
    from journeyman.cli.view import make_view
    from journeyman.config import read_surroundings
    from journeyman.store.catalog import find_run, read_store

    asyncio.get_running_loop().run_in_executor(None, _preload)
    project = await bootstrap.open_project(checked_directory(repo), read_surroundings())
    run_id = find_run(read_store(project.repository.state_root), reference)
    view = make_view(quiet=quiet or output_format is not OutputFormat.TEXT)
    with view:
        summary = await bootstrap.resume_run(
            project, run_id, asked, (view.show, *_streaming(output_format)), started=STARTED
        )
    return conclude(summary, output_format)


def conclude(summary: RunSummary, output_format: OutputFormat) -> int:
    """Print what a run came to; its exit code."""
    from journeyman.report.receipt import receipt_lines

    if output_format is OutputFormat.TEXT:
        answer("\n".join(receipt_lines(summary)))
    elif output_format is OutputFormat.JSON:
        answer_json(summary.as_json())
    else:
        import json

        answer(json.dumps({"kind": "summary", **summary.as_json()}))
    return summary.exit_code


def _streaming(output_format: OutputFormat) -> tuple[Listener, ...]:
    if output_format is not OutputFormat.STREAM_JSON:
        return ()
    from journeyman.report.stream import event_line

    def show(event: Event) -> None:
        line = event_line(event)
        if line is not None:
            offer(line)

    return (show,)


def _preload() -> None:
    from journeyman.engine.durable import preload

    preload()


def given_flags(*given: tuple[str, str, object]) -> dict[str, Any]:
    """Settings by table and key, of those flags that were given."""
    flags: dict[str, Any] = {}
    for table, key, value in given:
        if value is not None:
            (flags.setdefault(table, {}) if table else flags)[key] = value
    return flags
