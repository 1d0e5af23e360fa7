"""Stops by what a person has to mend: the command, the task, the configuration, the repository, the machine."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

from tests.support.project import CHECKS, Project, write
from tests.support.stops import Stage, stops_with
from tests.support.trouble import small_disk


@stops_with("usage")
def _(stage: Stage) -> None:
    stage.refused("report", "--json", "--diff")


@stops_with("bad-task")
def _(stage: Stage) -> None:
    stage.refused("run", "…")


@stops_with("bad-config")
def _(stage: Stage) -> None:
    stage.project.write({"journeyman.toml": CHECKS + "[scope]\nalow = ['a.txt']\n"})
    stage.refused("run", "Do it")


@stops_with("bad-session")
def _(stage: Stage) -> None:
    session = stage.folder / "session.json"
    session.write_text('{"journeyman_session": 1, "milestones": [{"atempts": []}]}')
    stage.refused("run", "Do it", "--worker", f"replay:{session}")


@stops_with("unknown-run")
def _(stage: Stage) -> None:
    answer = stage.jm("run", "Do it", "--worker", stage.edits("c.txt", "1\n"))
    assert answer.code == 0
    stage.known["run"] = stage.jm("report", "--json").json["run_id"]
    stage.refused("report", "nope")


@stops_with("not-a-repository")
def _(stage: Stage) -> None:
    plain = stage.folder / "plain"
    plain.mkdir()
    stage.refused("run", "Do it", cwd=plain)


@stops_with("bare-repository")
def _(stage: Stage) -> None:
    bare = stage.folder / "bare.git"
    stage.project.git("clone", "--quiet", "--bare", str(stage.project.root), str(bare))
    stage.refused("run", "Do it", cwd=bare)


@stops_with("no-commits")
def _(stage: Stage) -> None:
    unborn = stage.folder / "unborn"
    stage.project.git("init", "--quiet", "--initial-branch=main", str(unborn))
    for name, value in (("user.name", "Ada"), ("user.email", "ada@example.invalid")):
        stage.project.git("config", "--global", name, value)
    # With a time of its own, the commit has a known name.
    noon = "2026-01-01T12:00:00+0000"
    stage.refused("run", "Do it", cwd=unborn, GIT_AUTHOR_DATE=noon, GIT_COMMITTER_DATE=noon)


@stops_with("unknown-commit")
def _(stage: Stage) -> None:
    stage.refused("verify", "no-such-commit")


@stops_with("not-a-checkpoint")
def _(stage: Stage) -> None:
    stage.known["commit"] = stage.project.git("rev-parse", "HEAD")
    stage.refused("verify", "HEAD")


@stops_with("tracked-state")
def _(stage: Stage) -> None:
    stage.project.write({".journeyman/journeyman.db": "from elsewhere"})
    stage.project.git("add", "--force", ".journeyman/journeyman.db")
    stage.project.git("commit", "--quiet", "--message", "hostile")
    stage.refused("run", "Do it")


@stops_with("no-checks")
def _(stage: Stage) -> None:
    stage.start_over({"a.txt": "x\n"})
    stage.refused("run", "Do it")


@stops_with("check-unavailable")
def _(stage: Stage) -> None:
    gone = '[[checks]]\nname = "gone"\nrun = ["no-such-program-here"]\n'
    stage.project.write({"journeyman.toml": CHECKS + gone})
    stage.project.commit("a missing program")
    stage.before_pasting = lambda: stage.install("no-such-program-here")
    stage.run(worker=stage.edits("c.txt", "1\n"))


@stops_with("setup-failed")
def _(stage: Stage) -> None:
    stage.project.write({"journeyman.toml": CHECKS + '[workspace]\nsetup = "echo no luck; exit 9"\n'})
    stage.project.commit("a set-up that fails")
    stage.run(worker=stage.edits("c.txt", "1\n"))


@stops_with("command-not-found")
def _(stage: Stage) -> None:
    stage.project.write({"journeyman.toml": CHECKS + '[workspace]\nsetup = ["no-such-installer"]\n'})
    stage.project.commit("a set-up that is not installed")
    stage.before_pasting = lambda: stage.install("no-such-installer")
    stage.run(worker=stage.edits("c.txt", "1\n"))


HIJACK = """
import sys, importlib.util
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == 'thing':
            return importlib.util.spec_from_file_location(name, {place!r})
