"""The baseline of the suite: ``jm`` that shows the files which a plan names, whole."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench.simmodel import SimModel
from bench.suite.profiles import WHOLE_FILES
from tests.acceptance.test_agent import FILES, FIXED, OFF_BY_ONE, QUICK, SENTENCE, TASK
from tests.support.project import Answer, Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project", FILES)


def run(project: Project, sim: SimModel) -> Answer:
    env = {"OPENAI_BASE_URL": f"{sim.url}/v1", "OPENAI_API_KEY": "none", **QUICK}
    flags = ("--model", "openai:sim-1", "--output-format", "json", "--full")
    return project.jm("run", SENTENCE, *flags, env=env, program=(sys.executable, *WHOLE_FILES))


def test_the_files_that_the_plan_names_are_shown_whole(project: Project) -> None:
    plan = {"milestones": [{"title": "Mend it", "files": ["paging.py", "gone.py"]}]}
    with SimModel([{**TASK, "plan": plan}]) as sim:
        answer = run(project, sim)
        assert answer.code == 0, answer.err
        planned, implemented, _reviewed = (str(request.body["messages"]) for request in sim.requests)
    assert "other.txt" in planned, "the planner sees which files there are"
    assert "return len(items)" not in planned
    assert "paging.py (whole)" in implemented
    assert "2|    return len(items) // size + 1" in implemented
    assert "gone.py: not here" in implemented


def test_a_planner_looks_where_it_was_told_nothing(project: Project) -> None:
    project.write({"lib/counting.py": (project.root / "paging.py").read_text()})
    (project.root / "paging.py").write_text("from lib.counting import pages\n")
    project.commit("Moved")
    moved = {"edits": [{"path": "lib/counting.py", "old": OFF_BY_ONE, "new": FIXED}], "say": "Rounded up."}
    with SimModel([{**TASK, "search": ["def pages"], "steps": [moved]}]) as sim:
        answer = run(project, sim)
        assert answer.code == 0, answer.err
        assert [request.move for request in sim.requests] == ["search", "plan", "edit", "review"]
        assert "lib/counting.py:1:def pages" in str(sim.requests[1].body["messages"])
    workers = answer.json["kpi"]["workers"]
    assert [worker["calls"] for worker in workers if worker["phase"] == "PLAN"] == [2]
