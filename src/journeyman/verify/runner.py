"""Running checks: in the right order, as many at a time as there are slots, none twice for the same tree."""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from journeyman.domain.checks import Check, CheckResult
from journeyman.domain.errors import JourneymanError
from journeyman.domain.process import CommandRunner
from journeyman.domain.records import ResultCache
from journeyman.verify.cache import (
    may_be_kept,
    past_duration_s,
    remember_duration,
    remember_writing,
    result_key,
    writes_files,
)
from journeyman.verify.fingerprint import environment_fingerprint
from journeyman.verify.parsers.base import PARSER_VERSION
from journeyman.verify.slots import Slots

if TYPE_CHECKING:
    from journeyman.verify.environment import CheckEnvironment

OnStarted = Callable[[Check], None]
OnFinished = Callable[[CheckResult], None]
Altered = Callable[[], Awaitable[tuple[str, ...]]]
_NAMED_FILES = 5


@dataclass(frozen=True)
class _Job:
    """One check on one tree, and where its traces go."""

    check: Check
    environment: CheckEnvironment
    tree: str
    log: Path
    key: str
    fresh: bool = False
    altered: Altered | None = None
    alone: bool = False


class CheckRunner:
    """Runs checks through the one door to processes.

    One instance is shared by all that run checks in a process (VERIFY, and the baseline in the background):
    its slots bound them together, and the same check on the same tree is run once for both.
    """

    def __init__(self, command_runner: CommandRunner, cache: ResultCache, slots: int) -> None:
        self._commands = command_runner
        self._cache = cache
        self._slots = Slots(slots)
        self._under_way: dict[str, asyncio.Future[CheckResult]] = {}

    async def run(
        self,
        checks: Sequence[Check],
        environment: CheckEnvironment,
        tree: str,
        log_dir: Path,
        on_started: OnStarted | None = None,
        on_finished: OnFinished | None = None,
        *,
        fresh: bool = False,
        altered: Altered | None = None,
        alone: bool = False,
    ) -> tuple[CheckResult, ...]:
        """The results in the order of ``checks``; ``tree`` is the hash of what ``environment.tree`` holds.

        Cheap checks are begun first: lower tiers, then those that took least last time. A later tier does not
        wait for an earlier one, as all failures are wanted at once.
        ``on_started`` is called for what really runs, ``on_finished`` for every result, cached ones too.
        ``fresh`` passes over results that are known; what comes of it takes their place.
        ``altered`` tells which tracked files are not as ``tree`` has them: a result after which there are
        some is kept only when its check ran ``alone``, which is then known as the one that wrote them.
        Raises JourneymanError, but not for a program that is missing: that is a result.
        """
        await asyncio.to_thread(log_dir.mkdir, parents=True, exist_ok=True)
        logs = _log_names(checks)
        jobs = [
            replace(
                await self._job(check, environment, tree, log_dir / logs[check.name]),
                fresh=fresh,
                altered=altered,
                alone=alone,
            )
            for check in self._ordered(checks)
        ]
        results = await self._all(jobs, on_started or _ignore, on_finished or _ignore)
        return tuple(results[check.name] for check in checks)

    def writes(self, check: Check) -> bool:
        """Whether the check is known to change tracked files when it runs."""
        return writes_files(self._cache, check)

    def _ordered(self, checks: Sequence[Check]) -> list[Check]:
        past = {check.name: past_duration_s(self._cache, check) for check in checks}

        def cost(check: Check) -> tuple[int, bool, float, str]:
            # One that must be alone drains the slots: last of its tier. One never seen may be long.
            seen = past[check.name]
            return check.tier, check.exclusive, float("inf") if seen is None else seen, check.name

        return sorted(checks, key=cost)

    async def _job(self, check: Check, environment: CheckEnvironment, tree: str, log: Path) -> _Job:
        fingerprint = await asyncio.to_thread(environment_fingerprint, environment, check)
        return _Job(check, environment, tree, log, result_key(check, tree, fingerprint, PARSER_VERSION))

    async def _all(
        self, jobs: list[_Job], on_started: OnStarted, on_finished: OnFinished
    ) -> dict[str, CheckResult]:
        tasks = [asyncio.create_task(self._result(job, on_started, on_finished)) for job in jobs]
        try:
            results = await asyncio.gather(*tasks)
        finally:
            # On an error or a cancellation no check may go on behind the caller's back.
            for task in tasks:
                if not task.cancelling():  # once: a second time would cut its clean-up short
                    task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return {job.check.name: result for job, result in zip(jobs, results, strict=True)}

    async def _result(self, job: _Job, on_started: OnStarted, on_finished: OnFinished) -> CheckResult:
        result = None if job.fresh else await self._known(job)
        if result is None:
            result = await self._lead(job, on_started)
        on_finished(result)
        return result

    async def _known(self, job: _Job) -> CheckResult | None:
        """The result from the cache, or from whoever is computing it right now."""
        while True:
            cached = self._cache.get(job.key)
            if cached is not None:
                return await _as_cached(cached, job)
            under_way = self._under_way.get(job.key)
            if under_way is None:
                return None
            await asyncio.wait([under_way])
            if not under_way.cancelled():
                return await _as_cached(under_way.result(), job)
            # Whoever computed it gave up: look again, and compute it here if nobody else does.

    async def _lead(self, job: _Job, on_started: OnStarted) -> CheckResult:
        shared: asyncio.Future[CheckResult] = asyncio.get_running_loop().create_future()
        self._under_way[job.key] = shared
        try:
            async with self._slots.take(alone=job.check.exclusive):
                on_started(job.check)
                result = await self._execute(job)
            wrote = await job.altered() if job.altered is not None else ()
            result = replace(result, wrote=wrote[:_NAMED_FILES])
            if wrote and job.alone:
                remember_writing(self._cache, job.check, result)
            if may_be_kept(result) and (job.alone or not wrote):
                self._cache.put(job.key, result)
                remember_duration(self._cache, job.check, result)
            shared.set_result(result)
        finally:
            del self._under_way[job.key]
            if not shared.done():
                shared.cancel()
        return result

    async def _execute(self, job: _Job) -> CheckResult:
        # Heavy with patterns, and not needed where every result is cached.
        from journeyman.verify import check_command as put

        check, tree = job.check, job.environment.tree
        named = put.named_report(check, tree)
        if named is not None:
            await asyncio.to_thread(put.remove_stale_report, named, tree)
        private = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="jm-check-"))
        try:
            command = put.put_command(
                check, tree, job.environment.env, job.environment.readable, private, job.log
            )
            try:
                ended = await self._commands.run(command)
            except JourneymanError as error:
                if error.code != "command-not-found":
                    raise
                return put.could_not_start(check, job.tree, error)
            report = await asyncio.to_thread(put.read_report, named or put.own_report(private))
            result = await asyncio.to_thread(put.conclude, check, job.tree, tree, ended, report)
        finally:
            await asyncio.shield(asyncio.to_thread(shutil.rmtree, private, ignore_errors=True))
        return replace(result, log=str(job.log))


def _ignore(_: object) -> None:
    return None


def _log_names(checks: Sequence[Check]) -> dict[str, str]:
    """A file name for each check's log; check names are free text."""
    names: dict[str, str] = {}
    for check in checks:
        plain = re.sub(r"[^\w.-]+", "-", check.name).strip("-.")[:80] or "check"
        taken = set(names.values())
        name = f"{plain}.log"
        number = 2
        while name in taken:
            name, number = f"{plain}-{number}.log", number + 1
        names[check.name] = name
    return names


async def _as_cached(result: CheckResult, job: _Job) -> CheckResult:
    """The result for this job, with a copy of its log: the run that wrote the log may be cleaned away."""
    await asyncio.to_thread(_copy_log, result, job.log)
    return replace(result, tree=job.tree, log=str(job.log), cached=True)


def _copy_log(result: CheckResult, log: Path) -> None:
    source = Path(result.log) if result.log else None
    if source == log and log.exists():
        return
    try:
        if source is None:
            raise FileNotFoundError
        shutil.copyfile(source, log)
    except OSError:
        log.write_text(f"(cached; the end of the output)\n{result.excerpt}\n", "utf-8", "backslashreplace")
