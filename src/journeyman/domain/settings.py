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
class ModelsSettings:
    """The models of the built-in agent by tier, each ``provider:name``; a missing tier takes another's."""

    __pydantic_config__: ClassVar = _STRICT
    cheap: str | None = None
    """Plans."""
    standard: str | None = None
    """Implements."""
    strong: str | None = None
    """Reviews."""
    patience_s: float = 300.0
    """How long one call may wait, in all, for rate limits and server errors to pass."""
    silence_s: float = 120.0
    """How long a model may say nothing before the call is tried again."""


@dataclass(frozen=True)
class PhaseSettings:
    """Who works a phase."""

    __pydantic_config__: ClassVar = _STRICT
    worker: str | None = None
    model: str | None = None
    """For the built-in agent: a tier's name, or ``provider:name``."""


@dataclass(frozen=True)
class PhasesSettings:
    """Who works which phase; an unset one falls back to the run's worker."""

    __pydantic_config__: ClassVar = _STRICT
    plan: PhaseSettings = field(default_factory=PhaseSettings)
    implement: PhaseSettings = field(default_factory=PhaseSettings)
    review: PhaseSettings = field(default_factory=PhaseSettings)


class RiskFlag(StrEnum):
    """What makes even a small change one for a second pair of eyes."""

    AUTH = "auth"
    CRYPTO = "crypto"
    SQL = "sql"
    TESTS_DELETED = "tests_deleted"
    PUBLIC_API = "public_api"
    DEPENDENCY = "dependency"


@dataclass(frozen=True)
class FastPathSettings:
    """When PLAN and REVIEW are left out; scope guards and verification always stay."""

    __pydantic_config__: ClassVar = _STRICT
    enabled: bool = True
    """Whether a task that looks small is worked without them."""
    force: bool = False
    """Leave them out whatever the task looks like; what the diff shows can still bring REVIEW back."""
    max_task_characters: int = 1500
    """Of prose: what is quoted of code and logs does not count."""
    max_likely_files: int = 8
    """Files that the task seems to be about."""
    max_files: int = 4
    """Files changed; before, those that mention what is to change everywhere."""
    max_lines: int = 120
    """Lines added and removed, in all."""
    min_confidence: float = 0.5
    """How sure the decision must be, from 0 to 1."""
    risk_flags: tuple[RiskFlag, ...] = tuple(RiskFlag)
    """Built-in signs of risk that count."""
    risky_paths: tuple[str, ...] = ()
    """Globs of paths that are risky here, on top of those."""
    risky_patterns: tuple[str, ...] = ()
    """Regular expressions: a changed line that one of them is found in is risky."""


class WorkerType(StrEnum):
    """The kinds of worker that are not a coding CLI: those are in ``workers/cli_agents/registry.py``."""

    AGENT = "agent"
    AUTOFIX = "autofix"
    REPLAY = "replay"
    COMMAND = "command"


@dataclass(frozen=True)
class WorkerSettings:
    """One ``[workers.NAME]`` table."""

    __pydantic_config__: ClassVar = _STRICT
    type: str
    """One of ``WorkerType``, or a coding CLI."""
    command: tuple[str, ...] = ()
    """For ``command``: argv; ``{prompt_file}``, ``{prompt}``, ``{worktree}``, ``{run_id}`` are filled in.
    For a coding CLI: the program, when it is not the usual one on the PATH."""
    session: str | None = None
    """For ``replay``: the session file."""
    network: bool = True
    env: tuple[str, ...] = ()
    """Names of environment variables that the program may see."""
    timeout_s: float = 1800.0
    model: str | None = None
    """For a coding CLI, as are the following: the model's name as the CLI knows it."""
    args: tuple[str, ...] = ()
    """Further arguments."""
    max_turns: int | None = None
    """Turns of the model in one attempt."""
    max_budget_usd: float | None = None
    """Dollars that one attempt may cost."""
    silence_s: float = 180.0
    """Stop the program when for so long it has printed nothing, used no processor and started nothing."""


class StopCondition(StrEnum):
    """What a run stops for, instead of deciding by itself."""

    PRODUCT_DECISION = "requires_product_decision"
    """The worker asks what only a person knows."""
    SCOPE_VIOLATION = "scope_violation"
    """Edits leave the scope."""
    UNCERTAINTY = "uncertainty_high"
    """What was asked contradicts itself, or worker and reviewer do not agree on what it means."""
    CHANGES_EXCEED = "changes_exceed_threshold"
    """The change is larger than ``scope.max_files`` or ``scope.max_lines``."""


