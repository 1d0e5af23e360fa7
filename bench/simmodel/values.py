"""A request as the simulated model understands it, whatever the protocol, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Protocol(StrEnum):
    """The three wire formats that are served."""

    CHAT = "chat"
    RESPONSES = "responses"
    MESSAGES = "messages"


class ToolKind(StrEnum):
    """How a tool takes its input."""

    FUNCTION = "function"
    CUSTOM = "custom"
    """Free text, as codex's apply_patch."""
    LOCAL_SHELL = "local_shell"
    """OpenAI's built-in shell of the Responses API."""


class Move(StrEnum):
    """What the model does with one call; part of the call's id, so that it recognises its own calls."""

    SEARCH = "search"
    READ = "read"
    EDIT = "edit"
    RUN = "run"
    DONE = "done"
    BLOCKED = "blocked"
    PLAN = "plan"
    REVIEW = "review"
    SAY = "say"
    """Text only: the end, or an answer to a request without tools."""


@dataclass(frozen=True)
class Tool:
    """One tool that the request offers."""

    name: str
    kind: ToolKind = ToolKind.FUNCTION
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def properties(self) -> dict[str, Any]:
        """The schema's properties, by name."""
        found = self.parameters.get("properties")
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True)
class Call:
    """A call of a tool. ``raw`` is JSON text, or the input itself of a custom tool."""

    id: str
    name: str
    raw: str
    kind: ToolKind = ToolKind.FUNCTION


@dataclass(frozen=True)
class Result:
    """What a call came to, as the client tells it."""

    call_id: str
    text: str
    is_error: bool = False


@dataclass(frozen=True)
class Turn:
    """One message, or several in a row of one speaker. Results come before the text."""

    by_user: bool
    text: str = ""
    calls: tuple[Call, ...] = ()
    results: tuple[Result, ...] = ()


@dataclass(frozen=True)
class Prompt:
    """The serialised system, tools and messages: what tokens are counted on."""

    text: str
    marks: tuple[int, ...] | None = None
    """Where cache_control stands, in characters; ``None`` where the provider caches by itself."""


@dataclass(frozen=True)
class Conversation:
    """One request."""

    protocol: Protocol
    model: str
    system: str
    turns: tuple[Turn, ...]
    tools: tuple[Tool, ...]
    prompt: Prompt
    forced: str | None = None
    """The one tool that must be called."""
    parallel: bool = True
    stream: bool = False
    stream_usage: bool = True
    max_tokens: int | None = None
    schema: dict[str, Any] | None = None
    """The JSON schema that the text must fit, when the request asks for one."""

    @property
    def opening(self) -> str:
        """All that the user said before the model first spoke."""
        return self.user_text(before_answer=True)

    def user_text(self, *, before_answer: bool = False) -> str:
        """All that the user said."""
        texts = []
        for turn in self.turns:
            if before_answer and not turn.by_user:
                break
            if turn.by_user and turn.text:
                texts.append(turn.text)
        return "\n\n".join(texts)

    def tool(self, name: str) -> Tool | None:
        """The offered tool of that name."""
        return next((tool for tool in self.tools if tool.name == name), None)


class Finish(StrEnum):
    """Why the answer ends."""

    STOP = "stop"
    CALLS = "calls"
    LENGTH = "length"
    REFUSAL = "refusal"


@dataclass(frozen=True)
class Answer:
    """What the model says, before a protocol gives it a form."""

    text: str = ""
    calls: tuple[Call, ...] = ()
    finish: Finish = Finish.STOP
    reasoning_tokens: int = 0
    """What was thought before, unseen: it takes time and is billed as output."""


@dataclass(frozen=True)
class Thought:
    """An answer, and for the log: what it was meant as, and from which task of the session."""

    answer: Answer
    move: Move
    task: str | None = None


@dataclass(frozen=True)
class Usage:
    """Tokens of one request. ``prompt`` counts all, ``cached`` and ``written`` are parts of it."""

    prompt: int
    cached: int = 0
    written: int = 0
    completion: int = 0
    """All output, the reasoning in it."""
    reasoning: int = 0
