"""Everything that can be configured, with its defaults. ``config.py`` fills it in; this reads nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from journeyman.domain.checks import Check, Requirement
from journeyman.domain.scope import Scope

_STRICT: dict[str, str] = {"extra": "forbid"}


class SandboxMode(StrEnum):
    """``auto`` takes the strongest back-end whose probe succeeds, and warns when there is none."""

    AUTO = "auto"
    REQUIRED = "required"
    OFF = "off"


@dataclass(frozen=True)
class VerifySettings:
    """How VERIFY judges."""

    __pydantic_config__: ClassVar = _STRICT
    require: Requirement = Requirement.NO_NEW_FAILURES
    slots: int = 0
    """Checks at the same time; 0 is one per core."""


@dataclass(frozen=True)
class WorkspaceSettings:
    """How the worktrees are made ready for checks."""

    __pydantic_config__: ClassVar = _STRICT
    setup: str | tuple[str, ...] | None = None
    """Run once in each fresh worktree, with network."""
    setup_timeout_s: float = 900.0
    link: tuple[str, ...] = ("node_modules", ".venv")
    """Ignored folders of the user's checkout that the worktrees may use, read-only."""
    canary: bool = True


@dataclass(frozen=True)
class PhaseSettings:
    """Who works a phase."""

    __pydantic_config__: ClassVar = _STRICT
    worker: str | None = None
    model: str | None = None


@dataclass(frozen=True)
class PhasesSettings:
    """Who works which phase; an unset one falls back to the run's worker."""

    __pydantic_config__: ClassVar = _STRICT
    plan: PhaseSettings = field(default_factory=PhaseSettings)
    implement: PhaseSettings = field(default_factory=PhaseSettings)
    review: PhaseSettings = field(default_factory=PhaseSettings)


class WorkerType(StrEnum):
    """The kinds of worker that exist."""

    AUTOFIX = "autofix"
    REPLAY = "replay"
    COMMAND = "command"


@dataclass(frozen=True)
class WorkerSettings:
    """One ``[workers.NAME]`` table."""

    __pydantic_config__: ClassVar = _STRICT
    type: WorkerType
    command: tuple[str, ...] = ()
    """For ``command``: argv; ``{prompt_file}``, ``{prompt}``, ``{worktree}``, ``{run_id}`` are filled in."""
    session: str | None = None
    """For ``replay``: the session file."""
    network: bool = True
    env: tuple[str, ...] = ()
    """Names of environment variables that the program may see."""
    timeout_s: float = 1800.0


@dataclass(frozen=True)
class AutonomySettings:
    """How far a run goes by itself before it stops for a person."""

    __pydantic_config__: ClassVar = _STRICT
    verify_auto_retry: int = 3
    """IMPLEMENT attempts after the first, for each milestone."""


@dataclass(frozen=True)
class BudgetSettings:
    """Where a run ends whatever it has; ``None`` is no limit."""

    __pydantic_config__: ClassVar = _STRICT
    minutes: float | None = 120.0


@dataclass(frozen=True)
class Settings:
    """The whole configuration of one run."""

    __pydantic_config__: ClassVar = _STRICT
    checks: tuple[Check, ...] = ()
    verify: VerifySettings = field(default_factory=VerifySettings)
    scope: Scope = field(default_factory=Scope)
    workspace: WorkspaceSettings = field(default_factory=WorkspaceSettings)
    phases: PhasesSettings = field(default_factory=PhasesSettings)
    workers: dict[str, WorkerSettings] = field(default_factory=dict)
    autonomy: AutonomySettings = field(default_factory=AutonomySettings)
    budget: BudgetSettings = field(default_factory=BudgetSettings)
    sandbox: SandboxMode = SandboxMode.AUTO
    worker: str | None = None
    """The worker of every phase that names none."""
