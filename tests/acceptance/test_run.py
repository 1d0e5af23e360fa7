"""A task becomes a verified commit: the promises of ``jm run``, through the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.project import CHECKS, Project, write


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def test_a_replayed_task_ends_in_exactly_the_tree_that_was_verified(project: Project) -> None:
    project.write({"a.txt": "alpha, edited by the user\n", "untracked.txt": "mine\n"})
    project.git("add", "a.txt")
    project.write({"b.txt": "beta, not staged\n"})
    before = project.fingerprint()
    worker = project.session([{"say": "done", "edits": [write("c.txt", "gamma\n")]}])
    code, result = project.run_json("Add gamma", worker)
    assert (code, result["outcome"], result["stop_reason"]) == (0, "verified", None)
    commit = result["commit"]
    assert project.git("rev-parse", f"{commit}^{{tree}}") == result["verified_tree"]
    assert project.git("rev-parse", result["branch"]) == commit
    assert project.git("rev-parse", f"{commit}^") == result["base_commit"] == project.git("rev-parse", "main")
    assert project.git("show", f"{commit}:c.txt") == "gamma"
    assert project.git("show", f"{commit}:a.txt") == "alpha", (
        "the run starts from HEAD, not from the user's edits"
    )
    trailers = project.git("log", "-1", "--format=%(trailers)", commit)
    assert f"Journeyman-Run: {result['run_id']}" in trailers
    assert f"Verified-Tree: {result['verified_tree']}" in trailers
    assert "Verified-By: content (passed): ! grep -rn BROKEN --include=*.txt ." in trailers
    assert project.fingerprint() == before, "the user's checkout, index, stash and branches are never touched"
    assert result["files_changed"] == ["c.txt"]
    assert (result["lines_added"], result["lines_removed"], result["human_touches"]) == (1, 0, 0)
    kpi = result["kpi"]
    assert kpi["tvc_s"] <= kpi["total_s"]
    attributed = sum(phase["duration_s"] for phase in kpi["phases"].values())
    assert attributed + kpi["unattributed_s"] == pytest.approx(kpi["total_s"], abs=0.01)


def test_a_first_attempt_that_fails_verify_is_sent_back_and_a_second_passes(project: Project) -> None:
    worker = project.session(
        [{"edits": [write("c.txt", "BROKEN\n")]}, {"edits": [write("c.txt", "whole\n")]}],
    )
    code, result = project.run_json("Add c", worker)
    assert (code, result["kpi"]["verification"]["retries"]) == (0, 1)
    refs = project.git("for-each-ref", "--format=%(refname)", f"refs/journeyman/{result['run_id']}")
    assert refs.splitlines() == [f"refs/journeyman/{result['run_id']}/m1/a{n}" for n in (1, 2)]
    first = project.git("show", f"refs/journeyman/{result['run_id']}/m1/a1:c.txt")
    assert first == "BROKEN", "every attempt stays reachable"


def test_milestones_become_commits_in_order_and_review_can_send_back(project: Project) -> None:
    worker = project.session(
        {
            "attempts": [{"edits": [write("c.txt", "1\n")]}, {"edits": [write("c.txt", "2\n")]}],
            "reviews": [
                {
                    "verdict": "request_changes",
                    "attempt": 1,
                    "summary": "no",
                    "findings": [{"message": "use 2", "severity": "error"}],
                },
                {"verdict": "approve", "attempt": 2, "summary": "fine"},
            ],
        },
        {
            "attempts": [{"edits": [write("d.txt", "3\n")]}],
            "reviews": [{"verdict": "approve", "summary": "ok"}],
        },
        plan={"milestones": [{"title": "First"}, {"title": "Second"}], "summary": "two"},
    )
    code, result = project.run_json("Two things", worker)
    assert (code, result["milestones"]) == (0, {"planned": 2, "completed": 2})
    assert project.git("log", "--format=%s", "-3", result["commit"]).splitlines() == [
        "Second",
        "First",
        "start",
    ]
    assert result["kpi"]["phases"]["REVIEW"]["attempts"] == 3


def test_a_failure_that_the_base_had_does_not_block_but_is_told(project: Project) -> None:
    project.write({"old.txt": "BROKEN\n"})
    project.commit("a failing base")
    worker = project.session([{"edits": [write("c.txt", "gamma\n")]}])
    code, result = project.run_json("Add gamma", worker)
    assert code == 0
    assert len(result["known_failures"]) == 1
    assert "Verified-By: content (1 known failure)" in project.git(
        "log", "-1", "--format=%(trailers)", result["commit"]
    )
    code, result = project.run_json("Add gamma", worker, "--green", "--retries", "0")
    assert (code, result["stop_reason"]) == (1, "verify-failed")


def test_stream_json_is_one_event_a_line_then_the_summary(project: Project) -> None:
    worker = project.session([{"edits": [write("c.txt", "gamma\n")]}])
    answer = project.jm("run", "Add gamma", "--worker", worker, "--output-format", "stream-json")
    lines = [json.loads(line) for line in answer.out.splitlines()]
    assert lines[0]["kind"] == "run.started"
    assert lines[-1]["kind"] == "summary"
    assert lines[-1]["outcome"] == "verified"
    assert {line["kind"] for line in lines} >= {
        "check.finished",
        "snapshot.made",
        "checkpoint.made",
        "run.finished",
    }


def test_the_text_shows_what_was_detected_and_the_receipt(project: Project) -> None:
    worker = project.session([{"edits": [write("c.txt", "gamma\n")]}])
    answer = project.jm("run", "Add gamma", "--worker", worker)
    assert answer.code == 0
    assert "checks content (! grep -rn BROKEN --include=*.txt .), names (test -f a.txt)" in answer.err
    assert answer.out.startswith("Verified: Add gamma (1 file, +1 −0)")
    run_dir = next((project.root / ".journeyman" / "runs").iterdir())
    assert (run_dir / "receipt.md").read_text().startswith("# Verified: Add gamma")
    assert json.loads((run_dir / "receipt.json").read_text())["outcome"] == "verified"
    assert "gamma" in (run_dir / "diff.patch").read_text()
    assert sorted(path.name for path in run_dir.glob("logs/*/*.log"))


def test_a_commit_can_be_proven_again_from_itself_alone(project: Project) -> None:
    worker = project.session([{"edits": [write("c.txt", "gamma\n")]}])
    _, result = project.run_json("Add gamma", worker)
    clone = Project.__new__(Project)
    clone.root = project.root.parent / "clone"
    project.git("push", "--quiet", ".", f"{result['commit']}:refs/heads/for-clone")
    project.git("clone", "--quiet", str(project.root), str(clone.root), "--branch", "for-clone")
    answer = clone.jm("verify", "HEAD", "--json")
    assert (answer.code, answer.json["ok"], answer.json["tree_matches"]) == (0, True, True)
    assert [check["name"] for check in answer.json["checks"]] == ["content", "names"]
    clone.git(
        "-c", "user.name=x", "-c", "user.email=x@x", "commit", "--quiet", "--amend", "--all", "--no-edit"
    )
    (clone.root / "d.txt").write_text("smuggled\n")
    clone.git("add", "d.txt")
    clone.git("-c", "user.name=x", "-c", "user.email=x@x", "commit", "--quiet", "--amend", "--no-edit")
    forged = clone.jm("verify", "HEAD", "--json")
    assert (forged.code, forged.json["ok"], forged.json["tree_matches"]) == (1, False, False)
    plain = clone.jm("verify", "HEAD~1")
    assert (plain.code, "has no Verified-Tree" in plain.err) == (2, True)


def test_a_dry_run_does_nothing(project: Project) -> None:
    before = project.fingerprint()
    answer = project.jm("run", "fix lint", "--worker", "autofix", "--dry-run")
    assert answer.code == 0
    assert "worker   autofix" in answer.out
    assert not (project.root / ".journeyman").exists()
    assert project.fingerprint() == before


def test_a_task_file_narrows_scope_and_checks(project: Project, tmp_path: Path) -> None:
    task = tmp_path / "task.md"
    task.write_text("---\ntitle: Narrow\nscope: {allow: ['c.txt']}\nchecks: [names]\n---\nAdd c.\n")
    worker = project.session([{"edits": [write("c.txt", "BROKEN\n")]}])
    code, result = project.run_json(str(task), worker)
    assert code == 0
    assert [check["check"] for check in result["checks"]] == ["names"]
    code, result = project.run_json(str(task), project.session([{"edits": [write("d.txt", "x\n")]}]))
    assert (code, result["stop_reason"]) == (3, "out-of-scope")


def test_status_report_and_follow_tell_the_same_story(project: Project) -> None:
    worker = project.session([{"edits": [write("c.txt", "gamma\n")]}])
    _, result = project.run_json("Add gamma", worker)
    status = project.jm("status", "--json").json
    assert [(line["run_id"], line["state"]) for line in status] == [(result["run_id"], "verified")]
    report = project.jm("report", "--json").json
    assert report["commit"] == result["commit"]
    text = project.jm("report", result["run_id"][:15])
    assert "TVc" in text.out
    assert project.jm("report", "--diff").out.startswith("diff --git")
    assert project.jm("follow").out.startswith("Verified: Add gamma")


def test_init_writes_a_configuration_that_means_the_same(tmp_path: Path) -> None:
    project = Project(tmp_path / "p", {"Makefile": "test:\n\ttrue\nlint:\n\ttrue\n", "a.txt": "x\n"})
    detected = project.jm("run", "fix lint", "--worker", "autofix", "--dry-run").out
    assert project.jm("init").code == 0
    configured = project.jm("run", "fix lint", "--worker", "autofix", "--dry-run").out
    assert [line.split("  (")[0] for line in configured.splitlines() if line.startswith("check")] == [
        line.split("  (")[0] for line in detected.splitlines() if line.startswith("check")
    ]
    assert project.jm("init").code == 2


def test_a_repository_that_loosens_its_users_limits_is_not_heeded_and_that_is_told(
    project: Project, tmp_path: Path
) -> None:
    own = tmp_path / "config" / "journeyman" / "config.toml"
    own.parent.mkdir(parents=True)
    own.write_text("[budget]\nminutes = 5\n")
    project.write({"journeyman.toml": CHECKS + "[budget]\nminutes = 50\n"})
    env = {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    told = "journeyman.toml says budget.minutes = 50, which is looser than your own 5: yours holds"
    run = project.jm("run", "x", "--dry-run", "--worker", project.session([]), env=env)
    assert (run.code, run.err.count(told)) == (0, 1)
    assert told in project.jm("doctor", env=env).out
    shown = project.jm("config", "show", "--json", env=env).json["budget.minutes"]
    assert shown == {"value": 5, "source": str(own)}


def test_doctor_tries_every_piece(project: Project) -> None:
    refs = project.git("for-each-ref")
    answer = project.jm("doctor", "--json", env={"JOURNEYMAN_SANDBOX": "auto"})
    names = [probe["name"] for probe in answer.json["probes"]]
    assert {"repository", "sandbox", "worktree", "check content", "check names", "worker autofix"} <= set(
        names
    )
    assert project.git("for-each-ref") == refs
    broken = project.root / "journeyman.toml"
    broken.write_text(CHECKS + '[[checks]]\nname = "gone"\nrun = "no-such-program-here"\n')
    answer = project.jm("doctor")
    assert answer.code == 2
    assert "✗ check gone" in answer.out
    assert "hint: install it" in answer.out
