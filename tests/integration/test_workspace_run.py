"""A run's workspace on ordinary repositories: open, snapshot, checkpoint, restore, close."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from journeyman.domain.errors import JourneymanError
from journeyman.domain.identity import attempt_ref, rescue_ref
from journeyman.domain.scope import ChangeKind
from journeyman.sandbox.processes import ProcessRunner
from journeyman.workspace import create_repository, resolve_commit
from tests.support.checkout import RUN_ID, Checkout, listing, make_checkout, user_env

REF = attempt_ref(RUN_ID, 1, 1)


def test_open_leaves_everything_of_the_users_alone(tmp_path):
    checkout = make_checkout(tmp_path)
    checkout.write("stashed.txt")
    checkout.git("add", "-A")
    checkout.git("stash")
    checkout.write("staged.txt")
    checkout.git("add", "staged.txt")
    checkout.write("a.txt", "unstaged\n")
    checkout.write("untracked.txt")
    before = checkout.state()

    async def story():
        workspace = await checkout.workspace()
        opened = await workspace.open()
        assert opened.worktree == workspace.work_path
        assert opened.base_tree == checkout.git("rev-parse", "HEAD^{tree}")
        assert listing(opened.worktree) == {"a.txt": b"one\n", "src/b.py": b"b = 1\n"}
        assert checkout.git("status", "--porcelain", cwd=opened.worktree) == ""
        assert checkout.git("symbolic-ref", "-q", "HEAD", cwd=opened.worktree, check=False) == ""
        assert checkout.git("rev-parse", opened.branch) == opened.base_commit
        checkout.write("new.py", "n = 1\n", cwd=opened.worktree)
        made = await workspace.snapshot("attempt", opened.base_commit, REF)
        await workspace.tree_at("verify", made.commit)
        await workspace.tree_at("base", opened.base_commit)
        await workspace.checkpoint(made.tree, opened.base_commit, "Title", (("Verified-Tree", made.tree),))
        assert checkout.state() == before
        await workspace.close()
        assert not opened.worktree.exists()
        assert checkout.git("worktree", "list").count("\n") == 0

    asyncio.run(story())
    assert checkout.state() == before


def test_snapshot_is_the_files_and_not_what_git_says_in_the_worktree(tmp_path):
    checkout = make_checkout(tmp_path)

    async def story():
        workspace = await checkout.workspace()
        opened = await workspace.open()
        work = opened.worktree
        checkout.write("a.txt", "two\n", cwd=work)
        checkout.git("commit", "-aqm", "by the worker", cwd=work)
        checkout.write("c.txt", cwd=work)
        checkout.git("checkout", "-qb", "workers-own", cwd=work)
        checkout.git("update-index", "--assume-unchanged", "src/b.py", cwd=work)
        checkout.write("src/b.py", "b = 2\n", cwd=work)
        made = await workspace.snapshot("attempt", opened.base_commit, REF)
        assert checkout.git("rev-parse", opened.branch) == opened.base_commit
        assert checkout.git("rev-parse", f"{made.commit}^") == opened.base_commit
        assert checkout.git("diff", "--name-status", opened.base_commit, made.commit).split() == [
            "M", "a.txt", "A", "c.txt", "M", "src/b.py",
        ]  # fmt: skip
        checkout.git("reset", "-q", "--hard", opened.base_commit, cwd=work)
        tree = await workspace.current_tree()
        assert checkout.git("diff", "--name-only", opened.base_commit, tree).split() == ["c.txt"]

    asyncio.run(story())


def test_everything_can_be_called_again_by_another_process(tmp_path):
    checkout = make_checkout(tmp_path)

    async def story():
        first, second = await checkout.workspace(), await checkout.workspace()
        opened = await first.open()
        checkout.write("a.txt", "two\n", cwd=opened.worktree)
        assert await second.open() == opened
        assert (opened.worktree / "a.txt").read_text() == "two\n"
        made = await first.snapshot("attempt", opened.base_commit, REF)
        assert await second.snapshot("attempt", opened.base_commit, REF) == made
        arguments = (made.tree, opened.base_commit, "Title", (("Journeyman-Run", RUN_ID),))
        commit = await first.checkpoint(*arguments)
        assert await second.checkpoint(*arguments) == commit
        assert await first.checkpoint(*arguments) == commit
        assert checkout.git("log", "--format=%H", opened.branch).split() == [commit, opened.base_commit]
        assert await second.open() == opened
        assert checkout.git("rev-parse", opened.branch) == commit
        await first.close()
        await second.close()

    asyncio.run(story())


def test_another_snapshot_on_the_same_ref_keeps_the_earlier(tmp_path):
    checkout = make_checkout(tmp_path)

    async def story():
        workspace = await checkout.workspace()
        opened = await workspace.open()
        checkout.write("a.txt", "two\n", cwd=opened.worktree)
        first = await workspace.snapshot("attempt", opened.base_commit, REF)
        checkout.write("a.txt", "three\n", cwd=opened.worktree)
        second = await workspace.snapshot("attempt", opened.base_commit, REF)
        assert checkout.git("rev-parse", REF) == second.commit
        kept = {checkout.git("rev-parse", ref) for ref in await workspace.list_run_refs()}
        assert kept == {first.commit, second.commit, opened.base_commit}

    asyncio.run(story())


@pytest.mark.parametrize("leftover", ["half-made", "no-admin", "no-marker", "no-folder", "locked-entry"])
def test_open_mends_what_a_killed_process_left(tmp_path, leftover):
    checkout = make_checkout(tmp_path)

    async def story():
        workspace = await checkout.workspace()
        opened = await workspace.open()
        work, folder = opened.worktree, opened.worktree.parent
        admin = checkout.root / ".git" / "worktrees" / "work"
        if leftover == "half-made":
            (folder / "work.json").unlink()
            (folder / "work.index").unlink()
            (work / "a.txt").unlink()
        elif leftover == "no-admin":
            shutil.rmtree(admin)
        elif leftover == "no-marker":
            (folder / "work.json").unlink()
        elif leftover == "no-folder":
            shutil.rmtree(folder)
        else:
            (folder / "work.json").unlink()
            (admin / "locked").write_text("initializing")
        (folder.parent / "stray").mkdir(exist_ok=True)
        again = await checkout.workspace()
        assert await again.open() == opened
        assert listing(work) == {"a.txt": b"one\n", "src/b.py": b"b = 1\n"}
        assert checkout.git("status", "--porcelain", cwd=work) == ""
        assert checkout.git("worktree", "list").count("\n") == 1
        assert await again.current_tree() == opened.base_tree

    asyncio.run(story())


def test_a_worktree_that_only_the_repository_forgot_keeps_its_files(tmp_path):
    checkout = make_checkout(tmp_path)

    async def story():
        workspace = await checkout.workspace()
        opened = await workspace.open()
        checkout.write("a.txt", "work\n", cwd=opened.worktree)
        shutil.rmtree(checkout.root / ".git" / "worktrees")
        again = await checkout.workspace()
        await again.open()
        assert (opened.worktree / "a.txt").read_text() == "work\n"
        assert checkout.git("status", "--porcelain", cwd=opened.worktree) == " M a.txt"

    asyncio.run(story())


def test_leftover_locks_do_not_stop_anything(tmp_path):
    checkout = make_checkout(tmp_path)

    async def story():
        workspace = await checkout.workspace()
        opened = await workspace.open()
        await workspace.tree_at("verify", opened.base_commit)
        common = checkout.root / ".git"
        folder = opened.worktree.parent
        checkout.write("a.txt", "two\n", cwd=opened.worktree)
        for lock in (
            folder / "work.index.lock",
            folder / "verify.index.lock",
            common / "worktrees" / "work" / "index.lock",
            common / "worktrees" / "work" / "HEAD.lock",
            common / "worktrees" / "verify" / "HEAD.lock",
            common / "refs" / "heads" / f"{opened.branch}.lock",
            common / f"{REF}.lock",
        ):
            lock.parent.mkdir(parents=True, exist_ok=True)
            lock.write_bytes(b"")
        made = await workspace.snapshot("attempt", opened.base_commit, REF)
        await workspace.tree_at("verify", made.commit)
        commit = await workspace.checkpoint(made.tree, opened.base_commit, "Title")
        assert checkout.git("rev-parse", opened.branch) == commit
        await workspace.restore(opened.base_tree)

    asyncio.run(story())


def test_checkpoint_refuses_a_branch_that_somebody_moved(tmp_path):
    checkout = make_checkout(tmp_path)

    async def story():
        workspace = await checkout.workspace()
        opened = await workspace.open()
        checkout.write("a.txt", "two\n", cwd=opened.worktree)
        tree = await workspace.current_tree()
        other = checkout.git("commit-tree", opened.base_tree, "-p", opened.base_commit, "-m", "other")
        checkout.git("update-ref", f"refs/heads/{opened.branch}", other)
        with pytest.raises(JourneymanError) as caught:
            await workspace.checkpoint(tree, opened.base_commit, "Title")
        assert caught.value.code == "git-failed"
        assert "moved by someone else" in caught.value.message
        assert checkout.git("rev-parse", opened.branch) == other

    asyncio.run(story())


def test_checkpoint_is_exactly_the_tree_and_carries_its_evidence(tmp_path):
    checkout = make_checkout(tmp_path)
    checkout.git("config", "user.name", "Grace")

    async def story():
        workspace = await checkout.workspace()
        opened = await workspace.open()
        checkout.write("a.txt", "two\n", cwd=opened.worktree)
        tree = await workspace.current_tree()
        checkout.write("a.txt", "edited after the check\n", cwd=opened.worktree)
        trailers = (("Verified-Tree", tree), ("Verified-By", "lint (passed): ruff\ncheck"))
        message = "Title\n\nVerified-Tree: forged\nBody with ---\n---\nmore"
        commit = await workspace.checkpoint(tree, opened.base_commit, message, trailers)
        info = await workspace.commit_info(commit)
        assert (info.commit, info.tree, info.parents) == (commit, tree, (opened.base_commit,))
        assert info.trailers == (("Verified-Tree", tree), ("Verified-By", "lint (passed): ruff check"))
        assert info.message.startswith(message)
        shown = checkout.git("log", "-1", "--format=%an|%ae|%cn", commit)
        assert shown == "Grace|journeyman@localhost|Grace"
        assert checkout.git("log", "-1", "--format=%at", commit) == checkout.git(
            "log", "-1", "--format=%ct", commit
        )
        with pytest.raises(JourneymanError) as caught:
            await workspace.commit_info("0" * 40)
        assert caught.value.code == "unknown-commit"

    asyncio.run(story())


def test_restore_and_rescue(tmp_path):
    checkout = make_checkout(tmp_path)
    checkout.write(".gitignore", "*.log\n.env\n")
    checkout.write("run.sh", "#!/bin/sh\n").chmod(0o755)
    checkout.commit()

    async def story():
        workspace = await checkout.workspace()
        opened = await workspace.open()
        work = opened.worktree
        checkout.write("keep.log", cwd=work)
        checkout.write(".env", "SECRET", cwd=work)
        first = listing(work)
        checkout.write("new/deep/file.txt", cwd=work)
        checkout.write(".gitignore", "", cwd=work)
        (work / "a.txt").unlink()
        (work / "a.txt").mkdir()
        checkout.write("a.txt/inside", cwd=work)
        shutil.rmtree(work / "src")
        (work / "src").symlink_to(checkout.root)
        (work / "run.sh").chmod(0o644)
        subprocess.run(("git", "init", "-q", work / "nested"), check=True, env=checkout.env)
        tree = await workspace.current_tree()
        kept = await workspace.rescue(rescue_ref(RUN_ID, 1))
        assert (checkout.git("rev-parse", rescue_ref(RUN_ID, 1)), kept.tree) == (kept.commit, tree)
        assert await workspace.rescue(rescue_ref(RUN_ID, 1)) == kept
        await workspace.restore(opened.base_tree)
        assert listing(work) == first
        assert os.access(work / "run.sh", os.X_OK)
        assert not (work / "new").exists()
        assert not (work / "nested").exists()
        assert await workspace.current_tree() == opened.base_tree
        assert checkout.git("status", "--porcelain", cwd=work) == ""
        assert (checkout.root / "src" / "b.py").exists()
        await workspace.restore(tree)
        assert await workspace.current_tree() == tree

    asyncio.run(story())


def test_changes_say_what_happened_to_each_path(tmp_path):
    checkout = make_checkout(tmp_path)
    checkout.write("gone.txt", "1\n2\n")
    checkout.write("tool.sh")
    checkout.commit()

    async def story():
        workspace = await checkout.workspace()
        opened = await workspace.open()
        work = opened.worktree
        (work / "gone.txt").unlink()
        (work / "tool.sh").chmod(0o755)
        (work / "link").symlink_to("../../outside")
        (work / "src" / "b.py").unlink()
        (work / "src" / "b.py").symlink_to("b2.py")
        checkout.write("image.bin", b"\0\1\2", cwd=work)
        checkout.write(".gitattributes", "*.txt binary\n", cwd=work)
        checkout.write("a.txt", "one\nmore\n", cwd=work)
        tree = await workspace.current_tree()
        found = {change.path: change for change in await workspace.changes(opened.base_tree, tree)}
        assert {path: change.kind for path, change in found.items()} == {
            ".gitattributes": ChangeKind.ADDED,
            "a.txt": ChangeKind.MODIFIED,
            "gone.txt": ChangeKind.DELETED,
            "image.bin": ChangeKind.ADDED,
            "link": ChangeKind.ADDED,
            "src/b.py": ChangeKind.MODIFIED,
            "tool.sh": ChangeKind.MODIFIED,
        }
        assert found["link"].link_target == "../../outside"
        assert (found["src/b.py"].new_mode, found["src/b.py"].link_target) == ("120000", "b2.py")
        assert (found["tool.sh"].old_mode, found["tool.sh"].new_mode) == ("100644", "100755")
        assert found["image.bin"].binary
        # A worker's attributes do not hide what it wrote.
        assert (found["a.txt"].lines_added, found["a.txt"].binary) == (1, False)
        assert found["gone.txt"].lines_removed == 2
        assert await workspace.changes(tree, tree) == ()
        patch = await workspace.diff_text(opened.base_commit, tree)
        checkout.git("apply", "--index", stdin=patch.encode("utf-8", "surrogateescape"))
        assert checkout.git("write-tree") == tree

    asyncio.run(story())


def test_an_empty_tree_and_an_empty_base(tmp_path):
    checkout = Checkout(tmp_path / "repo", tmp_path / "home")
    checkout.root.mkdir()
    checkout.git("init", "-q", "-b", "main")
    checkout.git("commit", "-q", "--allow-empty", "-m", "nothing")

    async def story():
        workspace = await checkout.workspace()
        opened = await workspace.open()
        assert await workspace.current_tree() == opened.base_tree
        checkout.write("a.txt", cwd=opened.worktree)
        made = await workspace.snapshot("attempt", opened.base_commit, REF)
        assert [change.path for change in await workspace.changes(opened.base_tree, made.tree)] == ["a.txt"]
        path = await workspace.tree_at("verify", made.commit)
        assert listing(path) == {"a.txt": b"x\n"}
        assert listing(await workspace.tree_at("verify", opened.base_commit)) == {}
        await workspace.restore(opened.base_tree)
        assert listing(opened.worktree) == {}

    asyncio.run(story())


def test_create_repository_and_resolve_commit(tmp_path):
    env = user_env(tmp_path / "home")
    target = tmp_path / "demo"
    target.mkdir()
    (target / "a.txt").write_text("a")

    async def story():
        runner = ProcessRunner()
        await create_repository(target, runner, env)
        repository = await Checkout(target, tmp_path / "home").repository()
        assert repository.branch == "main"
        assert await resolve_commit(repository, "HEAD", runner, env) == repository.head
        for wrong in ("nothing", "--help", "", "a b"):
            with pytest.raises(JourneymanError) as caught:
                await resolve_commit(repository, wrong, runner, env)
            assert caught.value.code == "unknown-commit"

    asyncio.run(story())


def test_two_runs_at_once_do_not_meet(tmp_path):
    checkout = make_checkout(tmp_path)

    async def story():
        workspaces = [await checkout.workspace(run_id=f"20261123-15421{n}-7k2m") for n in range(4)]
        opened = await asyncio.gather(*(workspace.open() for workspace in workspaces))
        await asyncio.gather(
            *(
                one.tree_at("verify", one_opened.base_commit)
                for one, one_opened in zip(workspaces, opened, strict=True)
            )
        )
        assert len({one.worktree for one in opened}) == 4
        await workspaces[0].close()
        for one, workspace in list(zip(opened, workspaces, strict=True))[1:]:
            assert await workspace.current_tree() == one.base_tree
        assert Path(checkout.root / ".git" / "worktrees").is_dir()

    asyncio.run(story())


def test_a_tree_with_some_paths_as_in_another(tmp_path):
    """What dropping edits and trying new tests on the base is made of."""
    checkout = make_checkout(tmp_path)

    async def story():
        workspace = await checkout.workspace()
        opened = await workspace.open()
        work = opened.worktree
        checkout.write("a.txt", "two\n", cwd=work)
        checkout.write("tests/tést [1].py", "x\n", cwd=work)
        (work / "src" / "b.py").unlink()
        (work / "src").rmdir()
        checkout.write("src", "a file where a folder was\n", cwd=work)
        (work / "raw.bin").write_bytes(b"\xff\xfe")
        made = await workspace.snapshot("attempt", opened.base_commit, REF)
        names = ("a.txt", "raw.bin", "src", "tests/tést [1].py")
        assert await workspace.files_of(made.tree) == names
        assert await workspace.texts_of(made.commit, (*names, "gone", "tests")) == {
            "a.txt": "two\n",
            "src": "a file where a folder was\n",
            "tests/tést [1].py": "x\n",
        }
        dropped = ("src", "src/b.py", "tests/tést [1].py", "raw.bin")
        tree = await workspace.tree_with(made.tree, opened.base_tree, dropped)
        assert await workspace.files_of(tree) == ("a.txt", "src/b.py")
        assert await workspace.texts_of(tree, ("a.txt",)) == {"a.txt": "two\n"}
        back = await workspace.tree_with(tree, opened.base_tree, ("a.txt",))
        assert back == opened.base_tree
        commit = await workspace.commit_of(tree)
        assert listing(await workspace.tree_at("verify", commit)) == {
            "a.txt": b"two\n",
            "src/b.py": b"b = 1\n",
        }

    asyncio.run(story())
