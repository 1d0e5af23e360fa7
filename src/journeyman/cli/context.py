"""``jm context``: what a worker would be shown for a task, and why."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from journeyman.cli.console import answer, answer_json, checked_directory, run_async, say
from journeyman.cli.options import Json, Repo
from journeyman.cli.task_argument import read_task, read_task_file
from journeyman.domain.errors import JourneymanError

if TYPE_CHECKING:
    from journeyman.context.index.view import Index
    from journeyman.context.packer import Ranked
    from journeyman.domain.context import Pack

_SHOWN = 15
_UNLISTED = "git does not list it, or ignores it"


def register_context(app: typer.Typer) -> None:
    """Add this file's command."""
    app.command("context")(context)


def context(
    task: Annotated[
        str | None,
        typer.Argument(help="The task, as for `jm run`; - reads it from standard input.", show_default=False),
    ] = None,
    repo: Repo = Path(),
    budget: Annotated[
        int | None,
        typer.Option(
            "--budget", min=1, help="Fill so many tokens. Without it the pack stops where a run's does."
        ),
    ] = None,
    query_file: Annotated[
        Path | None, typer.Option("--query-file", help="Read the task from a file.", show_default=False)
    ] = None,
    explain: Annotated[
        str | None, typer.Option("--explain", metavar="FILE", help="Why a file is ranked where it is.")
    ] = None,
    json_output: Json = False,
    html: Annotated[bool, typer.Option("--html", help="Answer as an HTML page on stdout.")] = False,
) -> int:
    """Show which files and lines a worker would get with a task, and why."""
    text = _task(task, query_file)
    ranked, pack = run_async(_ask(checked_directory(repo), text, budget))
    for note in ranked.index.notes:
        say(f"note: {note}")
    if explain is not None:
        return _explain(ranked, pack, explain, json_output=json_output)
    if html:
        from journeyman.context.explain import as_html

        answer(as_html(ranked, pack, text))
    elif json_output:
        from journeyman.context.explain import as_json

        answer_json(as_json(ranked, pack))
    else:
        _tell(ranked, pack)
    return 0


async def _ask(directory: Path, text: str, budget: int | None) -> tuple[Ranked, Pack]:
    from journeyman.bootstrap import pack_context
    from journeyman.config import read_surroundings

    return await pack_context(directory, read_surroundings(), text, budget)


def _task(task: str | None, file: Path | None) -> str:
    """What a run of the same task would look for files by."""
    if (task is None) == (file is None):
        raise JourneymanError(
            "usage", "give the task, or --query-file, and not both", hint="jm context --help"
        )
    read = read_task_file(file, str(file)) if file is not None else read_task(task or "")
    return read.whole_text


def _tell(ranked: Ranked, pack: Pack) -> None:
    from journeyman.context.explain import listed_files, unread_files

    for place, file in enumerate(listed_files(ranked, pack)[: max(_SHOWN, len(pack.files))], 1):
        lines = ", ".join(f"{first}-{last}" for first, last in file.ranges)
        answer(f"{place:>3}. {file.path}" + (f"  lines {lines}" if lines else ""))
        answer(f"     {'; '.join(file.reasons)}")
    unread = len(unread_files(ranked.index))
    answer(
        f"\n{pack.tokens} tokens from {len(pack.files)} files of {len(ranked.index.files)};"
        f" index {pack.index_s:.2f} s, query {pack.pack_s:.2f} s"
        + (f"; {unread} files not read (--json names them)" if unread else "")
    )


def _as_listed(path: str, index: Index) -> str:
    """The path from the repository's root, of one that is told so, from the current folder, or whole."""
    if path in index.numbers:
        return path
    root = Path(os.path.realpath(index.tree.root))
    for start in (Path.cwd(), root):
        whole = os.path.realpath((start / path).parent) + f"/{Path(path).name}"
        if Path(whole).is_relative_to(root) and Path(whole).exists():
            return str(Path(whole).relative_to(root))
    return path


def _explain(ranked: Ranked, pack: Pack, path: str, *, json_output: bool) -> int:
    from dataclasses import asdict

    from journeyman.context.explain import explain, unread_files

    inside = _as_listed(path, ranked.index)
    made = explain(ranked, pack, inside)
    if made is None:
        whole = ranked.index.tree.root / inside
        missing = "a folder has no place; name a file in it" if whole.is_dir() else _UNLISTED
        reason = dict(unread_files(ranked.index)).get(inside, missing)
        raise JourneymanError("usage", f"{path} is not in the index: {reason}", hint="jm context --help")
    if json_output:
        answer_json(asdict(made))
        return 0
    answer(f"{made.path}: place {made.place}, score {made.score:.3f}")
    answer(f"  a {made.kind} file: counts {made.kind_weight:g}")
    for name, share in made.signals:
        answer(f"  {name:<12} {share:.3f}")
    for reason in made.reasons:
        answer(f"  - {reason}")
    lines = ", ".join(f"{first}-{last}" for first, last in made.ranges)
    answer(f"  in the pack: {'lines ' + lines if lines else 'no'}")
    return 0
