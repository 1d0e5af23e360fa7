"""What the driver has to know of one coding CLI: how to call it, how to read it, where its things are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from journeyman.domain.settings import WorkerSettings
from journeyman.workers.cli_agents.events import AgentEvent


@dataclass(frozen=True)
class Place:
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
    place: Place
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


class Cli(Protocol):
    """One coding CLI."""

    # The program's name on the PATH.
    @property
    def program(self) -> str: ...

    # What people call it, and how they log in.
    @property
    def title(self) -> str: ...

    @property
    def how_to_log_in(self) -> str: ...

    # Variables of the user's environment that it may see; of these, ``secrets`` are a login.
    @property
    def variables(self) -> tuple[str, ...]: ...

    @property
    def secrets(self) -> tuple[str, ...]: ...

    # Providers whose ``provider:name`` it can work with; empty is any.
    @property
    def providers(self) -> tuple[str, ...]: ...

    # The share of a core that it burns while it only waits.
    @property
    def idle_cpu(self) -> float: ...

    # Whether it says what a call costs, so that a limit in dollars can hold.
    @property
    def tells_cost(self) -> bool: ...

    # The user's files that it needs.
    def lends(self, place: Place) -> tuple[Lent, ...]: ...

    # Whether the private state folder holds the session.
    def has_session(self, state: Path, session_id: str) -> bool: ...

    def invoke(self, call: Call) -> Invocation: ...

    # What one line of its output says. Pure; unknown types say nothing.
    def read(self, line: Mapping[str, Any]) -> tuple[AgentEvent, ...]: ...


def model_for(cli: Cli, wanted: str | None) -> str | None:
    """The model that a CLI is to be told, from ``name`` or ``provider:name``; ``None`` when it is not for it."""
    if not wanted:
        return None
    provider, colon, name = wanted.partition(":")
    if not colon or (not cli.providers and "/" in provider):
        return wanted
    if not cli.providers:
        return f"{provider}/{name}"
    return name if provider in cli.providers else None
