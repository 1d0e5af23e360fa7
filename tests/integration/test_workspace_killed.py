"""A kill between any two git commands: the same calls, made again, end in the same commits."""

from __future__ import annotations

import asyncio

import pytest

from journeyman.domain.identity import attempt_ref, rescue_ref
from journeyman.domain.process import Command, CommandResult, OnLine
from journeyman.sandbox.processes import ProcessRunner
from journeyman.workspace import Workspace
from tests.support.checkout import RUN_ID, Checkout, listing, make_checkout

REF = attempt_ref(RUN_ID, 1, 1)
COMMANDS = 40


class KilledError(BaseException):
    """Stands for ``kill -9``: nothing may catch it."""


class DyingRunner(ProcessRunner):
    """Runs ``count`` commands; then nothing more happens in this process."""

    def __init__(self, count: int):
        self.left = count

    async def run(self, command: Command, on_line: OnLine | None = None) -> CommandResult:
        if self.left <= 0:
            raise KilledError
        self.left -= 1
        return await super().run(command, on_line)


async def story(checkout: Checkout, runner: ProcessRunner) -> tuple[str, str]:
    repository = await checkout.repository()
    workspace = Workspace(
        repository,
        runner=runner,
        env=checkout.env,
        run_id=RUN_ID,
        title="Fix",
        base_commit=repository.head,
        cache_root=checkout.cache,
        state_dir=checkout.home / "state",
    )
    opened = await workspace.open()
    checkout.write("a.txt", "two\n", cwd=opened.worktree)
    checkout.write("new.txt", cwd=opened.worktree)
    (opened.worktree / "litter.txt").unlink(missing_ok=True)
    made = await workspace.snapshot("attempt", opened.base_commit, REF)
    verify = await workspace.tree_at("verify", made.commit)
    assert listing(verify) == {"a.txt": b"two\n", "new.txt": b"x\n", "src/b.py": b"b = 1\n"}
    commit = await workspace.checkpoint(made.tree, opened.base_commit, "Title", (("Journeyman-Run", RUN_ID),))
    checkout.write("litter.txt", cwd=opened.worktree)
    await workspace.rescue(rescue_ref(RUN_ID, 1))
    await workspace.restore(made.tree)
    assert listing(opened.worktree) == listing(verify)
    await workspace.close()
    return workspace.branch, commit


@pytest.mark.parametrize("share", range(4))
def test_killed_before_each_git_command(tmp_path, share):
    before = None
    for count in range(share, COMMANDS, 4):
        folder = tmp_path / str(count)
        folder.mkdir()
        checkout = make_checkout(folder)
        checkout.write("a.txt", "unstaged\n")
        before = checkout.state()
        runner = DyingRunner(count)
        killed = False
        try:
            asyncio.run(story(checkout, runner))
        except KilledError:
            killed = True
        assert checkout.state() == before
        branch, commit = asyncio.run(story(checkout, ProcessRunner()))
        assert checkout.git("rev-list", "--count", branch) == "2"
        assert checkout.git("rev-parse", branch) == commit
        assert "new.txt" in checkout.git("ls-tree", "--name-only", branch)
        assert checkout.git("worktree", "list").count("\n") == 0
        assert checkout.state() == before
        if not killed:
            return
    pytest.fail("the story has more commands than were tried")
