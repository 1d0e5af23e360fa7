"""gc on real repositories: what is merged goes, what is not is kept or rescued."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from journeyman.domain.errors import JourneymanError
from journeyman.domain.identity import attempt_ref, rescue_ref
from journeyman.sandbox.processes import ProcessRunner
from journeyman.workspace.gc import RunState, apply_gc, plan_gc, survey
from tests.support.checkout import Checkout, make_checkout

MERGED, UNMERGED, STOPPED = (f"20261123-15421{number}-7k2m" for number in range(3))
ENDED = RunState(alive=False, verified=True)


async def run_to_checkpoint(checkout: Checkout, run_id: str, name: str) -> str:
    workspace = await checkout.workspace(run_id=run_id)
    opened = await workspace.open()
    checkout.write(name, cwd=opened.worktree)
    made = await workspace.snapshot("attempt", opened.base_commit, attempt_ref(run_id, 1, 1))
    trailers = (("Journeyman-Run", run_id), ("Verified-Tree", made.tree))
    return await workspace.checkpoint(made.tree, opened.base_commit, "Title", trailers)


async def collect(checkout: Checkout, states: dict[str, RunState], **options) -> tuple[str, ...]:
    repository = await checkout.repository()
    machine: dict[str, Any] = {"runner": ProcessRunner(), "env": checkout.env, "cache_root": checkout.cache}
    traces = await survey(repository, states, **machine)
    return await apply_gc(plan_gc(traces, **options), repository, **machine)


def refs(checkout: Checkout, run_id: str) -> list[str]:
    return [
        line for line in checkout.git("for-each-ref", "--format=%(refname)").splitlines() if run_id in line
    ]


def test_merged_runs_go_and_others_stay(tmp_path):
    checkout = make_checkout(tmp_path)

    async def story():
        merged = await run_to_checkpoint(checkout, MERGED, "one.txt")
        await run_to_checkpoint(checkout, UNMERGED, "two.txt")
        # Never got to a checkpoint: its branch is an ancestor of HEAD, its attempts are not.
        stopped = await checkout.workspace(run_id=STOPPED)
        opened = await stopped.open()
        checkout.write("three.txt", cwd=opened.worktree)
        await stopped.snapshot("attempt", opened.base_commit, attempt_ref(STOPPED, 1, 1))
        checkout.write("four.txt", cwd=opened.worktree)
        checkout.git("merge", "-q", "--no-edit", merged)
        states = {MERGED: ENDED, UNMERGED: ENDED, STOPPED: RunState(alive=False, verified=False, age_s=1)}
        done = await collect(checkout, states)
        assert refs(checkout, MERGED) == []
        assert any(merged in line for line in done)
        assert len(refs(checkout, UNMERGED)) == 2
        assert len(refs(checkout, STOPPED)) == 2
        assert opened.worktree.exists()
        # Old enough: its worktree goes, and what only the worktree had is kept.
        states[STOPPED] = RunState(alive=False, verified=False, age_s=1e9)
        await collect(checkout, states)
        assert not opened.worktree.exists()
        kept = checkout.git("ls-tree", "--name-only", rescue_ref(STOPPED, 1)).split()
        assert "four.txt" in kept
        assert len(refs(checkout, STOPPED)) == 3
        assert await collect(checkout, states) == ()
        await collect(checkout, states, only=(STOPPED,))
        assert len(refs(checkout, STOPPED)) == 3
        await collect(checkout, states, only=(STOPPED,), force=True)
        assert refs(checkout, STOPPED) == []
        assert len(refs(checkout, UNMERGED)) == 2
        assert [path for path in checkout.cache.rglob("*") if path.is_file()] == []
        assert checkout.git("worktree", "list").count("\n") == 0

    asyncio.run(story())


def test_a_worktree_that_holds_nothing_new_is_not_rescued(tmp_path):
    checkout = make_checkout(tmp_path)

    async def story():
        await run_to_checkpoint(checkout, UNMERGED, "two.txt")
        done = await collect(checkout, {})
        assert [line for line in done if "kept" in line] == []
        assert len(done) == 1
        assert len(refs(checkout, UNMERGED)) == 2

    asyncio.run(story())


def test_a_branch_that_the_user_has_checked_out_stays(tmp_path):
    checkout = make_checkout(tmp_path)

    async def story():
        await run_to_checkpoint(checkout, MERGED, "one.txt")
        workspace = await checkout.workspace(run_id=MERGED)
        checkout.git("checkout", "-q", workspace.branch)
        await collect(checkout, {MERGED: ENDED})
        assert len(refs(checkout, MERGED)) == 2

    asyncio.run(story())


def test_targets_are_full_ids(tmp_path):
    checkout = make_checkout(tmp_path)

    async def story():
        repository = await checkout.repository()
        machine: dict[str, Any] = {
            "runner": ProcessRunner(),
            "env": checkout.env,
            "cache_root": checkout.cache,
        }
        with pytest.raises(JourneymanError) as caught:
            await survey(repository, {}, **machine, targets=("--help",))
        assert caught.value.code == "unknown-commit"

    asyncio.run(story())
