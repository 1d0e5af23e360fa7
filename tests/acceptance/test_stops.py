"""One test for each guard and each stop reason: through the command line, with its exit code and its text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.project import CHECKS, Project, write


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def stop(project: Project, edits: list[dict[str, Any]], *flags: str, **attempt: Any) -> tuple[int, str, str]:
    worker = project.session([{"edits": edits, **attempt}])
    before = project.fingerprint()
    answer = project.jm("run", "Do it", "--worker", worker, *flags)
    assert "Traceback" not in answer.err
    assert project.fingerprint() == before
    return answer.code, answer.out.splitlines()[0] if answer.out else "", answer.out + answer.err


@pytest.mark.parametrize(
    ("edit", "flags", "line"),
    [
        (
            write("b.txt", "x\n"),
            ("--allow", "a.txt"),
            "the change leaves its scope: b.txt is not in the scope's allow list",
        ),
        (
            write("b.txt", "x\n"),
            ("--deny", "b.*"),
            "the change leaves its scope: b.txt is in the scope's deny list",
        ),
        (
            write(".gitignore", "*.txt\n"),
            (),
            "the change touches a protected path: .gitignore is protected: no run may change it",
        ),
        (
            write("journeyman.toml", ""),
            (),
            "the change touches a protected path: journeyman.toml is protected: no run may change it",
        ),
        (
            write(".github/workflows/ci.yml", "x"),
            (),
            "the change touches a protected path: .github/workflows/ci.yml is protected: no run may change it",
        ),
        (
            write("uv.lock", "x\n"),
            (),
            "the change touches a lockfile, which needs a person: uv.lock is a lockfile, and lockfiles = 'ask'",
        ),
        (
            {"path": "out", "symlink": "../../etc/passwd"},
            (),
            "the change adds a symlink that leaves the tree: out is a symlink that leaves the tree (to ../../etc/passwd)",
        ),
        (
            {"path": "a.txt", "mode": "755"},
            (),
            "the change flips the mode of an existing file: a.txt changed its mode from 100644 to 100755",
        ),
        (
            write("big.txt", "x\n" * 10_001),
            (),
            "the change is larger than the scope permits: 10,001 lines changed; at most 10,000 may (scope.max_lines)",
        ),
    ],
)
def test_guards(project: Project, edit: dict[str, Any], flags: tuple[str, ...], line: str) -> None:
    code, first, text = stop(project, [edit], *flags)
    assert first == f"I stopped because {line}"
    assert code == 3
    assert "the work is safe in refs/journeyman/" in text
    assert "jm report" in text


def test_protected_by_the_user(project: Project) -> None:
    project.write({"journeyman.toml": CHECKS + '[scope]\nprotected = ["/boot/"]\n'})
    project.commit("protect")
    code, first, _ = stop(project, [write("boot/init", "x\n")])
    assert (code, first) == (
        3,
        "I stopped because the change touches a protected path: boot/init is protected: no run may change it",
    )


def test_worker_missing_and_worker_timeout_and_exit_code(project: Project) -> None:
    project.write(
        {
            "journeyman.toml": CHECKS
            + '[workers.gone]\ntype="command"\ncommand=["no-such-agent","{prompt_file}"]\n'
            + '[workers.slow]\ntype="command"\ncommand=["sleep","60"]\ntimeout_s=0.5\n'
            + '[workers.bad]\ntype="command"\ncommand=["sh","-c","echo told you >&2; exit 3"]\n'
            + '[workers.good]\ntype="command"\ncommand=["sh","-c","test -s {prompt_file} && echo x > c.txt"]\n'
        }
    )
    project.commit("workers")
    for name, code, reason in (
        ("gone", 5, "worker-missing"),
        ("slow", 5, "worker-timeout"),
        ("bad", 5, "worker-failed"),
        ("good", 0, None),
    ):
        got, result = project.run_json("Do it", name)
        assert (got, result["stop_reason"]) == (code, reason), result


def test_worker_crashed_is_tried_again_first(project: Project) -> None:
    project.write(
        {
            "journeyman.toml": CHECKS
            + "[autonomy]\ntransient_wait_s = 0.1\ntransient_retries = 1\n"
            + '[workers.dies]\ntype="command"\ncommand=["sh","-c","echo half > c.txt; kill -9 $$"]\n'
        }
    )
    project.commit("a worker that dies")
    answer = project.jm("run", "Do it", "--worker", "dies")
    assert (answer.code, answer.out.splitlines()[0]) == (
        5,
        "I stopped because the worker's program crashed: sh was ended by SIGKILL",
    )
    assert answer.err.count("again in 0.1 s: sh was ended by SIGKILL") == 1
    assert "  tried the call again, 1 time, after waiting 0.1 s in all\n" in answer.out
    (ref,) = [line.split()[-1] for line in answer.out.splitlines() if "safe in" in line]
    assert project.git("show", f"{ref}:c.txt") == "half"


def test_no_worker_says_in_one_screen_how_to_get_one(project: Project) -> None:
    answer = project.jm("run", "Add a feature that needs thinking")
    assert answer.code == 5
    assert "error: this task needs a worker that can think, and none is configured" in answer.err
    assert "export ANTHROPIC_API_KEY" in answer.err
    assert "--model ollama:NAME" in answer.err
    assert len(answer.err.splitlines()) <= 24


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        ((), 2, "Usage"),
        (("run",), 2, "error: there is no task"),
        (("run", ""), 2, "error: the task is empty"),
        (("run", "missing.md"), 2, "error: there is no task file missing.md"),
        (
            ("run", "x", "--worker", "autofx"),
            2,
            "error: there is no worker 'autofx'; did you mean 'autofix'?",
        ),
        (("run", "x", "--worker", "replay:/no/such/file"), 2, "/no/such/file"),
        (("run", "x", "--repo", "/no/such/folder"), 2, "error: there is no folder /no/such/folder"),
        (("run", "x", "--config", "none.toml"), 2, "error: there is no configuration file none.toml"),
        (("run", "x", "--no-such-flag"), 2, "No such option"),
        (
            ("run", "x", "--sandbox", "steel"),
            2,
            "sandbox in flag: input should be 'auto', 'required' or 'off'",
        ),
        (("report",), 2, "error: nothing was run in this repository yet"),
        (("resume",), 2, "error: nothing was run in this repository yet"),
        (("verify", "no-such-commit"), 2, "no-such-commit"),
        (("verify", "HEAD"), 2, "has no Verified-Tree"),
    ],
)
def test_usage_errors(project: Project, arguments: tuple[str, ...], code: int, text: str) -> None:
    answer = project.jm(*arguments)
    assert answer.code == code
    assert text in answer.err + answer.out
    assert "Traceback" not in answer.err


def test_unknown_and_finished_runs(project: Project) -> None:
    _, result = project.run_json("Add", project.session([{"edits": [write("c.txt", "1\n")]}]))
    assert project.jm("resume", "nope").code == 2
    again = project.jm("resume", result["run_id"], "--output-format", "json")
    assert (again.code, again.json["commit"]) == (0, result["commit"]), (
        "a finished run is told, not worked again"
    )


def test_a_task_files_scope_reaches_the_worker_and_the_flag_wins(project: Project, tmp_path: Path) -> None:
    project.write(
        {
            "journeyman.toml": CHECKS
            + '[workers.tell]\ntype = "command"\ncommand = ["sh", "-c", "grep ^-.only: {prompt_file} > c.txt"]\n'
        }
    )
    project.commit("a worker that tells its scope")
    task = tmp_path / "task.md"
    task.write_text("---\nscope: {allow: ['c.txt']}\n---\nWrite c.\n")
    code, result = project.run_json(str(task), "tell")
    assert code == 0
    assert project.git("show", f"{result['commit']}:c.txt") == "- only: c.txt"
    code, result = project.run_json(str(task), "tell", "--allow", "d.txt")
    assert (code, result["stop_reason"]) == (3, "out-of-scope")


def test_gc_of_a_run_that_is_not_there(project: Project) -> None:
    project.run_json("Add", project.session([{"edits": [write("c.txt", "1\n")]}]))
    answer = project.jm("gc", "nope")
    assert (answer.code, "there is no run 'nope' here" in answer.err) == (2, True)
