"""``jm context``: what a worker would be shown for a task, and why."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from journeyman.cli.console import answer, answer_json, checked_directory, run_async, say
from journeyman.cli.options import Json, Repo, Rerank, given_flags
from journeyman.cli.task_argument import read_task, read_task_file
from journeyman.domain.errors import JourneymanError

if TYPE_CHECKING:
    from journeyman.context.packer import Answer

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
    rerank: Rerank = None,
    json_output: Json = False,
    html: Annotated[bool, typer.Option("--html", help="Answer as an HTML page on stdout.")] = False,
) -> int:
    """Show which files and lines a worker would get with a task, and why."""
    text = _task(task, query_file)
    found = run_async(_ask(checked_directory(repo), text, budget, rerank))
    for note in found.index.notes:
        say(f"note: {note}")
    if found.reranked is not None and found.reranked.note:
        say(f"note: the order of files stays as it was: {found.reranked.note}")
    if explain is not None:
        return _explain(found, explain, json_output=json_output)
    if html:
        from journeyman.context.explain import as_html

        answer(as_html(found, text))
    elif json_output:
        from journeyman.context.explain import as_json

        answer_json(as_json(found))
    else:
        _tell(found)
    return 0


async def _ask(directory: Path, text: str, budget: int | None, rerank: bool | None) -> Answer:
    from journeyman.bootstrap import pack_context
    from journeyman.config import read_surroundings

    flags = given_flags(("context", "rerank", rerank))
    return await pack_context(directory, read_surroundings(), text, budget, flags=flags)


def _task(task: str | None, file: Path | None) -> str:
    """What a run of the same task would look for files by."""
    if (task is None) == (file is None):
        raise JourneymanError(
            "usage", "give the task, or --query-file, and not both", hint="jm context --help"
        )
    read = read_task_file(file, str(file)) if file is not None else read_task(task or "")
    return read.whole_text


def _tell(found: Answer) -> None:
    packed = [file for file in found.pack.files if file.ranges]
    for place, file in enumerate(found.pack.files[: max(_SHOWN, len(packed))], 1):
        lines = ", ".join(f"{first}-{last}" for first, last in file.ranges)
        answer(f"{place:>3}. {file.path}" + (f"  lines {lines}" if lines else ""))
        answer(f"     {'; '.join(file.reasons)}")
    unread = len(found.index.tree.left_out) + sum(bool(file.skipped) for file in found.index.files)
    answer(
        f"\n{found.pack.tokens} tokens from {len(packed)} files of {len(found.index.files)};"
        f" index {found.index.index_s:.2f} s, query {found.query_s:.2f} s"
        + (f"; {unread} files not read (--json names them)" if unread else "")
    )


def _as_listed(path: str, found: Answer) -> str:
    """The path from the repository's root, of one that is told so, from the current folder, or whole."""
    if path in found.index.numbers:
        return path
    root = Path(os.path.realpath(found.index.tree.root))
    for start in (Path.cwd(), root):
        whole = os.path.realpath((start / path).parent) + f"/{Path(path).name}"
        if Path(whole).is_relative_to(root) and Path(whole).exists():
            return str(Path(whole).relative_to(root))
    return path


def _explain(found: Answer, path: str, *, json_output: bool) -> int:
    from dataclasses import asdict

    from journeyman.context.explain import explain, left_out

    inside = _as_listed(path, found)
    made = explain(found, inside)
    if made is None:
        whole = found.index.tree.root / inside
        missing = "a folder has no place; name a file in it" if whole.is_dir() else _UNLISTED
        reason = dict(left_out(found)).get(inside, missing)
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
