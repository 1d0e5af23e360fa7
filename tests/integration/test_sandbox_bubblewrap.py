"""What a program inside bubblewrap can and cannot do, tried by programs that try."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from journeyman.domain.errors import JourneymanError
from journeyman.domain.process import Confinement, Network
from tests.support.sandbox import Bench, alive, sandbox_runner, wait_until

pytestmark = pytest.mark.bubblewrap

CONNECT = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])), timeout=5).close()"
LOOPBACK = """
import socket
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname())
server.accept()
print("loopback works")
"""


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(sandbox_runner(tmp_path / "home"), tmp_path)


def test_home_is_hidden_and_private(bench):
    (bench.home / ".ssh").mkdir()
    (bench.home / ".ssh/id_rsa").write_text("secret")
    (bench.home / "notes").write_text("secret")
    result = bench.shell("ls -A ~; cat ~/notes ~/.ssh/id_rsa; mkdir ~/.ssh && echo x > ~/written")
    assert b"secret" not in result.stdout
    assert b"notes" not in result.stdout
    assert result.ok
    assert not (bench.home / "written").exists()


def test_worktree_below_home_is_writable_and_the_work_remains(bench):
    assert bench.shell("mkdir -p sub && echo made > sub/file").ok
    assert (bench.work / "sub/file").read_text() == "made\n"


def test_other_worktrees_beside_it_are_hidden(bench):
    other = bench.work.parent / "other"
    other.mkdir()
    assert not bench.shell(f"ls '{other}'").ok


def test_the_rest_of_the_system_is_read_only(bench):
    result = bench.shell(
        "for d in / /usr /etc /var /usr/bin; do touch $d/journeyman-probe && echo wrote $d; done; exit 0"
    )
    assert result.stdout == b""
    assert not Path("/journeyman-probe").exists()


@pytest.mark.parametrize("folder", ["/tmp", "/var/tmp", "/dev/shm"])
def test_shared_folders_are_private(bench, folder):
    if not Path(folder).is_dir():
        pytest.skip(f"no {folder} here")
    mark = Path(folder, f"journeyman-{uuid.uuid4().hex}")
    mark.write_text("outside")
    try:
        result = bench.shell(f"cat {mark}; echo inside > {mark}-made && cat {mark}-made")
    finally:
        mark.unlink()
    assert result.stdout == b"inside\n"
    assert not Path(f"{mark}-made").exists()


def test_the_network_is_off_but_loopback_works(bench):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        assert not bench.run(bench.python(CONNECT, port)).ok
        shared = Confinement(writable=(bench.work,), network=Network.ON)
        assert bench.run(bench.python(CONNECT, port, confinement=shared)).ok
    assert bench.run(bench.python(LOOPBACK)).stdout == b"loopback works\n"
    own = Confinement(writable=(bench.work,), network=Network.LOOPBACK)
    assert bench.run(bench.python(LOOPBACK, confinement=own)).stdout == b"loopback works\n"


def test_name_resolution_survives_when_the_network_is_on(bench):
    if not Path("/etc/resolv.conf").exists():
        pytest.skip("no resolv.conf here")
    shared = Confinement(writable=(bench.work,), network=Network.ON)
    result = bench.run(bench.command("cat", "/etc/resolv.conf", confinement=shared))
    assert result.stdout == Path("/etc/resolv.conf").read_bytes()


def test_sockets_in_run_are_invisible(bench):
    result = bench.shell("find /run/ /var/run/ -type s; ls -A /run/")
    assert result.stdout == b""


def git(*arguments: str, cwd: Path) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "init.defaultBranch=main")
    env = {"PATH": os.environ["PATH"], "HOME": str(cwd), "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", *identity, *arguments], cwd=cwd, env=env, check=True, capture_output=True)


def test_git_can_be_read_and_not_written_in_a_linked_worktree(bench, tmp_path):
    repository = bench.home / "repo"
    repository.mkdir()
    git("init", "-q", cwd=repository)
    git("commit", "-q", "--allow-empty", "-m", "first", cwd=repository)
    tree = bench.work / "tree"
    git("worktree", "add", "-q", "--detach", str(tree), cwd=repository)
    inside = Confinement(writable=(tree,), readable=(repository / ".git",))
    script = """
    git log --format=%s && git status --short
    echo 'gitdir: /elsewhere' > .git && echo rewrote; rm -f .git && echo removed; mv .git g && echo moved
    echo x > "$1/hooks/post-checkout" && echo hooked; git commit --allow-empty -m no && echo committed; true
    """
    command = bench.command("sh", "-c", script, "sh", str(repository / ".git"), cwd=tree, confinement=inside)
    assert bench.run(command).stdout == b"first\n"


def test_a_git_folder_in_a_writable_place_is_read_only_too(bench):
    git("init", "-q", cwd=bench.work)
    result = bench.shell("echo '[core] fsmonitor = evil' >> .git/config && echo wrote; touch fine")
    assert result.ok
    assert result.stdout == b""


def test_readable_stays_read_only_even_inside_the_worktree(bench):
    linked = bench.work / "node_modules"
    linked.mkdir()
    (linked / "lib.js").write_text("real")
    below_home = bench.home / "shared"
    below_home.mkdir()
    inside = Confinement(writable=(bench.work,), readable=(linked, below_home, bench.home / "missing"))
    script = (
        f"cat node_modules/lib.js; echo x > node_modules/lib.js; ls -d {below_home}; touch {below_home}/x"
    )
    result = bench.shell(script, confinement=inside)
    assert not result.ok
    assert result.stdout.decode() == f"real{below_home}\n"
    assert list(below_home.iterdir()) == []


def test_nothing_can_be_remounted_not_even_by_root(bench):
    script = """
    mount -o remount,rw / && echo remounted
    mount -o remount,bind,rw / && echo remounted
    mount -t tmpfs none /etc && echo mounted
    umount -l "$HOME" && echo unmounted
    unshare -rm sh -c 'mount -o remount,bind,rw / || umount -l "$HOME"' && echo unshared
    touch /usr/journeyman-probe && echo wrote
    grep -q '^CapEff:.*[1-9a-f]' /proc/self/status && echo capable
    true
    """
    assert bench.shell(script).stdout == b""


def test_processes_outside_cannot_be_seen(bench):
    marker = uuid.uuid4().hex
    outside = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)", marker])
    try:
        wait_until(lambda: alive(marker), "the process runs")
        result = bench.shell("cat /proc/[0-9]*/cmdline; echo; ls /proc | grep -c '^[0-9]'")
    finally:
        outside.kill()
        outside.wait()
    assert marker.encode() not in result.stdout
    assert int(result.stdout.splitlines()[-1]) < 10


def test_what_left_its_session_inside_is_gone_on_return(bench):
    marker = uuid.uuid4().hex
    result = bench.shell(
        f"setsid python3 -S -c 'import time; time.sleep(600)' {marker} & sleep 0.2; echo done", timeout_s=None
    )
    assert result.stdout == b"done\n"
    assert alive(marker) == []


def test_secrets_in_the_environment_are_not_in_the_process_list(bench):
    secret = uuid.uuid4().hex
    program = "import os, sys; sys.exit(os.environ['API'] in open('/proc/1/cmdline').read())"
    assert bench.run(bench.python(program, env={**bench.env, "API": secret})).ok


def test_tools_below_home_work_but_their_secrets_are_covered(bench):
    tool = bench.home / ".cargo/bin/tool"
    tool.parent.mkdir(parents=True)
    tool.write_text("#!/bin/sh\necho tool; cat ~/.cargo/credentials.toml; touch ~/.cargo/x\n")
    tool.chmod(0o755)
    (bench.home / ".cargo/credentials.toml").write_text("secret")
    env = {**bench.env, "PATH": f"{tool.parent}:{bench.env['PATH']}"}
    result = bench.run(bench.command("tool", env=env))
    assert result.stdout == b"tool\n"
    assert not (bench.home / ".cargo/x").exists()


def test_a_worktree_reached_by_a_link_in_home(bench, tmp_path):
    real = tmp_path / "elsewhere" / "w"
    real.mkdir(parents=True)
    (bench.home / "link").symlink_to(real.parent)
    called = bench.home / "link" / "w"
    result = bench.shell("pwd -P; echo x > made", cwd=called, confinement=Confinement(writable=(called,)))
    assert result.ok
    assert (real / "made").exists()


def test_a_folder_that_does_not_show_inside_is_an_expected_error(bench):
    hidden = bench.home / "private"
    hidden.mkdir()
    with pytest.raises(JourneymanError, match="in the sandbox") as caught:
        bench.run(bench.command("true", cwd=hidden))
    assert caught.value.code == "command-not-found"


def test_home_itself_may_be_a_link(tmp_path):
    bench = Bench(sandbox_runner(tmp_path / "link"), tmp_path)
    (tmp_path / "link").symlink_to(bench.home)
    (bench.home / "notes").write_text("secret")
    called = tmp_path / "link" / bench.work.relative_to(bench.home)
    inside = Confinement(writable=(called,))
    result = bench.shell(f"cat {bench.home}/notes; echo x > made", cwd=called, confinement=inside)
    assert result.ok
    assert result.stdout == b""
    assert (bench.work / "made").exists()


def test_a_missing_writable_folder_is_an_expected_error(bench):
    gone = Confinement(writable=(bench.work / "gone",))
    with pytest.raises(JourneymanError) as caught:
        bench.run(bench.command("true", confinement=gone))
    assert caught.value.code == "not-writable"


def test_a_command_without_confinement_runs_bare(bench):
    (bench.home / "notes").write_text("mine")
    result = bench.run(bench.command("cat", str(bench.home / "notes"), confinement=None))
    assert result.stdout == b"mine"
