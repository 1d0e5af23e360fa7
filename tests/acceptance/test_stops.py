"""One test for each guard and each stop reason: through the command line, with its exit code and its text."""

from __future__ import annotations

import os
import shlex
import subprocess
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


def test_a_submodule_or_a_repository_made_inside(project: Project) -> None:
    code, first, _ = stop(
        project,
        [],
        run=[
            "mkdir sub && cd sub && git init -q && git -c user.name=x -c user.email=x@x commit -q --allow-empty -m x"
        ],
    )
    assert (code, first) == (
        3,
        "I stopped because the change touches a submodule: sub is a submodule: its commit or presence changed",
    )


def test_a_lockfile_goes_on_when_a_person_allows_it(project: Project) -> None:
    worker = project.session([{"edits": [write("uv.lock", "x\n")]}])
    code, result = project.run_json("Lock", worker)
    assert (code, result["stop_reason"]) == (3, "lockfile-changed")
    assert f"jm resume {result['run_id']} --allow-lockfile" in result["next_actions"]
    answer = project.jm("resume", result["run_id"], "--allow-lockfile", "--output-format", "json")
    assert (answer.code, answer.json["outcome"], answer.json["human_touches"]) == (0, "verified", 1)
    assert project.git("show", f"{answer.json['commit']}:uv.lock") == "x"


def test_verify_failed(project: Project) -> None:
    attempts = [{"edits": [write("c.txt", f"BROKEN {n}\n")]} for n in range(2)]
    answer = project.jm("run", "Do it", "--worker", project.session(attempts), "--retries", "1")
    assert answer.code == 1
    assert answer.out.startswith(
        "I stopped because the checks still fail after every attempt: content: 1 new failure"
    )
    assert "all 2 attempts are used up" in answer.out


def test_no_progress(project: Project) -> None:
    worker = project.session(
        [{"edits": [write("c.txt", "BROKEN\n")]}, {"say": "again"}, {"say": "never asked"}]
    )
    code, result = project.run_json("Do it", worker)
    assert (code, result["stop_reason"]) == (1, "no-progress")
    assert "exactly the tree of an earlier one" in result["stop_message"]


def test_review_rejected(project: Project) -> None:
    worker = project.session(
        {
            "attempts": [{"edits": [write("c.txt", "1\n")]}],
            "reviews": [
                {"verdict": "request_changes", "summary": "no", "findings": [{"message": "not like this"}]}
            ],
        }
    )
    code, result = project.run_json("Do it", worker, "--retries", "0")
    assert (code, result["stop_reason"]) == (1, "review-rejected")
    assert "not like this" in result["stop_message"]


def test_nothing_changed(project: Project) -> None:
    code, first, _ = stop(project, [])
    assert (code, first) == (
        1,
        "I stopped because the worker changed nothing: the worker ended without changing a file",
    )


def test_nothing_proven(project: Project) -> None:
    project.write({"journeyman.toml": '[[checks]]\nname = "never"\nrun = "echo no; false"\n'})
    project.commit("a check that always fails")
    code, result = project.run_json(
        "Do it", project.session([{"edits": [write("c.txt", "1\n")]}]), "--retries", "0"
    )
    assert (code, result["stop_reason"]) == (1, "nothing-proven")


def test_worker_blocked(project: Project) -> None:
    blocked = {"reason": "two ways", "question": "Which one?", "options": ["left", "right"]}
    code, result = project.run_json(
        "Do it", project.session([{"blocked": blocked}, {"edits": [write("c.txt", "1\n")]}])
    )
    assert (code, result["stop_reason"], result["stop_message"]) == (4, "worker-blocked", "Which one?")
    assert result["question"]["options"] == ["left", "right"]
    answer = project.jm("resume", "--answer", "left", "--output-format", "json")
    assert answer.json["outcome"] in {"verified", "stopped"}
    assert answer.json["human_touches"] == 1


def test_worker_failed(project: Project) -> None:
    code, first, _ = stop(project, [], fail="the model went away")
    assert (code, first) == (5, "I stopped because the worker ended with an error: the model went away")


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
        "I stopped because the worker's program crashed: sh was ended by a signal (exit code 137)",
    )
    assert answer.err.count("again in 0.1 s: sh was ended by a signal") == 1
    (ref,) = [line.split()[-1] for line in answer.out.splitlines() if "safe in" in line]
    assert project.git("show", f"{ref}:c.txt") == "half"


