"""Repositories as they come: without commits, bare, half-way through a rebase, with names of every kind."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.project import FILES, Answer, Project, write
from tests.support.trouble import at, gamma, run, told, untouched, verified


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


# Places where no run can start.


def plain_folder(project: Project) -> Path:
    (project.root.parent / "plain").mkdir()
    return project.root.parent / "plain"


def bare(project: Project) -> Path:
    project.git("clone", "--quiet", "--bare", str(project.root), str(project.root.parent / "bare.git"))
    return project.root.parent / "bare.git"


def unborn(project: Project) -> Path:
    project.git("init", "--quiet", str(project.root.parent / "unborn"))
    return project.root.parent / "unborn"


def orphan_branch(project: Project) -> Path:
    project.git("switch", "--quiet", "--orphan", "fresh")
    return project.root


def within_git(project: Project) -> Path:
    return project.root / ".git"


def broken_config(project: Project) -> Path:
    (project.root / ".git" / "config").write_text("[core\n")
    return project.root


def broken_head(project: Project) -> Path:
    (project.root / ".git" / "HEAD").write_text("nonsense\n")
    return project.root


def lost_objects(project: Project) -> Path:
    for path in (project.root / ".git" / "objects").rglob("??*/*"):
        path.unlink()
    return project.root


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (plain_folder, "is not in a git repository\nhint: git init"),
        (bare, "is a bare repository: it has no files to work on\nhint: run jm in a clone or a worktree"),
        (unborn, 'has no commit to start from\nhint: git commit --allow-empty -m "start"'),
        (orphan_branch, "has no commit to start from"),
        (within_git, "is not inside the repository's work tree"),
        (broken_config, "bad config"),
        (broken_head, "is not in a git repository"),
        (lost_objects, "error: "),
    ],
)
def test_places_where_no_run_can_start(project: Project, place: Callable[[Project], Path], text: str) -> None:
    worker = gamma(project)
    there = at(place(project))
    for command in (("run", "x", "--worker", worker), ("doctor",)):
        told(there.jm(*command), 2, text)
    told(there.jm("status"), 2, "nothing was run in this repository yet")
    assert not (there.root / ".journeyman").exists()


def test_a_first_commit_is_all_that_it_takes(project: Project) -> None:
    there = at(unborn(project))
    there.write(FILES)
    told(run(there), 2, "has no commit to start from")
    there.git("add", "--all")
    there.git("-c", "user.name=A", "-c", "user.email=a@example.invalid", "commit", "--quiet", "-m", "start")
    verified(there, run(there))


def test_a_folder_that_was_deleted_under_our_feet(project: Project) -> None:
    script = f"mkdir gone && cd gone && rmdir ../gone && exec {sys.executable} -m journeyman "
    for command in ("status", "run x", "--version"):
        done = subprocess.run(
            ("sh", "-c", script + command), cwd=project.root, capture_output=True, check=False
        )
        answer = Answer(done.returncode, done.stdout.decode(), done.stderr.decode())
        if command == "--version":
            told(answer, 0, "jm ")
        else:
            told(answer, 2, "the current folder was deleted")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a repository away")
def test_somebody_elses_repository(project: Project) -> None:
    """Git refuses to read its configuration, and so do we."""
    for path in (project.root, *project.root.rglob("*")):
        os.lchown(path, 12345, 12345)
    told(
        project.jm("run", "x", "--worker", gamma(project)),
        2,
        "the repository belongs to another user (dubious ownership)",
        f"hint: git config --global --add safe.directory {project.root}",
    )
    told(project.jm("status"), 2, "nothing was run in this repository yet")
    subprocess.run(("git", "config", "--global", "--add", "safe.directory", str(project.root)), check=True)
    verified(project, run(project))


# Checkouts in which a run works as in any other.


def two_sides(project: Project) -> None:
    project.git("switch", "--quiet", "--create", "other")
    project.write({"a.txt": "theirs\n"})
    project.commit("theirs")
    project.git("switch", "--quiet", "main")
    project.write({"a.txt": "ours\n"})
    project.commit("ours")


def stuck(project: Project, *command: str) -> Project:
    two_sides(project)
    done = subprocess.run(("git", *command), cwd=project.root, capture_output=True, check=False)
    assert done.returncode != 0, "a conflict is what this is about"
    return project


def detached(project: Project) -> Project:
    project.git("checkout", "--quiet", "--detach")
    return project


def shallow(project: Project) -> Project:
    for number in range(3):
        project.write({"a.txt": f"{number}\n"})
        project.commit(f"number {number}")
    project.git(
        "clone", "--quiet", "--depth=1", f"file://{project.root}", str(project.root.parent / "shallow")
    )
    return at(project.root.parent / "shallow")


def linked_worktree(project: Project) -> Project:
    project.git("worktree", "add", "--quiet", str(project.root.parent / "linked tree"), "-b", "side")
    return at(project.root.parent / "linked tree")


def index_locked(project: Project) -> Project:
    (project.root / ".git" / "index.lock").write_text("")
    return project


def with_submodule(project: Project) -> Project:
    library = Project(project.root.parent / "library")
    allow = ("-c", "protocol.file.allow=always")
    project.git(*allow, "submodule", "--quiet", "add", str(library.root), "library")
    project.commit("a library")
    return project


def within_submodule(project: Project) -> Project:
    return at(with_submodule(project).root / "library")


def sparse(project: Project) -> Project:
    project.write({"big/file.txt": "much\n"})
    project.commit("much")
    project.git("sparse-checkout", "set", "--no-cone", "/*", "!/big/")
    return project


def unmergeable_names(project: Project) -> Project:
    project.git("tag", "HEAD")
    project.git("branch", "refs/heads/main")
    return project


CHECKOUTS: list[Callable[[Project], Project]] = [
    lambda project: stuck(project, "merge", "other"),
    lambda project: stuck(project, "rebase", "other"),
    lambda project: stuck(project, "cherry-pick", "other"),
    detached,
    shallow,
    linked_worktree,
    index_locked,
    with_submodule,
    within_submodule,
    sparse,
    unmergeable_names,
]


@pytest.mark.parametrize("make", CHECKOUTS)
def test_unusual_checkouts(project: Project, make: Callable[[Project], Project]) -> None:
    there = make(project)
    with untouched(there):
        verified(there, run(there))


def test_a_sparse_clone_is_told_how_to_fetch_the_rest(project: Project) -> None:
    project.write({"sub/d.txt": "delta\n"})
    project.commit("a folder")
    project.git("config", "uploadpack.allowFilter", "true")
    clone = project.root.parent / "sparse"
    source = f"file://{project.root}"
    project.git("clone", "--quiet", "--filter=blob:none", "--sparse", source, str(clone))
    sparse = at(clone)
    stopped = run(sparse)
    told(stopped, 2, "files of this commit are not here, as in a partial clone")
    fetch = shlex.split(stopped.json["next_actions"][0])
    subprocess.run(fetch, cwd=clone, capture_output=True, check=True)
    assert sparse.jm("resume").code == 0


def test_from_a_folder_below(project: Project) -> None:
    below = project.root / "deep" / "er"
    below.mkdir(parents=True)
    with untouched(project):
        verified(project, run(project, cwd=below))
    told(project.jm("status", cwd=below), 0, "verified")
    assert not list(below.iterdir())


def test_a_linked_worktree_shares_its_runs_with_the_main_one(project: Project) -> None:
    linked = linked_worktree(project)
    result = verified(linked, run(linked))
    for place in (project, linked):
        told(place.jm("report"), 0, result["commit"][:12])
    assert not (linked.root / ".journeyman").exists()


def test_what_a_worker_puts_into_a_submodule_is_refused_and_kept(project: Project) -> None:
    with_submodule(project)
    worker = project.session([{"edits": [write("library/new.txt", "precious\n")]}])
    with untouched(project):
        answer = run(project, worker=worker)
    told(answer, 3, "library is a submodule")
    assert project.git("show", f"{answer.json['last_snapshot']}:library/new.txt") == "precious"
    verified(project, run(project))


# Names.

NASTY = "a b'c\"d\ne\t%41?#&;$HOME`x`*[x]\\ü–\u202e"


@pytest.mark.parametrize("name", [NASTY, "-rf", os.fsdecode(b"latin-\xe9")])
def test_a_repository_of_any_name(tmp_path: Path, name: str) -> None:
    project = Project(tmp_path / name / "project")
    with untouched(project):
        result = verified(project, run(project))
    told(project.jm("verify", result["branch"]), 0, "proven again")
    killed = project.jm("run", "Again", "--worker", gamma(project), crash_after=20)
    assert killed.code < 0
    verified(project, project.jm("resume", "--output-format", "json"))
    told(project.jm("report", "--json"), 0)


def test_files_of_any_name(project: Project) -> None:
    names = [
        b"sp ace",
        b"new\nline",
        b"quo\"te'",
        b"-rf",
        b"tab\t",
        b"caf\xe9",
        b"\xff\xfe",
        b"\x1b[31mred",
        b":(top)x",
    ]
    for name in names:
        Path(os.fsdecode(os.fsencode(project.root) + b"/" + name)).write_bytes(b"x\n")
    project.commit("names")
    command = 'for f in *; do case $f in *.t*) ;; *) echo more >> "./$f";; esac; done; echo gamma > c.txt'
    worker = project.session([{"run": [command]}])
    with untouched(project):
        answer = run(project, worker=worker)
    result = verified(project, answer)
    changed = {os.fsencode(name) for name in result["files_changed"]}
    assert changed == {*names, b"c.txt"}
    for name in names:
        assert project.git("cat-file", "blob", f"{result['commit']}:{os.fsdecode(name)}") == "x\nmore"
    stream = project.jm("run", "Again", "--worker", worker, "--output-format", "stream-json")
    told(stream, 0)
    assert all(json.loads(line) for line in stream.out.splitlines())
    for command_line in (("report",), ("report", "--md"), ("follow",)):
        text = project.jm(*command_line)
        told(text, 0, r"new\nline", r"\x1b[31mred", "caf")
        assert "\x1b" not in text.out, "a file's name gives the terminal no orders"
    patch = subprocess.run(
        (sys.executable, "-m", "journeyman", "report", "--diff"),
        cwd=project.root,
        capture_output=True,
        check=True,
    )
    subprocess.run(("git", "apply", "--check", "-"), cwd=project.root, input=patch.stdout, check=True)


# Many.


def test_fifty_thousand_files(tmp_path: Path) -> None:
    """One trivial task in a large repository, within a minute."""
    root = tmp_path / "many"
    root.mkdir()
    check = "[[checks]]\nname = 'there'\nrun = 'test -f d00/f000.txt'\n"
    feed = [b"commit refs/heads/main\ncommitter A <a@example.invalid> 1700000000 +0000\ndata 5\nstart\n"]
    feed.append(b"M 100644 inline journeyman.toml\ndata %d\n%s\n" % (len(check), check.encode()))
    feed += [
        b"M 100644 inline d%02d/f%03d.txt\ndata 6\n%05d\n\n" % (number // 500, number % 500, number)
        for number in range(50_000)
    ]
    project = at(root)
    project.git("init", "--quiet", "--initial-branch=main")
    subprocess.run(("git", "fast-import", "--quiet"), input=b"".join(feed), cwd=root, check=True)
    project.git("reset", "--quiet", "--hard")
    worker = project.session([{"edits": [write("c.txt", "gamma\n")]}])
    status = project.git("status", "--porcelain")
    begun = time.monotonic()
    result = verified(project, run(project, worker=worker))
    assert time.monotonic() - begun < 60
    assert result["files_changed"] == ["c.txt"]
    assert project.git("status", "--porcelain") == status == ""


def test_runs_that_begin_at_the_same_moment(project: Project) -> None:
    """In a repository where nothing was ever run: all of them make the store, and none is in another's way."""
    workers = [project.session([{"edits": [write("c.txt", f"{number}\n")]}]) for number in range(4)]
    with untouched(project):
        started = [
            project.start("run", "Add gamma", "--worker", worker, "--output-format", "json")
            for worker in workers
        ]
        done = [(process, *process.communicate(timeout=120)) for process in started]
    results = []
    for process, out, err in done:
        assert process.returncode == 0, err.decode()
        assert b"Traceback" not in err
        results.append(json.loads(out))
    assert len({result["run_id"] for result in results}) == 4
    content = sorted(project.git("show", f"{result['commit']}:c.txt") for result in results)
    assert content == ["0", "1", "2", "3"]
    assert [line["state"] for line in project.jm("status", "--json").json] == ["verified"] * 4
