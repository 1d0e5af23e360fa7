"""Refs of runs: moved only from where they were thought to be, found by run."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from journeyman.domain.errors import JourneymanError
from journeyman.domain.identity import REF_PREFIX
from journeyman.workspace.files import remove
from journeyman.workspace.git import Git, failure

BRANCH_PREFIX = "refs/heads/journeyman"
_STALE_LOCK = re.compile(r"Unable to create '([^']+\.lock)': File exists")


@dataclass(frozen=True)
class RunRef:
    """One ref that a run owns."""

    run_id: str
    name: str
    commit: str
    is_branch: bool = False
    checked_out: bool = False
    """Some worktree has this branch checked out."""
    checkpoint_of: str | None = None
    """The run that the commit's trailer names: a checkpoint, when it is this run."""


async def move_ref(git: Git, ref: str, new: str, old: str) -> bool:
    """Point ``ref`` to ``new`` if it is at ``old`` (zeros: not there yet); whether it was."""
    arguments = ("update-ref", "--no-deref", ref, new, old)
    result = await git.result(*arguments)
    complaint = os.fsdecode(result.stderr)
    lock = _STALE_LOCK.search(complaint)
    if lock and _owned(Path(lock.group(1)), ref):
        # Git has waited for it; the run's lock says that no other process of this run lives.
        remove(Path(lock.group(1)))
        result = await git.result(*arguments)
    if result.ok:
        return True
    if await read_ref(git, ref) != (None if not old.strip("0") else old):
        return False
    raise failure(result)


async def set_head(git: Git, admin: Path, commit: str) -> None:
    """Detach the HEAD of one of our worktrees at ``commit``, whatever it was on."""
    remove(admin / "HEAD.lock")
    await git.at(git.cwd, variables={"GIT_DIR": str(admin)}).run("update-ref", "--no-deref", "HEAD", commit)


async def read_ref(git: Git, ref: str) -> str | None:
    """The commit that ``ref`` points to, or ``None``."""
    found = await git.result("rev-parse", "--verify", "--quiet", ref)
    return found.stdout.decode("ascii").strip() if found.ok else None


async def list_refs(git: Git, run_id: str | None = None) -> tuple[RunRef, ...]:
    """All refs of one run, or of all runs."""
    fields = (
        "%(refname)%00%(objectname)%00%(worktreepath)%00%(contents:trailers:key=Journeyman-Run,valueonly)"
    )
    below = f"/{run_id}" if run_id else "/"
    listing = await git.run(
        "for-each-ref", f"--format={fields}%00%01", REF_PREFIX + below, BRANCH_PREFIX + below
    )
    found = []
    for entry in listing.split(b"\0\1\n"):
        if entry:
            name, commit, path, trailer = (os.fsdecode(part) for part in entry.split(b"\0"))
            found.append(_run_ref(name, commit, path, trailer.strip()))
    return tuple(found)


async def delete_refs(git: Git, refs: tuple[RunRef, ...]) -> None:
    """Delete the refs, all or none, and only where they still are what was listed."""
    if refs:
        orders = "".join(f"delete {ref.name}\0{ref.commit}\0" for ref in refs)
        await git.run("update-ref", "--no-deref", "-z", "--stdin", stdin=os.fsencode(orders))


def moved_away(ref: str, expected: str, found: str | None) -> JourneymanError:
    """Somebody else moved a ref that only this run moves."""
    return JourneymanError(
        "git-failed",
        f"{ref.removeprefix('refs/heads/')} was moved by someone else; it is left as it is",
        facts=(f"expected: {expected}", f"found: {found or 'no such ref'}"),
        hint=f"git log --oneline {found}" if found else f"git update-ref {ref} {expected}",
    )


def _run_ref(name: str, commit: str, worktree: str, trailer: str) -> RunRef:
    is_branch = name.startswith(BRANCH_PREFIX)
    rest = name.removeprefix(BRANCH_PREFIX if is_branch else REF_PREFIX).lstrip("/")
    checkpoint_of = trailer.splitlines()[-1] if trailer else None
    return RunRef(rest.split("/", 1)[0], name, commit, is_branch, bool(worktree), checkpoint_of)


def _owned(lock: Path, ref: str) -> bool:
    return str(lock).endswith(f"{ref}.lock") and ref.startswith((f"{REF_PREFIX}/", f"{BRANCH_PREFIX}/"))
