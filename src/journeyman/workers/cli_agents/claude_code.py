"""Claude Code (``claude``): one JSON line per content block, then one ``result`` line.

Traps: on API errors ``subtype`` stays "success", so ``is_error`` and ``terminal_reason`` are read; ``type``
is not always the first key; after a resume ``modelUsage`` and the cost count the whole session, while
``usage`` counts this call (and is all zeros when the budget ended it).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from journeyman.domain.worker import Usage
from journeyman.workers.cli_agents.cli import Call, Invocation, Lent, Traits, UserEnvironment
from journeyman.workers.cli_agents.events import (
    Acted,
    AgentEvent,
    Ended,
    Noted,
    Problem,
    SessionLost,
    SessionSeen,
    TextSeen,
    Total,
    Trouble,
    Used,
    classify,
    tool_words,
)
from journeyman.workers.cli_agents.json_values import (
    as_count,
    as_object,
    as_objects,
    as_price_usd,
    as_text,
    as_texts,
)

_CONFIG = "claude"
_QUIET = {
    "DISABLE_TELEMETRY": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "DISABLE_AUTOUPDATER": "1",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    # It refuses to skip permissions for root unless it is told that somebody else confines it.
    "IS_SANDBOX": "1",
}
_ENDS = {
    "max_turns": Problem.LIMIT,
    "budget_exhausted": Problem.LIMIT,
    "prompt_too_long": Problem.CONTEXT,
}


class ClaudeCode:
    """See :class:`journeyman.workers.cli_agents.cli.Cli`."""

    traits = Traits(
        program="claude",
        title="Claude Code",
        how_to_log_in="run `claude` and log in, or set ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN",
        secrets=("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"),
        variables=(
            "ANTHROPIC_BASE_URL",
            "ANTHROPIC_CUSTOM_HEADERS",
            "ANTHROPIC_MODEL",
            "ANTHROPIC_SMALL_FAST_MODEL",
            "ANTHROPIC_DEFAULT_HAIKU_MODEL",
            "ANTHROPIC_DEFAULT_SONNET_MODEL",
            "ANTHROPIC_DEFAULT_OPUS_MODEL",
            "API_TIMEOUT_MS",
            "CLAUDE_CODE_MAX_RETRIES",
            "CLAUDE_CODE_USE_BEDROCK",
            "CLAUDE_CODE_USE_VERTEX",
        ),
        providers=("anthropic",),
        idle_cpu=0.02,
        names_sessions=True,
        keeps_limits=True,
        tells_cost=True,
    )

    def lends(self, user: UserEnvironment) -> tuple[Lent, ...]:
        """The login, and the settings (a key helper, Bedrock, Vertex and the like are set there)."""
        folder = user.folder("CLAUDE_CONFIG_DIR", ".claude")
        return (
            Lent(folder / ".credentials.json", f"{_CONFIG}/.credentials.json", login=True),
            Lent(folder / "settings.json", f"{_CONFIG}/settings.json"),
        )

    def has_session(self, state: Path, session_id: str) -> bool:
        """Whether there is a transcript."""
        return any((state / _CONFIG / "projects").glob(f"*/{session_id}.jsonl"))

    def invoke(self, call: Call) -> Invocation:
        """Partial messages are asked for as signs of life during long answers."""
        arguments = ["-p", "--output-format", "stream-json", "--verbose", "--include-partial-messages"]
        arguments.append("--dangerously-skip-permissions")
        if call.session_id:
            arguments += ["--resume" if call.resume else "--session-id", call.session_id]
        if call.model:
            arguments += ["--model", call.model]
        if call.settings.max_turns is not None:
            arguments += ["--max-turns", str(call.settings.max_turns)]
        if call.settings.max_budget_usd is not None:
            arguments += ["--max-budget-usd", str(call.settings.max_budget_usd)]
        variables = {**_QUIET, "CLAUDE_CONFIG_DIR": str(call.state / _CONFIG)}
        return Invocation((*arguments, *call.settings.args), variables)

    def read(self, line: Mapping[str, Any]) -> tuple[AgentEvent, ...]:
        """See the protocol."""
        match line.get("type"):
            case "system" if line.get("subtype") == "init":
                return (SessionSeen(as_text(line.get("session_id"))),)
            case "system" if line.get("subtype") == "api_retry":
                return (_retry(line),)
            case "assistant" if not line.get("is_api_error_message"):
                return tuple(_assistant(as_object(line.get("message"))))
            case "result":
                return tuple(_result(line))
        return ()

    def read_log(self, _line: str) -> None:
        """All its troubles are events."""


def _retry(line: Mapping[str, Any]) -> Trouble:
    status, error = as_count(line.get("error_status")), as_text(line.get("error"))
    # Without a status there was no answer at all.
    problem = classify(error.replace("_", " "), status) if status else Problem.NETWORK
    return Trouble(problem, f"the model's answer was {status or 'an error'} ({error}); it tries again")


def _assistant(message: dict[str, Any]) -> list[AgentEvent]:
    told: list[AgentEvent] = []
    for block in as_objects(message.get("content")):
        if block.get("type") == "text":
            told.append(TextSeen(as_text(block.get("text"))))
        elif block.get("type") == "tool_use":
            told.append(Acted(tool_words(as_text(block.get("name")), block.get("input"))))
    usage = as_object(message.get("usage"))
    cached = as_count(usage.get("cache_read_input_tokens")) or 0
    written = as_count(usage.get("cache_creation_input_tokens")) or 0
    fresh = as_count(usage.get("input_tokens"))
    if fresh is not None:
        # Its output tokens are those of the moment when the block began: not to be believed.
        model = as_text(message.get("model")) or None
        told.append(Used(as_text(message.get("id")), Usage(model, fresh + cached + written, cached)))
    return told


def _result(line: Mapping[str, Any]) -> list[AgentEvent]:
    told: list[AgentEvent] = []
    errors = as_texts(line.get("errors"))
    if any("No conversation found" in error for error in errors):
        return [SessionLost()]
    models = {name: as_object(figures) for name, figures in as_object(line.get("modelUsage")).items()}
    if models:
        told.append(Total(_total(models, line)))
    denied = as_objects(line.get("permission_denials"))
    if denied:
        names = ", ".join(sorted({as_text(denial.get("tool_name")) for denial in denied}))
        told.append(Noted(f"it was denied {len(denied)} permissions: {names}"))
    return [*told, _end(line, errors)]


def _end(line: Mapping[str, Any], errors: list[str]) -> Ended:
    reason, text = as_text(line.get("terminal_reason")), as_text(line.get("result"))
    if reason in _ENDS:
        return Ended(_ENDS[reason], f"it ended with {reason}")
    if line.get("is_error"):
        message = text or "; ".join(errors) or reason or "it ended with an error"
        return Ended(classify(message, as_count(line.get("api_error_status"))), message)
    return Ended(message=text)


def _total(models: dict[str, dict[str, Any]], line: Mapping[str, Any]) -> Usage:
    """All models of the session in one figure, under the name of the one that was asked most."""

    def summed(key: str) -> int:
        return sum(as_count(figures.get(key)) or 0 for figures in models.values())

    cached = summed("cacheReadInputTokens")
    costs = [
        None if figures.get("costBasis") == "unknown" else as_price_usd(figures.get("costUSD"))
        for figures in models.values()
    ]
    known = [cost for cost in costs if cost is not None]
    latency_ms = as_count(line.get("duration_api_ms"))
    return Usage(
        model=max(models, key=lambda name: as_count(models[name].get("outputTokens")) or 0),
        tokens_in=summed("inputTokens") + cached + summed("cacheCreationInputTokens"),
        tokens_cached=cached,
        tokens_out=summed("outputTokens"),
        cost_usd=sum(known) if len(known) == len(costs) else None,
        latency_s=None if latency_ms is None else latency_ms / 1000,
        requests=as_count(line.get("num_turns")) or 1,
    )
