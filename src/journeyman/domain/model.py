"""A language model as the agent sees it: one request, one answer, whatever the provider."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from journeyman.domain.errors import JourneymanError
from journeyman.domain.worker import Usage


class Speaker(StrEnum):
    """Who said a message."""

    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True)
class ToolSpec:
    """A tool that the model may call; ``parameters`` is a JSON schema of an object."""

    name: str
    description: str
    parameters: dict[str, Any]


@dataclass(frozen=True)
class ToolCall:
    """A call that the model made. ``arguments`` is ``None`` when ``raw`` is no JSON object."""

    id: str
    name: str
    arguments: dict[str, Any] | None
    raw: str = ""


@dataclass(frozen=True)
class ToolResult:
    """What a call came to, for the model to read."""

    call_id: str
    content: str
    is_error: bool = False


@dataclass(frozen=True)
class Message:
    """One turn of the conversation. A user's turn may carry tool results, before its text."""

    speaker: Speaker
    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    results: tuple[ToolResult, ...] = ()
    opaque: Any = None
    """What the provider wants back unchanged (reasoning items, signatures); plain JSON data."""


@dataclass(frozen=True)
class ModelRequest:
    """One call. The system text, the tools and the first messages are the prefix that providers cache."""

    system: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    force_tool: str | None = None
    """The one tool that must be called; ``None`` leaves the model free."""
    max_output_tokens: int = 16_000


class Finish(StrEnum):
    """Why the answer ended."""

    STOP = "stop"
    TOOLS = "tools"
    LENGTH = "length"
    REFUSAL = "refusal"


@dataclass(frozen=True)
class ModelAnswer:
    """What came back, and what it cost."""

    text: str
    calls: tuple[ToolCall, ...]
    finish: Finish
    usage: Usage = field(default_factory=Usage)
    opaque: Any = None
    retries: int = 0
    """Failed tries before this answer; billed ones are in ``usage``."""
    waited_s: float = 0.0
    """Seconds spent waiting between tries."""


class ModelError(JourneymanError):
    """A call that failed for good. Its tries may have cost something all the same."""

    usage: Usage | None = None
    """What the failed tries that reached the model cost, where that is known."""


OnWait = Callable[[float, str], AbstractContextManager[object]]
"""Called before each wait with its seconds and the reason; what it gives is left when the wait is over."""


class ModelClient(Protocol):
    """One model of one provider."""

    # ``provider:name``, as configured.
    @property
    def name(self) -> str: ...

    # Tries again what can heal (429, 5xx, time-outs, cut streams) within its time budget, honouring
    # Retry-After; ``on_wait`` hears of each wait between tries.
    # Raises ModelError: "model-unauthorized", "model-not-found", "model-refused-request",
    # "context-too-long", "model-quota", "model-unreachable" (tries used up) or "model-misbehaved".
    async def answer(self, request: ModelRequest, on_wait: OnWait | None = None) -> ModelAnswer: ...
