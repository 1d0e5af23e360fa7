"""The suite's tasks can all be read; what the simulated model gets of them; the tables over runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench.simmodel.session import load_session
from bench.suite.__main__ import SUITE, complaints
from bench.suite.attribution import attribute, differences
from bench.suite.packages import BenchError, Pantry, load_shelf
from bench.suite.profiles import PROFILES
from bench.suite.repositories import apply_edits
from bench.suite.runs import RunFigures
from bench.suite.sessions import attempts, load_volumes, reasoning, session_for
from bench.suite.summary import figures_of, markdown, percentile, summarise
from bench.suite.tasks import Edit, Size, choose, load_tasks, read_task
from journeyman.config import Surroundings, load_settings
from journeyman.domain.errors import JourneymanError

TASKS = load_tasks()
SHELF = load_shelf()
BY_NAME = {task.name: task for task in TASKS}


# Tasks


def test_there_are_as_many_as_promised() -> None:
    small = [task for task in TASKS if task.size is Size.SMALL]
    medium = [task for task in TASKS if task.size is Size.MEDIUM]
    assert len([task for task in small if task.doable]) >= 20
    assert len(medium) >= 8
    assert 3 <= len([task for task in TASKS if not task.doable]) <= 6
    packages = {task.package for task in TASKS}
    assert len(packages) >= 8
    assert len([name for name in packages if SHELF.packages[name].npm]) >= 2
    assert all(len({edit.path for edit in task.change}) >= 3 for task in medium)


def test_about_a_third_of_the_first_attempts_slip() -> None:
    doable = [task for task in TASKS if task.doable]
    assert 0.25 <= len([task for task in doable if task.knowledge.slips]) / len(doable) <= 0.42


@pytest.mark.parametrize("name", BY_NAME)
def test_the_simulated_model_understands_every_task(name: str) -> None:
    task = BY_NAME[name]
    session = load_session(session_for(task, load_volumes(), seed=1))
    assert len(session.tasks[0].steps) == len(attempts(task))
    if task.knowledge.slips:
        assert len(session.tasks[0].steps) == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("sise: small", "unknown key 'sise'; did you mean 'size'?"),
        ("expect: tired", "expect is 'tired', which is no stop reason"),
        ("change: []", "hidden is missing: nothing would show that the task was done"),
    ],
)
def test_a_task_that_proves_nothing_is_refused(tmp_path: Path, change: str, message: str) -> None:
    file = tmp_path / "one.yaml"
    file.write_text(
        "package: humanize\nsize: small\nkind: x\ntext: do it\n"
        f"plants: [{{path: a.py, old: right, new: wrong}}]\n{change}\n"
    )
    with pytest.raises(JourneymanError, match=message.replace("?", r"\?")):
        read_task(file)


def test_without_a_change_the_plants_are_undone() -> None:
    task = BY_NAME["toolz-dissoc-missing"]
    assert [(edit.old, edit.new) for edit in task.change] == [(plant.new, plant.old) for plant in task.plants]


def test_choosing() -> None:
    assert {task.size for task in choose(TASKS, ("medium",))} == {Size.MEDIUM}
    assert [task.name for task in choose(TASKS, ("json-bom",))] == ["json-bom"]
    assert len(choose(TASKS, ("small", "fastq"), limit=3)) == 3
    assert choose(TASKS, ("nothing",)) == ()


# What the simulated model does


def test_a_slip_is_written_first_and_mended_next() -> None:
    first, second = attempts(BY_NAME["semver-match-bare"])
    assert 'elif match_expr[0] in "0123456789":' in first[0].new
    assert (second[0].old, second[0].new[:20]) == (
        'elif match_expr[0] in "0123456789":',
        "elif match_expr and ",
    )


def test_a_forgotten_file_is_changed_next() -> None:
    first, second = attempts(BY_NAME["medium-toolz-compact"])
    assert "toolz/curried/__init__.py" not in {edit.path for edit in first}
    assert {edit.path for edit in second} == {"toolz/curried/__init__.py"}


def test_the_same_seed_gives_the_same_thoughts() -> None:
    task, volumes = BY_NAME["json-bom"], load_volumes()
    assert reasoning(task, volumes, 1) == reasoning(task, volumes, 1)
    assert reasoning(task, volumes, 1) != reasoning(task, volumes, 2)


def test_edits_apply_exactly_once(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("one\ntwo\none\n")
    apply_edits(tmp_path, [Edit("a.py", "two", "2")])
    assert (tmp_path / "a.py").read_text() == "one\n2\none\n"
    with pytest.raises(BenchError, match="stands 2 times, not once"):
        apply_edits(tmp_path, [Edit("a.py", "one", "1")])


# Packages and profiles


def test_another_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "p.tar.gz").write_bytes(b"something else")
    entry = '{registry: file, file: p.tar.gz, version: "1", sha256: "00", checks: {}}'
    (tmp_path / "packages.yaml").write_text(f"python_tools: []\nnode_tools: []\npackages:\n  p: {entry}\n")
    shelf = load_shelf(tmp_path / "packages.yaml")
    with pytest.raises(BenchError, match="has the hash"):
        Pantry(tmp_path / "cache", shelf).archive(shelf.packages["p"])


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_is_made_of_settings_that_exist(tmp_path: Path, name: str) -> None:
    surroundings = Surroundings(
        environ={"HOME": str(tmp_path), **PROFILES[name].environ},
        home=tmp_path,
        cache_root=tmp_path,
        user_config=tmp_path / "config.toml",
    )
    loaded = load_settings(tmp_path, surroundings, flags={}, config_file=None, detected=())
    for key in PROFILES[name].settings:
        assert loaded.sources[key] == "environment"


# Figures


def run(**figures: Any) -> RunFigures:
    given: dict[str, Any] = {
        "task": "t",
        "size": "small",
        "profile": "baseline",
        "doable": True,
        "expected": None,
        "outcome": "verified",
        "hidden": True,
        "tvc_s": 10.0,
        "tokens_in": 100,
    }
    return RunFigures(**(given | figures))


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([], 0.5, None), ([3.0], 0.9, 3.0), ([1.0, 2.0, 3.0, 4.0], 0.5, 2.5), ([0.0, 10.0], 0.9, 9.0)],
)
def test_percentiles(values: list[float], share: float, expected: float | None) -> None:
    assert percentile(values, share) == pytest.approx(expected) if values else expected is None


def test_touches_and_undoable_tasks_are_told_apart() -> None:
    stopped = {"outcome": "stopped", "tvc_s": None, "hidden": None}
    figures = figures_of(
        [
            run(),
            run(touches=2, hidden=False, tvc_s=30.0),
            run(**stopped, stop_reason="verify-failed", touches=3),
            run(**stopped, doable=False, expected="out-of-scope", stop_reason="out-of-scope"),
            run(**stopped, doable=False, expected="out-of-scope", stop_reason="verify-failed"),
        ]
    )
    assert (figures["tasks"], figures["verified"], figures["hidden_passed"]) == (3, 2, 1)
    assert (figures["human_touches"], figures["zero_touch"]) == (5, 1)
    assert (figures["undoable"], figures["undoable_stopped_rightly"]) == (2, 1)
    assert figures["tvc_p50_s"] == 20.0
    assert figures["tokens_in"] == 300


def test_an_unknown_figure_stays_unknown() -> None:
    figures = figures_of([run(), run(tokens_in=None)])
    assert figures["tokens_in"] is None
    assert figures["cost_usd"] is None
    assert "| ? |" in markdown(summarise([run(tokens_in=None)], {"notes": []}))


def test_criteria_compare_the_last_profile_with_the_baseline() -> None:
    runs = [run(), run(profile="all", tokens_in=50), run(profile="all", size="medium", tokens_in=5)]
    rows = {row["criterion"]: row for row in summarise(runs, {"notes": []})["criteria"]}
    assert {row["profile"] for row in rows.values()} == {"all"}
    saved = rows["input tokens, at least 40 % less than baseline"]
    assert (saved["figure"], saved["reached"]) == (pytest.approx(0.45), True)
    alone = summarise([run()], {"notes": []})["criteria"][-1]
    assert (alone["figure"], alone["reached"]) == (None, None)


def test_problems_are_told() -> None:
    bad = run(problems=["the clock stood still"])
    summary = summarise([bad], {"notes": ["A note."]})
    assert summary["problems"] == ["baseline/t: the clock stood still"]
    assert "- baseline/t: the clock stood still" in markdown(summary)
    assert json.loads(json.dumps(summary)) == summary


# Where the time went

TIMELINE = [
    {"seq": 1, "kind": "run.started", "clock_s": 0.5, "data": {}},
    {"seq": 2, "kind": "phase.started", "clock_s": 0.6, "data": {"phase": "PLAN"}},
    {"seq": 3, "kind": "phase.finished", "clock_s": 2.6, "data": {"phase": "PLAN"}},
    {"seq": 4, "kind": "phase.started", "clock_s": 2.7, "data": {"phase": "IMPLEMENT"}},
    {"seq": 5, "kind": "phase.started", "clock_s": 4.7, "data": {"phase": "VERIFY"}},
    {"seq": 6, "kind": "phase.finished", "clock_s": 5.0, "data": {"phase": "VERIFY"}},
    {"seq": 7, "kind": "run.finished", "clock_s": 5.5, "data": {}},
]
KPI = {
    "total_s": 5.5,
    "unattributed_s": 1.2,
    "phases": {
        "PLAN": {"duration_s": 2.0},
        "IMPLEMENT": {"duration_s": 2.0},
        "VERIFY": {"duration_s": 0.3},
    },
}


def test_every_moment_belongs_to_a_phase_or_to_none() -> None:
    seen = attribute(TIMELINE)
    assert seen.phases == pytest.approx({"PLAN": 2.0, "IMPLEMENT": 2.0, "VERIFY": 0.3})
    assert seen.unattributed_s == pytest.approx(1.2)
    assert seen.total_s == 5.5
    assert max(differences(KPI, seen, wall_s=6.0).values()) == pytest.approx(0.0, abs=1e-9)


def test_what_was_told_wrongly_is_found() -> None:
    seen = attribute(TIMELINE)
    twice = KPI | {"phases": KPI["phases"] | {"REVIEW": {"duration_s": 1.0}}}  # type: ignore[operator]
    apart = differences(twice, seen, wall_s=5.0)
    assert apart["REVIEW"] == 1.0
    assert apart["sum"] == pytest.approx(1.0)
    assert apart["wall"] == pytest.approx(0.5), "more time than passed"


def test_a_clock_that_runs_backwards_is_refused() -> None:
    with pytest.raises(ValueError, match=r"event 2 is at 1\.000 s, after one at 2\.000 s"):
        attribute([{"seq": 1, "kind": "x", "clock_s": 2.0}, {"seq": 2, "kind": "x", "clock_s": 1.0}])


def test_the_page_counts_right() -> None:
    doable = [task for task in TASKS if task.doable]
    small = len([task for task in doable if task.size is Size.SMALL])
    slips = len([task for task in doable if task.knowledge.slips])
    page = (SUITE / "README.md").read_text()
    assert f"{len(doable)} tasks that can be done ({small} small, {len(doable) - small} medium)" in page
    assert f"and {len(TASKS) - len(doable)} that must not be" in page
    assert f"slips in {slips} of {len(doable)} first attempts" in page


@pytest.mark.parametrize(
    ("figures", "told"),
    [
        ({}, None),
        ({"hidden": False}, "verified, and fails its hidden tests; it should end verified, and pass"),
        ({"outcome": "stopped", "stop_reason": "no-progress", "hidden": None}, "no-progress; it should end"),
        ({"outcome": None, "hidden": None}, "without a result; it should end verified"),
        ({"doable": False, "expected": "worker-blocked"}, "verified; it should end worker-blocked"),
        (
            {"doable": False, "expected": "worker-blocked", "outcome": "stopped", "stop_reason": "worker-blocked"},
            None,
        ),
    ],
)  # fmt: skip
def test_the_simulated_model_must_end_rightly_and_a_real_one_need_not(
    figures: dict[str, Any], told: str | None
) -> None:
    made = run(**{"hidden": True, **figures})
    found = complaints([made], real=False)
    assert len(found) == (told is not None)
    assert all(told in complaint for complaint in found if told)
    assert complaints([made], real=True) == []
    made.problems.append("its total is unknown")
    assert complaints([made], real=True) == [f"problem: {made.profile}/{made.task}: its total is unknown"]
