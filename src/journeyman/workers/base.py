"""What workers share that only implement: the phases they do not work, and the look for their programs."""

from __future__ import annotations

import errno
import signal
from typing import ClassVar

from journeyman.domain.errors import JourneymanError
from journeyman.domain.phases import Phase
from journeyman.domain.plan import Plan, Review
from journeyman.domain.worker import PlanRequest, ReviewRequest, WorkerHost

IN_A_NEW_RUN = "in a new run: a resume keeps the settings of the old one"
"""Ends a hint that names a setting."""
_CRASHES = frozenset({-4, -6, -7, -8, -9, -11})  # ILL, ABRT, BUS, FPE, KILL, SEGV; a shell adds them to 128
_LOOK_TIMEOUT_S = 20.0
_LOOK = 'for program; do command -v "$program" >/dev/null 2>&1 || printf "%s\\n" "$program"; done'


def disk_full(error: OSError, place: str) -> JourneymanError | None:
    """The stop that a full disk is, which is no worker's fault; ``None`` for any other error."""
    if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
        return None
    return JourneymanError("disk-full", f"the disk that holds {place} is full")


def crashed(exit_code: int) -> bool:
    """Whether a program was ended by a signal that is nobody's wish: a crash, or too little memory."""
    return (exit_code if exit_code < 0 else 128 - exit_code) in _CRASHES


def signal_name(exit_code: int) -> str:
    """The signal that ended a program, told by the runner or by a shell around it."""
    return signal.Signals(-exit_code if exit_code < 0 else exit_code - 128).name


class ImplementOnly:
    """A worker without PLAN and REVIEW: the task is one milestone, and no review is held."""

    name: str
    phases: ClassVar[frozenset[Phase]] = frozenset({Phase.IMPLEMENT})
    wants_context: ClassVar[bool] = False

    async def plan(self, request: PlanRequest, host: WorkerHost) -> Plan:  # noqa: ARG002 - the protocol's
        """Never asked, since ``phases`` lacks PLAN."""
        raise JourneymanError("worker-failed", f"the {self.name} worker does not plan")

    async def review(self, request: ReviewRequest, host: WorkerHost) -> Review:  # noqa: ARG002 - likewise
        """Never asked, since ``phases`` lacks REVIEW."""
        raise JourneymanError("worker-failed", f"the {self.name} worker does not review")


async def missing_programs(host: WorkerHost, programs: tuple[str, ...]) -> list[str]:
    """Those of the programs that cannot be found where the host runs commands."""

    async def look() -> list[str]:
        result = await host.run(("sh", "-c", _LOOK, "sh", *programs), timeout_s=_LOOK_TIMEOUT_S)
        return result.stdout.decode("utf-8", "backslashreplace").splitlines()

    return await host.step("look for programs", look, list[str])
