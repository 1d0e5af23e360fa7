"""What old runs may leave behind, and removing it. Unmerged work goes only when a person names the run."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from journeyman.domain.errors import JourneymanError
from journeyman.domain.identity import RUN_ID_PATTERN, rescue_ref
from journeyman.domain.process import CommandRunner
from journeyman.workspace.files import plain_errors, set_aside
from journeyman.workspace.git import Git
from journeyman.workspace.refs import RunRef, delete_refs, list_refs
from journeyman.workspace.repository import Repository, repository_git
from journeyman.workspace.workspace import Workspace
from journeyman.workspace.worktrees import (
    TRASH,
    empty_trash,
    forget_worktrees,
    registered_head,
    worktrees_folder,
)

RESUMABLE_S = 14 * 86_400.0
_OBJECT_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True)
class RunState:
    """What the store and the run's lock know of a run."""

    alive: bool
    """A process is working on it."""
    verified: bool
    """It ended in a verified commit: there is nothing to resume."""
    age_s: float | None = None
    """Since its last event; ``None`` when the clock cannot tell."""


@dataclass(frozen=True)
class RunTrace:
    """What a run left in the repository and in the cache."""

    run_id: str
    refs: tuple[RunRef, ...] = ()
    merged: bool = False
    """Its branch has checkpoints, and all of them are in the target."""
    folder: Path | None = None
    """Its worktrees."""
    state: RunState | None = None
    """``None``: the store knows no such run."""


@dataclass(frozen=True)
class GcItem:
    """One run's leftovers that go, and why."""

    run_id: str
    reason: str
    refs: tuple[RunRef, ...] = ()
    folder: Path | None = None
    rescue: bool = False
    """What the work tree holds and no ref has is kept under a rescue ref first."""


@dataclass(frozen=True)
class GcPlan:
    """What goes, and what stays with the reason why."""

    items: tuple[GcItem, ...]
    kept: tuple[tuple[str, str], ...] = ()


def plan_gc(
    traces: tuple[RunTrace, ...],
    *,
    only: tuple[str, ...] = (),
    force: bool = False,
    resumable_s: float = RESUMABLE_S,
) -> GcPlan:
    """What may go: of all runs, or ``only`` of those named, where ``force`` lets unmerged work go too."""
    items, kept = [], []
    for trace in traces:
        if only and trace.run_id not in only:
            continue
        item, reason = _judge(trace, forced=force and trace.run_id in only, resumable_s=resumable_s)
        if item is not None:
            items.append(item)
        if reason is not None:
            kept.append((trace.run_id, reason))
    return GcPlan(tuple(items), tuple(kept))


def _judge(trace: RunTrace, *, forced: bool, resumable_s: float) -> tuple[GcItem | None, str | None]:
    """What of one run goes, and why the rest stays."""
    if trace.state is not None and trace.state.alive:
        return None, "a process is working on it"
    if trace.merged or forced:
        reason = "its checkpoints are merged" if trace.merged else "told to, though it is not merged"
        if any(ref.checked_out for ref in trace.refs):
            return None, "its branch is checked out"
        return GcItem(trace.run_id, reason, trace.refs, trace.folder), None
    unmerged = "its branch and snapshots are not merged" if trace.refs else None
    if trace.folder is None:
        return None, unmerged
    state = trace.state
    if state is None or state.verified:
        reason = "its worktrees are not needed: " + (
            "it has ended" if state else "the store does not know it"
        )
    elif state.age_s is not None and state.age_s >= resumable_s:
        reason = f"its worktrees were not used for {state.age_s / 86_400:.0f} days"
    else:
        return None, "it can be resumed"
    return GcItem(trace.run_id, reason, folder=trace.folder, rescue=True), unmerged


async def survey(
    repository: Repository,
    states: Mapping[str, RunState],
    *,
    runner: CommandRunner,
    env: Mapping[str, str],
    cache_root: Path,
    targets: tuple[str, ...] = (),
) -> tuple[RunTrace, ...]:
    """What all runs left. ``targets`` are commits that count as merged into; none is the user's HEAD."""
    git = repository_git(repository, runner, env)
    wanted = targets or (repository.head,)
    refs, merged = await asyncio.gather(
        list_refs(git), asyncio.gather(*(_merged_branches(git, name) for name in wanted))
    )
    reached = frozenset[str]().union(*merged)
    folders = _folders(worktrees_folder(cache_root, repository.common_dir))
    traces = []
    for run_id in sorted({ref.run_id for ref in refs} | folders.keys()):
        own = tuple(ref for ref in refs if ref.run_id == run_id)
        branches = [ref for ref in own if ref.is_branch]
        # Without a checkpoint the branch is at the base: that it is "merged" says nothing of the attempts.
        is_merged = bool(branches) and all(
            ref.name in reached and ref.checkpoint_of == run_id for ref in branches
        )
        traces.append(RunTrace(run_id, own, is_merged, folders.get(run_id), states.get(run_id)))
    return tuple(traces)


async def apply_gc(
    plan: GcPlan,
    repository: Repository,
    *,
    runner: CommandRunner,
    env: Mapping[str, str],
    cache_root: Path,
) -> tuple[str, ...]:
    """Do what the plan says; one line for each thing done."""
    git = repository_git(repository, runner, env)
    done = []
    for item in plan.items:
        if item.folder is not None:
            if item.rescue:
                done += await _rescue(item, repository, runner, env, cache_root)
            forget_worktrees(repository.common_dir, item.folder)
            set_aside(item.folder, item.folder.parent / TRASH)
            done.append(f"{item.run_id}: removed its worktrees ({item.reason})")
        await delete_refs(git, item.refs)
        done += [f"{item.run_id}: removed {ref.name}, was {ref.commit} ({item.reason})" for ref in item.refs]
    await asyncio.to_thread(empty_trash, cache_root)
    return tuple(done)


async def _rescue(
    item: GcItem, repository: Repository, runner: CommandRunner, env: Mapping[str, str], cache_root: Path
) -> list[str]:
    folder = item.folder
    if folder is None or not (folder / "work.json").exists():
        return []  # without the marker it was never whole: no worker was in it
    head = registered_head(folder / "work") or repository.head
    workspace = Workspace(
        repository,
        runner=runner,
        env=env,
        run_id=item.run_id,
        title="",
        base_commit=head,
        cache_root=cache_root,
        state_dir=folder,
    )
    git = repository_git(repository, runner, env)
    refs = await workspace.list_run_refs()
    names = [f"{name}^{{tree}}" for name in (*refs, head)]
    known = (await git.text("rev-parse", *names)).split()
    if await workspace.current_tree() in known:
        return []
    number = sum("/rescue/" in name for name in refs) + 1
    ref = rescue_ref(item.run_id, number)
    await workspace.rescue(ref)
    return [f"{item.run_id}: kept what its worktree held as {ref}"]


async def _merged_branches(git: Git, target: str) -> frozenset[str]:
    if not _OBJECT_ID.fullmatch(target):
        raise JourneymanError("unknown-commit", f"{target!r} is not a commit's full id")
    listing = await git.text(
        "for-each-ref", "--format=%(refname)", f"--merged={target}", "refs/heads/journeyman/"
    )
    return frozenset(listing.split("\n")) - {""}


def _folders(parent: Path) -> dict[str, Path]:
    with plain_errors(parent):
        found = list(parent.iterdir()) if parent.is_dir() else []
    return {path.name: path for path in found if RUN_ID_PATTERN.match(path.name)}
