"""``jm``: the commands, and the one door through which every error leaves."""

from __future__ import annotations

import gc

import journeyman.cli.clock  # noqa: F401 - before all else: it reads the clock

gc.set_threshold(100_000, 50, 50)  # imports make many lasting objects; collecting among them takes 15 %

import itertools  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
import threading  # noqa: E402
from typing import NoReturn  # noqa: E402

import typer  # noqa: E402

from journeyman import __version__  # noqa: E402
from journeyman.cli import context, demo, figures, look, prove, run, setup  # noqa: E402
from journeyman.cli.console import (  # noqa: E402
    answer_error,
    flush_standard_streams,
    open_standard_streams,
    print_bug,
    print_error,
    say,
)
from journeyman.domain.errors import JourneymanError  # noqa: E402
from journeyman.domain.stops import EXIT_CODES, Family, stop_reason  # noqa: E402

app = typer.Typer(
    name="jm",
    help="Hand it a task and a git repository, walk away, come back to a verified commit.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
run.register_run(app)
look.register_look(app)
figures.register_figures(app)
context.register_context(app)
prove.register_prove(app)
setup.register_setup(app)
demo.register_demo(app)


def _version(value: bool) -> None:
    if value:
        print(f"jm {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    _version_flag: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Show the version and exit."
    ),
) -> None:
    """Hand it a task and a git repository, walk away, come back to a verified commit."""


def run_command_line() -> NoReturn:
    """Parse, call, and turn whatever comes back into an exit code."""
    open_standard_streams()
    leave(_call())


def _call() -> int:
    try:
        code = app(prog_name="jm", standalone_mode=False)
    except JourneymanError as error:
        return _stopped(error)
    except KeyboardInterrupt:
        say("interrupted")
        return EXIT_CODES[Family.INTERRUPTED]
    except Exception as error:  # noqa: BLE001 - the one catch-all, at the door
        trouble = _machine_error(error)
        if trouble is not None:
            return _stopped(trouble)
        usage = _usage_error(error)
        if usage is not None:
            return _stopped(JourneymanError("usage", usage))
        print_bug(error)
        return EXIT_CODES[Family.BUG]
    return code if isinstance(code, int) else 0


def _stopped(error: JourneymanError) -> int:
    print_error(error)
    if _wants_json(sys.argv[1:]):
        answer_error(error)
    return stop_reason(error.code).exit_code


def _wants_json(arguments: list[str]) -> bool:
    """Whether the command was to answer in JSON; a parser that failed cannot say so."""
    formats = {"json", "stream-json"}
    return "--json" in arguments or any(
        argument == f"--output-format={name}" or (argument == name and before == "--output-format")
        for before, argument in itertools.pairwise(["", *arguments])
        for name in formats
    )


def _machine_error(error: Exception) -> JourneymanError | None:
    """The expected error when the machine is in trouble: a full disk, say."""
    if not isinstance(error, OSError):
        return None
    from journeyman.store.state import machine_error

    return machine_error(error)


def _usage_error(error: Exception) -> str | None:
    """The message of the command-line parser's own errors, which typer keeps in a private module."""
    show = getattr(error, "format_message", None)
    if show is None or not hasattr(error, "exit_code"):
        return None
    return str(show())


def leave(code: int) -> NoReturn:
    """End the process now: the durable engine's threads sleep for long and hold nothing."""
    flush_standard_streams()
    if threading.active_count() > 1:
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    run_command_line()
