"""A store that is damaged, strange, or dated by a clock that went back: told plainly, and no work is lost."""

from __future__ import annotations

import re
import signal
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.project import Project, write
from tests.support.trouble import gamma, run, told, untouched, verified


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def database(project: Project) -> Path:
    return project.root / ".journeyman" / "journeyman.db"


def change(project: Project, statement: str, *values: object) -> None:
    connection = sqlite3.connect(database(project))
    connection.execute(statement, values)
    connection.commit()
    connection.close()


def settle(project: Project) -> bytearray:
    """Everything in one file, as after a clean end; its bytes."""
    change(project, "PRAGMA wal_checkpoint(TRUNCATE)")
    return bytearray(database(project).read_bytes())


def junk(project: Project) -> None:
    settle(project)
    database(project).write_bytes(b"this was a database once\n" * 4000)


def bad_blocks(project: Project) -> None:
    content = settle(project)
    content[4096:-4096] = b"\xa5" * (len(content) - 8192)
    database(project).write_bytes(content)


def tables_gone(project: Project) -> None:
    change(project, "DROP TABLE jm_meta")


def tracked_elsewhere(project: Project) -> None:
    settle(project)
    database(project).unlink()
    database(project).mkdir()


@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (junk, "is damaged: file is not a database"),
        (bad_blocks, "is damaged: database disk image is malformed"),
        (tables_gone, "is damaged: no such table: jm_meta"),
    ],
)
def test_a_damaged_store(project: Project, damage: Callable[[Project], None], text: str) -> None:
    done = verified(project, run(project))
    damage(project)
    refs = project.git("for-each-ref")
    with untouched(project):
        for command in (("status",), ("resume",), ("gc",), ("run", "fix lint")):
            told(
                project.jm(*command),
                2,
                text,
                "verified commits and every attempt are safe in git",
                "hint: cd ",
            )
    assert project.git("for-each-ref") == refs
    told(project.jm("verify", done["branch"]), 0, "proven again")
    # The hint is a command that works when pasted: then all is well, and what was is kept aside.
    hint = re.search(r"hint: (cd .*)", project.jm("status").err)
    assert hint
    subprocess.run(("sh", "-c", hint[1]), check=True)
    again = verified(project, run(project))
    assert len(project.jm("status", "--json").json) == 1
    assert project.git("rev-parse", done["branch"]) == done["commit"] != again["commit"]
    assert list((project.root / ".journeyman" / "damaged").iterdir())


def test_a_folder_in_the_place_of_the_store(project: Project) -> None:
    verified(project, run(project))
    tracked_elsewhere(project)
    for command in (("status",), ("run", "fix lint")):
        told(project.jm(*command), 2, "journeyman.db cannot be opened, read or written")


@pytest.mark.parametrize("content", [b"", None])
def test_a_store_that_was_cut_off_when_it_was_made_is_an_empty_one(
    project: Project, content: bytes | None
) -> None:
    database(project).parent.mkdir()
    if content is None:
        change(project, "PRAGMA journal_mode=WAL")
    else:
        database(project).write_bytes(content)
    told(project.jm("status"), 0)
    told(project.jm("report"), 2, "there is no run 'latest' here")
    told(project.jm("gc"), 0)
    verified(project, run(project))
    told(project.jm("status"), 0, "verified")


def test_a_torn_log_loses_its_end_and_the_run_goes_on_from_there(project: Project) -> None:
    """As after a power cut: SQLite drops what was not yet on the disk, and git has more than the timeline."""
    done = verified(project, run(project))
    log = database(project).with_name("journeyman.db-wal")
    content = bytearray(log.read_bytes())
    content[len(content) * 2 // 3 :] = b"\x11" * (len(content) - len(content) * 2 // 3)
    log.write_bytes(content)
    database(project).with_name("journeyman.db-shm").unlink()
    (line,) = project.jm("status", "--json").json
    assert line["state"].startswith("cut off")
    again = verified(project, project.jm("resume", "--output-format", "json"))
    assert (again["run_id"], again["verified_tree"]) == (done["run_id"], done["verified_tree"])
    assert project.git("rev-parse", again["branch"]) == again["commit"]


def test_a_store_of_a_newer_version(project: Project) -> None:
    verified(project, run(project))
    change(project, "UPDATE jm_meta SET schema_version = 99")
    for command in (("status",), ("resume",), ("run", "fix lint")):
        told(project.jm(*command), 2, "was written by a newer Journeyman (schema 99, known 1)")


def test_events_that_cannot_be_read_are_passed_over(project: Project) -> None:
    killed = project.jm("run", "Add gamma", "--worker", gamma(project), crash_after=9)
    assert killed.code == -signal.SIGKILL
    change(project, "UPDATE jm_events SET body = '{' WHERE kind = 'run.specified'")
    told(project.jm("status"), 0, "cut off")
    told(project.jm("report"), 0, "Not finished: Add gamma")
    told(project.jm("resume"), 2, "what this run was to do can no longer be read")
    change(project, "UPDATE jm_events SET body = '[1]', kind = 'from.the.future'")
    told(project.jm("status"), 0)
    verified(project, run(project))


def test_killed_between_the_end_on_the_timeline_and_the_journal(project: Project) -> None:
    worker = project.session([{"edits": [write("c.txt", "x\n")], "fail": "went away"}] * 2)
    whole = project.jm("run", "Add gamma", "--worker", worker, "--output-format", "stream-json")
    told(whole, 5)
    events = len(whole.out.splitlines())  # one for the specification, which is not shown, less the summary
    # How many of the base's checks are on a timeline when the worker fails is a race.
    for more in (0, 1, -1, 2, -2, 3, -3, 4, -4):
        killed = project.jm("run", f"Add gamma, {more}", "--worker", worker, crash_after=events + more)
        state = project.jm("status", "--json").json[0]["state"]
        if killed.code == -signal.SIGKILL and state == "stopped (worker-failed)":
            break
    else:
        pytest.fail("no crash hit the moment between the two")
    again = project.jm("resume")
    told(again, 5, "the worker ended with an error")
    assert "segment 2" in again.err


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda path: path.write_text("a file\n"), ".journeyman is not a folder"),
        (lambda path: path.symlink_to("/nonexistent/place"), "is a link to /nonexistent/place, which is not"),
        (lambda path: path.symlink_to(path.name), "is a link to .journeyman, which is not"),
    ],
)
def test_no_folder_for_the_state(project: Project, make: Callable[[Path], Any], text: str) -> None:
    path = project.root / ".journeyman"
    make(path)
    with untouched(project):
        told(run(project), 2, text)
    told(project.jm("status"), 2, "nothing was run in this repository yet")
    path.unlink()
    verified(project, run(project))


