"""Commands, tasks, configuration and surroundings that nobody should give, and somebody will."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from journeyman.domain.task import MAX_TASK_CHARACTERS
from tests.support.project import CHECKS, Answer, Project, write
from tests.support.trouble import gamma, kept_somewhere, modest, run, told, untouched, verified


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def shell(project: Project, script: str, **env: str) -> Answer:
    """A shell script in which ``$JM`` is ``jm`` and ``$W`` the worker."""
    done = subprocess.run(
        ("bash", "-c", script),
        cwd=project.root,
        env={**os.environ, "JM": f"{sys.executable} -m journeyman", "W": gamma(project), **env},
        capture_output=True,
        timeout=120,
        check=False,
    )
    return Answer(
        done.returncode,
        done.stdout.decode(errors="backslashreplace"),
        done.stderr.decode(errors="backslashreplace"),
    )


# Flags.


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("run", "x", "--minutes", "-1"), "'--minutes': -1 is no number of minutes above 0."),
        (("run", "x", "--minutes", "0"), "'--minutes': 0 is no number of minutes above 0."),
        (("run", "x", "--minutes", "nan"), "'--minutes': nan is no number of minutes above 0."),
        (("run", "x", "--minutes", "inf"), "'--minutes': inf is no number of minutes above 0."),
        (("run", "x", "--minutes", "1e300"), "budget.minutes in flag: must be more than 0, and at most"),
        (("run", "x", "--minutes", "soon"), "'soon' is not a valid float"),
        (("run", "x", "--retries", "-5"), "'--retries' / '--verify-auto-retry': -5 is not in the range x>=0"),
        (("run", "x", "--retries", "1" + "0" * 30), "verify_auto_retry in flag: "),
        (("run", "x", "--retries", "1.5"), "'1.5' is not a valid int"),
        (("run", "x", "--output-format", "xml"), "'xml' is not one of 'text', 'json', 'stream-json'"),
        (("run", "x", "--sandbox", ""), "sandbox in flag: input should be 'auto', 'required' or 'off'"),
        (("run", "x", "--config", "/"), "/ cannot be read: Is a directory"),
        (("run", "x", "--repo", "/dev/null"), "there is no folder /dev/null"),
        (("resume", "--minutes", "-2"), "'--minutes': -2 is no number of minutes above 0."),
        (("resume", "--minutes", "nan"), "'--minutes': nan is no number of minutes above 0."),
        (("status", "--limit", "0"), "'--limit' / '-n': 0 is not in the range x>=1"),
        (("status", "-n", "-3"), "'--limit' / '-n': -3 is not in the range x>=1"),
        (("report", "\x01"), "nothing was run in this repository yet"),
        (("verify", "--", "--help"), "there is no commit '--help'"),
        (("gc", "nope"), "nothing was run in this repository yet"),
        (("nonsense",), "No such command 'nonsense'"),
    ],
)
def test_absurd_flags(project: Project, arguments: tuple[str, ...], text: str) -> None:
    with untouched(project):
        told(project.jm(*arguments), 2, text)
    assert not (project.root / ".journeyman").exists(), "nothing was begun"


def test_no_limit_of_time_is_said_in_the_configuration(project: Project) -> None:
    project.write({"journeyman.toml": CHECKS + "[budget]\nminutes = inf\n"})
    project.commit("no limit")
    verified(project, run(project))
    told(project.jm("config", "show"), 0, "budget.minutes = null")


# Tasks.


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (b"", "standard input is empty"),
        (b" \n\t\r\n", "standard input is empty"),
        (b"fix\0this", "standard input holds NUL bytes: it is no text"),
        (b"fix caf\xe9", "standard input is not UTF-8: byte 0xe9 at position 7"),
        (b"\xff\xfef\0i\0x\0", "standard input is not UTF-8: byte 0xff at position 0"),
        (b"x" * (MAX_TASK_CHARACTERS + 1), f"at most {MAX_TASK_CHARACTERS:,} are read"),
        ("ü".encode() * (4 * MAX_TASK_CHARACTERS), f"at most {MAX_TASK_CHARACTERS:,} are read"),
        (b"\x01\x02", "standard input holds nothing that can be read"),
        (b"---\n" + b"[" * 5000 + b"\n---\nx", "the front matter of standard input is not YAML"),
        (b"---\ntitle: !!python/object:os.system x\n---\n", "is not YAML at line 2"),
        (b"---\n- a\n---\nx", "is not a list of KEY: VALUE lines"),
    ],
)
def test_tasks_that_are_none(project: Project, tmp_path: Path, given: bytes, text: str) -> None:
    worker = gamma(project)
    told(
        project.jm("run", "-", "--worker", worker, input=given), 2, f"error: {text}" if given == b"" else text
    )
    path = tmp_path / "task.md"
    path.write_bytes(given)
    told(project.jm("run", str(path), "--worker", worker), 2, text.replace("standard input", str(path)))
    assert not (project.root / ".journeyman").exists()


def test_tasks_in_strange_places(project: Project, tmp_path: Path) -> None:
    worker = gamma(project)
    told(
        project.jm("run", str(tmp_path), "--worker", worker), 2, f"{tmp_path} cannot be read: Is a directory"
    )
    told(project.jm("run", "/dev/null", "--worker", worker), 2, "/dev/null is empty")
    told(project.jm("run", "/dev/zero", "--worker", worker), 2, "/dev/zero")
    told(
        project.jm("run", os.fsdecode(b"fix \xe9"), "--worker", worker), 2, "the task is not UTF-8: byte 0xe9"
    )
    told(shell(project, '$JM run - --worker "$W" <&-'), 2, "standard input is empty")
    told(shell(project, 'yes | $JM run - --worker "$W"'), 2, f"at most {MAX_TASK_CHARACTERS:,} are read")
    told(shell(project, '$JM run <(echo Fix it) --worker "$W"'), 0, "Verified: Fix it")
    latin = tmp_path / os.fsdecode(b"t\xe9che")
    latin.write_text("Mend it\n")
    told(project.jm("run", str(latin), "--worker", worker), 0, "Verified: Mend it")


def test_a_huge_task_and_one_that_gives_the_terminal_orders(project: Project) -> None:
    text = ("Ü" * 199 + "\n") * (MAX_TASK_CHARACTERS // 200)
    assert len(text) == MAX_TASK_CHARACTERS
    told(project.jm("run", "-", "--worker", gamma(project), input=text.encode()), 0, "Verified: ÜÜÜ")
    answer = project.jm("run", "Fix\x1b[2J \u202ethis\rnow", "--worker", gamma(project))
    told(answer, 0, "Verified: Fix [2J this (")
    assert "\x1b" not in answer.out + answer.err


# Configuration.


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"\xff\xfe[\0c\0", "journeyman.toml is not valid TOML: 'utf-8' codec can't decode byte 0xff"),
        (b"a = " + b"[" * 10_000, "journeyman.toml is not valid TOML: maximum recursion depth"),
        (b"checks = 3", "checks in journeyman.toml: "),
        (
            b"[[checks]]\nname = 'a'\nrun = 'b'\ntimeout_s = -1\n",
            "checks.0.timeout_s in journeyman.toml: must be more",
        ),
        (
            b"[[checks]]\nname = 'a'\nrun = 'b'\ntimeout_s = nan\n",
            "checks.0.timeout_s in journeyman.toml: must be more",
        ),
        (b"[verify]\nslots = -2\n", "verify.slots in journeyman.toml: must be 0 or more"),
        (b"[scope]\nmax_lines = -2\n", "scope.max_lines in journeyman.toml: must be 0 or more"),
        (None, "journeyman.toml cannot be read: Is a directory"),
    ],
)
def test_configurations_that_are_none(project: Project, content: bytes | None, text: str) -> None:
    path = project.root / "journeyman.toml"
    path.unlink()
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with untouched(project):
        for command in (("run", "x"), ("config", "show")):
            told(project.jm(*command), 2, text)


@pytest.mark.parametrize(
    "content", [b"tool = 3\n", b"\xff\n", b"a = " + b"[" * 10_000, b"[tool]\njourneyman = 3\n"]
)
def test_a_pyproject_that_is_none_is_no_obstacle(project: Project, content: bytes) -> None:
    (project.root / "pyproject.toml").write_bytes(content)
    (project.root / "journeyman.toml").unlink()
    project.write({"Makefile": "test:\n\t! grep -rn BROKEN --include=*.txt .\n"})
    project.commit("a broken pyproject")
    verified(project, run(project))


def test_settings_in_the_environment(project: Project) -> None:
    told(
        project.jm("run", "x", env={"JOURNEYMAN_BUDGET__MINUTES": "-1"}),
        2,
        "budget.minutes in environment: must be",
    )
    told(
        project.jm("run", "x", env={"JOURNEYMAN_BUDGET__MINUTES": "[" * 9999}),
        2,
        "budget.minutes in environment",
    )
    both = {"JOURNEYMAN_BUDGET": "1", "JOURNEYMAN_BUDGET__USD": "2"}
    told(project.jm("run", "x", env=both), 2, "contradicts another JOURNEYMAN_ variable")


# Surroundings.


def test_git_is_missing(project: Project) -> None:
    answer = project.jm("run", "x", "--worker", gamma(project), env={"PATH": "/nonexistent"})
    told(
        answer, 2, "error: git could not be started", "PATH: /nonexistent", "hint: install git 2.31 or newer"
    )
    for command in ("doctor", "init", "gc"):
        told(project.jm(command, env={"PATH": "/nonexistent"}), 2, "git could not be started")


def without(name: str, **more: str) -> dict[str, str]:
    return {**{key: value for key, value in os.environ.items() if key != name}, **more}


@pytest.mark.parametrize("home", [None, "", "relative"])
def test_home_is_unset_empty_or_relative(project: Project, tmp_path: Path, home: str | None) -> None:
    env = without("HOME", XDG_CACHE_HOME=str(tmp_path / "cache"))
    if home is not None:
        env["HOME"] = home
    if home == "relative":
        del env["XDG_CACHE_HOME"]
    command = (sys.executable, "-m", "journeyman", "run", "Add gamma", "--worker", gamma(project))
    done = subprocess.run(
        (*command, "--output-format", "json"), cwd=project.root, env=env, capture_output=True, check=False
    )
    verified(project, Answer(done.returncode, done.stdout.decode(), done.stderr.decode()))


@pytest.mark.parametrize("place", ["/dev/null", "/proc", "/dev/null/deeper"])
def test_the_cache_cannot_be_made(project: Project, place: str) -> None:
    with untouched(project):
        answer = run(project, env={"XDG_CACHE_HOME": place})
    told(answer, 2)
    assert (answer.json["outcome"], answer.json["stop_reason"]) == ("stopped", "not-writable")
    assert place in answer.json["stop_message"]
    told(project.jm("status"), 0, "stopped (not-writable)")
    verified(project, project.jm("resume", "--output-format", "json"))


def test_home_cannot_be_written(project: Project) -> None:
    answer = run(project, env={"HOME": "/proc"})
    told(answer, 2)
    assert answer.json["stop_reason"] == "not-writable"
    verified(project, project.jm("resume", "--output-format", "json"))


@pytest.mark.parametrize(
    ("place", "mode", "text"),
    [
        ("home", 0o555, "/.cache: Permission denied"),
        ("home", 0o000, "cannot be read: Permission denied"),
        ("home/.cache", 0o555, "/.cache/journeyman: Permission denied"),
        ("project", 0o555, ".journeyman cannot be written: Permission denied"),
        ("project/.journeyman", 0o555, ".journeyman cannot be written: Permission denied"),
        ("project/.git", 0o555, "Permission denied"),
        ("project/.git/objects", 0o555, "insufficient permission for adding an object"),
        ("project/.git/refs/heads", 0o555, "git update-ref failed"),
        ("project/journeyman.toml", 0o000, "journeyman.toml cannot be read: Permission denied"),
    ],
)
def test_places_that_are_closed(project: Project, tmp_path: Path, place: str, mode: int, text: str) -> None:
    path, home = tmp_path / place, str(tmp_path / "home")
    if not path.exists():
        path.mkdir(parents=True)
    arguments = ("run", "Add gamma", "--worker", gamma(project))
    usual = path.stat().st_mode
    path.chmod(mode)
    try:
        answer = modest(project, *arguments, HOME=home)
    finally:
        path.chmod(usual)
    told(answer, 2, text)
    told(project.jm(*arguments, env={"HOME": home}), 0, "Verified: Add gamma")


def test_files_that_cannot_be_read_and_need_not_be(project: Project) -> None:
    for path in (project.root / "b.txt", project.root / ".git" / "index"):
        path.chmod(0)
    told(modest(project, "run", "Add gamma", "--worker", gamma(project)), 0, "Verified: Add gamma")


@pytest.mark.parametrize(
    "env",
    [
        {"LANG": "C"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "ascii", "COLUMNS": "1", "LINES": "1"},
        {"COLUMNS": "0", "TERM": "no-such-terminal", "NO_COLOR": "1"},
    ],
)
def test_languages_and_terminals(project: Project, env: dict[str, str]) -> None:
    answer = project.jm("run", "Größe ändern", "--worker", gamma(project), env=env)
    told(answer, 0, "Verified: Gr")
    for command in (("status",), ("report",), ("--help",)):
        told(project.jm(*command, env=env), 0)
    assert (
        project.git("log", "-1", "--format=%s", project.jm("report", "--json").json["commit"])
        == "Größe ändern"
    )


@pytest.mark.parametrize("size", ["cols 3 rows 2", "cols 0 rows 0", "cols 80 rows 24"])
def test_a_terminal_of_any_size(project: Project, size: str) -> None:
    answer = shell(
        project, f"script --quiet --return --command 'stty {size}; $JM run Terminal --worker $W' /dev/null"
    )
    if "script: " in answer.err or answer.code == 127:
        pytest.skip("there is no script(1) here to make a terminal with")
    told(answer, 0)
    told(project.jm("status"), 0, "verified")


# Standard streams.


@pytest.mark.parametrize(
    ("script", "code", "text"),
    [
        ("$JM run x --worker $W >&-", 0, "✓ FINALIZE"),
        ("$JM run x --worker $W 2>&-", 0, "Verified: x"),
        ("$JM run x --worker $W 0<&- >&- 2>&-", 0, ""),
        ("$JM run x --worker $W | true; exit ${PIPESTATUS[0]}", 0, "✓ FINALIZE"),
        ("$JM run x --worker $W 2> >(true)", 0, "Verified: x"),
        ("$JM run x --worker $W 2> /dev/full", 0, "Verified: x"),
        (
            "$JM run x --worker $W --output-format stream-json | head -1; exit ${PIPESTATUS[0]}",
            0,
            "run.started",
        ),
        (
            "$JM run x --worker $W > /dev/full",
            2,
            "error: standard output cannot be written: No space left on device",
        ),
        (
            "$JM run x --worker $W --output-format stream-json > /dev/full",
            2,
            "standard output cannot be written",
        ),
    ],
)
def test_nobody_listens_and_the_work_is_done_all_the_same(
    project: Project, script: str, code: int, text: str
) -> None:
    with untouched(project):
        told(shell(project, script), code, text)
    (line,) = project.jm("status", "--json").json
    assert line["state"] == "verified"


def test_readers_that_leave_early(project: Project) -> None:
    verified(project, run(project))
    for command in ("report", "status", "report --diff"):
        told(shell(project, f"set -o pipefail; $JM {command} | head -1"), 0)
        told(shell(project, f"$JM {command} | true; exit ${{PIPESTATUS[0]}}"), 0)
        answer = shell(project, f"$JM {command} > /dev/full")
        told(answer, 2, "error: standard output cannot be written: No space left on device")
    told(shell(project, "$JM --help > /dev/full"), 2, "No space left on device")


# Work that a worker did not finish.


@pytest.mark.parametrize(
    ("command", "code", "reason"),
    [
        (["sh", "-c", "echo precious > new.txt; exit 3"], 5, "worker-failed"),
        (["sh", "-c", "echo precious > new.txt; sleep 60"], 5, "worker-timeout"),
        (
            ["sh", "-c", 'echo precious > new.txt; echo \'{"blocked": "which?"}\''],
            4,
            "worker-blocked",
        ),
    ],
)
def test_what_a_worker_had_done_is_kept(project: Project, command: list[str], code: int, reason: str) -> None:
    table = f"[workers.w]\ntype = 'command'\ncommand = {json.dumps(command)}\ntimeout_s = 1.5\n"
    project.write({"journeyman.toml": CHECKS + table})
    project.commit("a worker that does not finish")
    with untouched(project):
        answer = run(project, worker="w")
    told(answer, code)
    assert answer.json["stop_reason"] == reason
    # What a question interrupts is the attempt that the answer goes on from; the rest is a rescue.
    attempt = f"refs/journeyman/{answer.json['run_id']}/m1/a1"
    (ref,) = answer.json["rescued"] or [attempt]
    assert (ref == attempt) == (reason == "worker-blocked")
    assert project.git("show", f"{ref}:new.txt") == "precious"
    assert ref in project.jm("report").out


def test_a_worker_that_ran_out_of_time_goes_on_with_what_it_had_done(project: Project) -> None:
    script = (
        "if test -f new.txt; then grep -q +precious $1 && echo rest > more.txt;"
        " else echo precious > new.txt; sleep 60; fi"
    )
    command = json.dumps(["sh", "-c", script, "sh", "{prompt_file}"])
    project.write(
        {"journeyman.toml": CHECKS + f"[workers.w]\ntype = 'command'\ncommand = {command}\ntimeout_s = 1.5\n"}
    )
    project.commit("a worker that takes two goes")
    with untouched(project):
        stopped = run(project, worker="w")
    told(stopped, 5)
    (ref,) = stopped.json["rescued"]
    resumed = project.jm("resume", "--output-format", "json")
    told(resumed, 0)
    assert resumed.json["files_changed"] == ["more.txt", "new.txt"]
    assert resumed.json["rescued"] == [ref]
    assert f"goes on with the unfinished work in {ref}" in project.jm("follow").err
    events = map(json.loads, project.jm("follow", "--json").out.splitlines())
    opened = [event for event in events if event["kind"] == "workspace.opened"]
    assert [event["data"]["unfinished"] for event in opened] == [None, ref]


def test_what_a_worker_did_is_kept_when_there_is_nothing_new(project: Project) -> None:
    """No ref is made for a worktree that holds the base, or an attempt that a ref has already."""
    answer = run(project, worker=project.session([{"fail": "at once"}]))
    told(answer, 5)
    assert answer.json["rescued"] == []
    answer = run(project, "--retries", "0", worker=project.session([{"edits": [write("c.txt", "BROKEN\n")]}]))
    told(answer, 1)
    assert answer.json["rescued"] == []
    assert kept_somewhere(project, Path("/nonexistent"), "c.txt", "BROKEN\n")


INTERRUPTED = """
import os, signal, sys

class AtTyper:
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, AtTyper())
"""


@pytest.mark.parametrize(("first", "code"), [("", 128 + signal.SIGINT), ("trap '' INT; ", 0)])
def test_ctrl_c_while_it_is_loaded_says_nothing(
    project: Project, tmp_path: Path, first: str, code: int
) -> None:
    (tmp_path / "sitecustomize.py").write_text(INTERRUPTED)
    done = shell(project, f"{first}$JM --version; exit $?", PYTHONPATH=str(tmp_path))
    assert (done.code, done.err) == (code, "")
