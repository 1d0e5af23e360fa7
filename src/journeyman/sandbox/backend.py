"""Chooses the strongest sandbox that really works here, and is the runner that everything else uses."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from journeyman.domain.errors import JourneymanError
from journeyman.domain.process import Command, CommandResult, Confinement, OnLine
from journeyman.domain.settings import SandboxMode
from journeyman.sandbox.child import adopt_orphans
from journeyman.sandbox.confined import run_confined
from journeyman.sandbox.processes import ProcessRunner

_PROBE_TIMEOUT_S = 10.0
_UNCONFINED = "programs run with all your rights: your files, your home and the network are open to them"
_PROBE = """
echo probe > "$1/written" || exit 10
if (echo probe > "$2/written") 2> /dev/null; then exit 11; fi
if [ -w /usr ] || [ -w /etc ]; then exit 12; fi
while read -r name rest; do
  case "$name" in Inter-*|face|lo:*) ;; *) exit 13 ;; esac
done < /proc/net/dev
"""
_PROBE_FINDINGS = {
    10: "a writable folder cannot be written",
    11: "a read-only folder can be written",
    12: "the system's folders can be written",
    13: "the network is reachable",
}


class SandboxRunner:
    """Runs every command with a confinement in bubblewrap where there is one, and all others bare.

    In bubblewrap a program that a signal ended has the exit code 128 + signal, as in a shell; PWD is
    set in its environment; a time-out kills it without a SIGTERM.
    """

    def __init__(self, *, home: Path, program: str | None = None, warning: str | None = None) -> None:
        self._home = home
        self._program = program
        self._warning = warning
        self._bare = ProcessRunner()

    @property
    def backend(self) -> str:
        """``bubblewrap`` or ``none``."""
        return "bubblewrap" if self._program else "none"

    @property
    def warning(self) -> str | None:
        """What a person has to be told, loudly, when nothing is confined."""
        return self._warning

    async def run(self, command: Command, on_line: OnLine | None = None) -> CommandResult:
        """See :class:`journeyman.domain.process.CommandRunner`."""
        if self._program is None or command.confinement is None:
            return await self._bare.run(command, on_line)
        return await run_confined(self._program, command, command.confinement, self._home, on_line)


async def choose_runner(mode: SandboxMode, *, home: Path, path: str) -> SandboxRunner:
    """The runner for this machine. bubblewrap counts only when a probe inside it shows that it confines.

    ``path`` is the search path to look for it. Raises JourneymanError("sandbox-missing") for
    ``SandboxMode.REQUIRED`` when none works.
    """
    if mode is SandboxMode.OFF:
        return SandboxRunner(home=home, warning=f"the sandbox is switched off: {_UNCONFINED}")
    program = shutil.which("bwrap", path=path)
    reason = "bubblewrap (bwrap) is not installed"
    if program is not None:
        runner = SandboxRunner(home=home, program=program)
        fault = await _probe(runner, path)
        if fault is None:
            adopt_orphans()  # so that the end of a sandbox can be waited for
            return runner
        reason = f"bubblewrap does not work here ({fault})"
    if mode is SandboxMode.REQUIRED:
        raise JourneymanError(
            "sandbox-missing",
            f"a sandbox is required, but {reason}",
            hint='install bubblewrap, or set sandbox = "auto" to go on without',
        )
    return SandboxRunner(home=home, warning=f"NO SANDBOX, {reason}: {_UNCONFINED}")


async def _probe(runner: SandboxRunner, path: str) -> str | None:
    """What is wrong with the sandbox; ``None`` when it holds."""
    try:
        with _probe_folders() as (inside, outside):
            command = Command(
                argv=("/bin/sh", "-c", _PROBE, "probe", str(inside), str(outside)),
                cwd=inside,
                env={"PATH": path},
                timeout_s=_PROBE_TIMEOUT_S,
                confinement=Confinement(writable=(inside,), readable=(outside,)),
            )
            result = await runner.run(command)
            return _fault(result, written=_exists(inside), leaked=_exists(outside))
    except JourneymanError as error:
        return error.message
    except OSError as error:
        return str(error)


@contextmanager
def _probe_folders() -> Iterator[tuple[Path, Path]]:
    with tempfile.TemporaryDirectory(prefix="journeyman-probe-", ignore_cleanup_errors=True) as folder:
        inside, outside = Path(folder, "inside"), Path(folder, "outside")
        inside.mkdir()
        outside.mkdir()
        yield inside, outside


def _exists(folder: Path) -> bool:
    return (folder / "written").exists()


def _fault(result: CommandResult, *, written: bool, leaked: bool) -> str | None:
    if result.timed_out:
        return "its probe did not end"
    if leaked:
        return _PROBE_FINDINGS[11]
    if result.exit_code == 0:
        return None if written else _PROBE_FINDINGS[10]
    return _PROBE_FINDINGS.get(result.exit_code, result.text.strip() or f"exit code {result.exit_code}")