def test_the_state_may_be_a_link_to_elsewhere(project: Project, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (project.root / ".journeyman").symlink_to(tmp_path / "elsewhere")
    verified(project, run(project))
    told(project.jm("status"), 0, "verified")
    assert (tmp_path / "elsewhere" / "journeyman.db").exists()


# The clock.


def test_the_clock_goes_back_between_two_runs(project: Project) -> None:
    first = verified(project, run(project))
    change(project, "UPDATE jm_events SET at = at + 86400 * 400")
    second = verified(project, run(project))
    listed = [line["run_id"] for line in project.jm("status", "--json").json]
    assert listed == [second["run_id"], first["run_id"]], "newest first, whatever the clock says"
    assert project.jm("report", "--json").json["run_id"] == second["run_id"]
    lines = project.jm("status").out.splitlines()
    assert " ? " in lines[1], "the age of a run in the future is not known"
    assert "-" not in lines[1].split("verified")[1]
    told(project.jm("gc", "--dry-run"), 0)


def test_the_clock_goes_back_while_a_run_is_cut_off(project: Project) -> None:
    worker = gamma(project)
    project.jm("run", "Add gamma", "--worker", worker, crash_after=20)
    change(project, "UPDATE jm_events SET at = at + 1e6")
    answer = project.jm("run", "Add gamma", "--worker", worker)
    told(answer, 0, "an unfinished run of this task exists")
    run_id = project.jm("status", "--json").json[1]["run_id"]
    resumed = verified(project, project.jm("resume", run_id, "--output-format", "json"))
    kpi = resumed["kpi"]
    assert kpi["downtime_s"] is None, "unknown, and not negative"
    assert 0 < kpi["tvc_s"] <= kpi["total_s"] < 120
    assert all(phase["duration_s"] >= 0 for phase in kpi["phases"].values())
    assert kpi["unattributed_s"] >= 0
    assert kpi["overhead_s"] >= 0
    assert kpi["verification"]["wall_s"] >= 0
    told(project.jm("report", run_id), 0, "TVc ")
    assert "-" not in re.findall(r"TVc\s+(\S+)", project.jm("report", run_id).out)[0]


def test_the_clock_jumps_to_and_fro_within_a_run(project: Project) -> None:
    before = verified(project, run(project))
    change(
        project, "UPDATE jm_events SET at = at + (CASE seq % 3 WHEN 0 THEN -5e6 WHEN 1 THEN 3e8 ELSE 0 END)"
    )
    after = project.jm("report", "--json").json
    assert after["kpi"] == before["kpi"], "no figure is taken from the wall clock"
    told(project.jm("status"), 0, "verified")
    told(project.jm("follow"), 0, "Verified: Add gamma")


CLOCK = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
int clock_gettime(clockid_t which, struct timespec *now)
{
    static int (*real)(clockid_t, struct timespec *);
    static int calls;
    if (!real)
        real = (int (*)(clockid_t, struct timespec *)) dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(which, now);
    if (which == CLOCK_REALTIME && ++calls > 60)
        now->tv_sec -= 400000000;
    return result;
}
"""


def test_the_machines_own_clock_goes_back_in_the_middle(project: Project, tmp_path: Path) -> None:
    source, library = tmp_path / "clock.c", tmp_path / "clock.so"
    source.write_text(CLOCK)
    command = ("cc", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl")
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("there is no C compiler here to make a clock with")
    result = verified(project, run(project, env={"LD_PRELOAD": str(library)}))
    connection = sqlite3.connect(database(project))
    times = [at for (at,) in connection.execute("SELECT at FROM jm_events ORDER BY seq")]
    connection.close()
    assert times[-1] < times[0] - 3e8, "the clock did go back"
    kpi = result["kpi"]
    assert 0 < kpi["tvc_s"] <= kpi["total_s"] < 120
    assert all(phase["duration_s"] >= 0 for phase in kpi["phases"].values())
    told(project.jm("verify", result["commit"]), 0, "proven again")
    verified(project, run(project))
