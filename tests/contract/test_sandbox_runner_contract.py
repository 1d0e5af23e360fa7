"""What every runner owes, shown by the bare one and by the one in bubblewrap with the same cases."""

from __future__ import annotations

import asyncio
import os
import signal
import uuid
from pathlib import Path

import pytest

from journeyman.domain.errors import JourneymanError
from journeyman.domain.process import Command, CommandRunner
from journeyman.sandbox import BackgroundRunner
from journeyman.sandbox.processes import ProcessRunner
from tests.support.sandbox import Bench, alive, sandbox_runner, wait_until


@pytest.fixture(params=["bare", pytest.param("bubblewrap", marks=pytest.mark.bubblewrap)])
def bench(request, tmp_path: Path) -> Bench:
    if request.param == "bare":
        return Bench(ProcessRunner(), tmp_path)
    return Bench(sandbox_runner(tmp_path / "home"), tmp_path)


def test_is_a_command_runner(bench):
    runner: CommandRunner = bench.runner
    assert runner.backend in {"none", "bubblewrap"}


def test_gives_exit_code_and_both_streams(bench):
    command = bench.command("sh", "-c", "echo out; echo err >&2; exit 3")
    result = bench.run(command)
    assert (result.exit_code, result.stdout, result.stderr) == (3, b"out\n", b"err\n")
    assert (result.argv, result.cwd) == (command.argv, bench.work)
    assert not result.ok
    assert not result.timed_out
    assert not result.truncated
    assert result.duration_s > 0


def test_success_is_ok(bench):
    assert bench.run(bench.command("true")).ok


def test_a_program_ended_by_a_signal_is_not_ok(bench):
    assert bench.shell("kill -9 $$").exit_code in {-signal.SIGKILL, 128 + signal.SIGKILL}


def test_stdin_is_closed(bench):
    result = bench.run(bench.command("cat"))
    assert result.ok
    assert result.stdout == b""


def test_stdin_can_be_given(bench):
    fed = bytes(range(256)) * 4000
    result = bench.run(bench.command("cat", stdin=fed))
    assert result.stdout == fed


def test_a_program_that_does_not_read_its_stdin_is_no_problem(bench):
    assert bench.run(bench.command("true", stdin=b"x" * 1_000_000)).ok


def test_environment_is_exactly_what_was_given(bench):
    env = {**bench.env, "ODD": "a b\n'\"=$x ü", "EMPTY": ""}
    program = "import os, json; print(json.dumps(dict(os.environ)))"
    result = bench.run(bench.python(program, env=env))
    import json

    seen = json.loads(result.stdout)
    for added_on_the_way in ("PWD", "LC_CTYPE"):  # by bubblewrap; by Python in the C locale
        seen.pop(added_on_the_way, None)
    assert seen == env


def test_runs_in_the_folder_given(bench):
    below = bench.work / "with space"
    below.mkdir()
    assert bench.run(bench.command("pwd", cwd=below)).stdout.decode().strip() == str(below)


def test_a_program_below_the_folder_is_found_by_relative_path(bench):
    script = bench.work / "tool"
    script.write_text("#!/bin/sh\necho tool\n")
    script.chmod(0o755)
    assert bench.run(bench.command("./tool")).stdout == b"tool\n"


@pytest.mark.parametrize("argv", [("no-such-program",), ("./not-executable",), (), ("sh", "-c", "a\0b")])
def test_what_cannot_be_started_is_an_expected_error(bench, argv):
    (bench.work / "not-executable").write_text("text")
    with pytest.raises(JourneymanError) as caught:
        bench.run(bench.command(*argv))
    assert caught.value.code == "command-not-found"
    assert (argv[0] if argv else "nothing") in caught.value.message


def test_a_missing_folder_is_an_expected_error(bench):
    with pytest.raises(JourneymanError, match="does not exist") as caught:
        bench.run(bench.command("true", cwd=bench.work / "gone"))
    assert caught.value.code == "command-not-found"


def test_time_out_keeps_partial_output_and_kills_grandchildren(bench):
    marker = uuid.uuid4().hex
    grandchild = f"python3 -S -c 'import time; time.sleep(600)' {marker}"
    script = f"trap '' TERM; {grandchild} & echo started; {grandchild}"
    result = bench.shell(script, timeout_s=1.5)
    assert result.timed_out
    assert not result.ok
    assert result.exit_code != 0
    assert result.stdout == b"started\n"
    assert alive(marker) == []


def test_children_left_behind_are_killed_and_cannot_hold_us_up(bench):
    marker = uuid.uuid4().hex
    script = f"python3 -S -c 'import time; time.sleep(600)' {marker} & echo done"
    result = bench.shell(script, timeout_s=None)
    assert result.ok
    assert result.stdout == b"done\n"
    assert alive(marker) == []


def test_cancellation_kills_everything_and_is_passed_on(bench):
    marker = uuid.uuid4().hex
    sleeper = f"python3 -S -c 'import time; time.sleep(600)' {marker}"

    async def scenario() -> None:
        started = asyncio.Event()
        command = bench.command("sh", "-c", f"{sleeper} & echo started; {sleeper}")
        running = asyncio.create_task(bench.runner.run(command, lambda *_: started.set()))
        await started.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(scenario())
    assert alive(marker) == []


