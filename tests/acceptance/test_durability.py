"""Killed at any moment, a run ends as an undisturbed one does. ``bench/crash.py`` tries every event."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.support.project import Project, wait_for_line, write

PLAN = {"milestones": [{"title": "First"}, {"title": "Second"}]}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def two_milestones(project: Project, **attempt: object) -> str:
    return project.session(
        [
            {"edits": [write("c.txt", "BROKEN\n")]},
            {"edits": [write("c.txt", "1\n"), write("e.txt", "2\n")], **attempt},
        ],
        [{"edits": [write("d.txt", "3\n")]}],
        plan=PLAN,
    )


@pytest.fixture(scope="module")
def undisturbed_tree(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the two milestones come to when nothing happens to the run."""
    folder = tmp_path_factory.mktemp("undisturbed")
    project = Project(folder / "project")
    env = {"HOME": str(folder)}
    answer = project.jm("run", "Two", "--worker", two_milestones(project), "--output-format", "json", env=env)
    assert answer.code == 0, answer.err
    return str(answer.json["verified_tree"])


@pytest.mark.parametrize("event", [2, 3, 9, 14, 20, 27, 33])
def test_kill_9_after_an_event_then_resume(project: Project, event: int, undisturbed_tree: str) -> None:
    worker = two_milestones(project)
    killed = project.jm("run", "Two", "--worker", worker, crash_after=event)
    assert killed.code == -signal.SIGKILL
    assert project.jm("status", "--json").json[0]["state"].startswith("cut off")
    answer = project.jm("resume", "--output-format", "json")
    assert "Traceback" not in answer.err
    resumed = answer.json
    assert (answer.code, resumed["verified_tree"]) == (0, undisturbed_tree)
    subjects = project.git("log", "--format=%s", f"{resumed['base_commit']}..{resumed['commit']}")
    assert subjects.splitlines() == ["Second", "First"], "exactly the same commits, none twice"


OTHER_PROCESS = """
import asyncio, sys
from pathlib import Path
from journeyman.bootstrap import open_project
from journeyman.bootstrap.runs import run_from_spec
from journeyman.bootstrap.storage import open_storage
from journeyman.config import read_surroundings
from journeyman.engine.durable import journaled_order
from journeyman.engine.lifecycle import drive

async def work(root, run_id):
    storage = open_storage(root)
    storage.leases.take(run_id)
    order = await asyncio.to_thread(journaled_order, storage.journal, run_id, 1)
    project = await open_project(Path(order.spec.repository), read_surroundings())
    run = await run_from_spec(project, storage, order)
    return await drive(run, order, storage.journal, lambda: None)

summary = asyncio.new_event_loop().run_until_complete(work(Path(sys.argv[1]), sys.argv[2]))
print(summary.outcome, summary.commit, flush=True)
import os; os._exit(0)
"""


def test_the_journal_alone_says_what_a_run_is_to_do(project: Project) -> None:
    """What another process, or host, needs: the order is the workflow's input, and the run is built from it."""
    worker = two_milestones(project)
    code, undisturbed = project.run_json("Two", worker)
    assert code == 0
    assert project.jm("run", "Two", "--worker", worker, crash_after=20).code == -signal.SIGKILL
    run_id = project.jm("status", "--json").json[0]["run_id"]
    project.write({"journeyman.toml": "[budget]\nrequests = 1\n"})  # what is configured now is not asked
    done = subprocess.run(
        (sys.executable, "-c", OTHER_PROCESS, str(project.root), run_id),
        cwd="/",
        capture_output=True,
        check=True,
    )
    outcome, commit = done.stdout.decode().split()
    assert outcome == "verified", done.stderr.decode()
    assert project.git("rev-parse", f"{commit}^{{tree}}") == undisturbed["verified_tree"]


