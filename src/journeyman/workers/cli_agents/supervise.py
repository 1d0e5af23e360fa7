"""Runs a CLI to its end, and ends it where it will not: after its result, when it hangs, at its limits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from journeyman.domain.process import CommandResult
from journeyman.domain.settings import WorkerSettings
from journeyman.workers.cli_agents.account import Account, Stopped
from journeyman.workers.cli_agents.cli import Cli
from journeyman.workers.cli_agents.events import Problem
from journeyman.workers.cli_agents.watch import Liveness, look

AFTER_RESULT_S = 3.0
"""How long a program may go on once it has told its result and nothing more comes."""
_POLL_S = 0.25
_LOOK_S = 5.0

OnStarted = Callable[[int], None]


@dataclass
class Supervisor:
    """Watches one call."""

    account: Account
    settings: WorkerSettings
    cli: Cli

    async def run(
        self, start: Callable[[OnStarted], Awaitable[CommandResult]]
    ) -> tuple[CommandResult | None, Stopped | None]:
        """The program's result, or why it was stopped; neither when it was ended after its own result."""
        pids: list[int] = []
        call = asyncio.ensure_future(start(pids.append))
        try:
            stopped = await self._watch(call, pids)
            return (call.result() if call.done() else None), stopped
        finally:
            # Cancelled, the runner ends the whole process group before it returns.
            if not call.done():
                call.cancel()
                await asyncio.wait({call})

    async def _watch(self, call: asyncio.Future[CommandResult], pids: list[int]) -> Stopped | None:
        liveness = Liveness(self.settings.silence_s, self.cli.traits.idle_cpu)
        interval_s = min(_LOOK_S, self.settings.silence_s / 4)
        looked = 0.0
        resting: tuple[int, float] | None = None
        while True:
            await asyncio.wait({call}, timeout=_POLL_S)
            if call.done():
                return None
            now = time.monotonic()
            if self.account.ended is None:
                resting = None
            elif resting is None or resting[0] != self.account.signs:
                resting = (self.account.signs, now)
            elif now - resting[1] >= AFTER_RESULT_S:
                return None
            stopped = self.account.hopeless() or self._over_limit()
            if stopped is None and now - looked >= interval_s:
                looked = now
                if liveness.silent(now, self.account.signs, look(pids[0]) if pids else None):
                    stopped = self._silence()
            if stopped is not None:
                return stopped

    def _silence(self) -> Stopped:
        seconds = f"{self.settings.silence_s:g} s"
        trouble = self.account.trouble
        if trouble is not None:
            return Stopped(trouble.problem, f"it got nowhere for {seconds}: {trouble.message}")
        return Stopped(
            Problem.SILENT, f"for {seconds} it printed nothing, started nothing and used no processor"
        )

    def _over_limit(self) -> Stopped | None:
        if self.cli.traits.keeps_limits or self.account.ended is not None:
            return None
        turns, dollars = self.settings.max_turns, self.settings.max_budget_usd
        if turns is not None and self.account.turns >= turns:
            return Stopped(Problem.LIMIT, f"it used up its {turns} turns")
        used = self.account.used
        cost = used.cost_usd if used is not None else None
        if dollars is not None and cost is not None and cost >= dollars:
            return Stopped(Problem.LIMIT, f"it cost ${cost:.2f} of its ${dollars:g}")
        return None
