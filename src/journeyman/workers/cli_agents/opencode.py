"""OpenCode (``opencode run``): parts of messages as they are finished, a ``step_finish`` for each request.

Traps: ``input`` leaves out what came from the cache; there is no final total; while it tries again it says so
only in its log; its first start in a new configuration folder would install 90 MB of plugins (``--pure``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from journeyman.domain.worker import Usage
from journeyman.workers.cli_agents.cli import Call, Invocation, Lent, Traits, UserEnvironment
from journeyman.workers.cli_agents.events import (
    Acted,
    AgentEvent,
    Ended,
    SessionSeen,
    TextSeen,
    Trouble,
    Used,
    classify,
    tool_words,
)
from journeyman.workers.cli_agents.json_values import (
    as_count,
    as_object,
    as_price_usd,
    as_text,
)

_FOLDERS = {
    "XDG_DATA_HOME": "data",
    "XDG_CONFIG_HOME": "config",
    "XDG_STATE_HOME": "state",
    "XDG_CACHE_HOME": "cache",
}
_QUIET = {
    "OPENCODE_DISABLE_AUTOUPDATE": "1",
    "OPENCODE_DISABLE_MODELS_FETCH": "1",
    "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
    "OPENCODE_DISABLE_SHARE": "1",
}
_PROVIDER = "journeyman"
_LOGGED = re.compile(r'level=ERROR .*message="stream error".* error\.error="(.+?)"')


class OpenCode:
    """See :class:`journeyman.workers.cli_agents.cli.Cli`."""

    traits = Traits(
        program="opencode",
        title="OpenCode",
        how_to_log_in="run `opencode auth login`, or set a provider's key such as ANTHROPIC_API_KEY",
        secrets=(
            "OPENCODE_API_KEY",
            "ANTHROPIC_API_KEY",
            "OPENAI_API_KEY",
            "OPENROUTER_API_KEY",
            "GEMINI_API_KEY",
            "GOOGLE_GENERATIVE_AI_API_KEY",
            "GROQ_API_KEY",
            "MISTRAL_API_KEY",
            "DEEPSEEK_API_KEY",
            "XAI_API_KEY",
        ),
        variables=("OPENAI_BASE_URL", "ANTHROPIC_BASE_URL"),
        providers=(),
        idle_cpu=0.15,
        names_sessions=False,
        keeps_limits=False,
        tells_cost=True,
    )

    def lends(self, user: UserEnvironment) -> tuple[Lent, ...]:
        """The login, and the configuration, in which local models are defined."""
        data = user.folder("XDG_DATA_HOME", ".local/share") / "opencode"
        config = user.folder("XDG_CONFIG_HOME", ".config") / "opencode"
        names = ("opencode.json", "opencode.jsonc", "config.json")
        return (
            Lent(data / "auth.json", "data/opencode/auth.json", login=True),
            *(Lent(config / name, f"config/opencode/{name}") for name in names),
        )

    def has_session(self, state: Path, session_id: str) -> bool:  # noqa: ARG002 - it is in a database
        """Whether there is a store of sessions; a lost one is noticed when it is asked for."""
        return any((state / "data" / "opencode").glob("*.db"))

    def invoke(self, call: Call) -> Invocation:
        """The title is given, since a model would be asked for one otherwise."""
        arguments = ["run", "--format", "json", "--auto", "--pure", "--title", "journeyman"]
        arguments += ["--print-logs", "--log-level", "ERROR"]
        if call.model:
            arguments += ["--model", _model(call, call.model)]
        if call.resume and call.session_id:
            arguments += ["--session", call.session_id]
        folders = {name: str(call.state / folder) for name, folder in _FOLDERS.items()}
        configuration = json.dumps(_configuration(call))
        variables = {**_QUIET, **folders, "OPENCODE_CONFIG_CONTENT": configuration}
        return Invocation((*arguments, *call.settings.args), variables)

    def read(self, line: Mapping[str, Any]) -> tuple[AgentEvent, ...]:
        """See the protocol."""
        seen = as_text(line.get("sessionID"))
        session = (SessionSeen(seen),) if seen else ()
        part = as_object(line.get("part"))
        match line.get("type"):
            case "text":
                return (*session, TextSeen(as_text(part.get("text"))))
            case "tool_use":
                arguments = as_object(part.get("state")).get("input")
                return (*session, Acted(tool_words(as_text(part.get("tool")), arguments)))
            case "step_finish":
                used = Used(as_text(part.get("id")), _usage(part))
                ended = () if part.get("reason") == "tool-calls" else (Ended(),)
                return (*session, used, *ended)
            case "error":
                return (*session, _error(as_object(line.get("error"))))
        return session

    def read_log(self, line: str) -> Trouble | None:
        """While it tries again, it says so nowhere else."""
        found = _LOGGED.search(line)
        return Trouble(classify(found[1]), found[1]) if found else None


def _own_server(call: Call) -> bool:
    return bool(call.user.environ.get("OPENAI_BASE_URL"))


def _model(call: Call, model: str) -> str:
    """``openai`` at the user's own address is another provider: the built-in one speaks another dialect."""
    name = model.removeprefix("openai/")
    return f"{_PROVIDER}/{name}" if _own_server(call) and (name != model or "/" not in model) else model


def _configuration(call: Call) -> dict[str, Any]:
    # Snapshots of its own are taken with git in its state folder: Journeyman takes them already.
    settings: dict[str, Any] = {"snapshot": False, "autoupdate": False, "share": "disabled"}
    model = _model(call, call.model).partition("/")[2] if call.model else ""
    if _own_server(call) and model:
        options = {"baseURL": call.user.environ["OPENAI_BASE_URL"]}
        if call.user.environ.get("OPENAI_API_KEY"):
            options["apiKey"] = "{env:OPENAI_API_KEY}"
        provider = {"npm": "@ai-sdk/openai-compatible", "options": options, "models": {model: {}}}
        settings["provider"] = {_PROVIDER: provider}
    return settings


def _usage(part: dict[str, Any]) -> Usage:
    tokens = as_object(part.get("tokens"))
    cache = as_object(tokens.get("cache"))
    cached, written = as_count(cache.get("read")) or 0, as_count(cache.get("write")) or 0
    fresh, out = as_count(tokens.get("input")), as_count(tokens.get("output"))
    return Usage(
        tokens_in=None if fresh is None else fresh + cached + written,
        tokens_cached=cached,
        tokens_out=None if out is None else out + (as_count(tokens.get("reasoning")) or 0),
        cost_usd=as_price_usd(part.get("cost")),
    )


def _error(error: dict[str, Any]) -> Ended:
    data = as_object(error.get("data"))
    message = as_text(data.get("message")) or as_text(error.get("name")) or "it ended with an error"
    return Ended(classify(message, as_count(data.get("statusCode"))), message)
