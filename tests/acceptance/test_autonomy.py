"""What a run does by itself, through the command line: the fast path, each rung, each policy."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.support.project import CHECKS, Project, write

FAST = "[fast_path]\nenabled = true\n"
FIXING = CHECKS.replace("tier = 0", 'tier = 0\nfix = "sed -i s/BROKEN/FINE/ *.txt"')
FLAKY = (
    CHECKS
    + """
[[checks]]
name = "flaky"
run = "test ! -f c.txt || test -f target/seen || { mkdir -p target; touch target/seen; echo 'connection refused'; exit 1; }"
"""
)
REVIEWED = [{"verdict": "approve", "summary": "fine"}]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def configured(project: Project, text: str) -> Project:
    project.write({"journeyman.toml": text, ".gitignore": "target/\n"})
    project.commit("configure")
    return project


def decided(project: Project, kind: str) -> list[dict[str, Any]]:
    found = project.jm("report", "--decisions", "--json").json
    return [decision["inputs"] for decision in found if decision["kind"] == kind]


# The fast path


def test_a_small_task_is_neither_planned_nor_reviewed(project: Project) -> None:
    configured(project, CHECKS + FAST)
    worker = project.session({"attempts": [{"edits": [write("c.txt", "1\n")]}], "reviews": REVIEWED})
    answer = project.jm("run", "Add c to `a.txt`", "--worker", worker)
    assert answer.code == 0, answer.err
    assert "fast path: yes (nothing speaks against it; it is about a.txt" in answer.err
    assert "REVIEW     skipped  fast path: 1 file, 1 line, nothing risky" in answer.err
    (fast,) = decided(project, "fast.decided")
    assert [(file["path"], file["tested"]) for file in fast["decision"]["files"]] == [("a.txt", False)]


@pytest.mark.parametrize(
    ("flags", "edits", "reason"),
    [
        ((), [write("c.py", "q = 'SELECT a FROM b'\n")], "sql: c.py"),
        ((), [write(f"{n}.txt", "x\n") for n in range(5)], "5 files changed; the fast path is for 4"),
        (("--full",), [write("c.txt", "1\n")], "not on the fast path"),
    ],
)
def test_review_comes_back_and_nothing_is_lost(
    project: Project, flags: tuple[str, ...], edits: list[Any], reason: str
) -> None:
    configured(project, CHECKS + FAST)
    worker = project.session({"attempts": [{"edits": edits}], "reviews": REVIEWED})
    code, result = project.run_json("Add it", worker, *flags)
    assert (code, sorted(result["files_changed"])) == (0, sorted(edit["path"] for edit in edits))
    assert result["kpi"]["phases"]["REVIEW"]["attempts"] == 1
    assert result["kpi"]["phases"]["IMPLEMENT"]["attempts"] == 1
    (review,) = decided(project, "review.decided")
    assert reason in review["decision"]["reasons"]


# The ladder


def test_fixers_mend_what_a_model_need_not(project: Project) -> None:
    configured(project, FIXING)
    project.write({"d.txt": "BROKEN on the base\n"})
    project.commit("a failure of the base")
    code, result = project.run_json("Do it", project.session([{"edits": [write("c.txt", "BROKEN\n")]}]))
    assert code == 0, result
    assert result["files_changed"] == ["c.txt"], "what the base had is not worked on"
    assert project.git("show", f"{result['commit']}:c.txt") == "FINE"
    assert result["kpi"]["verification"]["auto_fixes"] == 1
    assert result["kpi"]["phases"]["IMPLEMENT"]["attempts"] == 1
    (rung,) = decided(project, "rung.taken")
    assert (rung["rung"], rung["outcome"]) == ("fix", "ran content fix")
    assert rung["duration_s"] > 0


def test_fixers_that_do_not_help_hand_over_to_the_worker(project: Project) -> None:
    configured(project, CHECKS.replace("tier = 0", 'tier = 0\nfix = "true"'))
    worker = project.session([{"edits": [write("c.txt", "BROKEN\n")]}, {"edits": [write("c.txt", "1\n")]}])
    code, result = project.run_json("Do it", worker)
    assert code == 0, result
    assert [rung["rung"] for rung in decided(project, "rung.taken")] == ["fix", "retry"]
    assert project.jm("run", "Do it", "--worker", worker, "--no-auto-fix-lint", "--quiet").code == 0
    assert [rung["rung"] for rung in decided(project, "rung.taken")] == ["retry"]


def test_a_resume_keeps_the_fixers_that_the_run_began_with(project: Project) -> None:
    configured(project, FIXING.replace("sed -i s/BROKEN/FINE/ *.txt", "true"))
    attempts = [{"edits": [write("c.txt", f"BROKEN {n}\n")]} for n in range(2)]
    code, result = project.run_json("Do it", project.session(attempts), "--retries", "0")
    assert (code, result["stop_reason"]) == (1, "verify-failed")
    project.write({"journeyman.toml": FIXING})
    assert project.jm("resume", "--output-format", "json").json["stop_reason"] == "verify-failed"


def test_a_flaky_check_is_run_again_and_must_pass_twice(project: Project) -> None:
    configured(project, FLAKY)
    answer = project.jm("run", "Do it", "--worker", project.session([{"edits": [write("c.txt", "1\n")]}]))
    assert answer.code == 0, answer.out
    assert "tried rerun: flaky failed in a way that looks flaky; flaky passed twice: flaky" in answer.out
    (rung,) = decided(project, "rung.taken")
    assert rung["rung"] == "rerun"


def test_a_check_that_keeps_failing_is_not_flaky(project: Project) -> None:
    configured(project, FLAKY.replace("touch target/seen; ", ""))
    worker = project.session([{"edits": [write("c.txt", "1\n")]}])
    code, result = project.run_json("Do it", worker, "--retries", "0")
    assert (code, result["stop_reason"]) == (1, "verify-failed")
    (rung,) = decided(project, "rung.taken")
    assert rung["outcome"] == "flaky failed again"


def test_the_only_check_that_fails_anew_is_a_failure_and_not_a_lack_of_proof(project: Project) -> None:
    configured(project, '[[checks]]\nname = "only"\nrun = "! grep -rn BROKEN --include=*.txt ."\n')
    worker = project.session([{"edits": [write("c.txt", f"BROKEN {n}\n")]} for n in (1, 2)])
    code, result = project.run_json("Add it", worker, "--retries", "1")
    assert (code, result["stop_reason"]) == (1, "verify-failed")
    assert f"jm resume {result['run_id']}" in result["next_actions"]


def test_no_failing_check_hides_another(project: Project) -> None:
    lines = r"echo 'a.py:1:1: F401 one'; echo 'a.py:2:1: F401 two'; echo 'a.py:3:1: F401 three'"
    checks = f'[[checks]]\nname = "lint"\nrun = "test ! -f c.txt || {{ {lines}; exit 1; }}"\n'
    configured(project, checks + '[[checks]]\nname = "other"\nrun = "! grep BROKEN c.txt"\n')
    worker = project.session([{"edits": [write("c.txt", "BROKEN\n")]}])
    _, result = project.run_json("Add it", worker, "--retries", "0")
    assert {fact.split(":")[0] for fact in result["facts"][:2]} == {"lint", "other"}


def test_where_no_check_applies_nobody_is_asked_again(project: Project) -> None:
    configured(project, '[[checks]]\nname = "docs"\nrun = "true"\npaths = ["docs/**"]\n')
    worker = project.session([{"edits": [write("c.txt", f"{n}\n")]} for n in (1, 2, 3, 4)])
    code, result = project.run_json("Add it", worker)
    assert (code, result["stop_reason"]) == (1, "nothing-proven")
    assert result["kpi"]["phases"]["IMPLEMENT"]["attempts"] == 1


def test_rungs_are_bounded_over_the_whole_run(project: Project) -> None:
    attempts = [{"edits": [write("c.txt", f"BROKEN {n}\n")]} for n in range(9)]
    flags = ("--retries", "8", "--max-auto-iterations", "2")
    code, result = project.run_json("Do it", project.session(attempts), *flags)
    assert (code, result["stop_reason"]) == (1, "verify-failed")
    assert "all 2 rungs of the run are used up (autonomy.max_auto_iterations)" in result["stop_message"]
    assert len(decided(project, "rung.taken")) == 2


# Test integrity


TESTED = {
    "a.txt": "alpha\n",
    "tests/test_a.py": "def test_a():\n    assert True\n\n\ndef test_b():\n    assert True\n",
    "journeyman.toml": CHECKS,
}
WEAKER = write("tests/test_a.py", "def test_a():\n    assert True\n")


def test_weaker_tests_are_named_and_reviewed(tmp_path: Path) -> None:
    project = Project(tmp_path / "p", TESTED | {"journeyman.toml": CHECKS + FAST})
    worker = project.session({"attempts": [{"edits": [WEAKER]}], "reviews": REVIEWED})
    answer = project.jm("run", "Do it", "--worker", worker)
    assert answer.code == 0
    assert "weaker: 1 test fewer (test_b) and 1 more" in answer.out.splitlines()[0]
    assert "✓ REVIEW" in answer.err
    answer = project.jm("run", "Do it", "--worker", worker, "--test-integrity", "allow")
    assert (answer.code, "REVIEW     skipped" in answer.err) == (0, True)
    assert "nobody reviewed" not in answer.out
    answer = project.jm("run", "Do it", "--worker", project.session([{"edits": [WEAKER]}]))
    assert (answer.code, "nobody reviewed what got weaker" in answer.out) == (0, True)


def test_who_asked_for_changes_sees_what_came_of_them(tmp_path: Path) -> None:
    project = Project(tmp_path / "p", TESTED | {"journeyman.toml": CHECKS + FAST})
    wish = {"attempt": 1, "verdict": "request_changes", "findings": [{"message": "Keep test_b."}]}
    attempts = [
        {"edits": [WEAKER]},
        {"edits": [write("tests/test_a.py", TESTED["tests/test_a.py"] + "# b\n")]},
    ]
    worker = project.session({"attempts": attempts, "reviews": [wish, {"attempt": 2, "verdict": "approve"}]})
    code, result = project.run_json("Do it", worker)
    assert (code, result["kpi"]["phases"]["REVIEW"]["attempts"]) == (0, 2)
    assert decided(project, "review.decided")[1]["decision"]["reasons"] == [
        "the review asked for changes before"
    ]


def test_weaker_tests_stop_by_policy_and_a_person_may_allow_them(tmp_path: Path) -> None:
    project = Project(tmp_path / "p", TESTED)
    worker = project.session([{"edits": [WEAKER]}])
    answer = project.jm("run", "Do it", "--worker", worker, "--test-integrity", "stop")
    assert (answer.code, answer.out.splitlines()[0]) == (
        3,
        "I stopped because the change weakens the tests or checks that judge it: 1 test fewer (test_b)",
    )
    (action,) = [line.strip() for line in answer.out.splitlines() if "--allow-weaker-tests" in line]
    again = project.jm(*shlex.split(action)[1:], "--output-format", "json")
    assert (again.code, again.json["outcome"], again.json["human_touches"]) == (0, "verified", 1)
    assert again.json["weakened"][0] == "1 test fewer (test_b)"


# Scope


def test_edits_out_of_scope_are_dropped_by_policy(project: Project) -> None:
    worker = project.session(
        [{"edits": [write("a.txt", "1\n"), write("b.txt", "changed\n"), write("x/y", "new\n")]}]
    )
    flags = ("--allow", "a.txt", "--scope-violation", "drop")
    answer = project.jm("run", "Do it", "--worker", worker, *flags, "--output-format", "json")
    assert (answer.code, answer.json["files_changed"]) == (0, ["a.txt"]), answer.json
    (dropped,) = decided(project, "scope.dropped")
    assert [violation["path"] for violation in dropped["violations"]] == ["b.txt", "x/y"]
    assert project.git("show", f"{dropped['ref']}:b.txt") == "changed", "nothing is lost"
    told = f"dropped: b.txt is not in the scope's allow list; x/y is not in the scope's allow list; kept in {dropped['ref']}"
    assert told in project.jm("report").out


def test_a_worker_is_told_what_was_dropped(project: Project) -> None:
    # It writes BROKEN first, which no fixer mends; then its prompt says what became of its other edit.
    script = (
        "if grep -q 'b.txt: your change there is out of scope' {prompt_file}; then echo fine > c.txt;"
        " else echo BROKEN > c.txt; echo x > b.txt; fi"
    )
    table = f'[workers.w]\ntype = "command"\ncommand = ["sh", "-c", "{script}"]\n'
    configured(project, CHECKS.replace("tier = 0", 'tier = 0\nfix = "true"') + table)
    code, result = project.run_json("Do it", "w", "--deny", "b.txt", "--scope-violation", "drop")
    assert (code, result["files_changed"]) == (0, ["c.txt"]), result


def test_a_lockfile_out_of_scope_is_dropped_like_anything_else(project: Project) -> None:
    edits = [write("a.txt", "1\n"), write("uv.lock", "x\n")]
    flags = ("--allow", "*.txt", "--scope-violation", "drop")
    code, result = project.run_json("Do it", project.session([{"edits": edits}]), *flags)
    assert (code, result["files_changed"]) == (0, ["a.txt"])


def test_a_task_file_may_name_a_lockfile(project: Project) -> None:
    task = project.root.parent / "task.md"
    task.write_text("---\nscope: {allow: [c.txt, uv.lock]}\n---\nLock it\n")
    edits = [write("c.txt", "1\n"), write("uv.lock", "x\n")]
    code, result = project.run_json(str(task), project.session([{"edits": edits}]))
    assert (code, result["files_changed"]) == (0, ["c.txt", "uv.lock"])


def test_a_denied_lockfile_offers_no_resume_that_is_refused(project: Project) -> None:
    configured(project, CHECKS + '[scope]\nlockfiles = "deny"\n')
    code, result = project.run_json("Do it", project.session([{"edits": [write("uv.lock", "x\n")]}]))
    assert (code, result["stop_reason"]) == (3, "lockfile-changed")
    assert not any(action.startswith("jm resume") for action in result["next_actions"])
    assert result["advice"] == "to permit it, start a new run with --allow-lockfile"
    assert project.jm("resume", "latest", "--allow-lockfile").code == 2


def test_a_lockfile_is_never_dropped(project: Project) -> None:
    worker = project.session([{"edits": [write("a.txt", "1\n"), write("uv.lock", "x\n")]}])
    code, result = project.run_json("Do it", worker, "--scope-violation", "drop")
    assert (code, result["stop_reason"]) == (3, "lockfile-changed")


def test_a_change_that_is_too_large_goes_on_when_a_person_said_so(project: Project) -> None:
    configured(project, CHECKS + "[scope]\nmax_lines = 3\n")
    worker = project.session([{"edits": [write("c.txt", "x\n" * 9)]}])
    assert project.run_json("Do it", worker)[1]["stop_reason"] == "diff-too-large"
    assert project.run_json("Do it", worker, "--stop-for", "scope_violation")[0] == 0


# Questions


QUESTION = {"reason": "two ways", "question": "Which one?", "options": ["left", "it's right"]}


def test_a_question_keeps_the_work_and_its_options_can_be_pasted(project: Project) -> None:
    asking = {"edits": [write("c.txt", "half\n")], "blocked": QUESTION}
    answering = {"run": ["test -f c.txt && echo whole >> c.txt"]}
    answer = project.jm("run", "Do it", "--worker", project.session([asking, answering]))
    assert answer.code == 4
    assert answer.out.startswith(
        "I stopped because the worker needs an answer that only a person has: Which one?\n"
    )
    actions = [line.strip() for line in answer.out.split("Next:\n")[1].splitlines()]
    assert [action.split(" --answer ")[-1] for action in actions[:2]] == ["left", "'it'\"'\"'s right'"]
    again = project.jm(*shlex.split(actions[1])[1:], "--output-format", "json")
    assert (again.code, again.json["human_touches"]) == (0, 1), again.json
    assert project.git("show", f"{again.json['commit']}:c.txt") == "half\nwhole"


def test_an_answer_can_come_from_standard_input(project: Project) -> None:
    blocked = {"blocked": {"reason": "?", "question": "Which one?"}}
    worker = project.session([blocked, {"edits": [write("c.txt", "1\n")]}])
    assert project.jm("run", "Do it", "--worker", worker).code == 4
    assert project.jm("resume", "latest", "--answer", "-", input=b" \n").code == 2
    answer = project.jm("resume", "latest", "--answer", "-", "--output-format", "json", input=b"left\n")
    assert answer.json["human_touches"] == 1


def test_a_policy_lets_the_worker_decide(project: Project) -> None:
    asking = {"edits": [write("c.txt", "1\n")], "blocked": QUESTION}
    worker = project.session([asking])
    code, result = project.run_json("Do it", worker, "--stop-for", "scope_violation")
    # The recorded session asks again, and a second question is a person's.
    assert (code, result["stop_reason"]) == (4, "worker-blocked")
    (question,) = decided(project, "question.decided")
    assert "Take the first option, 'left'" in question["answer"]


def test_worker_and_reviewer_that_do_not_agree_ask(project: Project) -> None:
    finding = {"message": "Use tabs.", "path": "c.txt", "severity": "error"}
    reviews = [{"verdict": "request_changes", "summary": "no", "findings": [finding]}]
    attempts = [{"edits": [write("c.txt", f"{n}\n")]} for n in range(4)]
    worker = project.session({"attempts": attempts, "reviews": reviews})
    answer = project.jm("run", "Do it", "--worker", worker)
    question = "The review asks again: c.txt: Use tabs. Should the change do so?"
    first = f"I stopped because going on would be a guess: {question}"
    assert (answer.code, answer.out.splitlines()[0]) == (4, first)
    assert "--answer 'no, leave it as it is'" in answer.out


def test_a_scope_that_contradicts_itself_asks_before_a_token_is_spent(project: Project) -> None:
    worker = project.session([{"edits": [write("c.txt", "1\n")]}])
    code, result = project.run_json("Do it", worker, "--allow", "c.txt", "--deny", "c.txt")
    assert (code, result["stop_reason"], result["kpi"]["phases"].get("IMPLEMENT")) == (4, "uncertain", None)
    assert not any("--answer" in action for action in result["next_actions"]), "no answer lifts a guard"


# New tests


PY_TESTED = {
    "code.py": "def double(x):\n    return x\n",
    "journeyman.toml": '[[checks]]\nname = "tests"\nrun = "for f in test_*.py; do test ! -f $f || python3 $f || exit 1; done"\n',
}
DOUBLE = write("code.py", "def double(x):\n    return 2 * x\n")


@pytest.mark.parametrize(
    ("edit", "counts", "reason"),
    [
        (write("test_code.py", "import code_ as c\n"), False, "it fails on the change"),
        (write("test_code.py", "from code import double\n\nassert double(0) == 0\n"), False, "it passes without the change"),
        (write("test_code.py", "import importlib.util as u\ns = u.spec_from_file_location('m', 'code.py')\nm = u.module_from_spec(s)\ns.loader.exec_module(m)\nassert m.double(2) == 4\n"), True, "tests fails without the change"),
        (write("other.py", "x = 1\n"), False, "more than tests was changed"),
    ],
)  # fmt: skip
def test_a_new_test_counts_only_when_it_fails_on_the_base(
    tmp_path: Path, edit: Any, counts: bool, reason: str
) -> None:
    project = Project(tmp_path / "p", PY_TESTED)
    if "from code" in edit["write"]:
        edit = {**edit, "write": "assert True\n"}
    worker = project.session([{"edits": [DOUBLE]}, {"edits": [edit]}])
    code, result = project.run_json("Double it", worker, "--auto-create-tests")
    assert code == 0, result
    (judged,) = decided(project, "tests.created")
    assert (judged["counts"], reason in judged["reason"]) == (counts, True), judged
    assert [check["status"] for check in result["checks"]] == ["passed"], "of what is committed"
    assert sorted(result["files_changed"]) == (["code.py", "test_code.py"] if counts else ["code.py"])


def test_asking_for_a_new_test_is_a_rung(tmp_path: Path) -> None:
    project = Project(tmp_path / "p", PY_TESTED)
    idle = write("test_code.py", "assert True\n")
    worker = project.session([{"edits": [DOUBLE]}, {"edits": [idle]}])
    code, result = project.run_json("Double it", worker, "--auto-create-tests", "--max-auto-iterations", "0")
    assert (code, result["kpi"]["phases"]["IMPLEMENT"]["attempts"]) == (0, 1)
    (judged,) = decided(project, "tests.created")
    assert (judged["paths"], judged["counts"]) == ([], False)
    assert judged["reason"] == "the run may take no rung (autonomy.max_auto_iterations)"
    other = [{"edits": [write("other.py", "x = 1\n")]}]
    worker = project.session([{"edits": [DOUBLE]}, {"edits": [idle]}], other)
    code, result = project.run_json("Double it", worker, "--auto-create-tests", "--max-auto-iterations", "1")
    first, second = decided(project, "tests.created")
    assert (code, first["paths"]) == (0, ["test_code.py"])
    assert second["reason"] == "the run's only rung is used up (autonomy.max_auto_iterations)"


# The audit trail


def test_decisions_are_listed_with_their_inputs(project: Project) -> None:
    worker = project.session([{"edits": [write("c.txt", "BROKEN\n")]}, {"edits": [write("c.txt", "1\n")]}])
    assert project.jm("run", "Do it", "--worker", worker).code == 0
    lines = project.jm("report", "--decisions").out.splitlines()
    assert [line.split()[2] for line in lines] == ["fast.decided", "rung.decided", "rung.taken"]
    assert "next is retry: attempt 1 of 4 was sent back" in lines[1]
    (rung,) = decided(project, "rung.decided")
    assert (rung["facts"]["tests_fail"], len(rung["tried"])) == (True, 1)


def test_the_decision_to_stop_is_listed_too(project: Project) -> None:
    worker = project.session([{"edits": [write("c.txt", "BROKEN\n")]}])
    assert project.jm("run", "Do it", "--worker", worker, "--max-auto-iterations", "0").code == 1
    assert "next is stop (verify-failed): the run may take no rung" in project.jm("report", "--decisions").out


def test_flags_without_effect_beside_a_resume_are_refused(project: Project) -> None:
    worker = project.session([{"wait_s": 30, "edits": [write("c.txt", "1\n")]}])
    assert project.run_json("Do it", worker, "--minutes", "0.03")[0] == 124
    for ignored in (
        ("Another task",),
        ("--retries", "9"),
        ("--worker", "w"),
        ("--sandbox", "off"),
        ("--deny", "x"),
    ):
        answer = project.jm("run", "--resume", "latest", *ignored)
        assert (answer.code, "a resume keeps the task and the settings" in answer.err) == (2, True), ignored
    # A budget that is used up by now shows that the flag came through.
    answer = project.jm("run", "--resume", "latest", "--minutes", "0.01", "--output-format", "json")
    assert (answer.code, answer.json["stop_reason"]) == (124, "out-of-time")


def test_continue_is_resume_of_the_latest(project: Project) -> None:
    worker = project.session([{"wait_s": 30, "edits": [write("c.txt", "1\n")]}])
    assert project.run_json("Do it", worker, "--minutes", "0.03")[0] == 124
    assert project.jm("continue", "--output-format", "json").json["human_touches"] == 1
