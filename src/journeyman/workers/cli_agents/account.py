"""The state of one call, as a fold over the CLI's lines: what it did, what it cost, how it ended."""

from __future__ import annotations

import json
import re
from collections import deque
from dataclasses import dataclass

from journeyman.domain.process import CommandResult
from journeyman.domain.worker import Usage
from journeyman.workers.base import crashed
from journeyman.workers.cli_agents.cli import Cli
from journeyman.workers.cli_agents.events import (
    Acted,
    AgentEvent,
    Ended,
    Problem,
    SessionLost,
    SessionSeen,
    TextSeen,
    Total,
    Trouble,
    Used,
    classify,
)
from journeyman.workers.cli_agents.memory import together, valid_session
from journeyman.workers.final_message import plain, shortened

_LAST_LINES = 15
# A first refusal may be an access token that the CLI renews by itself; nothing heals a second one.
_REFUSALS = 2
_NO_MONEY = re.compile(r"quota|credit|billing|payment", re.IGNORECASE)
_LOST = re.compile(r"session not found|no rollout found|no conversation found", re.IGNORECASE)


@dataclass(frozen=True)
class Stopped:
    """Why the call was, or is to be, ended from outside."""

    problem: Problem
    message: str


class Account:
    """Fed with lines while the program runs."""

    def __init__(self, cli: Cli) -> None:
        self._cli = cli
        self.session_id: str | None = None
        self.session_lost = False
        self.answer = ""
        self.ended: Ended | None = None
        self.total: Usage | None = None
        self.signs = 0
        """Counts lines that show that it gets on: all but its troubles and what cannot be read."""
        self.garbled = 0
        self.actions = 0
        self.trouble: Trouble | None = None
        """The trouble that it is in; ``None`` once it gets on."""
        self._refusals = 0
        self._used: dict[str, Usage] = {}
        self._last: deque[str] = deque(maxlen=_LAST_LINES)

    @property
    def used(self) -> Usage | None:
        """The requests of this call, one by one, added up."""
        return together(list(self._used.values()))

    @property
    def turns(self) -> int:
        """Requests of the model so far, or what comes nearest to that."""
        return len(self._used) or self.actions

    @property
    def facts(self) -> tuple[str, ...]:
        """The last lines that were not events: standard error, mostly."""
        garbled = (f"{self.garbled} lines were not events",) if self.garbled else ()
        return (*self._last, *garbled)

    def take(self, stream: str, line: str) -> tuple[AgentEvent, ...]:
        """What the line says, taken into account."""
        if not line.strip():
            return ()
        if stream != "stdout":
            self._last.append(shortened(plain(line)))
            self.session_lost = self.session_lost or _LOST.search(line) is not None
            trouble = self._cli.read_log(line)
            if trouble is None:
                return ()
            self._fold(trouble)
            return (trouble,)
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            self.garbled += 1
            self._last.append(shortened(plain(line)))
            return ()
        events = self._cli.read(value)
        for event in events:
            self._fold(event)
        if not any(isinstance(event, Trouble) for event in events):
            self.signs += 1
        return events

    def _fold(self, event: AgentEvent) -> None:
        match event:
            case SessionSeen(session_id) if valid_session(session_id):
                self.session_id = session_id
            case TextSeen(text):
                self._gets_on()
                self.answer = text or self.answer
            case Acted():
                self._gets_on()
                self.actions += 1
            case Used(key, usage):
                self._gets_on()
                self._used[key] = usage
            case Total(usage):
                self.total = usage
            case Trouble():
                self.trouble = event
                self._refusals = 0 if _may_heal(event) else self._refusals + 1
            case SessionLost() if not self.signs:
                self.session_lost = True
            case Ended():
                self.ended = event

    def _gets_on(self) -> None:
        self.ended = self.trouble = None
        self._refusals = 0

    def hopeless(self) -> Stopped | None:
        """Why to end the call now, though the program would go on trying."""
        if self.trouble is not None and self._refusals >= _REFUSALS:
            return Stopped(self.trouble.problem, self.trouble.message)
        return None

    def outcome(self, result: CommandResult | None, stopped: Stopped | None) -> Ended:
        """How the call ended. Exit codes prove nothing: they only tell when nothing else does."""
        if stopped is not None:
            return Ended(stopped.problem, stopped.message)
        if self.ended is not None:
            return self.ended
        if result is not None and result.timed_out:
            return Ended(Problem.TIMEOUT, "it did not finish in its time")
        if self.trouble is not None:
            return Ended(self.trouble.problem, self.trouble.message)
        code = result.exit_code if result is not None else None
        said = " ".join(self._last)
        problem = classify(said)
        if self.garbled and (problem is Problem.FAILED or not self.signs):
            return Ended(
                Problem.GARBLED, f"{self.garbled} lines of its output were not events, and no result came"
            )
        if problem is Problem.FAILED and code is not None and crashed(code):
            problem = Problem.CRASHED
        return Ended(problem, f"it ended with exit code {code} and without a result")


def _may_heal(trouble: Trouble) -> bool:
    """Whether waiting may help: with a limit of requests it does, without money or a login it does not."""
    if trouble.problem is Problem.QUOTA:
        return _NO_MONEY.search(trouble.message) is None
    return trouble.problem is not Problem.UNAUTHORIZED
