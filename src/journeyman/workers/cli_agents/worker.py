"""The worker behind every coding CLI: a call for each attempt, in one session for each milestone."""

from __future__ import annotations

from journeyman.domain.errors import JourneymanError
from journeyman.domain.plan import Implementation
from journeyman.domain.settings import WorkerSettings
from journeyman.domain.worker import Health, ImplementRequest, WorkerHost
from journeyman.workers.base import IN_A_NEW_RUN, ImplementOnly
from journeyman.workers.cli_agents.call import AgentCall, CallOutcome, Setup
from journeyman.workers.cli_agents.cli import Cli, UserEnvironment, model_for
from journeyman.workers.cli_agents.events import Problem
from journeyman.workers.cli_agents.registry import CODING_CLIS

_VERSION_TIMEOUT_S = 30.0


class CliAgentWorker(ImplementOnly):
    """Runs a coding CLI headless, confined to the worktree and to a private folder for its own state."""

    wants_context = True

    def __init__(
        self, name: str, settings: WorkerSettings, user: UserEnvironment, model: str | None = None
    ) -> None:
        """``model`` is the run's; that of the worker's own table comes first.

        Raises JourneymanError("bad-config") when that one is another provider's.
        """
        cli = CODING_CLIS[settings.type]
        chosen = model_for(cli.traits, settings.model) or model_for(cli.traits, model)
        if settings.model and model_for(cli.traits, settings.model) is None:
            raise JourneymanError(
                "bad-config", f"workers.{name}.model: {cli.traits.title} cannot work with {settings.model}"
            )
        self.name = name
        self._setup = Setup(name, cli, settings, user, chosen)
        self._unused = model if model and not chosen else None

    async def implement(self, request: ImplementRequest, host: WorkerHost) -> Implementation:
        """One attempt, in the milestone's session. Raises JourneymanError with the code of the problem."""
        self._refuse_settings()

        async def effect() -> CallOutcome:
            if self._unused:
                title = self._setup.cli.traits.title
                host.activity(f"{self._unused} is no model for {title}, which takes its own default")
            return await AgentCall(self._setup, request, host).make()

        outcome = await host.edit(f"cli/{self.name}", effect, CallOutcome)
        if outcome.problem is not None:
            raise self._error(outcome, outcome.problem)
        return Implementation(outcome.summary, outcome.blocked, outcome.session_id)

    async def health(self, host: WorkerHost) -> Health:
        """Its version, and whether a login can be seen. Asks no model."""
        cli, program = self._setup.cli, self._setup.program

        async def version() -> str:
            result = await host.run((*program, "--version"), timeout_s=_VERSION_TIMEOUT_S)
            lines = result.stdout.decode("utf-8", "backslashreplace").splitlines()
            return next((line.strip() for line in lines if line.strip()), "") if result.ok else ""

        try:
            told = await host.step("version", version, str)
        except JourneymanError as error:
            if error.code != "command-not-found":
                raise
            return Health(ok=False, message=error.message, hint=f"install {cli.traits.title}")
        if not told:
            return Health(
                ok=False, message=f"{program[0]} does not start", hint=f"reinstall {cli.traits.title}"
            )
        login = login_seen(cli, self._setup.user)
        if login is None:
            return Health(ok=False, message=f"{told}, not logged in", hint=cli.traits.how_to_log_in)
        return Health(ok=True, message=f"{told}, {login}")

    def _refuse_settings(self) -> None:
        traits = self._setup.cli.traits
        if self._setup.settings.max_budget_usd is not None and not traits.tells_cost:
            raise JourneymanError(
                "bad-config",
                f"workers.{self.name}.max_budget_usd cannot hold: {traits.title} does not tell its cost",
                hint="use max_turns or timeout_s instead",
            )

    def _error(self, outcome: CallOutcome, problem: Problem) -> JourneymanError:
        cli, table = self._setup.cli, f"workers.{self.name}"
        hints = {
            Problem.UNAUTHORIZED: cli.traits.how_to_log_in,
            Problem.MISSING: f"install {cli.traits.title}, or set {table}.command {IN_A_NEW_RUN}",
            Problem.TIMEOUT: f"raise {table}.timeout_s {IN_A_NEW_RUN}",
            Problem.SILENT: f"if its model is only slow, raise {table}.silence_s {IN_A_NEW_RUN}",
            Problem.LIMIT: f"raise {table}.max_turns or {table}.max_budget_usd {IN_A_NEW_RUN}",
            Problem.QUOTA: "wait or take another account; another model or worker takes a new run",
        }
        message = f"{cli.traits.title}: {outcome.message}"
        return JourneymanError(problem.value, message, facts=outcome.facts, hint=hints.get(problem))


def login_seen(cli: Cli, user: UserEnvironment) -> str | None:
    """Where a login is, in a few words; ``None`` when there is none to be seen."""
    key = next((name for name in cli.traits.secrets if user.environ.get(name)), None)
    if key is not None:
        return f"{key} is set"
    files = (file.source for file in cli.lends(user) if file.login and file.source.is_file())
    found = next(files, None)
    return f"logged in ({found})" if found else None
