"""How OpenAI-compatible endpoints differ, learned from what they refuse; as values."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from journeyman.models.errors import ModelFailure, output_cap, output_room


class OutputField(StrEnum):
    """What the limit of output tokens is called here; endpoints ignore the other name, or refuse it."""

    NEW = "max_completion_tokens"
    OLD = "max_tokens"


class Forcing(StrEnum):
    """How a tool can be forced here."""

    NAMED = "named"
    REQUIRED = "required"
    NONE = "none"


@dataclass(frozen=True)
class Dialect:
    """What an endpoint takes, as far as it is known."""

    output_field: OutputField = OutputField.NEW
    forcing: Forcing = Forcing.NAMED
    stream_usage: bool = True
    returns_reasoning: bool = True
    """Whether reasoning may be sent back to it."""
    user_after_tool: bool = True
    """Whether the user may speak right after a tool's result; Mistral's models want a turn between."""
    cap: int | None = None
    """The most output tokens that it lets one ask for."""
    room: int | None = None
    """Likewise, for this one request."""

    def output_tokens(self, wanted: int) -> int:
        """What to ask for."""
        return min(value for value in (wanted, self.cap, self.room) if value is not None)


_NEWER_FIELD = re.compile(r"use\W+max_completion_tokens", re.IGNORECASE)
_ROLE_ORDER = re.compile(r"unexpected role \W?user\W? after role \W?tool", re.IGNORECASE)


def fix_dialect(dialect: Dialect, failure: ModelFailure, *, asked: int) -> Dialect | None:
    """A dialect in which the refused request may pass; ``None`` when the refusal is not about that.

    ``asked``: the output tokens that the request asked for.
    """
    if failure.status not in {400, 404, 422, 500}:
        return None
    text = f"{failure.said} {failure.raw}"
    room, cap = output_room(text), output_cap(text)
    if room is not None and room < asked:
        return replace(dialect, room=room)
    if cap is not None and 0 < cap < asked:
        return replace(dialect, cap=cap)
    if failure.code == "context-too-long":
        return None
    return _fix_fields(dialect, text)


def _fix_fields(dialect: Dialect, text: str) -> Dialect | None:
    newer = bool(_NEWER_FIELD.search(text))
    if newer and dialect.output_field is OutputField.OLD:
        return replace(dialect, output_field=OutputField.NEW)
    if OutputField.NEW in text and not newer and dialect.output_field is OutputField.NEW:
        return replace(dialect, output_field=OutputField.OLD)
    if ("stream_options" in text or "include_usage" in text) and dialect.stream_usage:
        return replace(dialect, stream_usage=False)
    return _fix_turns(dialect, text)


def _fix_turns(dialect: Dialect, text: str) -> Dialect | None:
    if "tool_choice" in text and dialect.forcing is not Forcing.NONE:
        weaker = Forcing.REQUIRED if dialect.forcing is Forcing.NAMED else Forcing.NONE
        return replace(dialect, forcing=weaker)
    if _ROLE_ORDER.search(text) and dialect.user_after_tool:
        return replace(dialect, user_after_tool=False)
    if "reasoning" in text and dialect.returns_reasoning:
        return replace(dialect, returns_reasoning=False)
    return None
