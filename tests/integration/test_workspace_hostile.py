"""Repositories whose configuration tries to run programs: none may leave its marker."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from journeyman.domain.identity import attempt_ref, rescue_ref
from journeyman.sandbox.processes import ProcessRunner
from journeyman.workspace import create_repository
from tests.support.checkout import RUN_ID, Checkout, make_checkout

REF = attempt_ref(RUN_ID, 1, 1)
HOOKS = [
    "applypatch-msg",
    "pre-applypatch",
    "post-applypatch",
    "pre-commit",
    "prepare-commit-msg",
    "commit-msg",
    "post-commit",
    "post-checkout",
    "post-merge",
    "pre-push",
    "post-rewrite",
    "reference-transaction",
    "post-index-change",
    "fsmonitor-watchman",
    "pre-auto-gc",
    "sendemail-validate",
    "update",
    "pre-receive",
    "post-receive",
    "post-update",
    "proc-receive",
    "push-to-checkout",
]


def arm(checkout: Checkout, markers: Path, config: Path | None = None) -> None:
    """Every way known to us in which a repository's configuration runs a program."""
    markers.mkdir()

    def trap(name: str) -> str:
        path = markers.parent / "traps" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\ntouch '{markers}/{name}'\ncat\n")
        path.chmod(0o755)
        return str(path)

    hooks = checkout.root / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for hook in HOOKS:
        (hooks / hook).write_text(Path(trap(f"hook-{hook}")).read_text())
        (hooks / hook).chmod(0o755)
    for key in (
        "core.fsmonitor", "core.sshCommand", "core.pager", "core.editor", "core.askPass", "core.gitProxy",
        "core.alternateRefsCommand", "credential.helper", "credential.https://x.helper", "gpg.program",
        "gpg.ssh.program", "diff.external", "diff.evil.command", "diff.evil.textconv", "merge.evil.driver",
        "filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "filter.Other Name.clean",
        "filter.Other Name.smudge", "sequence.editor", "uploadpack.packObjectsHook", "trailer.x.command",
        "trailer.x.cmd", "interactive.diffFilter", "pager.log", "pager.config", "pager.rev-parse",
        "remote.origin.uploadpack", "remote.origin.vcs",
    ):  # fmt: skip
        file = ("--file", str(config)) if config else ()
        checkout.git("config", *file, key, trap(key.replace("/", "_").replace(" ", "_")))
    file = ("--file", str(config)) if config else ()
    for key, value in (
        ("commit.gpgSign", "true"), ("tag.gpgSign", "true"), ("filter.evil.required", "true"),
        ("alias.rev-parse", "!touch marker"), ("protocol.ext.allow", "always"), ("submodule.recurse", "true"),
        ("remote.origin.url", "ext::sh -c 'touch marker'"), ("remote.origin.promisor", "true"),
        ("core.untrackedCache", "true"), ("diff.ignoreSubmodules", "all"), ("diff.noprefix", "true"),
        ("log.showSignature", "true"), ("trailer.x.key", "Verified-Tree"), ("color.ui", "always"),
    ):  # fmt: skip
        checkout.git("config", *file, key, value)
    attributes = '* filter=evil diff=evil merge=evil\n*.txt filter="Other Name" diff=evil\n'
    (checkout.root / ".git" / "info").mkdir(exist_ok=True)
    (checkout.root / ".git" / "info" / "attributes").write_text(attributes)


async def whole_run(checkout: Checkout) -> None:
    workspace = await checkout.workspace()
    opened = await workspace.open()
    work = opened.worktree
    checkout.write("a.txt", "two\n", cwd=work)
    checkout.write("new.py", "n = 1\n", cwd=work)
    checkout.write(".gitattributes", "* filter=evil diff=evil text\n", cwd=work)
    made = await workspace.snapshot("attempt", opened.base_commit, REF)
    await workspace.changes(opened.base_tree, made.tree)
    assert "+two" in await workspace.diff_text(opened.base_tree, made.tree)
    await workspace.tree_at("verify", made.commit)
    await workspace.tree_at("verify", opened.base_commit)
    await workspace.tree_at("base", opened.base_commit)
    await workspace.rescue(rescue_ref(RUN_ID, 1))
    await workspace.restore(opened.base_tree)
    await workspace.restore(made.tree)
    commit = await workspace.checkpoint(
        made.tree, opened.base_commit, "Title", (("Verified-Tree", made.tree),)
    )
    assert (await workspace.commit_info(commit)).trailers == (("Verified-Tree", made.tree),)
    assert (await workspace.list_run_refs()) != ()
    await workspace.close()


