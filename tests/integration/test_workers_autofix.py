"""Autofix on a real worktree with real commands: what it does in scope, and what it undoes."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from journeyman.domain.checks import Fixer
from journeyman.domain.errors import JourneymanError
from journeyman.domain.scope import LockfilePolicy, Scope
from journeyman.workers.autofix import AutofixWorker
from tests.support.host import RecordingHost, files_of, git, make_worktree, tree_of
from tests.support.requests import implement_request

FILES = {
    "a.txt": "a",
    "sub/b.txt": "b",
    "docs/c.txt": "c",
    ".github/workflows/d.txt": "d",
    "uv.lock": "e",
    ".gitignore": "litter/\n",
}
# Appends to every file, makes new ones, and litters.
WILD = """
import os, pathlib
for folder, folders, names in os.walk("."):
    for name in names:
        if name != ".git":
            with open(os.path.join(folder, name), "a") as file:
                file.write("!")
for name in ("new.txt", "docs/new.txt", ".github/new.txt", "litter/x"):
    pathlib.Path(name).parent.mkdir(exist_ok=True)
    pathlib.Path(name).write_text("new")
"""


def python(code: str, name: str = "wild", paths: tuple[str, ...] = ()) -> Fixer:
    return Fixer(name, (sys.executable, "-c", code), paths)


def host_for(folder: Path, files: dict[str, str] = FILES) -> RecordingHost:
    return RecordingHost(make_worktree(folder, files), folder / "scratch")


def run(host: RecordingHost, *fixers: Fixer, scope: Scope | None = None) -> str:
    request = implement_request(scope=scope or Scope())
    return asyncio.run(AutofixWorker(fixers).implement(request, host)).summary


@pytest.mark.parametrize(
    ("scope", "changed"),
    [
        (Scope(), {"a.txt", "sub/b.txt", "docs/c.txt", "new.txt", "docs/new.txt"}),
        (Scope(allow=("/sub/",)), {"sub/b.txt"}),
        (Scope(deny=("docs/", "new.txt")), {"a.txt", "sub/b.txt"}),
        (Scope(protected=("a.txt",), allow=("*.txt",), deny=("docs/",)), {"sub/b.txt", "new.txt"}),
        (
            Scope(lockfiles=LockfilePolicy.ALLOW),
            {"a.txt", "sub/b.txt", "docs/c.txt", "new.txt", "docs/new.txt", "uv.lock"},
        ),
    ],
)
def test_only_files_in_scope_stay_changed(scope: Scope, changed: set[str], tmp_path: Path):
    host = host_for(tmp_path)
    run(host, python(WILD), scope=scope)
    after = files_of(host.worktree)
    assert {path for path in after if after[path] != FILES.get(path)} == changed
    assert set(FILES) <= set(after)
    assert any("outside the scope, put back as before" in text for text in host.record.activities)


def test_deleted_replaced_and_remoded_files_out_of_scope_come_back(tmp_path: Path):
    host = host_for(tmp_path)
    (host.worktree / "docs/link").symlink_to("a.txt")
    (host.worktree / "docs/run.sh").write_text("run")
    (host.worktree / "docs/run.sh").chmod(0o755)
    before = tree_of(host.worktree)
    code = """
