"""One index and several processes: writers and readers at once, one killed; a cache that nobody may write."""

from __future__ import annotations

import contextlib
import json
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.project import Project
from tests.support.trouble import at, modest, read_only

TASK = "`parse_date_7` rounds the total wrong\n\nSee src/date_7.py."
COMMAND = ("context", TASK, "--json", "--budget", "3000")
MORE_THAN_A_BATCH = 900
"""Two processes parse them, each in two batches at least."""


def sources(kind: str, count: int) -> dict[str, str]:
    body = "\n".join(f"    total_{line} = round(page + {line})" for line in range(8))
    return {
        f"src/{kind}_{number}.py": f"def parse_{kind}_{number}(page):\n{body}\n    return total_{number}\n"
        for number in range(count)
    }


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "repository", sources("date", 80))


def told(answer: Any) -> Any:
    return answer["files"], answer["text"]


def alone(project: Project, tmp_path: Path) -> Any:
    """What a lone run answers, over a cache of its own."""
    return told(project.jm(*COMMAND, env={"XDG_CACHE_HOME": str(tmp_path / f"of-{project.root.name}")}).json)


def indexed(cache: Path) -> int:
    (path,) = (cache / "journeyman" / "index").glob("*.sqlite")
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return int(connection.execute("SELECT count(*) FROM content").fetchone()[0])


def killed_with_all_that_it_started(process: subprocess.Popen[bytes]) -> None:
    leader = psutil.Process(process.pid)
    for each in (leader, *leader.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            each.kill()
    process.communicate()


def test_two_indexers_and_three_readers_at_once_and_one_killed(project: Project, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    env = {"XDG_CACHE_HOME": str(cache)}
    clones = []
    for name in ("user", "page"):
        project.git("clone", "--quiet", str(project.root), str(tmp_path / name))
        clones.append(at(tmp_path / name))
        clones[-1].write(sources(name, MORE_THAN_A_BATCH))
    project.jm(*COMMAND, env=env)
    known = indexed(cache)
    assert known == 80
    killed, finishing = (clone.start(*COMMAND, env=env) for clone in clones)
    readers = [project.start(*COMMAND, env=env) for _ in range(3)]
    deadline = time.monotonic() + 60
    while indexed(cache) == known and killed.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    killed_with_all_that_it_started(killed)
    assert killed.returncode == -signal.SIGKILL, "it was still at work"
    assert known < indexed(cache) < known + 2 * MORE_THAN_A_BATCH, "some was written, not all"
    answers = [json.loads(process.communicate(timeout=120)[0]) for process in (finishing, *readers)]
    again = clones[0].jm(*COMMAND, env=env).json
    assert indexed(cache) == known + 2 * MORE_THAN_A_BATCH
    assert all(answer["notes"] == [] for answer in (*answers, again))
    assert told(again) == alone(clones[0], tmp_path)
    assert told(answers[0]) == alone(clones[1], tmp_path)
    assert [told(answer) for answer in answers[1:]] == [alone(project, tmp_path)] * 3


@pytest.mark.parametrize("state", ["current", "outdated", "in use", "cut off"])
@pytest.mark.parametrize("how", ["modes", "disk"])
def test_a_kept_index_that_cannot_be_written(project: Project, tmp_path: Path, how: str, state: str) -> None:
    """It is read as it is where it has all that is wanted, and also while another process has it open."""
    cache = tmp_path / "cache"
    env = {"XDG_CACHE_HOME": str(cache)}
    project.jm(*COMMAND, env=env)
    folder = cache / "journeyman" / "index"
    with left_behind(folder, state):
        before = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".sqlite-shm"}
        if state == "outdated":
            project.write({"src/date_7.py": "def parse_date_7(page):\n    return page\n"})
        if how == "disk":
            with read_only(folder):
                answer = project.jm(*COMMAND, env=env)
        else:
            for path in (*folder.iterdir(), folder):
                path.chmod(0o555 if path.is_dir() else 0o444)
            answer = modest(project, *COMMAND, **env)
            folder.chmod(0o755)
        after = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".sqlite-shm"}
    assert answer.code == 0, answer.err
    is_read = state in {"current", "in use"}
    assert (f"the index is not kept: {folder} cannot be written" in answer.err) is not is_read
    assert "Traceback" not in answer.err
    assert told(answer.json) == alone(project, tmp_path)
    assert ("return total_7" in answer.json["text"]) is (state != "outdated")
    assert after == before


@contextlib.contextmanager
def left_behind(folder: Path, state: str) -> Iterator[None]:
    """An index with a log that holds something, by a process that goes on, or by one that is dead."""
    if state not in {"in use", "cut off"}:
        yield
        return
    (path,) = folder.glob("*.sqlite")
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as writer:
        # The log has what the file lacks: which commits are before the head.
        (head,) = writer.execute("SELECT * FROM head").fetchall()
        writer.execute("DELETE FROM head")
        writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        writer.execute("INSERT INTO head VALUES (?, ?)", head)
        if state == "cut off":
            Path(f"{path}-shm").unlink()
        yield