def test_no_finished_step_is_repeated(project: Project, tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    project.write({"journeyman.toml": '[[checks]]\nname = "count"\nrun = "true"\n'})
    project.commit("cheap")
    worker = project.session(
        [{"edits": [write("c.txt", "1\n")], "run": ["echo ran >> ran.txt"]}],
        [{"edits": [write("d.txt", "1\n")]}],
        plan=PLAN,
    )
    # Killed when the first milestone's checkpoint is on the timeline: its command has run by then.
    events = project.jm("run", "Two", "--worker", worker, "--output-format", "stream-json").out.splitlines()
    position = next(n for n, line in enumerate(events, 1) if json.loads(line)["kind"] == "checkpoint.made")
    project.jm("run", "Two", "--worker", worker, crash_after=position)
    resumed = project.jm("resume", "--output-format", "json").json
    assert project.git("show", f"{resumed['commit']}:ran.txt") == "ran"
    assert not marks.exists()


def test_half_an_edit_is_undone_and_kept(project: Project) -> None:
    """The worker dies in the middle of an edit: it is done again from where it began, and nothing is lost."""
    script = "if [ -f half.txt ]; then echo second > other.txt; else echo half > half.txt; fi; sleep 60"
    quick = 'sh -c "echo whole > c.txt"'
    project.write(
        {
            "journeyman.toml": '[[checks]]\nname = "ok"\nrun = "true"\n'
            f"[workers.w]\ntype = 'command'\ncommand = ['sh', '-c', '''test -f {project.root}/../quick && {quick} || {{ {script}; }}''']\n".replace(
                "{{", "{"
            ).replace("}}", "}")
        }
    )
    project.commit("a slow worker")
    process = project.start("run", "Half", "--worker", "w", "--sandbox", "off")
    wait_for_line(process, b"SETUP")
    cache = Path(os.environ["HOME"]) / ".cache" / "journeyman"
    deadline = time.monotonic() + 30
    while not list(cache.glob("worktrees/*/*/work/half.txt")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    (project.root.parent / "quick").write_text("")
    answer = project.jm("resume", "--output-format", "json")
    assert answer.code == 0, answer.err
    assert project.git("ls-tree", "--name-only", answer.json["commit"]).splitlines() == [
        "a.txt",
        "b.txt",
        "c.txt",
        "journeyman.toml",
    ]
    (rescued,) = answer.json["rescued"]
    assert project.git("show", f"{rescued}:half.txt") == "half"
    leftover = [
        p
        for p in psutil.process_iter(["cmdline"])
        if "sleep" in (p.info["cmdline"] or []) and _of(p, answer.json["run_id"])
    ]
    assert not leftover, "the worker's processes of the dead run are gone"


def _of(process: psutil.Process, run_id: str) -> bool:
    try:
        return process.environ().get("JOURNEYMAN_RUN") == run_id
    except psutil.Error:
        return False


def test_ctrl_c_leaves_a_receipt_and_can_be_resumed(project: Project) -> None:
    worker = two_milestones(project, wait_s=3)
    process = project.start("run", "Two", "--worker", worker)
    wait_for_line(process, b"retry")
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=20)
    took = time.monotonic() - begun
    assert process.returncode == 130
    assert out.decode().startswith("I stopped because it was interrupted: by SIGINT")
    assert took < 10, "under two seconds on a quiet machine; see bench/crash.py"
    answer = project.jm("resume", "--output-format", "json")
    assert (answer.code, answer.json["outcome"], answer.json["milestones"]["completed"]) == (0, "verified", 2)


def test_two_jm_on_one_run_and_two_runs_at_once(project: Project) -> None:
    worker = two_milestones(project, wait_s=4)
    process = project.start("run", "Two", "--worker", worker)
    wait_for_line(process, b"retry")
    run_id = project.jm("status", "--json").json[0]["run_id"]
    second = project.jm("resume", run_id)
    assert second.code == 2
    assert f"error: run {run_id} is being worked on by process {process.pid}" in second.err
    other, result = project.run_json("Else", project.session([{"edits": [write("z.txt", "1\n")]}]))
    assert (other, result["outcome"]) == (0, "verified"), "another run in the same repository is fine"
    process.communicate(timeout=60)
    assert process.returncode == 0


def test_running_the_same_task_again_offers_the_unfinished_run(project: Project) -> None:
    worker = two_milestones(project)
    project.jm("run", "Two", "--worker", worker, crash_after=12)
    run_id = project.jm("status", "--json").json[0]["run_id"]
    answer = project.jm("run", "Two", "--worker", worker)
    assert f"jm resume {run_id}" in answer.err
    assert answer.code == 0


def test_gc_removes_what_is_merged_or_named_and_says_so(project: Project) -> None:
    code, merged = project.run_json("Merged", project.session([{"edits": [write("c.txt", "1\n")]}]))
    assert code == 0
    project.git("merge", "--quiet", "--ff-only", merged["branch"])
    _, unmerged = project.run_json("Unmerged", project.session([{"edits": [write("d.txt", "1\n")]}]))
    dry = project.jm("gc", "--dry-run")
    assert merged["run_id"] in dry.out
    assert unmerged["run_id"] not in dry.out
    assert project.jm("gc").code == 0
    refs = project.git("for-each-ref", "--format=%(refname)")
    assert merged["run_id"] not in refs
    assert unmerged["run_id"] in refs
    assert unmerged["run_id"] in project.jm("gc", unmerged["run_id"]).out
    assert unmerged["run_id"] not in project.git("for-each-ref", "--format=%(refname)")
