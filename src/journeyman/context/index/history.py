"""What past commits said and changed, newest first; looked up once for a head."""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass

from journeyman.context.index.database import Database
from journeyman.context.index.tree import GitCall
from journeyman.context.index.words import terms_in
from journeyman.domain.errors import JourneymanError

MAX_COMMITS = 1500
"""Further back, little is like what is there now."""
_MOST_PATHS = 30
"""A commit of more files is a sweep: it says little of any."""
_MESSAGE_CHARACTERS = 2_000


@dataclass(frozen=True)
class PastCommit:
    """One commit: its distinct terms, and the files that it changed."""

    time: int
    paths: tuple[str, ...]
    terms: tuple[str, ...]


async def read_history(git: GitCall, database: Database, head: str) -> tuple[PastCommit, ...]:
    """The last commits before and with ``head``, merges left out; none where there is no history."""
    packed = database.head(head)
    if packed is None:
        try:
            packed = await _look_up(git, database, head)
        except JourneymanError:
            return ()
    order = array("I")
    order.frombytes(packed)
    known = {
        number: PastCommit(time, tuple(paths.split("\n")), tuple(terms.split(" ")))
        for number, time, paths, terms in database.past()
    }
    return tuple(known[number] for number in order if number in known and known[number].paths != ("",))


async def _look_up(git: GitCall, database: Database, head: str) -> bytes:
    listed = await git("rev-list", "--no-merges", f"--max-count={MAX_COMMITS}", head)
    shas = listed.decode("ascii").split()
    known = database.numbers(shas)
    fresh = [sha for sha in shas if sha not in known]
    if fresh:
        told = await git(
            "log",
            "--no-walk=unsorted",
            "--stdin",
            "--format=%x01%H%x00%ct%x00%B%x00",
            "--name-only",
            "--no-renames",
            "-z",
            stdin="\n".join(fresh).encode("ascii") + b"\n",
        )
        database.add_history([_commit(part) for part in told.split(b"\x01") if part.count(b"\0") >= 3])
        known = database.numbers(shas)
    packed = array("I", [known[sha] for sha in shas if sha in known]).tobytes()
    database.add_head(head, packed)
    return packed


def _commit(part: bytes) -> tuple[str, int, str, str]:
    sha, time, message, *paths = part.decode("utf-8", "replace").split("\0")
    named = [path.lstrip("\n") for path in paths if path.strip("\n")]
    kept = named if len(named) <= _MOST_PATHS else []
    terms = " ".join(sorted(Counter(terms_in(message[:_MESSAGE_CHARACTERS]))))
    return sha, int(time), "\n".join(kept), terms
