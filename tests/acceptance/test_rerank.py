"""``--rerank`` through the command line: what is shown, what a run books, and that nothing is asked twice."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bench.simmodel import SimModel
from tests.support.project import Answer, Project

CODE = "def pages(items, size):\n    return len(items) // size + 1\n"
FIXED = "    return -(-len(items) // size)\n"
CHECKS = """
[[checks]]
name = "tests"
run = "python3 -c 'from paging import pages; assert pages([1, 2], 2) == 1'"
"""
OTHERS = {f"part{n}.py": f"def pages_part{n}(items, size):\n    return {n}\n" for n in range(1, 6)}
FILES = {"paging.py": CODE, "journeyman.toml": CHECKS, **OTHERS}
EDIT = {"path": "paging.py", "old": "    return len(items) // size + 1\n", "new": FIXED}
TASK = {
    "match": "pages",
    "steps": [{"edits": [EDIT], "say": "Rounded up."}],
    "needs": ["paging.py"],
    "search": ["def pages"],
    "order": ["part4.py", "part2.py"],
}
SENTENCE = "`pages` counts one page too many when the items fill the last one"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project", FILES)


@pytest.fixture
def sim() -> Iterator[SimModel]:
    with SimModel([TASK]) as server:
        yield server


def environ(sim: SimModel, model: str = "openai:sim-1", **more: str) -> dict[str, str]:
    return {
        "OPENAI_BASE_URL": f"{sim.url}/v1",
        "OPENAI_API_KEY": "k",
        "ANTHROPIC_BASE_URL": sim.url,
        "ANTHROPIC_API_KEY": "k",
        "JOURNEYMAN_MODELS__CHEAP": model,
        "JOURNEYMAN_MODELS__STANDARD": "openai:sim-2",
        "JOURNEYMAN_AUTONOMY__TRANSIENT_RETRIES": "0",
        **more,
    }


def moves(sim: SimModel) -> list[str | None]:
    return [request.move for request in sim.requests]


def test_context_shows_who_moved(project: Project, sim: SimModel) -> None:
    plain = project.jm("context", SENTENCE, "--json", env=environ(sim)).json
    assert plain["rerank"] is None
    assert not sim.requests, "off by default"
    for model in ("openai:sim-1", "anthropic:sim-1"):
        made = project.jm("context", SENTENCE, "--rerank", "--json", env=environ(sim, model)).json
        before = [file["path"] for file in plain["files"]]
        assert [file["path"] for file in made["files"]][:2] == ["part4.py", "part2.py"]
        assert sorted(before) == sorted(file["path"] for file in made["files"])
        moved = f"moved from {before.index('part4.py') + 1} to 1 by {model}"
        assert made["files"][0]["reasons"][0] == moved
        assert made["rerank"]["paths"] == ["part4.py", "part2.py"]
        assert made["rerank"]["usage"]["tokens_in"]
    told = project.jm("context", SENTENCE, "--rerank", "--explain", "part4.py", env=environ(sim, model))
    assert "place 1," in told.out
    assert moved in told.out


def test_a_quoted_path_stays_first(project: Project, sim: SimModel) -> None:
    answer = project.jm("context", f"{SENTENCE}\n\nSee `paging.py`.", "--rerank", "--json", env=environ(sim))
    assert [file["path"] for file in answer.json["files"]][:3] == ["paging.py", "part4.py", "part2.py"]


def test_the_setting_and_its_flag(project: Project, sim: SimModel) -> None:
    always = environ(sim, JOURNEYMAN_CONTEXT__RERANK="true")
    project.jm("context", SENTENCE, env=always)
    assert moves(sim) == ["order"]
    project.jm("context", SENTENCE, "--no-rerank", env=always)
    assert moves(sim) == ["order"]


@pytest.mark.parametrize("fault", ["garbage", "401", "refusal"])
def test_context_without_an_answer_is_as_without_the_flag(project: Project, fault: str) -> None:
    with SimModel([TASK], faults=[fault]) as sim:
        plain = project.jm("context", SENTENCE, "--json", env=environ(sim)).json
        answer = project.jm("context", SENTENCE, "--rerank", "--json", env=environ(sim))
    assert answer.code == 0
    assert answer.json["files"] == plain["files"]
    assert answer.json["text"] == plain["text"]
    assert [line for line in answer.err.splitlines() if "the order of files stays as it was" in line]


def run(project: Project, sim: SimModel, *flags: str, **more: str) -> tuple[int, dict[str, Any]]:
    answer = project.jm("run", SENTENCE, "--output-format", "json", *flags, env=environ(sim, **more))
    assert "Traceback" not in answer.err, answer.err
    return answer.code, answer.json


def told(project: Project, run_id: str, kind: str) -> list[dict[str, Any]]:
    lines = project.jm("follow", run_id, "--json").out.splitlines()
    return [event for event in map(json.loads, lines) if event.get("kind") == kind]


def workers(result: dict[str, Any]) -> list[tuple[str, str, str, int]]:
    return [(w["name"], w["model"], w["phase"], w["calls"]) for w in result["kpi"]["workers"]]


def test_a_run_asks_once_books_it_and_packs_in_that_order(project: Project, sim: SimModel) -> None:
    code, result = run(project, sim, "--full", "--rerank")
    assert (code, result["outcome"]) == (0, "verified"), result
    assert moves(sim) == ["order", "plan", "edit", "review"], "plan and work are about one text"
    assert workers(result)[0] == ("rerank", "openai:sim-1", "PLAN", 1)
    assert result["kpi"]["spend"]["calls"] == 4
    assert result["kpi"]["spend"]["tokens_in"] == sum(each.prompt_tokens or 0 for each in sim.requests)
    (asked,) = told(project, result["run_id"], "context.reranked")
    assert "part4.py" in str(asked)
    packs = sorted((project.root / ".journeyman" / "runs" / result["run_id"] / "context").iterdir())
    assert all(pack.read_text().index("part4.py") < pack.read_text().index("paging.py") for pack in packs)
    assert "order for PLAN" in project.jm("report", "latest", "--md").out


def test_a_run_goes_on_without_an_order(project: Project) -> None:
    with SimModel([TASK], faults=["garbage@1"]) as sim:
        code, result = run(project, sim, "--fast", "--rerank")
        assert moves(sim)[1:] == ["edit"]
    assert code == 0
    (asked,) = told(project, result["run_id"], "context.reranked")
    assert "cannot be used" in str(asked)


def test_no_model_for_it_is_said_and_stops_nothing(project: Project, sim: SimModel) -> None:
    own = {"JOURNEYMAN_PHASES__PLAN__MODEL": "openai:sim-2", "JOURNEYMAN_MODELS__CHEAP": "nobody:sim-1"}
    code, result = run(project, sim, "--fast", "--rerank", **own)
    assert code == 0
    assert moves(sim) == ["edit"]
    assert not told(project, result["run_id"], "context.reranked")
    assert "unknown provider" in str(told(project, result["run_id"], "worker.activity"))


def test_the_budget_counts_it_and_a_resume_does_not_ask_again(project: Project, sim: SimModel) -> None:
    code, result = run(project, sim, "--fast", "--rerank", "--max-turns", "1")
    assert (code, result["stop_reason"]) == (124, "over-budget")
    assert moves(sim) == ["order"]
    done = project.jm("resume", "latest", "--max-turns", "2", "--output-format", "json", env=environ(sim))
    assert done.code == 0, done.err
    assert moves(sim) == ["order", "edit"]
    assert done.json["kpi"]["spend"]["calls"] == 2


def test_a_budget_that_is_too_small_asks_nobody(project: Project, sim: SimModel) -> None:
    code, _ = run(project, sim, "--fast", "--rerank", JOURNEYMAN_BUDGET__CALL_TOKENS="1")
    assert code == 124
    assert not sim.requests


def killed_after(project: Project, sim: SimModel, events: int) -> Answer:
    killed = project.jm("run", SENTENCE, "--fast", "--rerank", env=environ(sim), crash_after=events)
    assert killed.code == -9
    return project.jm("resume", "latest", "--output-format", "json", env=environ(sim))


def test_a_run_killed_after_the_answer_asks_no_second_time(project: Project, sim: SimModel) -> None:
    run(project, sim, "--fast", "--rerank")
    with closing(sqlite3.connect(project.root / ".journeyman" / "journeyman.db")) as database:
        kinds = [kind for (kind,) in database.execute("SELECT kind FROM jm_events ORDER BY seq")]
    told_at = kinds.index("context.reranked") + 1
    assert kinds[told_at] == "worker.spent"
    for events in (told_at, told_at + 1):
        before = len(sim.requests)
        done = killed_after(project, sim, events)
        assert done.code == 0, done.err
        assert moves(sim)[before:] == ["order", "edit"]
        assert done.json["kpi"]["spend"]["calls"] == 2