@pytest.mark.parametrize("place", ["local", "included", "worktree-only", "global"])
def test_nothing_configured_runs(tmp_path, place):
    checkout = make_checkout(tmp_path)
    markers = tmp_path / "markers"
    if place == "local":
        arm(checkout, markers)
    elif place == "included":
        arm(checkout, markers, checkout.root / ".git" / "more")
        checkout.git("config", "include.path", "more")
    elif place == "worktree-only":
        # Holds in our worktrees only: invisible where the configuration is listed.
        arm(checkout, markers, checkout.root / ".git" / "more")
        checkout.git("config", "includeIf.gitdir:**/worktrees/**.path", "more")
    else:
        arm(checkout, markers, tmp_path / "home" / ".gitconfig")
    for marker in markers.iterdir():
        marker.unlink()

    asyncio.run(whole_run(checkout))
    assert [marker.name for marker in markers.iterdir()] == []
    assert not list(tmp_path.rglob("marker"))


def test_the_traps_do_work_where_git_is_not_ours(tmp_path):
    checkout = make_checkout(tmp_path)
    arm(checkout, tmp_path / "markers")
    checkout.git("config", "commit.gpgSign", "false")
    checkout.write("a.txt", "two\n")
    checkout.git("status", check=False)
    checkout.git("add", "-A", check=False)
    sprung = {marker.name for marker in (tmp_path / "markers").iterdir()}
    assert sprung & {"core.fsmonitor", "filter.Other_Name.clean", "filter.evil.process"}


def test_a_worker_that_points_its_worktree_at_another_repository(tmp_path):
    checkout = make_checkout(tmp_path)
    evil = make_checkout(tmp_path, name="evil")
    arm(evil, tmp_path / "markers")
    for marker in (tmp_path / "markers").iterdir():
        marker.unlink()

    async def story():
        workspace = await checkout.workspace()
        opened = await workspace.open()
        verify = await workspace.tree_at("verify", opened.base_commit)
        for tree in (opened.worktree, verify):
            (tree / ".git").write_text(f"gitdir: {evil.root / '.git'}\n")
        checkout.write("a.txt", "two\n", cwd=opened.worktree)
        made = await workspace.snapshot("attempt", opened.base_commit, REF)
        await workspace.tree_at("verify", made.commit)
        assert (verify / "a.txt").read_text() == "two\n"
        assert checkout.git("rev-parse", "HEAD", cwd=verify) == made.commit
        (opened.worktree / ".git").unlink()
        (opened.worktree / ".git").mkdir()
        checkout.write(".git/HEAD", "ref: refs/heads/x\n", cwd=opened.worktree)
        assert await workspace.current_tree() == made.tree
        assert (opened.worktree / ".git").is_file()

    asyncio.run(story())
    assert list((tmp_path / "markers").iterdir()) == []


def test_a_hostile_template_runs_nothing_when_a_repository_is_made(tmp_path):
    checkout = make_checkout(tmp_path)
    arm(checkout, tmp_path / "markers", tmp_path / "home" / ".gitconfig")
    for marker in (tmp_path / "markers").iterdir():
        marker.unlink()
    (tmp_path / "template").mkdir()
    (tmp_path / "template" / "hooks").symlink_to(checkout.root / ".git" / "hooks")
    checkout.git("config", "--global", "init.templateDir", str(tmp_path / "template"))
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "a.txt").write_text("a")
    asyncio.run(create_repository(tmp_path / "demo", ProcessRunner(), checkout.env))
    assert list((tmp_path / "markers").iterdir()) == []