import os, shutil
os.unlink("docs/link"); os.mkdir("docs/link")
os.chmod("docs/run.sh", 0o644)
shutil.rmtree(".github"); open(".github", "w").close()
os.replace("a.txt", "uv.lock")
"""
    run(host, python(code), scope=Scope(deny=("docs/", "a.txt")))
    assert tree_of(host.worktree) == before


def test_a_folder_replaced_by_a_link_is_not_followed_out(tmp_path: Path):
    host = host_for(tmp_path)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "c.txt").write_text("precious")
    before = tree_of(host.worktree)
    code = f"import os, shutil; shutil.rmtree('docs'); os.symlink({str(outside)!r}, 'docs')"
    run(host, python(code), scope=Scope(deny=("docs/",)))
    assert tree_of(host.worktree) == before
    assert (outside / "c.txt").read_text() == "precious"


def test_a_submodule_out_of_scope_is_left_alone(tmp_path: Path):
    host = host_for(tmp_path)
    commit = git(host.worktree, "rev-parse", "HEAD")
    git(host.worktree, "update-index", "--add", "--cacheinfo", f"160000,{commit},module")
    (host.worktree / "module").mkdir()
    (host.worktree / "module/kept.txt").write_text("x")
    run(host, python("open('a.txt', 'w').write('A')"), scope=Scope(allow=("a.txt",)))
    assert (host.worktree / "module/kept.txt").read_text() == "x"


def test_names_that_are_not_utf8(tmp_path: Path):
    host = host_for(tmp_path)
    name = os.fsdecode(b"caf\xe9.lock.txt")
    (host.worktree / name).write_text("x")
    run(host, python(WILD), scope=Scope(deny=("caf*",)))
    assert (host.worktree / name).read_text() == "x"
    assert any("caf\\xe9" in text for text in host.record.activities)


def test_problems_that_remain_are_normal(tmp_path: Path):
    host = host_for(tmp_path)
    fixers = (python("open('a.txt', 'w').write('A'); raise SystemExit(1)", "half"), Fixer("sh", "exit 0"))
    assert run(host, *fixers) == "ran half, sh"
    assert files_of(host.worktree)["a.txt"] == "A"
    assert "half: problems remain that it cannot mend" in host.record.activities


def test_one_crash_is_told_and_the_others_go_on(tmp_path: Path):
    host = host_for(tmp_path)
    fixers = (Fixer("gone", ("no-such-program-here",)), Fixer("bad", "echo broken >&2; exit 2"), python(WILD))
    assert run(host, *fixers) == "ran wild; crashed: gone, bad"
    assert "bad: crashed with exit code 2: broken" in host.record.activities


def test_when_every_fixer_crashes_the_worker_fails(tmp_path: Path):
    host = host_for(tmp_path)
    fixers = (Fixer("gone", "no-such-program-here"), Fixer("bad", "exit 2"), Fixer("idle", "true", ("*.rs",)))
    with pytest.raises(JourneymanError) as caught:
        run(host, *fixers)
    assert caught.value.code == "worker-failed"
    assert len(caught.value.facts) == 2
    assert "gone: could not be started" in caught.value.facts[0]


def test_a_fixer_without_a_file_in_scope_is_not_run(tmp_path: Path):
    host = host_for(tmp_path)
    fixer = python(WILD, paths=("docs/*.txt",))
    assert run(host, fixer, scope=Scope(deny=("docs/",))) == "no fixer had a file to work on"
    assert files_of(host.worktree) == FILES


def test_no_fixer_at_all(tmp_path: Path):
    with pytest.raises(JourneymanError, match="no fixer was found"):
        run(host_for(tmp_path))


def test_a_directory_that_git_cannot_list_is_told(tmp_path: Path):
    (tmp_path / "plain").mkdir()
    host = RecordingHost(tmp_path / "plain", tmp_path / "scratch")
    host.edit = host.step  # type: ignore[method-assign]  # no tree to record without git
    with pytest.raises(JourneymanError, match="could not be listed: git ended with exit code 128"):
        run(host, python(WILD))


def test_files_that_git_tracks_but_are_gone_stay_gone(tmp_path: Path):
    host = host_for(tmp_path)
    (host.worktree / "docs/c.txt").unlink()
    run(host, python("open('docs/c.txt', 'w').write('back')"), scope=Scope(deny=("docs/",)))
    assert not (host.worktree / "docs/c.txt").exists()
    assert git(host.worktree, "status", "--porcelain") == "D docs/c.txt"


def test_health_names_what_is_missing(tmp_path: Path):
    fixers = (Fixer("sh", "sh -c true"), Fixer("gone", "no-such-program-here --fix ."))
    health = asyncio.run(AutofixWorker(fixers).health(host_for(tmp_path)))
    assert health.ok
    assert health.message == "fixers: sh; not found: no-such-program-here"
    assert health.hint == "install no-such-program-here"
