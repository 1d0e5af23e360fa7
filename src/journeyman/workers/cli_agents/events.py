"""What a coding CLI tells while it works: the common vocabulary that every CLI's lines are read into."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from journeyman.domain.worker import Usage
from journeyman.workers.cli_agents.json_values import as_object


class Problem(StrEnum):
    """Why a call came to nothing. The value is the stop code."""

    UNAUTHORIZED = "worker-unauthorized"
    QUOTA = "worker-quota"
    NETWORK = "worker-network"
    SILENT = "worker-silent"
    GARBLED = "worker-garbled"
    TIMEOUT = "worker-timeout"
    MISSING = "worker-missing"
    FAILED = "worker-failed"
    CRASHED = "worker-crashed"
    LIMIT = "over-budget"
    CONTEXT = "context-too-long"


@dataclass(frozen=True)
class SessionSeen:
    """The CLI's own name for this conversation."""

    session_id: str


@dataclass(frozen=True)
class TextSeen:
    """A text of the model's; the last one is its answer."""

    text: str


@dataclass(frozen=True)
class Acted:
    """A tool call, in a few words."""

    text: str


@dataclass(frozen=True)
class Noted:
    """Something worth telling that is neither of the model's doing nor a trouble."""

    text: str


@dataclass(frozen=True)
class Used:
    """What one model request cost. ``key`` names the request: a later event under it replaces the earlier."""

    key: str
    usage: Usage


@dataclass(frozen=True)
class Total:
    """What the whole session has cost so far, earlier calls of the program included."""

    usage: Usage


@dataclass(frozen=True)
class Trouble:
    """Something failed and the CLI tries again by itself."""

    problem: Problem
    message: str


@dataclass(frozen=True)
class SessionLost:
    """The session that was to be resumed does not exist."""


@dataclass(frozen=True)
class Ended:
    """The CLI's last word. ``problem`` is ``None`` when it thinks that it did what it was asked."""

    problem: Problem | None = None
    message: str = ""


AgentEvent = SessionSeen | TextSeen | Acted | Noted | Used | Total | Trouble | SessionLost | Ended

_STATUS = re.compile(
    r"\b(?:status|error|code)\b\W{0,3}(?:code\W{0,2})?([45]\d\d)\b|\(([45]\d\d)\)", re.IGNORECASE
)
_SIGNS = (
    (Problem.CONTEXT, r"prompt is too long|context (?:length|window)|maximum context|too many tokens"),
    (
        Problem.QUOTA,
        r"quota|credit balance|rate.?limit|usage limit|too many requests|payment required|billing|of credits",
    ),
    (
        Problem.UNAUTHORIZED,
        r"not logged in|log ?in\b|unauthori[sz]ed|authenticat|api.?key|credential|missing environment",
    ),
    (
        Problem.NETWORK,
        r"connect|network|ECONN|ENOTFOUND|time.?out|dns|unreachable|overload|high demand|unavailable|socket",
    ),
)


def classify(message: str, status: int | None = None) -> Problem:
    """Which problem an error is, by its HTTP status (also one that the message names), else by its words."""
    if status is None and (named := _STATUS.search(message)):
        status = int(named[1] or named[2])
    if status in {401, 403}:
        return Problem.UNAUTHORIZED
    if status in {402, 429}:
        return Problem.QUOTA
    for problem, words in _SIGNS:
        if re.search(words, message, re.IGNORECASE):
            return problem
    return Problem.NETWORK if status is not None and status >= 500 else Problem.FAILED


def tool_words(name: str, arguments: object) -> str:
    """A tool call in a few words: its name and the argument that tells most."""
    given = as_object(arguments)
    telling = ("command", "cmd", "file_path", "filePath", "path", "pattern", "url", "query", "description")
    detail = next((str(given[key]) for key in telling if isinstance(given.get(key), str) and given[key]), "")
    return f"{name}: {detail}" if detail else name
