"""Codex (``codex exec``): threads, turns and items.

Traps: usage counts the whole thread; an item of type ``error`` can be a mere warning; a bad thread id prints
nothing on standard output; without a network it waits for ever; it has no limit of turns or money.
"""

from __future__ import annotations

import json
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
    SessionSeen,
    TextSeen,
    Total,
    Trouble,
    classify,
)
from journeyman.workers.cli_agents.json_values import (
    as_count,
    as_object,
    as_objects,
    as_text,
)

_HOME = "codex"


class Codex:
    """See :class:`journeyman.workers.cli_agents.cli.Cli`."""

    traits = Traits(
        program="codex",
        title="Codex",
        how_to_log_in="run `codex login`, or set OPENAI_API_KEY",
        secrets=("CODEX_API_KEY", "OPENAI_API_KEY", "CODEX_ACCESS_TOKEN"),
        variables=("OPENAI_BASE_URL", "OPENAI_ORGANIZATION", "OPENAI_PROJECT"),
        providers=("openai",),
        idle_cpu=0.03,
        names_sessions=False,
        keeps_limits=False,
        tells_cost=False,
    )

    def lends(self, user: UserEnvironment) -> tuple[Lent, ...]:
        """The login, and the configuration, in which providers are defined."""
        folder = user.folder("CODEX_HOME", ".codex")
        return (
            Lent(folder / "auth.json", f"{_HOME}/auth.json", login=True),
            Lent(folder / "config.toml", f"{_HOME}/config.toml"),
        )

    def has_session(self, state: Path, session_id: str) -> bool:
        """Whether there is a rollout file."""
        return any((state / _HOME / "sessions").glob(f"**/rollout-*{session_id}.jsonl"))

    def invoke(self, call: Call) -> Invocation:
        """It names its threads itself, so that a new call has no id."""
        arguments = ["exec", "resume"] if call.resume else ["exec"]
        # Who confines it is Journeyman: its own sandbox cannot start inside another one.
        arguments += ["--json", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox"]
        # A login shell would set its own PATH, and lose the checks' environment on it.
        arguments += ["-c", "allow_login_shell=false"]
        if call.model:
            arguments += ["--model", call.model]
        arguments += [*_provider(call), *call.settings.args]
        if call.resume and call.session_id:
            arguments.append(call.session_id)
        variables = {"CODEX_HOME": str(call.state / _HOME)}
        key = call.user.environ.get("OPENAI_API_KEY")
        logged_in = any(file.login and file.source.is_file() for file in self.lends(call.user))
        # A key that is there for other programs must not be billed in place of the user's subscription.
        if key and not logged_in and not call.user.environ.get("CODEX_API_KEY"):
            variables["CODEX_API_KEY"] = key
        return Invocation((*arguments, "-"), variables)

    def read(self, line: Mapping[str, Any]) -> tuple[AgentEvent, ...]:
        """See the protocol."""
        match line.get("type"):
            case "thread.started":
                return (SessionSeen(as_text(line.get("thread_id"))),)
            case "item.started" | "item.completed":
                return _item(as_object(line.get("item")), started=line["type"] == "item.started")
            case "error":
                message = as_text(line.get("message"))
                return (Trouble(classify(message), message),)
            case "turn.completed":
                return (*_total(as_object(line.get("usage"))), Ended())
            case "turn.failed":
                message = as_text(as_object(line.get("error")).get("message"))
                return (Ended(classify(message), message),)
        return ()

    def read_log(self, _line: str) -> None:
        """All its troubles are events."""


def _provider(call: Call) -> list[str]:
    """The user's ``OPENAI_BASE_URL`` as a provider: without one it would try a web socket there first."""
    address = call.user.environ.get("OPENAI_BASE_URL")
    if not address:
        return []
    settings = {"name": "journeyman", "base_url": address, "wire_api": "responses"}
    if call.user.environ.get("OPENAI_API_KEY"):
        settings["env_key"] = "OPENAI_API_KEY"
    # A JSON string is a TOML string as well.
    inline = ",".join(f"{key}={json.dumps(value)}" for key, value in settings.items())
    return ["-c", 'model_provider="journeyman"', "-c", f"model_providers.journeyman={{{inline}}}"]


def _item(item: dict[str, Any], *, started: bool) -> tuple[AgentEvent, ...]:
    match item.get("type"):
        case "command_execution" if started:
            return (Acted(as_text(item.get("command"))),)
        case "file_change" if not started:
            paths = [as_text(change.get("path")) for change in as_objects(item.get("changes"))]
            return (Acted(f"edit: {', '.join(filter(None, paths)) or 'files'}"),)
        case "mcp_tool_call" | "web_search" if started:
            return (
                Acted(as_text(item.get("tool")) or as_text(item.get("query")) or as_text(item.get("type"))),
            )
        case "agent_message" if not started:
            return (TextSeen(as_text(item.get("text"))),)
        case "error":
            return (Noted(f"warning: {as_text(item.get('message'))}"),)
    return ()


def _total(usage: dict[str, Any]) -> tuple[Total, ...]:
    if not usage:
        return ()
    return (
        Total(
            Usage(
                tokens_in=as_count(usage.get("input_tokens")),
                tokens_cached=as_count(usage.get("cached_input_tokens")),
                tokens_out=as_count(usage.get("output_tokens")),
            )
        ),
    )
