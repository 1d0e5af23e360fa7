"""The choice of a back-end, made with real, missing and broken programs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from journeyman.domain.errors import JourneymanError
from journeyman.domain.process import Command, Confinement
from journeyman.domain.settings import SandboxMode
from journeyman.sandbox.backend import SandboxRunner, choose_runner
from tests.support.sandbox import sandbox_runner

BROKEN = "#!/bin/sh\necho 'bwrap: No permissions to create a new namespace' >&2; exit 1\n"
PRETENDING = """#!/bin/sh
# Confines nothing, and says that the program ran.
while [ "$1" != -- ]; do
  [ "$1" = --json-status-fd ] && status=$2
  shift
done
shift
"$@"
code=$?
echo "{ \\"exit-code\\": $code }" > "/dev/fd/$status"
exit $code
"""


def choose(mode: SandboxMode, home: Path, path: str) -> SandboxRunner:
    return asyncio.run(choose_runner(mode, home=home, path=path))


@pytest.fixture
def fake_path(tmp_path, request) -> str:
    """A search path whose bwrap is the given script."""
    folder = tmp_path / "bin"
    folder.mkdir()
    if request.param:
        (folder / "bwrap").write_text(request.param)
        (folder / "bwrap").chmod(0o755)
    return str(folder)


WITHOUT = pytest.mark.parametrize(
    ("fake_path", "reason"),
    [
        pytest.param("", "not installed", id="missing"),
        pytest.param(BROKEN, "No permissions to create a new namespace", id="broken"),
        pytest.param("#!/bin/sh\nexit 0\n", "does not work", id="does nothing"),
        pytest.param(PRETENDING, "can be written", id="does not confine"),
    ],
    indirect=["fake_path"],
)


@WITHOUT
def test_without_a_working_sandbox_auto_warns_and_runs(tmp_path, fake_path, reason):
    runner = choose(SandboxMode.AUTO, tmp_path, fake_path)
    assert runner.backend == "none"
    assert runner.warning is not None
    assert reason in runner.warning
    assert "NO SANDBOX" in runner.warning
    confined = Command(argv=("pwd",), cwd=tmp_path, env={}, confinement=Confinement(writable=(tmp_path,)))
    assert asyncio.run(runner.run(confined)).stdout.decode().strip() == str(tmp_path)


@WITHOUT
def test_without_a_working_sandbox_required_refuses(tmp_path, fake_path, reason):
    with pytest.raises(JourneymanError, match=reason) as caught:
        choose(SandboxMode.REQUIRED, tmp_path, fake_path)
    assert caught.value.code == "sandbox-missing"
    assert caught.value.hint


def test_off_is_off_and_says_so(tmp_path):
    runner = choose(SandboxMode.OFF, tmp_path, "/usr/bin:/bin")
    assert runner.backend == "none"
    assert runner.warning is not None
    assert "switched off" in runner.warning


@pytest.mark.bubblewrap
@pytest.mark.parametrize("mode", [SandboxMode.AUTO, SandboxMode.REQUIRED])
def test_a_working_bubblewrap_is_taken(tmp_path, mode):
    sandbox_runner(tmp_path)
    runner = choose(mode, tmp_path, "/usr/local/bin:/usr/bin:/bin")
    assert (runner.backend, runner.warning) == ("bubblewrap", None)
