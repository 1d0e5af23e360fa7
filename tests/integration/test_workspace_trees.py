"""Worktrees that are switched from tree to tree: exactly what was asked for, whatever a check left there."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat

import pytest

from journeyman.domain.errors import JourneymanError
from journeyman.domain.identity import attempt_ref
from journeyman.workspace.worktrees import empty_trash
from tests.support.checkout import RUN_ID, listing, make_checkout

REF = attempt_ref(RUN_ID, 1, 1)


def test_switching_between_trees_of_every_shape(tmp_path):
    checkout = make_checkout(tmp_path)
    victim = checkout.write("victim/file", "precious", cwd=tmp_path).parent
    commits = [checkout.git("rev-parse", "HEAD")]
    shutil.rmtree(checkout.root / "src")
    checkout.write("src", "now a file\n")
    (checkout.root / "a.txt").unlink()
    checkout.write("a.txt/inside", "now a folder\n")
    commits.append(checkout.commit())
    (checkout.root / "src").unlink()
    (checkout.root / "src").symlink_to(victim)
    shutil.rmtree(checkout.root / "a.txt")
    (checkout.root / "a.txt").symlink_to("nowhere")
    commits.append(checkout.commit())
    (checkout.root / "src").unlink()
    checkout.write("src/file", "ours\n").chmod(0o755)
    commits.append(checkout.commit())
    for name in ("src", "a.txt"):
        checkout.git("rm", "-rq", name)
    commits.append(checkout.commit())
    expected = {}
    for commit in commits:
        checkout.git("checkout", "-q", commit)
        expected[commit] = listing(checkout.root)

    async def story():
        workspace = await checkout.workspace()
        for commit in [
            *commits,
            *reversed(commits),
            commits[2],
            commits[0],
            commits[3],
            commits[1],
            commits[4],
        ]:
            path = await workspace.tree_at("verify", commit)
            assert listing(path) == expected[commit]
            assert checkout.git("status", "--porcelain", cwd=path) == ""
            assert checkout.git("rev-parse", "HEAD", cwd=path) == commit
        assert (victim / "file").read_text() == "precious"

    asyncio.run(story())


def test_what_a_check_did_is_undone(tmp_path):
    checkout = make_checkout(tmp_path)
    checkout.write(".gitignore", "*.pyc\n.mypy_cache\n")
    checkout.write("deep/er/file.txt", "deep\n")
    head = checkout.commit()
    outside = checkout.write("outside/file", cwd=tmp_path).parent

    async def story():
        workspace = await checkout.workspace()
        path = await workspace.tree_at("verify", head)
        before = listing(path)
        times = (path / "a.txt").stat()
        # Same size, same time: only the content tells.
        checkout.write("a.txt", "two\n", cwd=path)
        os.utime(path / "a.txt", ns=(times.st_atime_ns, times.st_mtime_ns))
        checkout.write("x.pyc", cwd=path)
        checkout.write(".mypy_cache/x", cwd=path)
        checkout.write("deep/untracked/y", cwd=path)
        shutil.rmtree(path / "src")
        (path / "src").symlink_to(outside)
        (path / "deep" / "er" / "file.txt").chmod(0o400)
        (path / "deep" / "er").chmod(0o500)
        (path / "deep").chmod(0o500)
        checkout.git("update-index", "--assume-unchanged", "a.txt", cwd=path)
        checkout.git("checkout", "-qb", "mine", cwd=path)
        checkout.git("init", "-q", str(path / "nested"))
        again = await workspace.tree_at("verify", head, (".mypy_cache",))
        assert listing(again) == {**before, ".mypy_cache/x": b"x\n"}
        assert checkout.git("status", "--porcelain", cwd=again) == ""
        assert list(outside.iterdir()) == [outside / "file"]

    asyncio.run(story())


@pytest.mark.skipif(os.getuid() == 0, reason="root is not held up by modes")
def test_folders_that_a_check_made_read_only(tmp_path):
    checkout = make_checkout(tmp_path)
    head = checkout.git("rev-parse", "HEAD")

    async def story():
        workspace = await checkout.workspace()
        path = await workspace.tree_at("verify", head)
        before = listing(path)
        checkout.write("cache/mod/file", cwd=path)
        checkout.write("src/b.py", "b = 3\n", cwd=path)
        for name in ("cache/mod", "cache", "src"):
            (path / name).chmod(stat.S_IRUSR | stat.S_IXUSR)
        assert listing(await workspace.tree_at("verify", head)) == before
        checkout.write("locked/file", cwd=path).parent.chmod(0)
        await workspace.close()
        empty_trash(checkout.cache)

    asyncio.run(story())


def test_switches_within_a_second_give_changed_files_new_seconds(tmp_path):
    checkout = make_checkout(tmp_path)
    commits = []
    for number in range(5):
        checkout.write("a.txt", f"{number}\n")
        commits.append(checkout.commit())

    async def story():
        workspace = await checkout.workspace()
        seen = set()
        for commit in commits:
            path = await workspace.tree_at("verify", commit)
            second = int((path / "a.txt").stat().st_mtime)
            assert second not in seen
            seen.add(second)
            assert checkout.git("diff-index", "HEAD", cwd=path) == ""

    asyncio.run(story())


def test_closing_is_complete_and_the_trash_can_be_emptied(tmp_path):
    checkout = make_checkout(tmp_path)
    mine = tmp_path / "users-own"
    checkout.git("worktree", "add", "-q", "--detach", str(mine))
    shutil.rmtree(mine)  # on a disk that is not plugged in, say
    head = checkout.git("rev-parse", "HEAD")

    async def story():
        workspace = await checkout.workspace()
        await asyncio.gather(
            workspace.open(), workspace.tree_at("verify", head), workspace.tree_at("base", head)
        )
        names = sorted(path.name for path in (checkout.root / ".git" / "worktrees").iterdir())
        assert names == ["base", "users-own", "verify", "work"]
        await workspace.close()
        assert [path.name for path in (checkout.root / ".git" / "worktrees").iterdir()] == ["users-own"]
        refs = await workspace.list_run_refs()
        assert refs == (f"refs/heads/{workspace.branch}",)
        await workspace.close()
        empty_trash(checkout.cache)
        assert [path.name for path in checkout.cache.rglob("*") if path.is_file()] == []
        # A closed workspace can be opened again.
        opened = await workspace.open()
        assert await workspace.current_tree() == opened.base_tree

    asyncio.run(story())


def test_a_cache_that_cannot_be_written_is_said_so(tmp_path):
    checkout = make_checkout(tmp_path)
    checkout.write(".cache", "a file where the folder should be", cwd=tmp_path / "home")

    async def story():
        workspace = await checkout.workspace()
        with pytest.raises(JourneymanError) as caught:
            await workspace.open()
        assert caught.value.code == "not-writable"

    asyncio.run(story())


def test_a_commit_that_is_not_there(tmp_path):
    checkout = make_checkout(tmp_path)

    async def story():
        workspace = await checkout.workspace()
        with pytest.raises(JourneymanError) as caught:
            await workspace.tree_at("verify", "1" * 40)
        assert caught.value.code == "git-failed"

    asyncio.run(story())
