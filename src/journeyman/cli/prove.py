"""``jm verify`` and ``jm gc``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from journeyman.cli.console import answer, answer_json, checked_directory, run_async, say
from journeyman.cli.options import Json, Repo


def register_prove(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command("verify")(verify_command)
    app.command("gc")(gc)


def verify_command(
    commit: Annotated[str, typer.Argument(metavar="COMMIT", help="A checkpoint: a commit, branch or tag.")],
    repo: Repo = Path(),
    json_output: Json = False,
) -> int:
    """Prove a checkpoint again, from the commit alone: its tree, and every check its trailers name."""
    return run_async(_verify(commit, repo, json_output))


async def _verify(commit: str, repo: Path, json_output: bool) -> int:
    from journeyman import bootstrap
    from journeyman.config import read_surroundings
    from journeyman.report.receipt import check_line

    project = await bootstrap.open_project(checked_directory(repo), read_surroundings())
    proof = await bootstrap.prove_commit(project, commit)
    if json_output:
        answer_json(proof.as_json())
        return 0 if proof.ok else 1
    answer(f"{'✓' if proof.tree_matches else '✗'} tree {proof.tree[:12]} is the one that was verified")
    for result in proof.results:
        known = sum(failure.check == result.check for failure in proof.known_failures)
        answer(check_line(result, known))
    verdict = "proven again" if proof.ok else f"not proven: {proof.reason}"
    answer(f"{proof.commit[:12]} {verdict}")
    return 0 if proof.ok else 1


def gc(
    runs: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RUN]...", help="Full ids of runs to remove although they are not merged."),
    ] = None,
    repo: Repo = Path(),
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would go, and remove nothing.")
    ] = False,
    json_output: Json = False,
) -> int:
    """Remove branches, refs and worktrees of runs that are merged, or that are named."""
    return run_async(_gc(tuple(runs or ()), repo, dry_run, json_output))


async def _gc(runs: tuple[str, ...], repo: Path, dry_run: bool, json_output: bool) -> int:
    from journeyman import bootstrap
    from journeyman.config import read_surroundings

    project = await bootstrap.open_project(checked_directory(repo), read_surroundings())
    removed, kept = await bootstrap.collect_garbage(project, runs, dry_run=dry_run)
    if json_output:
        answer_json({"dry_run": dry_run, "removed": removed, "kept": dict(kept)})
        return 0
    for line in removed:
        answer(f"would remove: {line}" if dry_run else line)
    for run_id, reason in kept:
        say(f"kept {run_id}: {reason}")
    if not removed:
        say("nothing would be removed" if dry_run else "nothing was removed")
    return 0
