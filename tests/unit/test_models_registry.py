"""Names and variables: which client at which address, and what is said when something is missing."""

from __future__ import annotations

import subprocess
import sys

import pytest

from journeyman.domain.errors import JourneymanError
from journeyman.models.anthropic.client import AnthropicMessages
from journeyman.models.endpoints import clean_base_url, clean_key, is_private, proxy_for
from journeyman.models.openai.client import OpenAIChat
from journeyman.models.providers import CHAT_PROVIDERS, ChatProvider
from journeyman.models.registry import known_key_present, make_model, split_name

KEYS = {"OPENAI_API_KEY": "k", "ANTHROPIC_API_KEY": "k", "OPENROUTER_API_KEY": "k", "DEEPSEEK_API_KEY": "k"}


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("openai:gpt-5", ("openai", "gpt-5")),
        ("ollama:qwen3:8b", ("ollama", "qwen3:8b")),
        ("gpt-5-mini", ("openai", "gpt-5-mini")),
        ("o3", ("openai", "o3")),
        ("o4-mini", ("openai", "o4-mini")),
        ("claude-sonnet-4-5", ("anthropic", "claude-sonnet-4-5")),
        (" openai:x ", ("openai", "x")),
    ],
)
def test_names(name: str, split: tuple[str, str]):
    assert split_name(name) == split


@pytest.mark.parametrize("name", ["", "qwen3", "openai:", ":gpt-5", "o2000", "openai/gpt-5"])
def test_names_that_tell_no_provider(name: str):
    with pytest.raises(JourneymanError, match="does not name a model") as raised:
        make_model(name, KEYS)
    assert raised.value.code == "bad-config"
    assert "provider:name" in raised.value.facts[0]


@pytest.mark.parametrize(
    ("name", "environ", "address"),
    [
        ("openai:x", KEYS, "https://api.openai.com/v1"),
        ("openai:x", {"OPENAI_BASE_URL": "http://127.0.0.1:8000/v1/"}, "http://127.0.0.1:8000/v1"),
        ("openai:x", {"OPENAI_BASE_URL": "http://box:1/v1/chat/completions"}, "http://box:1/v1"),
        ("openai:x", {"OPENAI_BASE_URL": ""} | KEYS, "https://api.openai.com/v1"),
        ("openrouter:a/b", KEYS, "https://openrouter.ai/api/v1"),
        ("deepseek:x", KEYS, "https://api.deepseek.com"),
        ("vllm:x", {}, "http://127.0.0.1:8000/v1"),
        ("anthropic:x", KEYS, "https://api.anthropic.com"),
        ("anthropic:x", {"ANTHROPIC_BASE_URL": "http://[::1]:9/v1"}, "http://[::1]:9"),
        ("ollama:x", {}, "http://127.0.0.1:11434/v1"),
        ("ollama:x", {"OLLAMA_BASE_URL": "http://gpu.lan:1/v1", "OLLAMA_HOST": "z"}, "http://gpu.lan:1/v1"),
        ("ollama:x", {"OLLAMA_HOST": "gpu"}, "http://gpu:11434/v1"),
        ("ollama:x", {"OLLAMA_HOST": "0.0.0.0:5"}, "http://127.0.0.1:5/v1"),
        ("ollama:x", {"OLLAMA_HOST": ":5"}, "http://127.0.0.1:5/v1"),
        ("ollama:x", {"OLLAMA_HOST": "http://10.0.0.7/"}, "http://10.0.0.7/v1"),
    ],
)
def test_addresses(name: str, environ: dict[str, str], address: str):
    client = make_model(name, environ)
    assert isinstance(client, OpenAIChat | AnthropicMessages)
    assert client._endpoint.base_url == address
    assert client.name == name


@pytest.mark.parametrize(
    ("name", "environ", "code", "said"),
    [
        ("openai:x", {}, "model-unauthorized", "OPENAI_API_KEY is not set"),
        ("openai:x", {"OPENAI_API_KEY": " \n"}, "model-unauthorized", "OPENAI_API_KEY is not set"),
        (
            "openai:x",
            {"OPENAI_BASE_URL": "https://gateway.example.com/v1"},
            "model-unauthorized",
            "is not set",
        ),
        ("anthropic:x", {}, "model-unauthorized", "ANTHROPIC_API_KEY is not set"),
        ("openai:x", {"OPENAI_API_KEY": "se\u200bcret"}, "model-unauthorized", "no key has"),
        ("openai:x", {"OPENAI_API_KEY": "se\ncret"}, "model-unauthorized", "no key has"),
        ("openai:x", {"OPENAI_BASE_URL": "127.0.0.1:8000"}, "bad-config", "is not a base URL"),
        ("openai:x", {"OPENAI_BASE_URL": "http://[::1"}, "bad-config", "is not a base URL"),
        ("openai:x", {"OPENAI_BASE_URL": "http://a:port/"}, "bad-config", "is not a base URL"),
        ("openai:x", {"OPENAI_BASE_URL": "http://a b/"}, "bad-config", "is not a base URL"),
        ("openai:x", {"OPENAI_BASE_URL": "https://me:secret@a.example"}, "bad-config", "a password"),
        ("openai:x", KEYS | {"HTTPS_PROXY": "socks5://127.0.0.1:1"}, "bad-config", "HTTPS_PROXY"),
        ("opnai:gpt-5", KEYS, "bad-config", "did you mean 'openai'?"),
        ("azure:x", KEYS, "bad-config", "AZURE_BASE_URL is not set"),
        ("nosuchprovider:x", KEYS, "bad-config", "unknown provider"),
    ],
)
def test_what_is_missing(name: str, environ: dict[str, str], code: str, said: str):
    with pytest.raises(JourneymanError) as raised:
        make_model(name, environ)
    assert raised.value.code == code
    assert said in raised.value.message
    assert "secret" not in f"{raised.value.message}{raised.value.facts}{raised.value.hint}"


