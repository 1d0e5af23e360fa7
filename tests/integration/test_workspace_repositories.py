"""Repositories of every shape: what can be worked on, and the words for what cannot."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path

import pytest

from journeyman.domain.errors import JourneymanError
from journeyman.domain.identity import attempt_ref
from journeyman.sandbox.processes import ProcessRunner
from journeyman.workspace import open_repository
from tests.support.checkout import RUN_ID, Checkout, listing, make_checkout, user_env

REF = attempt_ref(RUN_ID, 1, 1)


def refused(path: Path, env: dict[str, str]) -> JourneymanError:
    with pytest.raises(JourneymanError) as caught:
        asyncio.run(open_repository(path, ProcessRunner(), env))
    return caught.value


async def work_through(checkout: Checkout, path: Path | None = None) -> dict[str, bytes | str]:
    """A whole small run; what the verify tree held at its end."""
    workspace = await checkout.workspace(path)
    opened = await workspace.open()
    assert await workspace.current_tree() == opened.base_tree
    checkout.write("new.txt", "new\n", cwd=opened.worktree)
    made = await workspace.snapshot("attempt", opened.base_commit, REF)
    assert [change.path for change in await workspace.changes(opened.base_tree, made.tree)] == ["new.txt"]
    verify = await workspace.tree_at("verify", made.commit)
    commit = await workspace.checkpoint(made.tree, opened.base_commit, "Title", (("Journeyman-Run", RUN_ID),))
    assert (await workspace.commit_info(commit)).tree == made.tree
    found = listing(verify)
    assert found == listing(opened.worktree)
    await workspace.close()
    return found


def test_an_ordinary_repository_from_a_folder_below(tmp_path):
    checkout = make_checkout(tmp_path, name="with space\nand line")
    found = asyncio.run(checkout.repository(checkout.root / "src"))
    assert (found.root, found.state_root, found.branch) == (checkout.root, checkout.root, "main")
    assert (found.git_dir, found.common_dir) == (checkout.root / ".git", checkout.root / ".git")
    assert (found.head, found.shallow, found.has_submodules) == (
        checkout.git("rev-parse", "HEAD"),
        False,
        False,
    )
    assert found.object_format == "sha1"
    asyncio.run(work_through(checkout))


def test_detached_head(tmp_path):
    checkout = make_checkout(tmp_path)
    checkout.git("checkout", "-q", "--detach")
    assert asyncio.run(checkout.repository()).branch is None
    before = checkout.state()
    asyncio.run(work_through(checkout))
    assert checkout.state() == before


def test_shallow_clone(tmp_path):
    origin = make_checkout(tmp_path, name="origin")
    origin.write("a.txt", "later\n")
    origin.commit()
    checkout = Checkout(tmp_path / "clone", tmp_path / "home")
    origin.git("clone", "-q", "--depth=1", f"file://{origin.root}", str(checkout.root))
    assert asyncio.run(checkout.repository()).shallow
    asyncio.run(work_through(checkout))

    async def base_is_readable():
        workspace = await checkout.workspace()
        assert (await workspace.commit_info(checkout.git("rev-parse", "HEAD"))).parents == ()

    asyncio.run(base_is_readable())


def test_sha256(tmp_path):
    checkout = make_checkout(tmp_path, "--object-format=sha256")
    assert asyncio.run(checkout.repository()).object_format == "sha256"
    asyncio.run(work_through(checkout))


def test_linked_worktree_as_the_checkout(tmp_path):
    main = make_checkout(tmp_path)
    linked = Checkout(tmp_path / "linked", tmp_path / "home")
    main.git("worktree", "add", "-q", "-b", "other", str(linked.root))
    main.git("config", "extensions.worktreeConfig", "true")
    found = asyncio.run(linked.repository())
    assert (found.root, found.state_root, found.branch) == (linked.root, main.root, "other")
    before = (main.state(), linked.state())
    asyncio.run(work_through(linked))
    assert (main.state(), linked.state()) == before


def test_worktree_of_a_bare_repository(tmp_path):
    origin = make_checkout(tmp_path, name="origin")
    origin.git("clone", "-q", "--bare", str(origin.root), str(tmp_path / "bare.git"))
    linked = Checkout(tmp_path / "linked", tmp_path / "home")
    origin.git("worktree", "add", "-q", str(linked.root), "main", cwd=tmp_path / "bare.git")
    assert asyncio.run(linked.repository()).state_root == linked.root
    asyncio.run(work_through(linked))
    assert refused(tmp_path / "bare.git", origin.env).code == "bare-repository"


def test_separate_git_dir(tmp_path):
    checkout = Checkout(tmp_path / "repo", tmp_path / "home")
    checkout.root.mkdir()
    checkout.git("init", "-q", "-b", "main", f"--separate-git-dir={tmp_path / 'elsewhere'}")
    checkout.write("a.txt")
    checkout.commit()
    found = asyncio.run(checkout.repository())
    assert (found.state_root, found.common_dir) == (checkout.root, tmp_path / "elsewhere")
    asyncio.run(work_through(checkout))


def test_submodules_stay_empty_and_a_submodule_can_be_the_checkout(tmp_path):
    part = make_checkout(tmp_path, name="part")
    checkout = make_checkout(tmp_path)
    checkout.git("submodule", "add", "-q", str(part.root), "lib/part")
    checkout.commit()
    assert asyncio.run(checkout.repository()).has_submodules

    async def story():
        workspace = await checkout.workspace()
        opened = await workspace.open()
        assert (opened.worktree / "lib" / "part").is_dir()
        assert await workspace.current_tree() == opened.base_tree
        verify = await workspace.tree_at("verify", opened.base_commit)
        checkout.write("lib/part/litter", cwd=verify)
        checkout.write("lib/part/litter", cwd=opened.worktree)
        await workspace.tree_at("verify", opened.base_commit)
        assert not list((verify / "lib" / "part").iterdir())
        await workspace.restore(opened.base_tree)
        assert not list((opened.worktree / "lib" / "part").iterdir())
        (opened.worktree / "lib" / "part").rmdir()
        changes = await workspace.changes(opened.base_tree, await workspace.current_tree())
        assert [(change.path, change.old_mode) for change in changes] == [("lib/part", "160000")]
        await workspace.close()

    before = checkout.state()
    asyncio.run(story())
    inner = Checkout(checkout.root / "lib" / "part", tmp_path / "home")
    found = asyncio.run(inner.repository())
    assert (found.root, found.state_root) == (inner.root, inner.root)
    inner_before = inner.state()
    asyncio.run(work_through(inner))
    assert inner.state() == inner_before
    assert checkout.state() == before


def test_names_of_every_kind_survive(tmp_path):
    checkout = make_checkout(tmp_path)
    names = [
        b"sp ace",
        b"new\nline",
        b"tab\tx",
        b'quo"te',
        b"\xff\xfe.txt",
        b":(top)magic",
        b"-dash",
        b"*star",
        b"#hash",
    ]
    for name in names:
        Path(os.fsdecode(os.fsencode(checkout.root) + b"/" + name)).write_bytes(name)
    checkout.write("run.sh").chmod(0o755)
    (checkout.root / "link").symlink_to("a.txt")
    checkout.commit()

    async def story():
        workspace = await checkout.workspace()
        opened = await workspace.open()
        assert listing(opened.worktree) == listing(checkout.root)
        assert (opened.worktree / "run.sh").stat().st_mode & stat.S_IXUSR
        for name in names:
            path = Path(os.fsdecode(os.fsencode(opened.worktree) + b"/" + name))
            path.write_bytes(b"changed\n")
            path.with_name(path.name + "2").write_bytes(b"new\n")
        made = await workspace.snapshot("attempt", opened.base_commit, REF)
        changes = await workspace.changes(opened.base_tree, made.tree)
        both = [os.fsencode(change.path) for change in changes]
        assert sorted(both) == sorted([*names, *(name + b"2" for name in names)])
        assert listing(await workspace.tree_at("verify", made.commit)) == listing(opened.worktree)
        patch = await workspace.diff_text(opened.base_tree, made.tree)
        checkout.git("apply", "--index", stdin=patch.encode("utf-8", "surrogateescape"))
        assert checkout.git("write-tree") == made.tree
        await workspace.restore(opened.base_tree)
        assert await workspace.current_tree() == opened.base_tree
        assert not list(opened.worktree.glob("*2"))

    asyncio.run(story())


@pytest.mark.parametrize("setting", ["true", "input", "false"])
def test_line_endings_are_no_changes(tmp_path, setting):
    checkout = make_checkout(tmp_path)
    checkout.write("crlf.txt", "a\r\nb\r\n")
    checkout.write("forced.sh", "a\r\nb\r\n")
    checkout.commit()
    # Attributes that do not fit what is committed: git itself would call the files modified once it looks.
    checkout.write(".gitattributes", "*.sh text eol=lf\n*.bat text eol=crlf\n")
    checkout.write("win.bat", "a\nb\n")
    checkout.git("config", "core.autocrlf", setting)
    checkout.git("add", ".gitattributes", "win.bat")
    checkout.git("commit", "-qm", "attributes")

    async def story():
        workspace = await checkout.workspace()
        opened = await workspace.open()
        assert await workspace.current_tree() == opened.base_tree
        assert (opened.worktree / "win.bat").read_bytes() == b"a\r\nb\r\n"
        assert (opened.worktree / "a.txt").read_bytes() == (b"one\r\n" if setting == "true" else b"one\n")
        checkout.write("new.bat", "x\r\n", cwd=opened.worktree)
        tree = await workspace.current_tree()
        assert [change.path for change in await workspace.changes(opened.base_tree, tree)] == ["new.bat"]
        assert checkout.git("cat-file", "blob", f"{tree}:new.bat") == "x"

    asyncio.run(story())


def test_places_that_will_not_do(tmp_path):
    env = user_env(tmp_path / "home")
    plain = tmp_path / "plain"
    plain.mkdir()
    assert refused(plain, env).code == "not-a-repository"
    assert refused(tmp_path / "missing", env).code == "not-a-repository"
    (plain / "file").write_text("")
    assert "not a folder" in refused(plain / "file", env).message
    checkout = Checkout(tmp_path / "empty", tmp_path / "home")
    checkout.root.mkdir()
    checkout.git("init", "-q")
    assert refused(checkout.root, env).code == "no-commits"
    checkout.git("init", "-q", "--bare", str(tmp_path / "bare"))
    assert refused(tmp_path / "bare", env).code == "bare-repository"
    checkout.commit()
    assert refused(checkout.root / ".git", env).code == "not-a-repository"
    (checkout.root / ".git" / "config").write_text("[broken\n")
    broken = refused(checkout.root, env)
    assert broken.code == "git-failed"
    assert "bad config" in broken.message


def test_a_work_tree_elsewhere_is_refused(tmp_path):
    checkout = make_checkout(tmp_path)
    checkout.git("config", "core.worktree", str(tmp_path))
    error = refused(checkout.root, checkout.env)
    assert error.code == "not-a-repository"
    assert "work tree" in error.message


def test_tracked_state_is_refused(tmp_path):
    checkout = make_checkout(tmp_path)
    checkout.write(".journeyman/store.db")
    checkout.commit()
    error = refused(checkout.root / "src", checkout.env)
    assert error.code == "tracked-state"
    assert error.hint is not None
    linked = tmp_path / "linked"
    checkout.git("worktree", "add", "-q", "--detach", str(linked), "HEAD")
    checkout.git("rm", "-rq", "--cached", ".journeyman", cwd=linked)
    assert refused(linked, checkout.env).code == "tracked-state"
    checkout.git("rm", "-rq", "--cached", ".journeyman")
    assert asyncio.run(checkout.repository()).root == checkout.root


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a repository away")
def test_dubious_ownership_is_explained(tmp_path):
    checkout = make_checkout(tmp_path)
    for path in (checkout.root, checkout.root / ".git"):
        os.chown(path, 12345, 12345)
    error = refused(checkout.root, checkout.env)
    assert error.code == "git-failed"
    assert error.hint == f"git config --global --add safe.directory {checkout.root}"


def test_git_that_is_missing_or_too_old(tmp_path):
    checkout = make_checkout(tmp_path)
    programs = tmp_path / "bin"
    programs.mkdir()
    env = {**checkout.env, "PATH": str(programs)}
    assert refused(checkout.root, env).code == "git-missing"
    old = programs / "git"
    # What git before 2.31 does with a flag of rev-parse that it does not know.
    old.write_text('#!/bin/sh\n[ "$1" = rev-parse ] && echo --path-format=absolute\nexit 0\n')
    old.chmod(0o755)
    assert refused(checkout.root, env).code == "git-missing"


def test_a_git_in_the_repository_is_not_the_git_that_runs(tmp_path):
    checkout = make_checkout(tmp_path)
    fake = checkout.write("git", f"#!/bin/sh\ntouch {tmp_path}/marker\n")
    fake.chmod(0o755)
    env = {**checkout.env, "PATH": f".::{checkout.env['PATH']}"}
    asyncio.run(open_repository(checkout.root, ProcessRunner(), env))
    assert not (tmp_path / "marker").exists()


def test_inherited_git_variables_are_not_obeyed(tmp_path):
    checkout = make_checkout(tmp_path)
    other = make_checkout(tmp_path, name="other")
    checkout.env.update(
        GIT_DIR=str(other.root / ".git"),
        GIT_INDEX_FILE="/nowhere",
        GIT_WORK_TREE="/",
        GIT_OBJECT_DIRECTORY="/nowhere",
    )
    assert asyncio.run(checkout.repository()).root == checkout.root


def test_identity_falls_back(tmp_path):
    checkout = make_checkout(tmp_path)
    assert asyncio.run(checkout.repository()).identity == ("Journeyman", "journeyman@localhost")
    checkout.git("config", "user.name", " <> ")
    checkout.git("config", "user.email", "grace@example.invalid")
    assert asyncio.run(checkout.repository()).identity == ("Journeyman", "grace@example.invalid")
    assert asyncio.run(work_through(checkout))
