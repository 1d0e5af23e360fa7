"""Which files count in a snapshot, whatever a worker does to the ignore rules."""

from __future__ import annotations

import asyncio
import subprocess

import pytest

from tests.support.checkout import make_checkout


async def changed(workspace, opened) -> dict[str, str]:
    found = await workspace.changes(opened.base_tree, await workspace.current_tree())
    return {change.path: change.new_mode for change in found}


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_a_worker_cannot_bring_to_light_what_the_base_ignores(tmp_path, object_format):
    checkout = make_checkout(tmp_path, f"--object-format={object_format}")
    checkout.write(".gitignore", ".env\n/build/\n*.log\n!keep.log\n")
    checkout.write("pkg/.gitignore", "secret*\n")
    checkout.commit()

    async def story():
        workspace = await checkout.workspace()
        opened = await workspace.open()
        work = opened.worktree
        for name in (".env", "build/out.o", "pkg/secret:1", "x.log", "keep.log", ":(top)new"):
            checkout.write(name, cwd=work)
        assert await changed(workspace, opened) == {"keep.log": "100644", ":(top)new": "100644"}
        checkout.write(".gitignore", "!*\n", cwd=work)
        (work / "pkg" / ".gitignore").unlink()
        checkout.write("build/.gitignore", "!*\n", cwd=work)
        assert set(await changed(workspace, opened)) == {
            ".gitignore", "pkg/.gitignore", "keep.log", ":(top)new",
        }  # fmt: skip
        # Nor by adding them itself.
        checkout.git("add", "-f", ".env", "build/out.o", cwd=work)
        checkout.git("commit", "-qm", "mine", cwd=work)
        assert ".env" not in await changed(workspace, opened)
        await workspace.restore(opened.base_tree)
        assert (work / ".env").exists()
        assert (work / "pkg" / "secret:1").exists()
        assert not (work / "keep.log").exists()

    asyncio.run(story())


def test_what_a_worker_hides_is_not_in_the_snapshot(tmp_path):
    checkout = make_checkout(tmp_path)

    async def story():
        workspace = await checkout.workspace()
        opened = await workspace.open()
        work = opened.worktree
        checkout.write("src/.gitignore", "b.py\nhidden.py\n", cwd=work)
        checkout.write("src/hidden.py", cwd=work)
        checkout.write("src/b.py", "b = 2\n", cwd=work)
        # Tracked files count always; a tool's folder that ignores itself never.
        checkout.write(".ruff_cache/.gitignore", "*\n", cwd=work)
        checkout.write(".ruff_cache/0.1/x", cwd=work)
        assert set(await changed(workspace, opened)) == {"src/.gitignore", "src/b.py"}
        made = await workspace.current_tree()
        checkout.git("commit-tree", made, "-m", "x")
        assert "hidden.py" not in checkout.git("ls-tree", "-r", "--name-only", made)
        (work / "src" / ".gitignore").unlink()
        assert set(await changed(workspace, opened)) == {"src/hidden.py", "src/b.py"}

    asyncio.run(story())


@pytest.mark.parametrize("where", ["info/exclude", "core.excludesFile", "default global"])
def test_the_users_own_rules_hold(tmp_path, where):
    checkout = make_checkout(tmp_path)
    if where == "info/exclude":
        (checkout.root / ".git" / "info" / "exclude").write_text("*.mine\n")
    elif where == "core.excludesFile":
        checkout.write("home/.ignore", "*.mine\n", cwd=tmp_path)
        checkout.git("config", "--global", "core.excludesFile", "~/.ignore")
    else:
        checkout.write("home/.config/git/ignore", "*.mine\n", cwd=tmp_path)

    async def story():
        workspace = await checkout.workspace()
        opened = await workspace.open()
        checkout.write("notes.mine", cwd=opened.worktree)
        checkout.write("new.txt", cwd=opened.worktree)
        assert set(await changed(workspace, opened)) == {"new.txt"}
        checkout.write("sub/.gitignore", "!*.mine\n", cwd=opened.worktree)
        checkout.write("sub/x.mine", cwd=opened.worktree)
        assert set(await changed(workspace, opened)) == {"new.txt", "sub/.gitignore"}

    asyncio.run(story())


def test_linked_folders_are_litter_unless_tracked(tmp_path):
    checkout = make_checkout(tmp_path)
    checkout.write(".gitignore", "node_modules/\n.venv/\n")
    checkout.write("web/dist/tracked.js")
    checkout.commit()
    (checkout.root / "node_modules").mkdir()

    async def story():
        workspace = await checkout.workspace(litter=("node_modules", ".venv", "web/dist"))
        opened = await workspace.open()
        work = opened.worktree
        (work / "node_modules").symlink_to(checkout.root / "node_modules")
        (work / ".venv").symlink_to(checkout.root / "node_modules")
        checkout.write("web/dist/new.js", cwd=work)
        checkout.write("web/dist/tracked.js", "y\n", cwd=work)
        checkout.write("node_modules2", cwd=work)
        assert set(await changed(workspace, opened)) == {"web/dist/tracked.js", "node_modules2"}
        await workspace.restore(opened.base_tree)
        assert (work / "node_modules").is_symlink()
        verify = await workspace.tree_at("verify", opened.base_commit)
        (verify / "node_modules").symlink_to(checkout.root / "node_modules")
        await workspace.tree_at("verify", opened.base_commit, ("node_modules", ".venv"))
        assert (verify / "node_modules").is_symlink()
        await workspace.tree_at("verify", opened.base_commit)
        assert not (verify / "node_modules").is_symlink()
        assert (checkout.root / "node_modules").is_dir()

    asyncio.run(story())


def test_repositories_made_inside_are_seen(tmp_path):
    checkout = make_checkout(tmp_path)

    async def story():
        workspace = await checkout.workspace()
        opened = await workspace.open()
        work = opened.worktree
        for name, with_commit in (("with", True), ("with\nout", False), ("src/inner", False)):
            subprocess.run(("git", "init", "-q", work / name), check=True, env=checkout.env)
            checkout.write(f"{name}/file.txt", cwd=work)
            if with_commit:
                checkout.git("commit", "-q", "--allow-empty", "-m", "x", cwd=work / name)
        checkout.write("plain.txt", cwd=work)
        subprocess.run(("git", "init", "-q", work / "src"), check=True, env=checkout.env)
        checkout.write("src/b.py", "b = 2\n", cwd=work)
        expected = {
            "with": "160000", "with\nout": "160000", "src/inner": "160000",
            "plain.txt": "100644", "src/b.py": "100644",
        }  # fmt: skip
        assert await changed(workspace, opened) == expected
        assert await changed(workspace, opened) == expected
        await workspace.restore(opened.base_tree)
        assert not (work / "with").exists()
        assert not (work / "with\nout").exists()
        assert await changed(workspace, opened) == {}

    asyncio.run(story())
