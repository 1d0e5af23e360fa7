"""One call of a coding CLI: its arguments and login, its lines as they come, what it came to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from uuid import NAMESPACE_URL, uuid4, uuid5

from journeyman.domain.errors import JourneymanError
from journeyman.domain.plan import Question
from journeyman.domain.process import CommandResult, Network
from journeyman.domain.settings import WorkerSettings
from journeyman.domain.worker import ImplementRequest, Usage, WorkerHost
from journeyman.workers.cli_agents.account import Account, Stopped
from journeyman.workers.cli_agents.cli import Call, Cli, Invocation, UserEnvironment
from journeyman.workers.cli_agents.events import (
    Acted,
    AgentEvent,
    Ended,
    Noted,
    Problem,
    SessionSeen,
    TextSeen,
    Trouble,
    Used,
)
from journeyman.workers.cli_agents.login import lent
from journeyman.workers.cli_agents.memory import Memory, load_memory, save_memory, since
from journeyman.workers.cli_agents.prompts import prompt_for
from journeyman.workers.cli_agents.supervise import OnStarted, Supervisor
from journeyman.workers.final_message import read_final_message

MAX_ACTIVITIES = 200


@dataclass(frozen=True)
class Setup:
    """A configured CLI."""

    name: str
    cli: Cli
    settings: WorkerSettings
    user: UserEnvironment
    model: str | None

    @property
    def program(self) -> tuple[str, ...]:
        """The program and the arguments that always come first."""
        return self.settings.command or (self.cli.traits.program,)


@dataclass(frozen=True)
class CallOutcome:
    """How one attempt ended, as far as it matters."""

    session_id: str | None = None
    summary: str = ""
    blocked: Question | None = None
    problem: Problem | None = None
    message: str = ""
    facts: tuple[str, ...] = ()


class AgentCall:
    """Makes the calls of one attempt: one, or a second when the session of the first is gone."""

    def __init__(self, setup: Setup, request: ImplementRequest, host: WorkerHost) -> None:
        self._setup = setup
        self._request = request
        self._host = host
        folder = host.state_folder()
        self._state = folder / "home"
        self._memory_path = folder / f"m{request.milestone_number}.json"
        self._memory = load_memory(self._memory_path)
        self._account = Account(setup.cli)
        self._activities = 0

    async def make(self) -> CallOutcome:
        """The attempt, in the milestone's session where there is one."""
        self._state.mkdir(exist_ok=True)
        if self._memory.pending is not None:  # a call that a crash cut short was never booked
            self._host.spent(self._memory.pending)
            self._remember(replace(self._memory, pending=None))
        named = self._name()
        session = self._request.session_id or self._memory.session_id or named
        if session is not None and self._setup.cli.has_session(self._state, session):
            outcome = await self._call(session, resume=True)
            if not self._account.session_lost:
                return outcome
            self._host.activity("its session is gone: it begins a new one")
            named = str(uuid4()) if named else None
        self._remember(Memory())
        self._account = Account(self._setup.cli)
        return await self._call(named, resume=False)

    async def _call(self, session: str | None, *, resume: bool) -> CallOutcome:
        setup, account = self._setup, self._account
        # Whoever comes back without the session that the engine knows was cut off in the middle of it.
        interrupted = resume and self._request.session_id is None
        prompt = prompt_for(self._request, self._host.worktree, resumed=resume, interrupted=interrupted)
        call = Call(setup.settings, setup.user, self._state, setup.model, session, resume)
        invocation = setup.cli.invoke(call)
        _make_folders(invocation, self._state)
        supervisor = Supervisor(account, setup.settings, setup.cli)
        with lent(setup.cli.lends(setup.user), self._state):
            try:
                result, stopped = await supervisor.run(lambda started: self._run(invocation, prompt, started))
            except JourneymanError as error:
                if error.code != "command-not-found":
                    raise
                return CallOutcome(problem=Problem.MISSING, message=error.message, facts=error.facts)
        # A call that is cut off books nothing: its repetition does, and would be taken for the same event.
        self._book()
        return self._outcome(result, stopped)

    async def _run(self, invocation: Invocation, prompt: str, on_started: OnStarted) -> CommandResult:
        settings, traits = self._setup.settings, self._setup.cli.traits
        return await self._host.run(
            (*self._setup.program, *invocation.arguments),
            timeout_s=settings.timeout_s,
            network=Network.ON if settings.network else Network.OFF,
            env=(*traits.secrets, *traits.variables, *settings.env),
            variables=invocation.variables,
            writable=(self._state,),
            stdin=prompt.encode("utf-8", "backslashreplace"),
            on_line=self._on_line,
            on_started=on_started,
        )

    def _on_line(self, stream: str, line: str) -> None:
        account = self._account
        events = account.take(stream, line)
        for event in events:
            self._tell(event)
        if any(isinstance(event, SessionSeen | Used) for event in events):
            memory = replace(self._memory, session_id=account.session_id, pending=account.used)
            if memory != self._memory:
                self._remember(memory)

    def _tell(self, event: AgentEvent) -> None:
        match event:
            case TextSeen(text) | Acted(text) | Noted(text) | Trouble(message=text) if text.strip():
                self._activities += 1
                if self._activities < MAX_ACTIVITIES:
                    self._host.activity(text)
                elif self._activities == MAX_ACTIVITIES:
                    self._host.activity("… further activity is not shown")

    def _book(self) -> None:
        """Book what the call cost: the rise of the session's total, else its requests one by one."""
        account, total = self._account, self._account.total
        usage: Usage | None = account.used
        if total is not None:
            usage = since(total, self._memory.reported)
        if usage is not None:
            self._host.spent(replace(usage, model=usage.model or self._setup.model))
        self._remember(replace(self._memory, reported=total or self._memory.reported, pending=None))

    def _outcome(self, result: CommandResult | None, stopped: Stopped | None) -> CallOutcome:
        end: Ended = self._account.outcome(result, stopped)
        session, facts = self._account.session_id, self._account.facts
        if end.problem is not None:
            return CallOutcome(session, problem=end.problem, message=end.message, facts=facts)
        answer = read_final_message(end.message or self._account.answer)
        return CallOutcome(session, answer.summary, answer.blocked)

    def _remember(self, memory: Memory) -> None:
        self._memory = memory
        save_memory(self._memory_path, memory)

    def _name(self) -> str | None:
        """The milestone's own name for a session: the same in a repetition after a crash."""
        if not self._setup.cli.traits.names_sessions:
            return None
        return str(uuid5(NAMESPACE_URL, f"journeyman:{self._host.run_id}/m{self._request.milestone_number}"))


def _make_folders(invocation: Invocation, state: Path) -> None:
    """The private folders that variables name: some CLIs want them to be there."""
    for value in invocation.variables.values():
        path = Path(value)
        if path.is_absolute() and path.is_relative_to(state):
            path.mkdir(parents=True, exist_ok=True)