def test_keys_are_cleaned_and_hidden():
    client = make_model("openai:x", {"OPENAI_API_KEY": " secret\n"})
    assert isinstance(client, OpenAIChat)
    assert client._endpoint.key == "secret"
    assert "secret" not in repr(client._endpoint)
    assert clean_key(None, "X") is None


@pytest.mark.parametrize(
    ("provider", "meant"),
    [
        ("opnai", "openai"),
        ("Anthropic", "anthropic"),
        ("gemini", "google"),
        ("google-gla", "google"),
        ("google-vertex", "vertex"),
        ("bedrock-mantle", "bedrock"),
        ("grok", "xai"),
        ("kimi", "moonshotai"),
        ("qwen", "alibaba"),
        ("mistrall", "mistral"),
        ("openai-responses", "openai"),
    ],
)
def test_providers_under_another_name(provider: str, meant: str):
    with pytest.raises(
        JourneymanError, match=f"unknown provider '{provider}' .*; did you mean '{meant}'"
    ) as raised:
        make_model(f"{provider}:x", KEYS)
    assert raised.value.code == "bad-config"
    assert "OPENAI_BASE_URL" in raised.value.facts[1]


@pytest.mark.parametrize("provider", CHAT_PROVIDERS.values(), ids=lambda row: row.name)
def test_rows(provider: ChatProvider):
    assert clean_base_url(provider.base_url, "X") == provider.base_url
    assert provider.base_variable.isidentifier()
    assert provider.key_variables
    assert not set(provider.also) & {*CHAT_PROVIDERS, "anthropic"}


def test_keys_that_are_present():
    assert known_key_present({}) == ()
    assert known_key_present({"OPENAI_API_KEY": " "}) == ()
    environ = {"GEMINI_API_KEY": "k", "OPENAI_API_KEY": "k", "ANTHROPIC_AUTH_TOKEN": "k"}
    assert known_key_present(environ) == ("anthropic", "openai", "google")


@pytest.mark.parametrize(
    ("host", "private"),
    [
        ("127.0.0.1", True), ("::1", True), ("10.1.2.3", True), ("192.168.0.1", True), ("172.20.0.1", True), ("0.0.0.0", True),
        ("localhost", True), ("ollama", True), ("gpu.local", True), ("host.docker.internal", True),
        ("8.8.8.8", False), ("api.openai.com", False), ("10.example.com", False),
    ],
)  # fmt: skip
def test_private_hosts(host: str, private: bool):
    assert is_private(host) is private


@pytest.mark.parametrize(
    ("environ", "proxy"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
        ({"https_proxy": "proxy:3128", "HTTPS_PROXY": "x"}, "http://proxy:3128"),
        ({"HTTP_PROXY": "http://proxy:3128"}, None),
        ({"HTTPS_PROXY": "http://proxy", "NO_PROXY": "example.com"}, None),
        ({"HTTPS_PROXY": "http://proxy", "NO_PROXY": "a.com, .example.com"}, None),
        ({"HTTPS_PROXY": "http://proxy", "NO_PROXY": "*"}, None),
        ({"HTTPS_PROXY": "http://proxy", "NO_PROXY": "ample.com"}, "http://proxy"),
    ],
)
def test_proxies(environ: dict[str, str], proxy: str | None):
    assert proxy_for("https://api.example.com/v1", environ) == proxy
    assert proxy_for("https://127.0.0.1/v1", environ) is None


def test_base_urls():
    assert clean_base_url(" https://a.example/v1/?x=1#y ", "X") == "https://a.example/v1"


def test_nothing_heavy_is_imported_for_a_client():
    code = (
        "import sys; from journeyman.models.registry import make_model;"
        "make_model('openai:x', {'OPENAI_API_KEY': 'k'}); make_model('anthropic:x', {'ANTHROPIC_API_KEY': 'k'});"
        "heavy = {'httpx2', 'anyio', 'pydantic', 'pydantic_ai', 'genai_prices', 'openai', 'anthropic'};"
        "print(*(heavy & set(sys.modules)))"
    )
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
