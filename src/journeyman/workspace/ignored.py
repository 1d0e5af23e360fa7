"""Which new files count: never those that the base commit or the user ignores.

A file that the base tracks always counts. A new file counts unless some ignore rule hides it, and the rules
of two trees are asked, each by git itself:

- those in the work tree now. Tools make folders that ignore themselves (``.ruff_cache/.gitignore`` with
  ``*`` in it), and a worker may rightly ignore what its change produces. A worker can so hide files, but to
  no end: what is not in the snapshot is neither verified nor committed.
- those of the base commit. A worker that edits a ``.gitignore`` must not bring to light what the user
  ignores: a ``.env`` with secrets, or the litter of a tool.

To both belong the user's own rules (``info/exclude``, ``core.excludesFile``), and the names of linked
folders such as ``node_modules``, which rules ending in a slash do not match once they are links.
"""

from __future__ import annotations

import os
from pathlib import Path

from journeyman.workspace.files import plain_errors, set_aside, write_atomic
from journeyman.workspace.git import failure, join_items, split_items
from journeyman.workspace.gitdir import PrivateGit
from journeyman.workspace.objects import read_blobs

_REGULAR = (b"100644", b"100755")
_RULES = b".gitignore"
_LITTER = frozenset(
    """
    __pycache__ node_modules venv env target build dist out obj bin coverage htmlcov site vendor tmp temp
    log logs cache Pods _build deps coverage.xml .coverage .DS_Store .eslintcache
    """.split()  # noqa: SIM905 - words read better than quotes and commas
)
_LITTER_ENDS = (
    ".pyc",
    ".pyo",
    ".egg-info",
    ".log",
    ".tmp",
    ".swp",
    ".o",
    ".class",
    ".so",
    ".tsbuildinfo",
    "~",
)


class BaseRules:
    """The ignore rules of one commit, laid out in a folder that holds its ``.gitignore`` files only."""

    def __init__(self, private: PrivateGit, folder: Path, commit: str, litter: tuple[str, ...]) -> None:
        """``litter`` are paths that never count, whatever the rules say."""
        self._private = private
        self._folder = folder
        self._commit = commit
        self._litter = tuple(name.strip("/") for name in litter)

    async def ignored(self, paths: list[str]) -> set[str]:
        """Those of ``paths`` (files that the base does not track) that never count."""
        found = {path for path in paths if self._is_litter(path)}
        asked = [path for path in paths if path not in found]
        if not asked:
            return found
        await self._lay_out()
        git = self._private.files(self._folder)
        # check-ignore knows no literal pathspecs: "./" keeps a leading colon from being read as magic.
        result = await git.result(
            *("check-ignore", "--no-index", "-z", "--stdin"),
            stdin=join_items([f"./{path}" for path in asked]),
            variables={"GIT_LITERAL_PATHSPECS": "0"},
        )
        if result.exit_code not in (0, 1):
            raise failure(result)
        return found | {path.removeprefix("./") for path in split_items(result.stdout)}

    def _is_litter(self, path: str) -> bool:
        return any(path.rstrip("/") == name or path.startswith(f"{name}/") for name in self._litter)

    async def _lay_out(self) -> None:
        done = self._folder / ".git"  # git never looks at a path of this name
        if done.exists():
            return
        set_aside(self._folder, self._folder.parent.parent / ".trash")
        listing = await self._private.objects.run("ls-tree", "-r", "-z", self._commit)
        rules = dict(_rule_files(listing))
        blobs = await read_blobs(self._private.objects, list(rules.values()))
        for path, blob in rules.items():
            write_atomic(self._folder / path, blobs[blob])
        with plain_errors(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
        write_atomic(done, b"")


def _rule_files(listing: bytes) -> list[tuple[str, str]]:
    """Path and blob of each ``.gitignore``; links are none, as for git."""
    found = []
    for entry in listing.split(b"\0"):
        if entry.endswith(_RULES):
            about, path = entry.split(b"\t", 1)
            mode, _, blob = about.split(b" ")
            parts = path.split(b"/")
            if mode in _REGULAR and parts[-1] == _RULES and b".." not in parts:
                found.append((os.fsdecode(path), blob.decode("ascii")))
    return found


def is_litter(path: str) -> bool:
    """Whether an ignored path is what tools leave: nobody misses it in a commit."""
    *folders, name = path.rstrip("/").split("/")
    if path.endswith("/"):
        folders.append(name)
    return any(part in _LITTER or part.endswith(_LITTER_ENDS) for part in (*folders, name)) or any(
        folder.startswith(".") for folder in folders
    )
