"""What tests of bad input share: a task that must work, a checkout that must not change, disks that fail."""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.project import Answer, Project, write


def gamma(project: Project) -> str:
    """The worker of a task that adds c.txt."""
    return project.session([{"edits": [write("c.txt", "gamma\n")]}])


def second_try(project: Project) -> str:
    """The same, whose first attempt fails VERIFY."""
    return project.session(
        [{"edits": [write("c.txt", "BROKEN\n")]}, {"edits": [write("c.txt", "gamma\n")]}],
    )


def at(root: Path) -> Project:
    """A checkout that is there already."""
    project = Project.__new__(Project)
    project.root = root
    return project


def run(project: Project, *flags: str, worker: str | None = None, **more: Any) -> Answer:
    """``jm run`` of that task, answering in JSON."""
    worker = worker or gamma(project)
    return project.jm("run", "Add gamma", "--worker", worker, "--output-format", "json", *flags, **more)


def told(answer: Answer, code: int, *texts: str) -> None:
    """The command ended with this exit code, said these texts, and was no bug."""
    said = answer.out + answer.err
    assert "Traceback" not in said, said
    assert answer.code == code, said
    for text in texts:
        assert text in said, said


def verified(project: Project, answer: Answer) -> dict[str, Any]:
    """The run ended in exactly one verified commit that holds the work; its summary."""
    told(answer, 0)
    result: dict[str, Any] = answer.json
    assert result["outcome"] == "verified"
    assert project.git("show", f"{result['commit']}:c.txt") == "gamma"
    assert project.git("rev-parse", f"{result['commit']}^") == result["base_commit"]
    return result


@contextlib.contextmanager
def untouched(project: Project) -> Iterator[None]:
    """Nothing of the user's changes meanwhile: files, index, HEAD, branches, stash, what is in progress."""
    before = state(project.root)
    yield
    assert state(project.root) == before


def state(root: Path) -> dict[str, str]:
    """Everything in a checkout and in its git folder that a run must leave alone."""
    git_dir = Path(os.fsdecode(_git(root, "rev-parse", "--absolute-git-dir")).strip())
    ours = ("objects", "worktrees", "refs/journeyman", "refs/heads/journeyman", "modules", "packed-refs")
    found = {"refs": _git(root, "for-each-ref", "refs/heads/main", "refs/tags", "refs/stash").decode()}
    for folder in (git_dir, root):
        for path in sorted(folder.rglob("*")):
            name = str(path.relative_to(folder))
            hidden = ours if folder == git_dir else (".git", ".journeyman")
            if path.is_file() and not any(name == own or name.startswith(f"{own}/") for own in hidden):
                found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def kept_somewhere(project: Project, cache: Path, name: str, content: str) -> bool:
    """Whether a worker's file is still to be had: from a ref, or in a worktree."""
    refs = project.git("for-each-ref", "--format=%(refname)").splitlines()
    blobs = [_git(project.root, "cat-file", "blob", f"{ref}:{name}", check=False) for ref in refs]
    files = [path.read_bytes() for path in cache.glob(f"**/work/{name}")]
    return content.encode() in (*blobs, *files)


class SmallDisk:
    """A disk of its own in memory, which can be full, grow, and be made read-only."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def remount(self, options: str) -> None:
        subprocess.run(("mount", "-o", f"remount,{options}", str(self.path)), check=True)

    def grow(self) -> None:
        """Make room, as a person does who deletes other files."""
        self.remount("size=64m,nr_inodes=20000")


@contextlib.contextmanager
def small_disk(path: Path, options: str = "size=64m") -> Iterator[SmallDisk]:
    """A disk mounted at ``path``, gone afterwards whatever happens; skips where nobody may mount one."""
    path.mkdir(parents=True, exist_ok=True)
    mount = ("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path))
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a small disk is not permitted here: it takes root")
    try:
        yield SmallDisk(path)
    finally:
        # Lazily: a process that is still at work there must not keep it.
        subprocess.run(("umount", "--lazy", str(path)), check=True)


def modest(project: Project, *arguments: str, **env: str) -> Answer:
    """``jm`` for whom the modes of files count, which they do not for root."""
    drop = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
    if drop and subprocess.run((*drop, "true"), capture_output=True, check=False).returncode != 0:
        pytest.skip("there is no setpriv(1) here to make root obey modes")
    command = (*drop, sys.executable, "-m", "journeyman", *arguments)
    done = subprocess.run(
        command, cwd=project.root, env={**os.environ, **env}, capture_output=True, check=False
    )
    return Answer(done.returncode, done.stdout.decode(), done.stderr.decode())


@contextlib.contextmanager
def read_only(path: Path) -> Iterator[None]:
    """A folder made a read-only disk for a while."""
    path.mkdir(exist_ok=True)
    mount = ("mount", "--bind", str(path), str(path))
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("making a folder read-only for root is not permitted here: it takes a mount")
    try:
        subprocess.run(("mount", "-o", "remount,bind,ro", str(path)), check=True)
        yield
    finally:
        subprocess.run(("umount", "--lazy", str(path)), check=True)


def _git(root: Path, *arguments: str, check: bool = True) -> bytes:
    # Without the locks that a look may take: `git status` would write the index.
    env = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    return subprocess.run(("git", *arguments), cwd=root, env=env, capture_output=True, check=check).stdout
