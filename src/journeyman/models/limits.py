"""Numbers that providers name when a request asks for more output than there is room for."""

from __future__ import annotations

import re

_LEAST_ROOM = 512
_MARGIN = 32

# The number that the provider permits for one answer.
_CAPS = (
    re.compile(r"supports at most (\d+) (?:completion|output) tokens", re.IGNORECASE),
    re.compile(r"max_tokens: \d+ > (\d+), which is the maximum", re.IGNORECASE),
    re.compile(r"valid range of max_tokens is \[\d+, ?(\d+)\]", re.IGNORECASE),
    re.compile(
        r"max_(?:completion_|output_)?tokens\W{0,3} must be (?:less than|at most)[^0-9]{0,24}(\d+)",
        re.IGNORECASE,
    ),
)
_CONTEXT = re.compile(
    r"maximum context length (?:is|of) (\d+)|context limit: \d+ \+ \d+ > (\d+)", re.IGNORECASE
)
_INPUT = re.compile(
    r"(\d+) (?:tokens )?(?:in the messages|input tokens|of text input|in the prompt|in your prompt)"
    r"|context limit: (\d+) \+",
    re.IGNORECASE,
)


def output_cap(said: str) -> int | None:
    """How many output tokens may be asked for at all, if that was the complaint."""
    for pattern in _CAPS:
        match = pattern.search(said)
        if match:
            return int(match.group(1))
    return None


def output_room(said: str) -> int | None:
    """How many output tokens would still fit after this input, if input and output together were too long."""
    context, given = _number(_CONTEXT, said), _number(_INPUT, said)
    if context is None or given is None:
        return None
    room = context - given - _MARGIN
    return room if room >= _LEAST_ROOM else None


def _number(pattern: re.Pattern[str], text: str) -> int | None:
    match = pattern.search(text)
    return int(next(group for group in match.groups() if group)) if match else None