def test_every_suggested_command_works_when_pasted(project: Project) -> None:
    """After each kind of stop that a person can go on from."""
    blocked = {"reason": "two ways", "question": "Which one?"}
    stops: dict[str, tuple[list[dict[str, Any]], tuple[str, ...]]] = {
        "out-of-scope": ([{"edits": [write("b.txt", "x\n")]}], ("--allow", "a.txt")),
        "lockfile-changed": ([{"edits": [write("uv.lock", "x\n")]}], ()),
        "verify-failed": ([{"edits": [write("c.txt", "BROKEN\n")]}], ("--retries", "0")),
        "worker-failed": ([{"fail": "gone"}], ()),
        "worker-blocked": ([{"blocked": blocked}], ()),
    }
    seen: set[str] = set()
    for reason, (attempts, flags) in stops.items():
        _, result = project.run_json("Do it", project.session(attempts), *flags)
        assert result["stop_reason"] == reason
        assert 1 <= len(result["next_actions"]) <= 3
        for action in result["next_actions"]:
            plain = action.replace(result["run_id"], "RUN")
            if plain in seen and "resume" not in plain:
                continue  # a reading command reads any run
            seen.add(plain)
            answer = project.jm(*shlex.split(action)[1:], input=b"left\n")
            assert "Traceback" not in answer.err
            # Code 2 is doctor's way to say that something is missing here, which it then names.
            assert answer.code != 2 or action == "jm doctor", f"{action}: {answer.err}"


def test_no_worker_says_in_one_screen_how_to_get_one(project: Project) -> None:
    answer = project.jm("run", "Add a feature that needs thinking")
    assert answer.code == 5
    assert "error: this task needs a worker that can think, and none is configured" in answer.err
    assert "export ANTHROPIC_API_KEY" in answer.err
    assert "--model ollama:NAME" in answer.err
    assert len(answer.err.splitlines()) <= 24


def test_out_of_time_can_be_resumed(project: Project) -> None:
    worker = project.session([{"wait_s": 30, "edits": [write("c.txt", "1\n")]}])
    code, result = project.run_json("Do it", worker, "--minutes", "0.03")
    assert (code, result["stop_reason"]) == (124, "out-of-time")
    assert any("--minutes" in action for action in result["next_actions"])


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


def test_no_checks(tmp_path: Path) -> None:
    project = Project(tmp_path / "bare", {"a.txt": "x\n"})
    answer = project.jm("run", "fix lint")
    assert (answer.code, "no check was found" in answer.err, "jm init" in answer.err) == (2, True, True)


def test_a_check_that_cannot_start(project: Project) -> None:
    project.write({"journeyman.toml": CHECKS + '[[checks]]\nname = "gone"\nrun = "no-such-program-here"\n'})
    project.commit("a missing program")
    code, result = project.run_json(
        "Do it", project.session([{"edits": [write("c.txt", "1\n")]}]), "--retries", "0"
    )
    assert code != 0
    assert "gone" in result["stop_message"]


def test_setup_failed(project: Project) -> None:
    project.write({"journeyman.toml": CHECKS + '[workspace]\nsetup = "echo no luck; exit 9"\n'})
    project.commit("a set-up that fails")
    code, first, text = stop(project, [write("c.txt", "1\n")])
    assert code == 2
    assert first.startswith("I stopped because the worktree could not be set up")
    assert "no luck" in text


def test_wrong_tree(tmp_path: Path) -> None:
    project = Project(
        tmp_path / "p",
        {
            "pyproject.toml": '[project]\nname = "thing"\nversion = "1"\n',
            "src/thing/__init__.py": "",
            "journeyman.toml": '[[checks]]\nname = "import"\nrun = "python -c \'import thing\'"\n',
            ".gitignore": ".venv/\n",
        },
    )
    venv = project.root / ".venv"
    subprocess.run(("python3", "-m", "venv", "--without-pip", str(venv)), check=True)
    packages = next((venv / "lib").glob("python*/site-packages"))
    # Before PYTHONPATH is looked at, so that shadowing cannot help: only a refusal can.
    (packages / "hijack.pth").write_text("import hijack\n")
    (packages / "hijack.py").write_text(
        "import sys, importlib.util\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'thing':\n"
        f"            return importlib.util.spec_from_file_location(name, {str(project.root / 'src/thing/__init__.py')!r})\n"
        "sys.meta_path.insert(0, Finder())\n"
    )
    code, first, text = stop(project, [write("c.txt", "1\n")])
    assert code == 2, text
    assert first.startswith("I stopped because the checks would test another checkout's code")
    assert "thing" in text


def test_sandbox_missing(project: Project, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("git", "sh", "grep", "test", "env"):
        found = subprocess.run(("which", tool), capture_output=True, text=True, check=True).stdout.strip()
        (tools / tool).symlink_to(os.path.realpath(found))
    answer = project.jm("run", "fix lint", "--sandbox", "required", env={"PATH": str(tools)})
    assert answer.code == 2
    assert "sandbox" in answer.err


def test_tracked_state(project: Project) -> None:
    project.write({".journeyman/journeyman.db": "from elsewhere"})
    project.git("add", "--force", ".journeyman/journeyman.db")
    project.git("commit", "--quiet", "--message", "hostile")
    answer = project.jm("run", "fix lint")
    assert answer.code == 2
    assert "tracked" in answer.err
    assert f"git -C {project.root} rm -r --cached .journeyman" in answer.err


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
            + '[workers.tell]\ntype = "command"\ncommand = ["sh", "-c", "grep only: {prompt_file} > c.txt"]\n'
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