class ScopeViolationPolicy(StrEnum):
    """What happens to edits outside the scope."""

    STOP = "stop"
    DROP = "drop"
    """They are put back, and the rest is verified."""


class IntegrityPolicy(StrEnum):
    """What happens when a change weakens the tests or checks that judge it."""

    REVIEW = "review"
    STOP = "stop"
    ALLOW = "allow"


@dataclass(frozen=True)
class AutonomySettings:
    """How far a run goes by itself before it stops for a person."""

    __pydantic_config__: ClassVar = _STRICT
    verify_auto_retry: int = 3
    """IMPLEMENT attempts after the first, for each milestone."""
    auto_fix_lint: bool = True
    """Whether the project's own fixers are tried before a model is asked again."""
    auto_fix_tests: bool = True
    """Whether failing tests are worked on: run again where they look flaky, else given to the worker."""
    auto_create_tests: bool = False
    """Whether a verified change without a test gets one, which must fail on the base."""
    max_auto_iterations: int = 5
    """Rungs of the ladder in all, over the whole run: fixers, re-runs, retries, the stronger model, and
    calls for a new test."""
    transient_retries: int = 2
    """How often a call is tried again after trouble that passes: network, rate limits, a crash."""
    transient_wait_s: float = 15.0
    """Seconds before the first of these; doubled each time."""
    stop_conditions: tuple[StopCondition, ...] = tuple(StopCondition)
    scope_violation: ScopeViolationPolicy = ScopeViolationPolicy.STOP
    test_integrity: IntegrityPolicy = IntegrityPolicy.REVIEW

    def stops_for(self, condition: StopCondition) -> bool:
        """Whether a person is asked in this case."""
        return condition in self.stop_conditions

    @property
    def drops_out_of_scope(self) -> bool:
        """Whether edits outside the scope are put back instead of stopping the run at once."""
        return self.scope_violation is ScopeViolationPolicy.DROP or not self.stops_for(
            StopCondition.SCOPE_VIOLATION
        )


@dataclass(frozen=True)
class BudgetSettings:
    """Where a run ends whatever it has; ``None`` is no limit."""

    __pydantic_config__: ClassVar = _STRICT
    minutes: float | None = 120.0
    requests: int | None = 200
    """Model requests of the built-in agent in a run."""
    tokens: int | None = 5_000_000
    """Tokens of the built-in agent in a run, sent and received."""
    usd: float | None = None
    """Dollars of the built-in agent in a run; not compared while a price is unknown."""
    call_tokens: int | None = None
    """Prompt tokens of one request, estimated before it is sent."""
    call_output_tokens: int = 16_000
    """Tokens that one answer may have."""
    call_usd: float | None = None
    """Dollars of one request; one that cost more is the last until a person resumes."""
    call_seconds: float | None = 900.0
    """Seconds of one request, its waiting and its retries included."""


@dataclass(frozen=True)
class ContextSettings:
    """What a worker is shown of the repository with its first request."""

    __pydantic_config__: ClassVar = _STRICT
    enabled: bool = True
    budget: int = 8_000
    """Tokens of a pack, at most."""


@dataclass(frozen=True)
class Settings:
    """The whole configuration of one run."""

    __pydantic_config__: ClassVar = _STRICT
    checks: tuple[Check, ...] = ()
    verify: VerifySettings = field(default_factory=VerifySettings)
    scope: Scope = field(default_factory=Scope)
    workspace: WorkspaceSettings = field(default_factory=WorkspaceSettings)
    models: ModelsSettings = field(default_factory=ModelsSettings)
    phases: PhasesSettings = field(default_factory=PhasesSettings)
    fast_path: FastPathSettings = field(default_factory=FastPathSettings)
    workers: dict[str, WorkerSettings] = field(default_factory=dict)
    autonomy: AutonomySettings = field(default_factory=AutonomySettings)
    budget: BudgetSettings = field(default_factory=BudgetSettings)
    context: ContextSettings = field(default_factory=ContextSettings)
    sandbox: SandboxMode = SandboxMode.AUTO
    worker: str | None = None
    """The worker of every phase that names none."""