sys.meta_path.insert(0, Finder())
"""


@stops_with("wrong-tree")
def _(stage: Stage) -> None:
    root = stage.start_over(
        {
            "pyproject.toml": '[project]\nname = "thing"\nversion = "1"\n',
            "src/thing/__init__.py": "",
            "journeyman.toml": '[[checks]]\nname = "import"\nrun = "python -c \'import thing\'"\n',
            ".gitignore": ".venv/\n",
        },
    ).root
    subprocess.run(("python3", "-m", "venv", "--without-pip", str(root / ".venv")), check=True)
    packages = next((root / ".venv" / "lib").glob("python*/site-packages"))
    # Before PYTHONPATH is looked at, so that shadowing cannot help: only a refusal can.
    (packages / "hijack.pth").write_text("import hijack\n")
    (packages / "hijack.py").write_text(HIJACK.format(place=str(root / "src/thing/__init__.py")))
    stage.run(worker=stage.edits("c.txt", "1\n"))


@stops_with("sandbox-missing")
def _(stage: Stage) -> None:
    tools = stage.folder / "tools"
    tools.mkdir()
    for tool in ("git", "sh", "grep", "test", "env"):
        found = shutil.which(tool)
        assert found
        (tools / tool).symlink_to(os.path.realpath(found))
    stage.refused("run", "Do it", "--sandbox", "required", PATH=str(tools))


@stops_with("git-missing")
def _(stage: Stage) -> None:
    stage.refused("run", "Do it", PATH="/nonexistent")


@stops_with("git-failed")
def _(stage: Stage) -> None:
    # A worker without a sandbox that works on the run's own branch.
    script = "echo 1 > c.txt; git -C {root} update-ref refs/heads/journeyman/{{run_id}}/do-it {commit}"
    stage.project.write({"d.txt": "more\n"})
    commit = stage.project.commit("more")
    stage.project.git("reset", "--quiet", "--hard", "HEAD~1")
    command = script.format(root=stage.project.root, commit=commit)
    table = f"[workers.w]\ntype = 'command'\ncommand = ['sh', '-c', '{command}']\n"
    stage.project.write({"journeyman.toml": CHECKS + table})
    stage.project.commit("a worker that goes too far")
    base = stage.project.git("rev-parse", "HEAD")
    stage.known |= {"base": base, "theirs": commit, "short": commit[:7]}
    stage.run(worker="w")


@stops_with("not-writable")
def _(stage: Stage) -> None:
    (stage.project.root / ".journeyman").write_text("a file\n")
    stage.refused("run", "Do it", "--worker", stage.edits("c.txt", "1\n"))


@stops_with("disk-full")
def _(stage: Stage) -> None:
    cache = stage.folder / "cache"
    stage.env["XDG_CACHE_HOME"] = str(cache)
    with small_disk(cache, "size=4k") as disk:
        stage.before_pasting = disk.grow
        stage.run(worker=stage.edits("c.txt", "1\n"))


@stops_with("context-failed")
def _(stage: Stage) -> None:
    assert stage.jm("context", "alpha").code == 0
    (index,) = (Path(os.environ["HOME"]) / ".cache" / "journeyman" / "index").glob("*.sqlite")
    connection = sqlite3.connect(index)
    connection.executescript("DROP TABLE content; CREATE TABLE content (key TEXT)")
    connection.close()
    stage.refused("context", "alpha")


def _database(project: Project) -> Path:
    return project.root / ".journeyman" / "journeyman.db"


def _edited(stage: Stage, statement: str) -> None:
    connection = sqlite3.connect(_database(stage.project))
    connection.execute(statement)
    connection.commit()
    connection.close()


@stops_with("corrupt-store")
def _(stage: Stage) -> None:
    assert stage.jm("run", "Do it", "--worker", stage.edits("c.txt", "1\n")).code == 0
    _edited(stage, "DROP TABLE jm_meta")
    stage.refused("report")


@stops_with("internal-error")
def _(stage: Stage) -> None:
    """A store from which the end of a run was taken: its journal and its timeline disagree."""
    worker = stage.replay({"fail": "the model went away"}, {"edits": [write("c.txt", "1\n")]})
    assert stage.jm("run", "Do it", "--worker", worker).code == 5
    _edited(stage, "DELETE FROM jm_events WHERE kind = 'run.finished'")
    stage.ended(stage.jm("resume"))
