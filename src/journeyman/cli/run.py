"""``jm run`` and ``jm resume``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from journeyman.cli.console import OutputFormat, answer, answer_json, checked_directory, offer, run_async, say
from journeyman.cli.options import (
    Allow,
    AllowLockfile,
    AllowLockfileAgain,
    AllowWeakerTests,
    AnswerText,
    AutoCreateTests,
    AutoFixLint,
    AutoFixTests,
    ConfigFile,
    Deny,
    DryRun,
    Fast,
    Format,
    Full,
    Green,
    MaxAutoIterations,
    MaxTokens,
    MaxTurns,
    MaxUsd,
    Minutes,
    ModelName,
    NewMinutes,
    Quiet,
    Reference,
    Repo,
    ResumeReference,
    Retries,
    Sandbox,
    ScopeViolation,
    StopFor,
    Tags,
    TaskArgument,
    TestIntegrity,
    WorkerName,
    given_flags,
)
from journeyman.cli.task_argument import read_task, read_text
from journeyman.domain.errors import JourneymanError
from journeyman.domain.run import Resumption

if TYPE_CHECKING:
    from journeyman.domain.events import Event
    from journeyman.domain.task import Task
    from journeyman.engine.recorder import Listener
    from journeyman.report.summary import RunSummary


def register_run(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command("run")(run)
    app.command("resume")(resume)
    app.command("continue")(continue_)


def run(
    task: TaskArgument = None,
    repo: Repo = Path(),
    worker: WorkerName = None,
    model: ModelName = None,
    fast: Fast = False,
    full: Full = False,
    max_budget_usd: MaxUsd = None,
    max_turns: MaxTurns = None,
    max_tokens: MaxTokens = None,
    config: ConfigFile = None,
    allow: Allow = None,
    deny: Deny = None,
    allow_lockfile: AllowLockfile = False,
    green: Green = False,
    minutes: Minutes = None,
    retries: Retries = None,
    auto_fix_lint: AutoFixLint = None,
    auto_fix_tests: AutoFixTests = None,
    auto_create_tests: AutoCreateTests = None,
    max_auto_iterations: MaxAutoIterations = None,
    stop_for: StopFor = None,
    scope_violation: ScopeViolation = None,
    test_integrity: TestIntegrity = None,
    sandbox: Sandbox = None,
    tag: Tags = None,
    resume_reference: ResumeReference = None,
    dry_run: DryRun = False,
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
    reference: Reference = "latest",
    repo: Repo = Path(),
    answer_text: AnswerText = None,
    allow_lockfile: AllowLockfileAgain = False,
    allow_weaker_tests: AllowWeakerTests = False,
    minutes: NewMinutes = None,
    max_budget_usd: MaxUsd = None,
    max_turns: MaxTurns = None,
    max_tokens: MaxTokens = None,
    output_format: Format = OutputFormat.TEXT,
    quiet: Quiet = False,
) -> int:
    """Go on with a run that was cut off or stopped, keeping everything it has."""
    if answer_text == "-":
        say("your answer, ended by Ctrl-D:" if sys.stdin.isatty() else "the answer is read from stdin")
        answer_text = read_text(None, "standard input").strip()
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
    from journeyman.cli.clock import STARTED
    from journeyman.cli.view import describe, make_view
    from journeyman.config import read_surroundings
    from journeyman.store.catalog import unfinished_run

    if not dry_run:
        # Half a second of imports, while git looks at the repository and makes the worktree.
        asyncio.get_running_loop().run_in_executor(None, bootstrap.preload_engine)
    project = await bootstrap.open_project(
        checked_directory(repo), read_surroundings(), flags=flags, config_file=config
    )
    for ignored in project.loaded.ignored:
        say(f"note: {ignored}")
    options = bootstrap.StartOptions(worker=worker, tags=tags, started=STARTED)
    if dry_run:
        name = bootstrap.worker_for(project, task, worker)
        for line in describe(project, task, name):
            answer(line)
        return 0
    storage = bootstrap.existing_storage(project.repository.state_root)
    unfinished = unfinished_run(storage, task, project.repository.head) if storage else None
    if unfinished is not None:
        say(f"note: an unfinished run of this task exists; to go on with it instead: jm resume {unfinished}")
    view = make_view(quiet=quiet or output_format is not OutputFormat.TEXT)
    listeners = (view.show, *_streaming(output_format))
    with view:
        summary = await bootstrap.start_run(project, task, options, listeners)
    return answer_summary(summary, output_format)


async def _resume(
    reference: str, repo: Path, asked: Resumption, output_format: OutputFormat, quiet: bool
) -> int:
    import asyncio

    from journeyman import bootstrap
    from journeyman.cli.clock import STARTED
    from journeyman.cli.view import make_view
    from journeyman.config import read_surroundings
    from journeyman.store.catalog import find_run

    asyncio.get_running_loop().run_in_executor(None, bootstrap.preload_engine)
    project = await bootstrap.open_project(checked_directory(repo), read_surroundings())
    run_id = find_run(bootstrap.read_storage(project.repository.state_root).runs, reference)
    view = make_view(quiet=quiet or output_format is not OutputFormat.TEXT)
    with view:
        summary = await bootstrap.resume_run(
            project, run_id, asked, (view.show, *_streaming(output_format)), started=STARTED
        )
    return answer_summary(summary, output_format)


def answer_summary(summary: RunSummary, output_format: OutputFormat) -> int:
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
