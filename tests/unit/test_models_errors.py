"""What providers say when they refuse, and which stop reason that is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from journeyman.domain.stops import STOP_REASONS
from journeyman.models.client import final_error
from journeyman.models.endpoints import Endpoint
from journeyman.models.errors import (
    ModelFailure,
    read_error_body,
    read_retry_after,
    response_failure,
    stream_failure,
)
from journeyman.models.retry import Tries

KEY = "secret-0123456789abcdef"
ENDPOINT = Endpoint(
    "openai",
    "https://api.example.com/v1",
    "gpt-5",
    key=KEY,
    key_variable="OPENAI_API_KEY",
    base_variable="OPENAI_BASE_URL",
)


def failure(
    status: int, body: Any, headers: dict[str, str] | None = None, endpoint: Endpoint = ENDPOINT
) -> ModelFailure:
    text = body if isinstance(body, str) else json.dumps(body)
    return response_failure(endpoint, status, headers or {}, text, now=0.0)


def openai(message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, **more}}


def anthropic(kind: str, message: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


CASES: list[tuple[int, Any, str | None]] = [
    # The key.
    (401, openai("Incorrect API key provided: sk-abc***xyz.", code="invalid_api_key"), "model-unauthorized"),
    (401, anthropic("authentication_error", "invalid x-api-key"), "model-unauthorized"),
    (403, anthropic("permission_error", "Your API key does not have permission"), "model-unauthorized"),
    (403, openai("Country not supported", code="unsupported_country_region_territory"), "model-unauthorized"),
    (400, openai("API key not valid. Please pass a valid API key.", status="INVALID_ARGUMENT"), "model-unauthorized"),
    (400, {"code": "Client specified an invalid argument", "error": "Incorrect API key provided: xai-abcdef123."}, "model-unauthorized"),
    # The model.
    (404, openai("The model `gpt-9` does not exist or you do not have access to it.", code="model_not_found"), "model-not-found"),
    (404, anthropic("not_found_error", "model: claude-9"), "model-not-found"),
    (404, {"error": 'model "llama9" not found, try pulling it first'}, "model-not-found"),
    (404, {"detail": "Not Found"}, "model-not-found"),
    (404, "<html><head><title>404 Not Found</title></head></html>", "model-not-found"),
    (400, openai("xyz/abc is not a valid model ID", code=400), "model-not-found"),
    (403, openai("Project does not have access", code="model_not_found"), "model-not-found"),
    # The context.
    (400, openai("This model's maximum context length is 128000 tokens. However, …", code="context_length_exceeded"), "context-too-long"),
    (400, anthropic("invalid_request_error", "prompt is too long: 212000 tokens > 200000 maximum"), "context-too-long"),
    (413, anthropic("request_too_large", "Request exceeds the maximum size"), "context-too-long"),
    (400, openai("the request exceeds the available context size", type="exceed_context_size_error"), "context-too-long"),
    (400, openai("Please reduce the length of the messages or completion.", type="invalid_request_error"), "context-too-long"),
    (400, openai("The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."), "context-too-long"),
    (400, openai("This model's maximum prompt length is 131072 but the request contains 140000 tokens."), "context-too-long"),
    (422, {"detail": [{"msg": "Prompt too long"}]}, "context-too-long"),
    (500, openai("context size exceeded"), "context-too-long"),
    (429, openai("Request too large for gpt-5 on tokens per min (TPM): Limit 30000, Requested 42000.", code="rate_limit_exceeded"), "context-too-long"),
    # The account.
    (429, openai("You exceeded your current quota, please check your plan.", type="insufficient_quota", code="insufficient_quota"), "model-quota"),
    (400, anthropic("invalid_request_error", "Your credit balance is too low to access the Anthropic API."), "model-quota"),
    (402, openai("Insufficient Balance"), "model-quota"),
    (402, openai("This request requires more credits, or fewer max_tokens.", code=402), "model-quota"),
    # The request.
    (400, openai("Invalid schema for function 'edit'", param="tools[0]"), "model-refused-request"),
    (400, openai("registry.ollama.ai/library/gemma does not support tools"), "model-refused-request"),
    (422, {"detail": [{"loc": ["body", "x"], "msg": "extra fields"}]}, "model-refused-request"),
    (403, openai("Your input was flagged", metadata={"reasons": ["moderation"]}), "model-refused-request"),
    (307, "", "model-refused-request"),
    (500, openai("model requires more system memory (12 GiB) than is available"), "model-refused-request"),
    (501, "", "model-refused-request"),
    # What can heal.
    (408, "", None),
    (409, "", None),
    (429, openai("Rate limit reached for gpt-5", code="rate_limit_exceeded"), None),
    (429, anthropic("rate_limit_error", "This request would exceed your organization's rate limit of 50,000 input tokens per minute"), None),
    (500, "", None),
    (500, "Internal Server Error", None),
    (502, "<html><title>502 Bad Gateway</title></html>", None),
    (503, openai("Loading model", type="unavailable_error"), None),
    (504, "", None),
    (529, anthropic("overloaded_error", "Overloaded"), None),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "code"), CASES)
def test_what_a_refusal_is(status: int, body: Any, code: str | None):
    found = failure(status, body)
    assert found.code == code
    error = final_error(ENDPOINT, Tries([found]), "")
    assert error.code == (code or "model-unreachable")
    assert error.code in STOP_REASONS


def test_a_quota_that_comes_with_a_time_to_wait_is_a_rate_limit():
    said = openai(
        "You exceeded your current quota, please check your plan and billing details.",
        status="RESOURCE_EXHAUSTED",
    )
    assert failure(429, said).code == "model-quota"
    assert failure(429, said, {"retry-after": "7"}).code is None
    assert failure(429, openai("x", code="insufficient_quota"), {"retry-after": "7"}).code == "model-quota"


def test_the_provider_may_say_whether_to_retry():
    assert failure(500, "", {"x-should-retry": "false"}).code == "model-unreachable"
    assert failure(400, "", {"x-should-retry": "true"}).code is None


@pytest.mark.parametrize(
    ("payload", "status", "code"),
    [
        (anthropic("overloaded_error", "Overloaded"), 529, None),
        (anthropic("rate_limit_error", "slow down"), 429, None),
        (anthropic("api_error", "Internal server error"), 500, None),
        (anthropic("authentication_error", "no"), 401, "model-unauthorized"),
        (openai("Provider disconnected", code=502), 502, None),
        (openai("The server had an error", type="server_error"), 500, None),
        (openai("bad", type="BadRequestError", code=400), 400, "model-refused-request"),
        (
            {"object": "error", "message": "maximum context length is 10", "code": 400},
            400,
            "context-too-long",
        ),
        ({"error": "an error was encountered while running the model"}, 500, None),
    ],
)
def test_errors_inside_of_a_stream(payload: dict[str, Any], status: int, code: str | None):
    found = stream_failure(ENDPOINT, payload)
    assert (found.status, found.code) == (status, code)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "7"}, 7.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:01:40 GMT"}, 90.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:01 GMT"}, 0.0),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "later"}, None),
        ({}, None),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None):
    assert read_retry_after(headers, 10.0) == seconds


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("", ""),
        ("null", "None"),
        ("[]", "[]"),
        ('[{"error": {"message": "in a list"}}]', "in a list"),
        ('{"message": "at the top"}', "at the top"),
        (
            '{"error": {"message": "outer", "metadata": {"raw": "{\\"error\\": \\"inner\\"}"}}}',
            "outer: inner",
        ),
        ("<title>Sign in\n to Wi-Fi</title>", "a web page titled 'Sign in to Wi-Fi'"),
        ("<!doctype html>", "a web page"),
        ("upstream connect error", "upstream connect error"),
        ("x" * 5000, "x" * 599 + "…"),
        ("[" * 100_000, "[" * 599 + "…"),
    ],
)
def test_the_sentence_of_a_body(body: str, sentence: str):
    assert read_error_body(body).sentence == sentence


def test_keys_are_never_repeated():
    echoes = [
        KEY,
        "sk-proj-abcDEF1234567890",
        "sk-ant-api03-abc_def-123",
        "sk-abc********wxyz",
        "gsk_abcdefgh12345",
    ]
    for echo in echoes:
        found = failure(401, openai(f"Incorrect key: {echo}. Check it."))
        error = final_error(ENDPOINT, Tries([found]), "")
        everything = " ".join((repr(found), error.message, *error.facts, error.hint or "", repr(ENDPOINT)))
        assert echo not in everything
        assert "[key]" in error.message
    assert "Check it" in error.message
    short = Endpoint("openai", "http://127.0.0.1/v1", "m", key="k")
    assert failure(401, "check the key 'k'", endpoint=short).said == "check the key '[key]'"
    assert "task-runner-configuration" in failure(400, "no task-runner-configuration").said


def test_texts():
    quota = final_error(
        ENDPOINT, Tries([failure(402, openai("Insufficient Balance"), {"x-request-id": "req_7"})]), ""
    )
    assert quota.message == "the account at api.example.com has nothing left (402): Insufficient Balance"
    assert quota.facts == ("request req_7",)
    assert (
        quota.hint
        == "add credit to the account at api.example.com; another model, by --model, takes a new run"
    )

    missing = final_error(ENDPOINT, Tries([failure(404, {"detail": "Not Found"})]), "")
    assert missing.message == "api.example.com knows no model gpt-5 (404): Not Found"
    assert (
        missing.hint
        == "check OPENAI_BASE_URL: its path often ends in /v1; a model of another name takes a new run"
    )

    local = Endpoint("ollama", "http://127.0.0.1:11434/v1", "qwen3")
    assert failure(404, {"error": "model not found"}, endpoint=local).hint == "ollama pull qwen3"

    tries = Tries(
        [failure(500, "oops"), failure(500, "oops"), ModelFailure("nothing came for 120 s")], waited_s=3.2
    )
    gone = final_error(ENDPOINT, tries, "3 tries failed")
    assert gone.code == "model-unreachable"
    assert (
        gone.message
        == "gpt-5 at api.example.com could not be reached: nothing came for 120 s; 3 tries failed"
    )
    assert gone.facts == ("2 times: 500: oops", "nothing came for 120 s", "waited 3 s between 3 tries")

    garbled = final_error(
        ENDPOINT, Tries([ModelFailure("the answer is not whole JSON", unusable=True)] * 2), "2 tries failed"
    )
    assert garbled.code == "model-misbehaved"
    assert (
        garbled.message == "the answers of gpt-5 cannot be used: the answer is not whole JSON; 2 tries failed"
    )
