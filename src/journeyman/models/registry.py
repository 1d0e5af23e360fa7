"""From ``provider:name`` and the environment to a client; and which providers have a key."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from journeyman.domain.errors import JourneymanError
from journeyman.domain.task import nearest
from journeyman.models.endpoints import Endpoint, clean_base_url, clean_key, proxy_for
from journeyman.models.transport import FIRST_BYTE_S, Transport
from journeyman.models.waiting import Patience

if TYPE_CHECKING:
    from journeyman.models.anthropic import AnthropicMessages
    from journeyman.models.openai_chat import OpenAIChat
    from journeyman.models.pydantic_ai_client import PydanticAIClient

    Client = AnthropicMessages | OpenAIChat | PydanticAIClient

_OLLAMA_PORT = 11434
_OPENAI_NAMES = re.compile(r"gpt-|chatgpt-|codex-|o\d(?:-|$)")
_FORM = (
    "a model is named provider:name, such as openai:gpt-5, anthropic:claude-sonnet-4-5 or ollama:qwen3-coder"
)


@dataclass(frozen=True)
class _Compatible:
    """A provider that speaks OpenAI's Chat Completions."""

    base_url: str
    base_variable: str
    key_variable: str
    old_output_field: bool = False
    """Whether it silently ignores ``max_completion_tokens``."""


_COMPATIBLE = {
    "openai": _Compatible("https://api.openai.com/v1", "OPENAI_BASE_URL", "OPENAI_API_KEY"),
    "openrouter": _Compatible(
        "https://openrouter.ai/api/v1", "OPENROUTER_BASE_URL", "OPENROUTER_API_KEY", old_output_field=True
    ),
    "deepseek": _Compatible(
        "https://api.deepseek.com", "DEEPSEEK_BASE_URL", "DEEPSEEK_API_KEY", old_output_field=True
    ),
    "vllm": _Compatible("http://127.0.0.1:8000/v1", "VLLM_BASE_URL", "VLLM_API_KEY"),
    "ollama": _Compatible(
        f"http://127.0.0.1:{_OLLAMA_PORT}/v1", "OLLAMA_BASE_URL", "OLLAMA_API_KEY", old_output_field=True
    ),
}

# Providers of pydantic-ai, and the variables of which any one means that there is a key.
_THEIRS: dict[str, tuple[str, ...]] = {
    "google": ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    "groq": ("GROQ_API_KEY",),
    "mistral": ("MISTRAL_API_KEY",),
    "xai": ("XAI_API_KEY",),
    "cohere": ("CO_API_KEY",),
    "cerebras": ("CEREBRAS_API_KEY",),
    "bedrock": ("AWS_BEARER_TOKEN_BEDROCK",),
    "azure": ("AZURE_OPENAI_API_KEY",),
    "together": ("TOGETHER_API_KEY",),
    "fireworks": ("FIREWORKS_API_KEY",),
    "moonshotai": ("MOONSHOTAI_API_KEY",),
    "huggingface": ("HF_TOKEN",),
}
_KNOWN = (*_COMPATIBLE, "anthropic", *_THEIRS)


def known_key_present(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The providers that the environment holds a key for, those first that need no extra."""
    variables = {
        "anthropic": ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
        **{name: (provider.key_variable,) for name, provider in _COMPATIBLE.items()},
        **_THEIRS,
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
        return "anthropic", provider
    raise JourneymanError("bad-config", f"{name!r} does not name a model with its provider", facts=(_FORM,))


def make_model(
    name: str,
    environ: Mapping[str, str],
    *,
    first_byte_s: float = FIRST_BYTE_S,
    patience: Patience | None = None,
) -> Client:
    """The client of a model. Nothing is connected, and nothing heavy imported, before its first answer.

    ``first_byte_s`` is how long a silence may last.
    Raises JourneymanError: "bad-config", or "model-unauthorized" when a key is missing.
    """
    provider, model = split_name(name)
    full = f"{provider}:{model}"
    if provider == "anthropic":
        return _anthropic(full, model, environ, first_byte_s, patience)
    if provider in _COMPATIBLE:
        return _openai(full, provider, model, environ, first_byte_s, patience)
    return _other(full, provider, model, first_byte_s, patience)


def _openai(
    full: str,
    provider: str,
    model: str,
    environ: Mapping[str, str],
    first_byte_s: float,
    patience: Patience | None,
) -> OpenAIChat:
    from journeyman.models.openai_chat import OpenAIChat
    from journeyman.models.openai_dialect import Dialect, OutputField

    known = _COMPATIBLE[provider]
    given = environ.get(known.base_variable) or (_ollama_address(environ) if provider == "ollama" else "")
    base_url = clean_base_url(given or known.base_url, known.base_variable, drop=("/chat/completions",))
    key = clean_key(environ.get(known.key_variable), known.key_variable)
    endpoint = _endpoint(provider, base_url, model, key, known.key_variable, known.base_variable, environ)
    transport = Transport(endpoint, first_byte_s=first_byte_s)
    dialect = Dialect(OutputField.OLD if known.old_output_field else OutputField.NEW)
    return OpenAIChat(full, endpoint, transport, patience=patience, dialect=dialect)


def _anthropic(
    full: str,
    model: str,
    environ: Mapping[str, str],
    first_byte_s: float,
    patience: Patience | None,
) -> AnthropicMessages:
    from journeyman.models.anthropic import AnthropicMessages

    base = "ANTHROPIC_BASE_URL"
    base_url = clean_base_url(
        environ.get(base) or "https://api.anthropic.com", base, drop=("/messages", "/v1")
    )
    key = clean_key(environ.get("ANTHROPIC_API_KEY"), "ANTHROPIC_API_KEY")
    token = clean_key(environ.get("ANTHROPIC_AUTH_TOKEN"), "ANTHROPIC_AUTH_TOKEN")
    endpoint = _endpoint("anthropic", base_url, model, key or token, "ANTHROPIC_API_KEY", base, environ)
    transport = Transport(endpoint, first_byte_s=first_byte_s)
    bearer = key is None and token is not None
    return AnthropicMessages(full, endpoint, transport, patience=patience, bearer=bearer)


def _other(
    full: str,
    provider: str,
    model: str,
    first_byte_s: float,
    patience: Patience | None,
) -> PydanticAIClient:
    from journeyman.models.pydantic_ai_client import PydanticAIClient, extra_missing

    installed = importlib.util.find_spec("pydantic_ai") is not None
    if provider not in _THEIRS:
        guess = nearest(provider, _KNOWN)
        if not installed or not _is_theirs(provider):
            raise JourneymanError(
                "bad-config",
                f"unknown provider {provider!r} in {full!r}"
                + (f"; did you mean {guess!r}?" if guess else ""),
                facts=(f"known providers: {', '.join(_KNOWN)}", _FORM),
            )
    if not installed:
        raise extra_missing(full)
    endpoint = Endpoint(provider, "", model)
    return PydanticAIClient(full, endpoint, first_byte_s=first_byte_s, patience=patience)


def _is_theirs(provider: str) -> bool:
    """Whether pydantic-ai knows it, at the price of its import: for names that are not in our own list."""
    from pydantic_ai.providers import infer_provider_class

    try:
        infer_provider_class(provider)
    except ValueError:
        return False
    except ImportError:  # known, but its library is missing: said when it is used
        return True
    return True


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
