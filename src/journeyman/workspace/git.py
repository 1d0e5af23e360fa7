"""Running git: hardened, whole output, and failures that say what happened."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from journeyman.domain.errors import JourneymanError
from journeyman.domain.process import Command, CommandResult, CommandRunner
from journeyman.workspace.hardening import Settings, safe_env

_TIMEOUT_S = 1800.0
_WHOLE_OUTPUT = 1 << 32
_SHOWN_CHARACTERS = 2000
_LITTLE_BYTES = 1 << 20
_DISK_FULL = ("No space left on device", "Disk quota exceeded", "Out of diskspace")
_NOT_WRITABLE = ("Read-only file system", "Permission denied", "Operation not permitted")


class Git:
    """Git in one folder. Nothing that the repository configures can run in its calls."""

    def __init__(
        self,
        runner: CommandRunner,
        cwd: Path,
        env: Mapping[str, str],
        *,
        settings: Settings = (),
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """``env`` is the user's environment, of which little is kept; ``variables`` are git's own."""
        self.cwd = cwd
        self._runner = runner
        self._env = env
        self._settings = settings
        self._variables = dict(variables or {})
        self._whole_env = {**safe_env(env, settings), **self._variables}

    def at(
        self, cwd: Path, *, settings: Settings | None = None, variables: Mapping[str, str] | None = None
    ) -> Git:
        """The same git in another folder; ``settings`` and ``variables`` replace this one's."""
        return Git(
            self._runner,
            cwd,
            self._env,
            settings=self._settings if settings is None else settings,
            variables=self._variables if variables is None else variables,
        )

    async def run(
        self,
        *arguments: str,
        stdin: bytes | None = None,
        check: bool = True,
        index_file: Path | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> bytes:
        """Standard output of ``git ARGUMENTS``.

        Raises JourneymanError("git-failed", "disk-full", "not-writable" or "git-missing"); with
        ``check=False`` only when git could not be run to its end.
        """
        result = await self.result(*arguments, stdin=stdin, index_file=index_file, variables=variables)
        if check and not result.ok:
            raise failure(result, self._places(index_file))
        return result.stdout

    async def result(
        self,
        *arguments: str,
        stdin: bytes | None = None,
        index_file: Path | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> CommandResult:
        """How ``git ARGUMENTS`` ended, whatever its exit code."""
        env = {**self._whole_env, **(variables or {})}
        if index_file is not None:
            env["GIT_INDEX_FILE"] = str(index_file)
        command = Command(
            argv=("git", *arguments),
            cwd=self.cwd,
            env=env,
            stdin=stdin,
            timeout_s=_TIMEOUT_S,
            max_output_bytes=_WHOLE_OUTPUT,
        )
        try:
            result = await self._runner.run(command)
        except JourneymanError as error:
            if error.code != "command-not-found" or not self.cwd.is_dir():
                raise
            raise JourneymanError(
                "git-missing",
                error.message,
                facts=(f"PATH: {self._whole_env.get('PATH', 'not set')}",),
                hint="install git 2.31 or newer, or put it on the PATH",
            ) from None
        if result.timed_out or result.truncated or result.exit_code < 0:
            raise failure(result)
        return result

    def _places(self, index_file: Path | None) -> tuple[Path, ...]:
        """Where a call writes."""
        named = (self._variables.get(name) for name in ("GIT_DIR", "GIT_OBJECT_DIRECTORY"))
        more = (index_file.parent,) if index_file else ()
        return (self.cwd, *more, *(Path(name) for name in named if name))

    async def text(self, *arguments: str, index_file: Path | None = None) -> str:
        """Standard output as text, without the newline at its end."""
        return os.fsdecode(await self.run(*arguments, index_file=index_file)).removesuffix("\n")

    async def items(self, *arguments: str, index_file: Path | None = None) -> list[str]:
        """The entries of a ``-z`` listing; undecodable bytes in paths survive as surrogates."""
        return split_items(await self.run(*arguments, index_file=index_file))


def split_items(listing: bytes) -> list[str]:
    """The entries of NUL-terminated output."""
    return [os.fsdecode(item) for item in listing.split(b"\0") if item]


def join_items(items: list[str]) -> bytes:
    """Entries as NUL-terminated input."""
    return b"".join(os.fsencode(item) + b"\0" for item in items)


def failure(result: CommandResult, places: tuple[Path, ...] = ()) -> JourneymanError:
    """The error that a failed git call is; ``places`` are where it wrote."""
    said = result.stderr.decode("utf-8", "backslashreplace").strip()
    subcommand = next((part for part in result.argv[1:] if not part.startswith("-")), "")
    code = "git-failed"
    if any(sign in said for sign in _DISK_FULL):
        code = "disk-full"
    elif any(sign in said for sign in _NOT_WRITABLE):
        code = "not-writable"
    elif "unable to write" in said and any(_is_full(place) for place in places):
        code = "disk-full"  # git does not always say why
    facts = [f"command: {shlex.join(result.argv)[:_SHOWN_CHARACTERS]}", f"folder: {result.cwd}"]
    facts.append(f"exit code: {result.exit_code}" + (" (timed out)" if result.timed_out else ""))
    if result.truncated:
        facts.append("its output was too large to keep")
    if said:
        facts.append(f"stderr: {said[-_SHOWN_CHARACTERS:]}")
    return JourneymanError(code, f"git {subcommand} failed: {_gist(said, result)}", facts=tuple(facts))


def _is_full(place: Path) -> bool:
    try:
        found = os.statvfs(place)
    except OSError:
        return False
    return found.f_bavail * found.f_frsize < _LITTLE_BYTES or (found.f_files > 0 and found.f_favail == 0)


def _gist(said: str, result: CommandResult) -> str:
    lines = said.splitlines()
    for mark in ("fatal: ", "error: "):
        for line in lines:
            if line.startswith(mark):
                return line.removeprefix(mark)
    return lines[-1] if lines else f"exit code {result.exit_code}"
