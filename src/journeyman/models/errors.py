"""Which stop reason a provider's refusal is, whether another try may heal it, and what a person should do."""

from __future__ import annotations

import email.utils
import re
from collections.abc import Mapping
from typing import Any

from journeyman.models.endpoints import Endpoint
from journeyman.models.failures import Failure, Said, read_body, read_payload

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


def from_response(
    endpoint: Endpoint, status: int, headers: Mapping[str, str], body: str, *, now: float
) -> Failure:
    """The failure that a response other than 200 means. ``now`` is the time of day, in epoch seconds."""
    said = read_body(body)
    code = _judge(status, said, headers)
    return Failure(
        reason=_reason(endpoint, status, said.sentence),
        code=code,
        status=status,
        said=endpoint.redact(said.sentence),
        raw=endpoint.redact(body[:_RAW_CHARACTERS]),
        request_id=headers.get("x-request-id") or headers.get("request-id"),
        hint=_hint(endpoint, code, status),
        retry_after_s=None if code else retry_after(headers, now),
    )


def from_stream(endpoint: Endpoint, payload: Mapping[str, Any]) -> Failure:
    """The failure that an error object in the middle of an answer means."""
    said = read_payload(payload)
    named = (status for word, status in _STATUS_OF_TYPE.items() if word in said.kind)
    status = said.number or next(named, 500)
    code = _judge(status, said, {})
    return Failure(
        reason=_reason(endpoint, status, said.sentence),
        code=code,
        status=status,
        said=endpoint.redact(said.sentence),
        raw=endpoint.redact(str(payload)[:_RAW_CHARACTERS]),
        hint=_hint(endpoint, code, status),
    )


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
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


def _judge(status: int, said: Said, headers: Mapping[str, str]) -> str | None:
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
