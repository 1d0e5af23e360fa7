"""From ``provider:name`` and the environment to a client; and which providers have a key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from journeyman.domain.errors import JourneymanError
from journeyman.domain.task import nearest
from journeyman.models.endpoints import Endpoint, clean_base_url, clean_key, proxy_for
from journeyman.models.providers import CHAT_PROVIDERS, ChatProvider
from journeyman.models.retry import RetryPolicy
from journeyman.models.transport import FIRST_BYTE_S, Transport

if TYPE_CHECKING:
    from journeyman.models.anthropic.client import AnthropicMessages
    from journeyman.models.openai.client import OpenAIChat

_ANTHROPIC = "anthropic"
_ANTHROPIC_URL = "https://api.anthropic.com"
_ANTHROPIC_BASE = "ANTHROPIC_BASE_URL"
_ANTHROPIC_KEY = "ANTHROPIC_API_KEY"
_ANTHROPIC_TOKEN = "ANTHROPIC_AUTH_TOKEN"  # noqa: S105 - a variable's name
_OLLAMA_PORT = 11434
_OPENAI_NAMES = re.compile(r"gpt-|chatgpt-|codex-|o\d(?:-|$)")
_FORM = (
    "a model is named provider:name, such as openai:gpt-5, anthropic:claude-sonnet-4-5 or ollama:qwen3-coder"
)
_OTHERS = "any other endpoint of Chat Completions: OPENAI_BASE_URL=https://host/v1 and openai:NAME"


def known_key_present(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The providers that the environment holds a key for."""
    variables = {
        _ANTHROPIC: (_ANTHROPIC_KEY, _ANTHROPIC_TOKEN),
        **{name: provider.key_variables for name, provider in CHAT_PROVIDERS.items()},
    }
    return tuple(
        provider
        for provider, names in variables.items()
        if any((environ.get(name) or "").strip() for name in names)
    )


def split_name(name: str) -> tuple[str, str]:
    """Provider and model. Raises JourneymanError("bad-config") when the provider cannot be told."""
    provider, colon, model = name.strip().partition(":")
    if colon and provider and model:
        return provider, model
    if not colon and _OPENAI_NAMES.match(provider):
        return "openai", provider
    if not colon and provider.startswith("claude-"):
        return _ANTHROPIC, provider
    raise JourneymanError("bad-config", f"{name!r} does not name a model with its provider", facts=(_FORM,))


def make_model(
    name: str,
    environ: Mapping[str, str],
    *,
    first_byte_s: float = FIRST_BYTE_S,
    policy: RetryPolicy | None = None,
) -> AnthropicMessages | OpenAIChat:
    """The client of a model. Nothing is connected, and nothing heavy imported, before its first answer.

    ``first_byte_s`` is how long a silence may last.
    Raises JourneymanError: "bad-config", or "model-unauthorized" when a key is missing.
    """
    provider, model = split_name(name)
    if provider == _ANTHROPIC:
        from journeyman.models.anthropic.client import AnthropicMessages

        endpoint, bearer = _anthropic_endpoint(model, environ)
        transport = Transport(endpoint, first_byte_s=first_byte_s)
        return AnthropicMessages(f"{provider}:{model}", endpoint, transport, policy=policy, bearer=bearer)
    known = CHAT_PROVIDERS.get(provider)
    if known is None:
        raise _unknown_provider(provider, name.strip())
    from journeyman.models.openai.client import OpenAIChat

    endpoint = _chat_endpoint(known, model, environ)
    transport = Transport(endpoint, first_byte_s=first_byte_s)
    return OpenAIChat(f"{provider}:{model}", endpoint, transport, policy=policy, dialect=known.dialect)


def _unknown_provider(provider: str, name: str) -> JourneymanError:
    """With the provider that was probably meant, under whatever name it is known."""
    known = (*CHAT_PROVIDERS, _ANTHROPIC)
    names = {other: row.name for row in CHAT_PROVIDERS.values() for other in row.also}
    guess = nearest(provider.lower(), (*known, *names))
    meant = names.get(guess, guess) if guess else None
    return JourneymanError(
        "bad-config",
        f"unknown provider {provider!r} in {name!r}" + (f"; did you mean {meant!r}?" if meant else ""),
        facts=(f"known providers: {', '.join(known)}", _OTHERS, _FORM),
    )


def _chat_endpoint(known: ChatProvider, model: str, environ: Mapping[str, str]) -> Endpoint:
    base = known.base_variable
    given = environ.get(base) or (_ollama_address(environ) if known.name == "ollama" else "")
    if not given and not known.has_address:
        raise JourneymanError(
            "bad-config",
            f"{base} is not set: {known.name} has no address that is good for everyone",
            hint=f"export {base}={known.base_url}",
        )
    base_url = clean_base_url(given or known.base_url, base, drop=("/chat/completions",))
    key, variable = _first_key(known.key_variables, environ)
    return _endpoint(known.name, base_url, model, key, variable, base, environ)


def _anthropic_endpoint(model: str, environ: Mapping[str, str]) -> tuple[Endpoint, bool]:
    """And whether its key is a token for the Authorization header."""
    given = environ.get(_ANTHROPIC_BASE) or _ANTHROPIC_URL
    base_url = clean_base_url(given, _ANTHROPIC_BASE, drop=("/messages", "/v1"))
    key, variable = _first_key((_ANTHROPIC_KEY, _ANTHROPIC_TOKEN), environ)
    endpoint = _endpoint(_ANTHROPIC, base_url, model, key, variable, _ANTHROPIC_BASE, environ)
    return endpoint, variable == _ANTHROPIC_TOKEN


def _first_key(variables: tuple[str, ...], environ: Mapping[str, str]) -> tuple[str | None, str]:
    """The first key that is set, with its variable; without any, the variable that it should be in."""
    for variable in variables:
        key = clean_key(environ.get(variable), variable)
        if key:
            return key, variable
    return None, variables[0]


def _endpoint(
    provider: str,
    base_url: str,
    model: str,
    key: str | None,
    key_variable: str,
    base_variable: str,
    environ: Mapping[str, str],
) -> Endpoint:
    endpoint = Endpoint(
        provider,
        base_url,
        model,
        key=key,
        key_variable=key_variable,
        base_variable=base_variable,
        proxy=proxy_for(base_url, environ),
        ca_file=environ.get("SSL_CERT_FILE") or None,
    )
    if key is None and not endpoint.private:
        raise JourneymanError(
            "model-unauthorized",
            f"{key_variable} is not set: {provider} needs a key",
            hint=f"export {key_variable}=…",
        )
    return endpoint


def _ollama_address(environ: Mapping[str, str]) -> str:
    """OLLAMA_HOST as Ollama reads it (host, host:port, :port or a URL), as a base URL; empty when unset."""
    host = (environ.get("OLLAMA_HOST") or "").strip().rstrip("/")
    if not host:
        return ""
    scheme, separator, address = host.rpartition("://")
    address = address.replace("0.0.0.0", "127.0.0.1")  # noqa: S104 - a server listens there, nobody connects to it
    if address.startswith(":"):
        address = f"127.0.0.1{address}"
    if not separator and not re.search(r":\d+$", address):
        address = f"{address}:{_OLLAMA_PORT}"
    return f"{scheme or 'http'}://{address}/v1"