def test_output_beyond_the_limit_keeps_head_and_tail(bench):
    program = "import sys; sys.stdout.write('head' + 'x' * 3_000_000 + 'tail'); sys.stderr.write('small')"
    result = bench.run(bench.python(program, max_output_bytes=10_000))
    assert result.ok
    assert result.truncated
    assert len(result.stdout) <= 10_000
    assert result.stdout.startswith(b"headx")
    assert result.stdout.endswith(b"xtail")
    assert b"bytes dropped" in result.stdout
    assert result.stderr == b"small"


def test_lines_come_while_the_program_runs(bench):
    seen: list[tuple[str, str]] = []
    go = bench.work / "go"

    def on_line(stream: str, line: str) -> None:
        seen.append((stream, line))
        go.touch()  # the program waits for this answer

    script = "echo first; while [ ! -e go ]; do sleep 0.02; done; echo second >&2; printf 'no end'"
    result = bench.run(bench.command("sh", "-c", script), on_line)
    assert result.ok
    assert seen[0] == ("stdout", "first")
    assert sorted(seen[1:]) == [("stderr", "second"), ("stdout", "no end")]


def test_lines_may_be_huge_and_not_text(bench):
    seen: list[str] = []
    program = r"import sys; w = sys.stdout.buffer.write; w(b'\xff\xfe caf\xc3\xa9\r\n'); w(b'y' * 20_000_000); w(b'\nend\n')"
    result = bench.run(bench.python(program), lambda _, line: seen.append(line))
    assert result.ok
    assert result.truncated
    assert seen[0] == "\\xff\\xfe café"
    assert seen[1].startswith("yyy")
    assert len(seen[1]) < 100_000
    assert seen[2] == "end"
    assert "\\xff\\xfe café" in result.text


def test_a_listener_that_breaks_ends_the_program(bench):
    marker = uuid.uuid4().hex

    def on_line(stream: str, line: str) -> None:
        raise RuntimeError("listener")

    with pytest.raises(RuntimeError, match="listener"):
        bench.run(bench.python("import time; print('x', flush=True); time.sleep(600)", marker), on_line)
    assert alive(marker) == []


def test_log_holds_both_streams_even_after_a_time_out(bench, tmp_path):
    log = tmp_path / "logs" / "deep" / "check.log"
    result = bench.shell("echo out; echo err >&2; sleep 600", log_path=log, timeout_s=1.0)
    assert result.timed_out
    assert sorted(log.read_bytes().splitlines()) == [b"err", b"out"]


def test_a_log_that_cannot_be_opened_is_an_expected_error(bench, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(JourneymanError) as caught:
        bench.run(bench.command("true", log_path=tmp_path / "file" / "log"))
    assert caught.value.code == "not-writable"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_under_the_log_is_told_as_such(bench):
    with pytest.raises(JourneymanError) as caught:
        bench.shell("echo x; sleep 600", log_path=Path("/dev/full"))
    assert caught.value.code == "disk-full"


def test_many_at_once(bench):
    async def scenario() -> list[bytes]:
        commands = [bench.command("sh", "-c", f"echo {number}") for number in range(12)]
        return [result.stdout for result in await asyncio.gather(*map(bench.runner.run, commands))]

    assert asyncio.run(scenario()) == [b"%d\n" % number for number in range(12)]


def test_cpu_time_counts_the_children(bench):
    program = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
    result = bench.run(bench.command("sh", "-c", 'python3 -S -c "$1"; true', "sh", program))
    assert result.ok
    assert result.cpu_s is not None
    assert 0.25 < result.cpu_s < 30


def test_limits_hold(bench):
    from journeyman.domain.process import Confinement, Limits

    limits = Limits(memory_bytes=400_000_000, file_bytes=100_000)
    confinement = Confinement(writable=(bench.work,), limits=limits)
    hog = bench.run(bench.python("x = bytearray(800_000_000)", confinement=confinement))
    assert b"MemoryError" in hog.stderr
    program = "open('big', 'wb').write(bytes(1_000_000))"
    assert not bench.run(bench.python(program, confinement=confinement)).ok
    assert (bench.work / "big").stat().st_size <= 100_000
    with pytest.raises(JourneymanError, match="no-such"):
        bench.run(bench.command("no-such", confinement=confinement))


def open_files() -> int:
    return len(list(Path("/dev/fd").iterdir()))


def test_no_file_descriptor_is_left_open(bench):
    bench.run(bench.command("true"))
    before = open_files()
    for _ in range(5):
        bench.shell("echo x", stdin=b"y", timeout_s=60)
        with pytest.raises(JourneymanError):
            bench.run(bench.command("no-such-program"))
    wait_until(lambda: open_files() <= before, "descriptors closed")


def test_the_background_runner_lowers_the_priority_and_changes_nothing_else(tmp_path: Path) -> None:
    command = Command(("sh", "-c", "nice; exit 3"), tmp_path, {"PATH": os.environ["PATH"]})
    result = asyncio.run(BackgroundRunner(ProcessRunner()).run(command))
    assert (result.exit_code, result.argv) == (3, command.argv)
    assert int(result.stdout) >= 10
