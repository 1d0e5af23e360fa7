"""Errors in the shapes of the real providers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bench.simmodel.values import Protocol

_ANTHROPIC_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    503: "api_error",
    529: "overloaded_error",
}
_OPENAI_TYPES = {429: "rate_limit_exceeded", 500: "server_error", 503: "server_error", 529: "server_error"}


@dataclass(eq=False)  # frozen ones cannot be raised through a context manager
class ApiError(Exception):
    """An answer that is no answer. ``anthropic_type`` where the status does not tell it."""

    status: int
    message: str
    code: str | None = None
    param: str | None = None
    openai_type: str | None = None
    anthropic_type: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def body(self, protocol: Protocol, request_id: str) -> dict[str, Any]:
        """The JSON that the provider would send."""
        if protocol is Protocol.MESSAGES:
            kind = self.anthropic_type or _ANTHROPIC_TYPES.get(self.status, "api_error")
            return {
                "type": "error",
                "error": {"type": kind, "message": self.message},
                "request_id": request_id,
            }
        kind = self.openai_type or _OPENAI_TYPES.get(self.status, "invalid_request_error")
        return {"error": {"message": self.message, "type": kind, "param": self.param, "code": self.code}}


def invalid(message: str, param: str | None = None, code: str | None = None) -> ApiError:
    """The request breaks the protocol's rules."""
    return ApiError(400, message, code, param)


def unauthorized(protocol: Protocol) -> ApiError:
    """The key is wrong."""
    if protocol is Protocol.MESSAGES:
        return ApiError(401, "invalid x-api-key")
    return ApiError(
        401,
        "Incorrect API key provided: sk-sim. You can find your API key in your account.",
        "invalid_api_key",
    )


def no_model(protocol: Protocol, model: str) -> ApiError:
    """No such model."""
    if protocol is Protocol.MESSAGES:
        return ApiError(404, f"model: {model}")
    message = f"The model `{model}` does not exist or you do not have access to it."
    return ApiError(404, message, "model_not_found")


def too_long(protocol: Protocol, tokens: int, limit: int) -> ApiError:
    """The prompt does not fit."""
    if protocol is Protocol.MESSAGES:
        return invalid(f"prompt is too long: {tokens} tokens > {limit} maximum")
    if protocol is Protocol.RESPONSES:
        message = (
            "Your input exceeds the context window of this model. Please adjust your input and try again."
        )
        return invalid(message, "input", "context_length_exceeded")
    message = (
        f"This model's maximum context length is {limit} tokens. However, your messages resulted in {tokens}"
        " tokens. Please reduce the length of the messages."
    )
    return invalid(message, "messages", "context_length_exceeded")


def quota(protocol: Protocol) -> ApiError:
    """Nobody has paid."""
    if protocol is Protocol.MESSAGES:
        return invalid(
            "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing"
            " to upgrade or purchase credits."
        )
    message = "You exceeded your current quota, please check your plan and billing details."
    return ApiError(429, message, "insufficient_quota", openai_type="insufficient_quota")


def rate_limited(retry_after_s: float | None) -> ApiError:
    """Too many requests."""
    headers = {} if retry_after_s is None else {"retry-after": f"{retry_after_s:g}"}
    return ApiError(
        429, "Rate limit reached. Please try again later.", "rate_limit_exceeded", headers=headers
    )


def broken(protocol: Protocol, status: int) -> ApiError:
    """The provider's fault: 500, 503, or Anthropic's 529."""
    if status == 529 or (status == 503 and protocol is not Protocol.MESSAGES):
        return ApiError(status, "Overloaded", anthropic_type="overloaded_error")
    message = "Internal server error" if status == 500 else "Service unavailable"
    return ApiError(status, message)
