"""Running checks as real processes in real folders."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from journeyman.domain.checks import Check, CheckResult, CheckStatus, Tier
from journeyman.domain.errors import JourneymanError
from journeyman.domain.process import Command, CommandResult, Network, OnLine
from journeyman.sandbox.processes import ProcessRunner
from journeyman.verify.environment import CheckEnvironment
from journeyman.verify.runner import CheckRunner
from journeyman.verify.slots import Slots

PATH = f"{Path(sys.executable).parent}:{os.defpath}:/usr/bin:/bin"


class Shelf:
    """The result cache, kept in memory."""

    def __init__(self) -> None:
        self.results: dict[str, CheckResult] = {}

    def get(self, key: str) -> CheckResult | None:
        return self.results.get(key)

    def put(self, key: str, result: CheckResult) -> None:
        self.results[key] = result


class Recording(ProcessRunner):
    """Real processes; remembers what was asked."""

    def __init__(self) -> None:
        self.commands: list[Command] = []

    async def run(self, command: Command, on_line: OnLine | None = None) -> CommandResult:
        self.commands.append(command)
        return await super().run(command, on_line)


class Bench:
    """A tree, a runner and the events it tells of."""

    def __init__(self, folder: Path, slots: int = 2) -> None:
        self.folder = folder
        self.tree = folder / "tree"
        self.tree.mkdir()
        self.logs = folder / "logs"
        self.shelf = Shelf()
        self.door = Recording()
        self.runner = CheckRunner(self.door, self.shelf, slots)
        self.events: list[str] = []
        self.env = {"PATH": PATH, "HOME": str(folder / "home")}

    def environment(self) -> CheckEnvironment:
        return CheckEnvironment(self.tree, self.env, (), (), ())

    async def go(self, *checks: Check, tree: str = "t1", logs: Path | None = None):
        return await self.runner.run(
            checks,
            self.environment(),
            tree,
            logs or self.logs,
            lambda check: self.events.append(f"+{check.name}"),
            lambda result: self.events.append(f"-{result.check}"),
        )

    def run(self, *checks: Check, **options) -> tuple[CheckResult, ...]:
        return asyncio.run(self.go(*checks, **options))


async def appears(path: Path) -> None:
    """Until another process has made the file."""
    while not path.exists():  # noqa: ASYNC110 - a file sends no event
        await asyncio.sleep(0.01)


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def test_passing_and_failing(bench):
    good, bad, argv = bench.run(
        Check("good", "echo fine && pwd"),
        Check("bad", "echo 'a.py:3:1: F401 unused' && exit 1"),
        Check("argv", ("sh", "-c", "echo out; echo err >&2; exit 3")),
    )
    assert (good.status, good.exit_code, good.tree) == (CheckStatus.PASSED, 0, "t1")
    assert Path(good.log or "").read_text().splitlines() == ["fine", str(bench.tree)]
    assert (bad.status, bad.parsed, bad.failures[0].key) == (CheckStatus.FAILED, True, "a.py::F401::unused")
    assert (argv.status, argv.exit_code, argv.parsed) == (CheckStatus.FAILED, 3, False)
    assert argv.excerpt == "out\nerr"
    assert len({good.log, bad.log, argv.log}) == 3


def test_confinement_and_environment(bench):
    bench.run(Check("x", 'echo "$TMPDIR" > seen; touch "$TMPDIR/f"', network=Network.LOOPBACK, timeout_s=7))
    (command,) = bench.door.commands
    assert command.confinement is not None
    tree, private = command.confinement.writable
    assert (tree, command.cwd, command.timeout_s) == (bench.tree, bench.tree, 7)
    assert command.confinement.network is Network.LOOPBACK
    assert (bench.tree / "seen").read_text().strip() == str(private)
    assert not private.exists()
    assert command.env["PATH"] == PATH


@pytest.mark.parametrize(
    "run",
    [
        "no-such-program-here --check",
        ("no-such-program-here",),
        f"{sys.executable} -m no_such_module_here",
        "make -f - <<'E'\nall: ; no-such-program-here\nE",
        "touch f && ./f",
    ],
)
def test_a_program_that_is_not_there(bench, run):
    (result,) = bench.run(Check("gone", run))
    assert result.status is CheckStatus.UNAVAILABLE
    assert result.failures[0].key == "(unavailable)"
    assert result.failures[0].message
    assert not bench.shelf.results


def test_time_out_keeps_what_was_said(bench):
    (result,) = bench.run(Check("slow", "echo begun; sleep 60", timeout_s=0.5))
    assert (result.status, result.exit_code) == (CheckStatus.TIMED_OUT, None)
    assert result.failures[0].message == "timed out after 0.5 s"
    assert "begun" in result.excerpt
    assert not bench.shelf.results


def test_a_crash_is_not_parsed(bench):
    (result,) = bench.run(Check("crash", "kill -SEGV $$"))
    assert (result.status, result.parsed) == (CheckStatus.FAILED, False)


def test_results_are_cached_by_tree_and_command(bench, tmp_path):
    check = Check("count", "echo run >> ../count; echo out; exit 1")
    (first,) = bench.run(check)
    (again,) = bench.run(check, logs=tmp_path / "later")
    assert (tmp_path / "count").read_text() == "run\n"
    assert (first.cached, again.cached) == (False, True)
    assert again.failures == first.failures
    assert Path(again.log or "") == tmp_path / "later" / "count.log"
    assert Path(again.log or "").read_text() == "out\n"
    assert bench.events == ["+count", "-count", "-count"]
    Path(first.log or "").unlink()
    (third,) = bench.run(check, logs=tmp_path / "third")
    assert "out" in Path(third.log or "").read_text()
    changes = (
        (check, "t2", bench.env),
        (Check("count", check.run, report="junit:r.xml"), "t1", bench.env),
        (Check("count", check.run, network=Network.ON), "t1", bench.env),
        (Check("count", check.run, timeout_s=3), "t1", bench.env),
        (check, "t1", {**bench.env, "MODE": "other"}),
    )
    for number, (changed, tree, env) in enumerate(changes, start=2):
        bench.env = env
        bench.run(changed, tree=tree)
        assert (tmp_path / "count").read_text() == "run\n" * number


def test_the_same_check_at_the_same_time_is_run_once(bench, tmp_path):
    check = Check("once", "echo run >> ../count; sleep 0.3")

    async def both():
        return await asyncio.gather(bench.go(check), bench.go(check, logs=tmp_path / "other"))

    (first,), (second,) = asyncio.run(both())
    assert (tmp_path / "count").read_text() == "run\n"
    assert sorted([first.cached, second.cached]) == [False, True]
    assert Path(first.log or "").exists()
    assert Path(second.log or "").exists()
    assert sorted(bench.events) == ["+once", "-once", "-once"]


def test_when_the_first_gives_up_the_second_takes_over(bench, tmp_path):
    check = Check("once", "echo run >> ../count; until test -e ../go; do sleep 0.05; done")

    async def first_cancelled():
        first = asyncio.create_task(bench.go(check))
        await appears(tmp_path / "count")
        second = asyncio.create_task(bench.go(check, logs=tmp_path / "other"))
        await asyncio.sleep(0.1)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        (tmp_path / "go").touch()
        return await second

    (result,) = asyncio.run(first_cancelled())
    assert result.status is CheckStatus.PASSED
    assert (tmp_path / "count").read_text() == "run\nrun\n"


def test_cancelling_ends_every_check(bench):
    async def cancelled():
        task = asyncio.create_task(
            bench.go(Check("a", "echo > a; sleep 30; echo > late"), Check("b", "sleep 30"))
        )
        await appears(bench.tree / "a")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return len(asyncio.all_tasks())

    assert asyncio.run(cancelled()) == 1
    assert not bench.shelf.results


def test_cheap_checks_begin_first(tmp_path):
    bench = Bench(tmp_path, slots=1)
    checks = (
        Check("full", "true", Tier.FULL),
        Check("b-long", "sleep 0.3", Tier.AFFECTED),
        Check("z-short", "true", Tier.AFFECTED),
        Check("alone", "true", Tier.AFFECTED, exclusive=True),
        Check("fast", "false", Tier.FAST),
    )
    results = bench.run(*checks)
    assert [result.check for result in results] == [check.name for check in checks]
    assert bench.events[::2] == ["+fast", "+b-long", "+z-short", "+alone", "+full"]
    bench.events.clear()
    bench.run(*checks, tree="t2")
    assert bench.events[::2] == ["+fast", "+z-short", "+b-long", "+alone", "+full"]


def test_a_failed_tier_stops_no_later_one(bench):
    checks = (Check("fast", "false", Tier.FAST), Check("later", "true", Tier.FULL))
    assert [result.check for result in bench.run(*checks)] == ["fast", "later"]


def test_independent_checks_run_side_by_side(bench):
    wait = "echo > {mine}; n=0; until test -e {other}; do n=$((n+1)); test $n -lt 200 || exit 1; sleep 0.05; done"
    results = bench.run(
        Check("a", wait.format(mine="a", other="b")), Check("b", wait.format(mine="b", other="a"))
    )
    assert all(result.passed for result in results)


def test_an_exclusive_check_is_alone(bench):
    others = [Check(f"c{n}", f"echo > busy{n}; sleep 0.2; rm busy{n}") for n in range(3)]
    alone = Check("alone", "ls; ! ls busy* 2>/dev/null; echo > busy; sleep 0.2; rm busy", exclusive=True)
    after = Check("after", "! test -e busy", Tier.FULL)
    assert all(result.passed for result in bench.run(*others, alone, after))


def test_slots_hold_their_number_and_do_not_starve_the_widest():
    async def story():
        slots, running, most, order = Slots(3), 0, 0, []

        async def work(name: str, *, alone: bool = False):
            nonlocal running, most
            async with slots.take(alone=alone):
                running += 1
                most = max(most, running)
                assert not alone or running == 1
                order.append(name)
                await asyncio.sleep(0.01)
                running -= 1

        tasks = [asyncio.create_task(work(f"a{n}")) for n in range(4)]
        tasks.append(asyncio.create_task(work("wide", alone=True)))
        tasks += [asyncio.create_task(work(f"b{n}")) for n in range(4)]
        cancelled = asyncio.create_task(work("never", alone=True))
        await asyncio.sleep(0)
        cancelled.cancel()
        await asyncio.gather(*tasks)
        return most, order

    most, order = asyncio.run(story())
    assert most == 3
    assert order == ["a0", "a1", "a2", "a3", "wide", "b0", "b1", "b2", "b3"]


PASSING = "def test_good():\n    assert True\n"
FAILING = "import pytest\n\n@pytest.mark.parametrize('n', [1, 2])\ndef test_bad(n):\n    assert n == 3\n"


@pytest.mark.parametrize(
    "run", [f"{sys.executable} -m pytest -q tests", (sys.executable, "-m", "pytest", "--no-summary", "tests")]
)
def test_pytest_tells_its_results_without_being_asked(bench, run):
    tests = bench.tree / "tests"
    tests.mkdir()
    (tests / "test_a.py").write_text(PASSING + FAILING)
    bench.env["PYTEST_ADDOPTS"] = "-p no:cacheprovider"
    (result,) = bench.run(Check("tests", run))
    assert (result.status, result.parsed) == (CheckStatus.FAILED, True)
    assert (result.passed_count, result.failed_count) == (1, 2)
    assert bench.door.commands[0].env["PYTEST_ADDOPTS"].startswith("-p no:cacheprovider -rfE --junitxml=")
    assert {failure.line for failure in result.failures} == {7}
    if isinstance(run, str):
        assert result.failures[0].key == "tests/test_a.py::test_bad[1]"
        assert result.failures[0].detail.splitlines() == [
            ">       assert n == 3",
            "E       assert 1 == 3",
            "tests/test_a.py:7",
        ]


def test_pytest_that_passes_is_counted(bench):
    (bench.tree / "test_a.py").write_text(PASSING)
    (result,) = bench.run(Check("tests", f"{sys.executable} -m pytest -q -p no:cacheprovider"))
    assert (result.status, result.passed_count, result.failures) == (CheckStatus.PASSED, 1, ())


def test_pytest_without_tests_is_a_failure(bench):
    (result,) = bench.run(Check("tests", f"{sys.executable} -m pytest -q -p no:cacheprovider"))
    assert (result.status, result.exit_code) == (CheckStatus.FAILED, 5)
    assert [failure.message for failure in result.failures] == ["pytest collected no tests (exit code 5)"]
    assert result.is_blind


def test_a_test_runner_that_gives_up_before_its_first_test_passed_none(bench):
    (bench.tree / "conftest.py").write_text("def pytest_sessionstart():\n    raise KeyError\n")
    (bench.tree / "test_a.py").write_text(PASSING)
    pytest, cargo, other = bench.run(
        Check("pytest", f"{sys.executable} -m pytest -q -p no:cacheprovider"),
        Check("cargo", "cargo() { echo 'error: no matching package'; return 101; }; cargo --offline test"),
        Check("other", "echo no; exit 3"),
    )
    assert (pytest.exit_code, pytest.passed_count, pytest.is_blind) == (3, 0, True)
    assert (cargo.exit_code, cargo.passed_count, cargo.is_blind) == (101, 0, True)
    assert (other.passed_count, other.is_blind) == (None, False)


REPORT = (
    '<testsuite><testcase classname="A" name="x"/><testcase classname="A" name="y">{}</testcase></testsuite>'
)


def test_a_report_of_the_check(bench):
    failing = REPORT.format('<failure message="no"/>')
    (result,) = bench.run(
        Check("java", f"echo '{failing}' > out.xml; exit 1".replace(";", " &&"), report="junit:out.xml")
    )
    assert (result.status, result.parsed) == (CheckStatus.FAILED, True)
    assert [failure.key for failure in result.failures] == ["A::y"]


def test_a_stale_report_is_not_read(bench):
    (bench.tree / "out.xml").write_text(REPORT.format('<failure message="old"/>'))
    (result,) = bench.run(Check("java", "echo broken && exit 1", report="junit:out.xml"))
    assert [failure.key for failure in result.failures if failure.key.startswith("A::")] == []
    assert not result.parsed


def test_failures_in_the_report_count_although_the_command_succeeded(bench):
    failing = REPORT.format('<failure message="no"/>')
    (result,) = bench.run(Check("java", f"echo '{failing}' > out.xml", report="junit:out.xml"))
    assert (result.status, result.exit_code, result.passed_count) == (CheckStatus.FAILED, 0, 1)


@pytest.mark.parametrize(
    "report", ["junit:../out.xml", "junit:/etc/passwd", "tap:out", "junit:", "junit:link/out.xml"]
)
def test_a_report_outside_the_tree_is_refused(bench, report, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "out.xml").write_text("precious")
    (bench.tree / "link").symlink_to(outside)
    with pytest.raises(JourneymanError) as stop:
        bench.run(Check("java", "true", report=report))
    assert stop.value.code == "bad-config"
    assert (outside / "out.xml").read_text() == "precious"


@pytest.mark.parametrize("trick", ["ln -s /etc/hostname out.xml", "mkfifo out.xml", "mkdir out.xml"])
def test_a_report_that_is_no_file_is_not_read(bench, trick):
    (result,) = bench.run(Check("java", f"{trick} && exit 1", report="junit:out.xml"))
    assert (result.status, result.parsed) == (CheckStatus.FAILED, False)


def test_names_that_are_no_file_names(bench):
    results = bench.run(Check("a/b", "echo 1"), Check("a b", "echo 2"), Check("../../up", "echo 3"))
    logs = [Path(result.log or "") for result in results]
    assert [log.read_text() for log in logs] == ["1\n", "2\n", "3\n"]
    assert {log.parent for log in logs} == {bench.logs}


def test_an_error_of_the_machine_is_raised_and_ends_the_rest(bench):
    class Full(Recording):
        async def run(self, command: Command, on_line: OnLine | None = None) -> CommandResult:
            if command.argv[-1] == "write":
                raise JourneymanError("disk-full", "no room")
            return await super().run(command, on_line)

    bench.runner = CheckRunner(Full(), bench.shelf, 2)
    with pytest.raises(JourneymanError) as stop:
        bench.run(Check("a", "sleep 30"), Check("b", "write"))
    assert stop.value.code == "disk-full"
