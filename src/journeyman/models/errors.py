"""Why a try failed, as a value: what an error body says, which stop reason it is, what a person should do."""

from __future__ import annotations

import email.utils
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from journeyman.models.answers import TryUsage
from journeyman.models.endpoints import Endpoint

_SENTENCE_CHARACTERS = 600
_TRANSIENT = {408, 409, 425, 429}
_FINAL_SERVER_ERRORS = {501, 505}
_RAW_CHARACTERS = 4_000

_CONTEXT = re.compile(
    r"context_length_exceeded|exceed_context_size|request_too_large|string_above_max_length"
    r"|tokens_limit_reached|context (?:length|window|size|limit)|(?:prompt|input) (?:is )?too (?:long|large)"
    r"|maximum (?:prompt|input|sequence) length|input token count|range of input length|too many input tokens"
    r"|reduce the length of (?:the|your) (?:messages|prompt|input)|longer than the model"
    r"|exceeds? the (?:model'?s )?(?:maximum )?(?:number of )?(?:allowed )?(?:input )?tokens?\b",
    re.IGNORECASE,
)
# A request that is by itself larger than what the account may send in a minute never gets through.
_OVER_THE_RATE = re.compile(r"request too large", re.IGNORECASE)
_QUOTA = re.compile(
    r"insufficient_quota|insufficient[ _](?:balance|credits?|funds)|billing_not_active|billing_hard_limit"
    r"|billing_error|credit balance|out of credits|(?:requires|needs?) more credits|payment required"
    r"|exceeded your current quota|spend(?:ing)? limit",
    re.IGNORECASE,
)
_NOT_FOUND = re.compile(
    r"model_not_found|not a valid model|invalid model\b|unknown model|no such model|model[^.]{0,120}"
    r"(?:does not exist|not found|is not available|not supported on this)",
    re.IGNORECASE,
)
_UNAUTHORIZED = re.compile(
    r"invalid_api_key|authentication_error|api[ _]key (?:not valid|is invalid|expired)"
    r"|(?:incorrect|invalid|missing) (?:x-)?api[- _]key|unsupported_country",
    re.IGNORECASE,
)
_FLAGGED = re.compile(r"moderation|flagged|content[ _](?:policy|filter)", re.IGNORECASE)
_HOPELESS_SERVER = re.compile(r"requires more system memory|out of memory|does not support", re.IGNORECASE)
# Stream errors carry a type and no status.
_STATUS_OF_TYPE = {
    "overloaded_error": 529,
    "rate_limit": 429,
    "timeout": 408,
    "authentication_error": 401,
    "permission_error": 403,
    "not_found": 404,
    "request_too_large": 413,
    "invalid_request": 400,
    "invalid_argument": 400,
    "badrequest": 400,
    "billing_error": 402,
}
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
_CONTEXT_SIZE = re.compile(
    r"maximum context length (?:is|of) (\d+)|context limit: \d+ \+ \d+ > (\d+)", re.IGNORECASE
)
_INPUT = re.compile(
    r"(\d+) (?:tokens )?(?:in the messages|input tokens|of text input|in the prompt|in your prompt)"
    r"|context limit: (\d+) \+",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class ModelFailure:
    """One failed try. ``code`` is ``None`` where another try may do better."""

    reason: str
    """A few words for the timeline."""
    code: str | None = None
    """The stop code, when trying again cannot help."""
    status: int | None = None
    said: str = ""
    """The provider's own sentence, without keys."""
    raw: str = ""
    """The start of the body, for the clients' own dealings with dialects; never shown."""
    request_id: str | None = None
    hint: str | None = None
    retry_after_s: float | None = None
    max_tries: int | None = None
    """Fewer tries than usual, when waiting is unlikely to help."""
    unusable: bool = False
    """An answer came, and nothing could be made of it."""
    silent_s: float = 0.0
    """Seconds of this try in which nothing was heard."""
    usage: TryUsage | None = None
    """Set once the model had begun to answer: such a try may be billed."""


class TryFailed(Exception):  # noqa: N818 - an outcome of a try, not an error of the program
    """Carries the failure out of a try."""

    def __init__(self, failure: ModelFailure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


@dataclass(frozen=True)
class ErrorBody:
    """What an error body says."""

    sentence: str
    kind: str
    """Its type and code words, in lower case, for matching."""
    number: int | None = None
    """An HTTP status that is named within the body."""


def read_error_body(body: str) -> ErrorBody:
    """What the body of an error response says. Never raises."""
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        return ErrorBody(_plain(body), "")
    return read_error_payload(payload)


def read_error_payload(payload: Any) -> ErrorBody:  # noqa: ANN401 - a provider's JSON
    """What an error object says: OpenAI's, Anthropic's, OpenRouter's, Google's, FastAPI's, Ollama's shape."""
    outer = payload[0] if isinstance(payload, list) and payload else payload
    if not isinstance(outer, dict):
        return ErrorBody(_shorten(str(outer)), "")
    error = outer.get("error", outer)
    if not isinstance(error, dict):
        return ErrorBody(_shorten(str(error)), _words(outer), _status_number(outer))
    sentence = (
        error.get("message") or error.get("detail") or outer.get("message") or outer.get("detail") or ""
    )
    metadata = error.get("metadata")
    if isinstance(metadata, dict) and metadata.get("raw"):
        sentence = f"{sentence}: {read_error_body(str(metadata['raw'])).sentence}"
    if not isinstance(sentence, str):
        sentence = json.dumps(sentence)
    return ErrorBody(_shorten(sentence), _words(error), _status_number(error) or _status_number(outer))


def _words(error: dict[str, Any]) -> str:
    words = (error.get(name) for name in ("type", "code", "status", "param"))
    return " ".join(str(word) for word in words if word is not None).lower()


def _status_number(error: dict[str, Any]) -> int | None:
    for name in ("code", "status", "status_code"):
        value = error.get(name)
        if isinstance(value, str) and value.isdigit():
            value = int(value)
        if isinstance(value, int) and 400 <= value < 600:
            return value
    return None


def _plain(body: str) -> str:
    title = re.search(r"<title>(.*?)</title>", body, re.IGNORECASE | re.DOTALL)
    if title:
        return _shorten(f"a web page titled {' '.join(title.group(1).split())!r}")
    return "a web page" if body.lstrip().startswith("<") else _shorten(body)


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SENTENCE_CHARACTERS else line[: _SENTENCE_CHARACTERS - 1].rstrip() + "…"


def response_failure(
    endpoint: Endpoint, status: int, headers: Mapping[str, str], body: str, *, now: float
) -> ModelFailure:
    """The failure that a response other than 200 means. ``now`` is the time of day, in epoch seconds."""
    said = read_error_body(body)
    code = _judge(status, said, headers)
    return ModelFailure(
        reason=_reason(endpoint, status, said.sentence),
        code=code,
        status=status,
        said=endpoint.redact(said.sentence),
        raw=endpoint.redact(body[:_RAW_CHARACTERS]),
        request_id=headers.get("x-request-id") or headers.get("request-id"),
        hint=_hint(endpoint, code, status),
        retry_after_s=None if code else read_retry_after(headers, now),
    )


def stream_failure(endpoint: Endpoint, payload: Mapping[str, Any]) -> ModelFailure:
    """The failure that an error object in the middle of an answer means."""
    said = read_error_payload(payload)
    named = (status for word, status in _STATUS_OF_TYPE.items() if word in said.kind)
    status = said.number or next(named, 500)
    code = _judge(status, said, {})
    return ModelFailure(
        reason=_reason(endpoint, status, said.sentence),
        code=code,
        status=status,
        said=endpoint.redact(said.sentence),
        raw=endpoint.redact(str(payload)[:_RAW_CHARACTERS]),
        hint=_hint(endpoint, code, status),
    )


def read_retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that the server asks to wait: ``retry-after-ms``, or Retry-After in seconds or as a date."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) * unit
        except ValueError:
            continue
        if 0 <= seconds < 1e9:  # also false for a NaN
            return seconds
    try:
        return max(0.0, email.utils.parsedate_to_datetime(headers.get("retry-after", "")).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return None


def _judge(status: int, said: ErrorBody, headers: Mapping[str, str]) -> str | None:
    text = f"{said.kind} {said.sentence}"
    if status == 413 or (status in {400, 422, 429, 500} and _is_too_long(status, text)):
        return "context-too-long"
    # "You exceeded your current quota" is also how a limit by the minute is told: then with a time to wait.
    waits = any(name in headers for name in ("retry-after", "retry-after-ms")) and "insufficient" not in text
    if status == 402 or (_QUOTA.search(text) and not waits):
        return "model-quota"
    if status == 404 or (status in {400, 403, 422} and _NOT_FOUND.search(text)):
        return "model-not-found"
    if status == 403 and _FLAGGED.search(text):
        return "model-refused-request"
    if status in {401, 403} or (status == 400 and _UNAUTHORIZED.search(text)):
        return "model-unauthorized"
    return _judge_healing(status, text, headers.get("x-should-retry", ""))


def _judge_healing(status: int, text: str, should_retry: str) -> str | None:
    heals = status in _TRANSIENT or (status >= 500 and status not in _FINAL_SERVER_ERRORS)
    if should_retry == "true" or (heals and should_retry != "false"):
        return "model-refused-request" if status == 500 and _HOPELESS_SERVER.search(text) else None
    return "model-unreachable" if heals else "model-refused-request"


def _is_too_long(status: int, text: str) -> bool:
    return bool((_OVER_THE_RATE if status == 429 else _CONTEXT).search(text))


def _reason(endpoint: Endpoint, status: int, sentence: str) -> str:
    sentence = endpoint.redact(sentence)
    return f"{status}: {sentence[:160]}" if sentence else str(status)


def _hint(endpoint: Endpoint, code: str | None, status: int) -> str | None:
    """The next thing to do about it."""
    key, base = endpoint.key_variable or "the key", endpoint.base_variable
    hint: str | None = None
    match code:
        case "model-unauthorized" if endpoint.key is None and endpoint.key_variable:
            hint = f"export {key}=…"
        case "model-unauthorized":
            hint = f"check {key}: is it the key of {endpoint.host}, and may it use {endpoint.model}?"
        case "model-not-found" if endpoint.provider == "ollama":
            hint = f"ollama pull {endpoint.model}"
        case "model-not-found" if base and endpoint.provider != "anthropic":
            hint = f"check {base}: its path often ends in /v1; a model of another name takes a new run"
        case "model-not-found":
            hint = f"{f'check {base}; ' if base else ''}a model of another name takes a new run"
        case "model-quota":
            hint = f"add credit to the account at {endpoint.host}; another model, by --model, takes a new run"
        case "context-too-long":
            hint = "start a new run with a smaller scope, or with a --model of a larger context"
        case "model-refused-request" if 300 <= status < 400 and base:
            hint = f"{base} is redirected: set it to the final address"
    return hint


def output_cap(said: str) -> int | None:
    """How many output tokens may be asked for at all, if that was the complaint."""
    for pattern in _CAPS:
        match = pattern.search(said)
        if match:
            return int(match.group(1))
    return None


def output_room(said: str) -> int | None:
    """How many output tokens would still fit after this input, if input and output together were too long."""
    context, given = _first_number(_CONTEXT_SIZE, said), _first_number(_INPUT, said)
    if context is None or given is None:
        return None
    room = context - given - _MARGIN
    return room if room >= _LEAST_ROOM else None


def _first_number(pattern: re.Pattern[str], text: str) -> int | None:
    match = pattern.search(text)
    return int(next(group for group in match.groups() if group)) if match else None
