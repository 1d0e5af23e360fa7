"""What the driver has to know of one coding CLI: how to call it, how to read it, where its things are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from journeyman.domain.settings import WorkerSettings
from journeyman.workers.cli_agents.events import AgentEvent, Trouble


@dataclass(frozen=True)
class UserEnvironment:
    """The user's side of things, as far as a CLI's login depends on it."""

    home: Path
    environ: Mapping[str, str]

    def folder(self, variable: str, default: str) -> Path:
        """The folder that a variable names, else the default below HOME."""
        named = self.environ.get(variable, "")
        return Path(named) if named.startswith("/") else self.home / default


@dataclass(frozen=True)
class Lent:
    """A file of the user's that the CLI gets a copy of for the length of a call."""

    source: Path
    target: str
    """Where the copy goes, below the worker's state folder."""
    login: bool = False
    """It holds tokens: the CLI may renew them, and the user's file must not fall behind."""


@dataclass(frozen=True)
class Call:
    """One call of a CLI."""

    settings: WorkerSettings
    user: UserEnvironment
    state: Path
    """The worker's own folder, which the CLI may write."""
    model: str | None
    session_id: str | None
    """The session to go on with, or the name for a new one where the CLI lets us choose."""
    resume: bool


@dataclass(frozen=True)
class Invocation:
    """The arguments after the program, and the variables to set. The prompt is fed to standard input."""

    arguments: tuple[str, ...]
    variables: Mapping[str, str]


@dataclass(frozen=True)
class Traits:
    """What is always so with a CLI."""

    program: str
    """Its name on the PATH."""
    title: str
    how_to_log_in: str
    secrets: tuple[str, ...]
    """Variables of the user's environment that are a login: it may see them."""
    variables: tuple[str, ...]
    """Further ones that it may see: addresses, models, time-outs."""
    providers: tuple[str, ...]
    """Whose models it can work with; empty is any provider's."""
    idle_cpu: float
    """The share of a core that it burns while it only waits."""
    names_sessions: bool
    """A new session can be given a name, so that it is known before the program has said anything."""
    keeps_limits: bool
    """It keeps to ``max_turns`` and ``max_budget_usd`` by itself; else they are counted outside."""
    tells_cost: bool


class Cli(Protocol):
    """One coding CLI."""

    @property
    def traits(self) -> Traits:
        """What is always so."""

    def lends(self, user: UserEnvironment) -> tuple[Lent, ...]:
        """The user's files that it needs."""

    def has_session(self, state: Path, session_id: str) -> bool:
        """Whether the private folder holds the session."""

    def invoke(self, call: Call) -> Invocation:
        """How to start it, headless and without questions."""

    def read(self, line: Mapping[str, Any]) -> tuple[AgentEvent, ...]:
        """What one line of its output says. Pure; a line of an unknown type says nothing."""

    def read_log(self, line: str) -> Trouble | None:
        """The trouble that a line on standard error tells of, where the CLI tells of it only there."""


def model_for(traits: Traits, wanted: str | None) -> str | None:
    """The model to name to a CLI, from ``name`` or ``provider:name``; ``None`` when it is not for it."""
    if not wanted:
        return None
    provider, colon, name = wanted.partition(":")
    if not colon or (not traits.providers and "/" in provider):
        return wanted
    if not traits.providers:
        return f"{provider}/{name}"
    return name if provider in traits.providers else None
