"""Packs of real repositories: what a pack may never do, and an index in bad company."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journeyman.bootstrap import pack_context
from journeyman.bootstrap.context import checkout_indexer
from journeyman.config import Surroundings
from journeyman.context.explain import listed_files
from journeyman.context.index.database import Database
from journeyman.context.index.indexer import Indexer
from journeyman.context.pack.tokens import estimate_tokens
from journeyman.context.packer import Ranked, RunContext
from journeyman.context.rank.fuse import rank
from journeyman.context.rank.likely import likely_files
from journeyman.domain.context import Pack, PackRequest
from journeyman.domain.errors import JourneymanError
from journeyman.domain.scope import Scope
from journeyman.sandbox.processes import ProcessRunner
from journeyman.workspace import open_repository
from tests.support.project import Project

WORDS = ("date", "parse", "render", "cache", "index", "user", "total", "round", "page", "token")
FORBIDDEN = (".env", "keys/server.pem", "out/built.py", "private/plan.py", "id_rsa")
TASK = "`parse_date` rounds the total wrong on the second page\n\nSee src/date_cache.py."


def source(names: list[str], lines: int) -> str:
    body = "\n".join(f"    total_{n} = round(page + {n})  # {names[n % len(names)]}" for n in range(lines))
    return "\n\n".join(f"def {name}_{i}(page):\n{body}\n    return total_0" for i, name in enumerate(names))


FILES = st.dictionaries(
    st.builds("src/{}_{}.py".format, st.sampled_from(WORDS), st.sampled_from(WORDS)),
    st.builds(source, st.lists(st.sampled_from(WORDS), min_size=1, max_size=6), st.integers(1, 60)),
    min_size=1,
    max_size=8,
)


def surroundings(cache: Path) -> Surroundings:
    environ = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1"}
    return Surroundings(environ, Path("/nonexistent"), cache, Path("/nonexistent/config.toml"))


def ask(root: Path, cache: Path, task: str = TASK, budget: int | None = 8000) -> tuple[Ranked, Pack]:
    return asyncio.run(pack_context(root, surroundings(cache), task, budget))


def git(root: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.invalid")
    subprocess.run(("git", *identity, *arguments), cwd=root, check=True, capture_output=True)


@pytest.fixture
def numbers() -> Iterator[int]:
    return iter(range(1000))


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(files=FILES, budget=st.integers(1, 9000), fresh=st.booleans())
def test_what_no_pack_does(
    tmp_path: Path, numbers: Iterator[int], files: dict[str, str], budget: int, fresh: bool
) -> None:
    root = tmp_path / f"repo{next(numbers)}"
    everything = {
        **files,
        **{name: f"parse_date = 'total page {name}'\n" for name in FORBIDDEN},
        ".gitignore": "out/\n",
        "journeyman.toml": '[scope]\ndeny = ["private/**"]\n',
    }
    for name, text in everything.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    git(root, "init", "-q")
    git(root, "add", "--all")
    if fresh:
        git(root, "commit", "-qm", "Round dates")
    else:
        git(root, "commit", "-q", "--allow-empty", "-m", "Nothing", "--", "journeyman.toml")
    ranked, pack = ask(root, tmp_path / "cache", budget=budget)
    assert len(pack.text) / 4 <= budget * 1.05
    assert estimate_tokens(pack.text) <= max(budget, 1) * 1.05 + 1
    assert not {file.path for file in listed_files(ranked, pack)} & set(FORBIDDEN)
    assert "parse_date = 'total page" not in pack.text
    for path, ranges in zip(pack.files, pack.ranges, strict=True):
        count = len((root / path).read_text().splitlines())
        flat = [line for pair in ranges for line in pair]
        assert flat == sorted(flat)
        assert all(1 <= line <= count for line in flat)
    again, anew = (ask(root, tmp_path / name, budget=budget) for name in ("cache", "other"))
    assert again[1] == pack == anew[1]
    assert listed_files(*again) == listed_files(ranked, pack) == listed_files(*anew)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    names = [f"{first}_{second}" for first in WORDS for second in WORDS]
    files = {f"src/{name}.py": source([name, *WORDS[:3]], 12) for name in names}
    return Project(
        tmp_path / "repo", {**files, "src/parse_date.py": "def parse_date(page):\n    return page\n"}
    )


def shown(answer: dict[str, Any]) -> Any:
    return answer["files"], answer["text"]


def test_processes_at_once_and_killed_ones(project: Project, empty_home: Path) -> None:
    command = ("context", TASK, "--json", "--budget", "4000")
    killed = project.start(*command)
    deadline = time.monotonic() + 60
    index = empty_home / ".cache" / "journeyman" / "index"
    while not list(index.glob("*.sqlite")) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    together = [project.start(*command) for _ in range(5)]
    answers = [process.communicate(timeout=120) for process in together]
    assert [process.returncode for process in together] == [0] * 5, answers
    alone = project.jm(*command, env={"XDG_CACHE_HOME": str(empty_home / "fresh")}).json
    import json

    assert all(shown(json.loads(out)) == shown(alone) for out, _ in answers)
    assert alone["files"][0]["path"] == "src/parse_date.py"


def test_an_index_that_is_damaged_or_cannot_be_kept(project: Project, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    _, first = ask(project.root, cache)
    (database,) = (cache / "index").glob("*.sqlite")
    database.write_bytes(b"no database at all" * 1000)
    ranked, again = ask(project.root, cache)
    assert again == first
    assert ranked.index.notes == ()
    blocked = tmp_path / "file"
    blocked.write_text("")
    ranked, passing = ask(project.root, blocked)
    assert passing == first
    assert "cannot be written" in ranked.index.notes[0]


def test_an_index_whose_pages_a_power_cut_spoiled(project: Project, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    _, first = ask(project.root, cache)
    (database,) = (cache / "index").glob("*.sqlite")
    whole = database.read_bytes()
    for begin in (2, 3):  # its last half, its last third
        kept = len(whole) * (begin - 1) // begin // 4096 * 4096
        database.write_bytes(whole[:kept] + b"\xff" * (len(whole) - kept))
        ranked, again = ask(project.root, cache)
        assert again == first
        assert ranked.index.notes == ()


def test_an_index_to_read_only_that_somebody_else_writes_meanwhile_is_read_again(
    project: Project, tmp_path: Path
) -> None:
    where, runner = surroundings(tmp_path / "cache"), ProcessRunner()
    ask(project.root, where.cache_root)
    (path,) = (where.cache_root / "index").glob("*.sqlite")
    notes: list[tuple[str, ...]] = []

    async def look() -> str:
        repository = await open_repository(project.root, runner, where.environ)
        indexer = checkout_indexer(repository, runner, where, Scope())
        indexer._database = Database(path, read_only="for the test")

        async def read() -> str:
            index = await indexer.index()
            notes.append(index.notes)
            if len(notes) == 1:
                other = Database(path)
                other.add_head("0" * 40, b"")
                other.close()
            return rank(index, TASK).files[0].path

        try:
            return await indexer.reading(read)
        finally:
            indexer.close()

    assert asyncio.run(look()) == "src/parse_date.py"
    assert notes == [(), ("for the test",)], "the second time in an index of its own"
    assert path.exists()


def test_a_run_ranks_once_for_its_decision_and_its_first_pack(project: Project, tmp_path: Path) -> None:
    runner, where, made = ProcessRunner(), surroundings(tmp_path / "cache"), list[str]()

    async def answers() -> list[Pack]:
        repository = await open_repository(project.root, runner, where.environ)

        def indexer(tree: str) -> Indexer:
            made.append(tree)
            return checkout_indexer(repository, runner, where, Scope())

        context = RunContext(indexer("warming"), indexer)
        likely = await context.likely(TASK, "a tree")
        assert "src/parse_date.py" in [file.path for file in likely.files]
        assert likely.mentioned_in == 2
        return [await context.pack(PackRequest(TASK), tree) for tree in ("a tree", "a tree", "another")]

    first, *others = asyncio.run(answers())
    assert made == ["warming", "a tree", "a tree", "another"]
    assert all(other.text == first.text for other in others)
    assert "def parse_date(page)" in first.text


@pytest.mark.parametrize(
    ("task", "first"),
    [
        ("Fix the typo in docs/guide.md: recieve", "docs/guide.md"),
        ("Pin parse in uv.lock", "uv.lock"),
        ("parse_date is wrong", "src/parse_date.py"),
        ("The guide to the moon: how to recieve it, in the docs", "docs/guide.md"),
    ],
)
def test_a_task_is_about_the_documents_and_locks_that_it_names(
    project: Project, tmp_path: Path, task: str, first: str
) -> None:
    project.write({"docs/guide.md": "# A guide to the moon\n\nWe recieve it.\n", "uv.lock": "[[package]]\n"})
    ranked, _ = ask(project.root, tmp_path / "cache", task)
    about = likely_files(ranked.index, ranked.ranking).files
    assert first in [file.path for file in about]
    assert ("docs/guide.md" in [file.path for file in about]) is (first == "docs/guide.md")


def test_strange_files(project: Project, tmp_path: Path) -> None:
    (project.root / "long.js").write_text("x" * 20_000_000)
    (project.root / "loop").symlink_to("loop")
    (project.root / "up").symlink_to("..")
    (project.root / "latin.py").write_bytes(b"# caf\xe9\ndef parse_date_latin(): ...\n")
    (project.root / os.fsdecode(b"n\xe9.py")).write_text("def parse_date_bytes(): ...\n")
    (project.root / "blob.bin").write_bytes(b"\0\1\2" * 1000)
    os.mkfifo(project.root / "pipe")
    for _ in range(2):
        ranked, pack = ask(project.root, tmp_path / "cache", "parse_date_latin and parse_date_bytes")
        first = [file.path for file in listed_files(ranked, pack)[:2]]
        assert sorted(map(os.fsencode, first)) == [b"latin.py", b"n\xe9.py"]
        told = dict(ranked.index.tree.left_out) | {f.path: f.skipped for f in ranked.index.files if f.skipped}
        assert told["long.js"] == "huge"
        assert told["blob.bin"] == "binary"
        assert not {"loop", "up", "pipe"} & {file.path for file in ranked.index.files}
        project.git("add", "--all", "--", ".", ":!pipe")


def test_only_what_changed_is_parsed_and_dirty_files_count(project: Project, tmp_path: Path) -> None:
    ask(project.root, tmp_path / "cache")
    (project.root / "src" / "page_page.py").write_text("def frobnicate_total():\n    return 1\n")
    (project.root / "src" / "user_user.py").unlink()
    ranked, pack = ask(project.root, tmp_path / "cache", "frobnicate_total is slow", budget=None)
    first = listed_files(ranked, pack)[0]
    assert first.path == "src/page_page.py"
    assert first.ranges == ((1, 2),)
    assert "src/user_user.py" not in ranked.index.numbers
    assert pack.tokens < 400, "a named definition needs no fill"


def test_the_command_line(project: Project) -> None:
    told = project.jm("context", "parse_date is wrong")
    assert told.code == 0
    assert "src/parse_date.py  lines 1-2" in told.out
    why = project.jm("context", "parse_date is wrong", "--explain", "src/parse_date.py")
    assert "place 1" in why.out
    page = project.jm("context", "<b>parse_date</b>", "--html")
    assert page.out.startswith("<!doctype html>")
    assert "<b>parse_date" not in page.out
    (project.root.parent / "task.md").write_text("---\ntitle: parse_date is wrong\n---\nParsing fails.\n")
    for task in (("../task.md",), ("--query-file", "../task.md")):
        assert "defines `parse_date` named in the task" in project.jm("context", *task).out
    assert project.jm("context", "../nowhere.md").code == 2
    for named in ("./src/parse_date.py", str(project.root / "src" / "parse_date.py")):
        assert project.jm("context", "parse_date", "--explain", named).out.startswith(
            "src/parse_date.py: place 1"
        )
    folder = project.jm("context", "parse_date", "--explain", "src")
    assert (folder.code, "a folder has no place" in folder.err) == (2, True)
    listed = project.jm("context", "--query-file", str(project.root / "src" / "parse_date.py"), "--json").json
    assert len(listed["files"]) >= 50
    for arguments, code in (((), 2), (("",), 2), (("x", "--explain", "nowhere.py"), 2)):
        bad = project.jm("context", *arguments)
        assert bad.code == code, bad
        assert "Traceback" not in bad.err


def test_no_repository(tmp_path: Path) -> None:
    with pytest.raises(JourneymanError):
        ask(tmp_path, tmp_path / "cache")


def test_what_changes_along_is_shown_by_a_few_lines(tmp_path: Path) -> None:
    root = tmp_path / "repository"
    (root / "app").mkdir(parents=True)
    (root / "tests").mkdir()
    (root / "app" / "parse.py").write_text(source(["parse", "date"], 40))
    (root / "app" / "render.py").write_text(source(["render", "cache"], 200))
    (root / "app" / "__init__.py").write_text("from .render import render_0\nfrom .parse import parse_0\n")
    test = "import pytest\n\nfrom app import parse_0\n\n\n" + source(["test_page", "test_total"], 60)
    (root / "tests" / "test_parse.py").write_text(test)
    changelog = "Changes\n=======\n\nUnreleased\n" + "- one more\n" * 30
    (root / "CHANGES.rst").write_text(changelog)
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "all")
    _, used = ask(root, tmp_path / "cache", "`parse_0` is wrong", budget=None)
    shown = dict(zip(used.files, used.ranges, strict=True))
    assert shown["CHANGES.rst"] == ((1, 10),)
    assert shown["app/__init__.py"] == ((1, 2),)
    assert shown["tests/test_parse.py"][0][0] == 1
    for number in range(8):  # nobody writes in it any more
        (root / "app" / "render.py").write_text(f"render_{number} = 1\n")
        git(root, "commit", "-qm", "render", "app/render.py")
    _, unused = ask(root, tmp_path / "cache", "`parse_0` is wrong", budget=None)
    assert "CHANGES.rst" not in unused.files


def test_a_named_identifier_is_shown_wherever_it_stands_if_these_are_few_places(tmp_path: Path) -> None:
    filler = "\n".join(f"word_{n} = compute({n})" for n in range(200))
    files = {
        f"src/{name}.py": f"{filler}\n\n\nvalue = _as_text({number})\n{filler}\n"
        for number, name in enumerate(("alpha", "beta", "gamma"))
    }
    files |= {f"src/other_{n}.py": f"{filler}\nout = write_line({n})\n" for n in range(30)}
    project = Project(
        tmp_path / "project", {"src/text.py": f"def _as_text(n):\n    return n\n{filler}\n", **files}
    )
    shown = ask(project.root, tmp_path / "cache", "Rename _as_text to _to_text everywhere", None)[1].text
    assert all(f"value = _as_text({number})" in shown for number in range(3))
    common = ask(project.root, tmp_path / "cache", "Call write_line once more in text", None)[1].text
    assert common.count("out = write_line(") < 30


def test_what_a_plan_names_is_shown_and_a_planner_is_told_what_others_define(tmp_path: Path) -> None:
    root, runner, where = tmp_path / "repository", ProcessRunner(), surroundings(tmp_path / "cache")
    root.mkdir()
    git(root, "init", "-q")
    (root / "parse.py").write_text(source(["parse", "date"], 40))
    (root / "other.py").write_text(source(["user"], 30))
    (root / "__init__.py").write_text("from other import user_0\n")
    (root / "big.py").write_text(source(["render", "cache"], 400))
    (root / "big.pyi").write_text("def render_0(page: int) -> int: ...\n")
    (root / "CHANGES.md").write_text("# Changes\n\n## 2.0\n\n" + "- more\n" * 50)
    (root / "docs").mkdir()
    (root / "docs" / "pages.rst").write_text("How pages come\n==============\n\nWords.\n")
    git(root, "add", ".")
    git(root, "commit", "-qm", "all")

    async def packs(*asked: PackRequest) -> list[Pack]:
        repository = await open_repository(root, runner, where.environ)
        context = RunContext(
            checkout_indexer(repository, runner, where, Scope()),
            lambda _: checkout_indexer(repository, runner, where, Scope()),
        )
        return [await context.pack(one, "a tree") for one in asked]

    task = "`parse_0` is wrong"
    plain, planned, looked, brief = asyncio.run(
        packs(
            PackRequest(task),
            PackRequest(task, files=("other.py", "big.py")),
            PackRequest(task, files=("big.py",), look_for=("total_399 =", "cache_1()", "(", "nowhere")),
            PackRequest(task, brief=True),
        )
    )
    assert "other.py" not in plain.files
    assert "other.py (whole" in planned.text
    assert "big.py" in planned.files, "too long to be whole: its likeliest lines"
    assert "big.pyi (whole" in planned.text
    assert "## 2.0" in planned.text
    assert max(pack.tokens for pack in (planned, looked)) <= 8000
    assert looked.text.count("total_399 =") == 2, "in both functions"
    assert "def cache_1(page):" in looked.text
    assert "\nother.py: user_0" in brief.text
    assert "\ndocs/pages.rst: How pages come" in brief.text
    assert "\n__init__.py: imports other, other.user_0" in brief.text
    assert brief.tokens <= 8000 // 3
