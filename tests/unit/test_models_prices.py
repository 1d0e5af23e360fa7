"""What tokens cost: from the list, from the provider, or not known; never 0 for want of knowledge."""

from __future__ import annotations

import asyncio

import pytest

from journeyman.models.answers import TryUsage, token_count, token_total
from journeyman.models.endpoints import Endpoint
from journeyman.models.prices import Pricing

OPENAI = "https://api.openai.com/v1"
LOCAL = "http://127.0.0.1:8000/v1"


def cost(provider: str, base_url: str, model: str, usage: TryUsage) -> float | None:
    return asyncio.run(Pricing(Endpoint(provider, base_url, model)).cost_usd(usage))


SPENT = TryUsage(tokens_in=1000, tokens_cached=400, tokens_written=100, tokens_out=100)


def test_prices_of_the_list():
    plain, cached = (cost("anthropic", "https://api.anthropic.com", "claude-sonnet-4-5", usage) for usage in (
        TryUsage(tokens_in=1000, tokens_out=100), SPENT
    ))  # fmt: skip
    assert plain is not None
    assert cached is not None
    assert plain == pytest.approx((1000 * 3 + 100 * 15) / 1e6)
    assert cached == pytest.approx((500 * 3 + 400 * 0.3 + 100 * 3.75 + 100 * 15) / 1e6)
    assert cost("openai", OPENAI, "gpt-5-mini", TryUsage(tokens_in=1000, tokens_out=100)) == pytest.approx(
        0.00045
    )
    # A gateway next door sells the same model; the model that answered counts, not its alias.
    assert cost("openai", LOCAL, "gpt-5-mini", TryUsage(tokens_in=1000, tokens_out=100)) == pytest.approx(
        0.00045
    )
    aliased = TryUsage(model="gpt-5-mini-2025-08-07", tokens_in=1000, tokens_out=100)
    assert cost("openai", OPENAI, "our-deployment", aliased) == pytest.approx(0.00045)


@pytest.mark.parametrize(
    ("provider", "base_url", "model", "usage"),
    [
        ("openai", OPENAI, "sim-1", SPENT),
        ("openai", LOCAL, "sim-1", SPENT),
        ("openai", LOCAL, "gpt-oss:20b", SPENT),
        ("ollama", LOCAL, "gpt-oss:20b", SPENT),
        ("openai", OPENAI, "gpt-5-mini", TryUsage()),
        ("openai", OPENAI, "gpt-5-mini", TryUsage(tokens_in=5)),
        ("nosuchprovider", "https://llm.example.com/v1", "some-model", SPENT),
    ],
)
def test_prices_that_are_not_known(provider: str, base_url: str, model: str, usage: TryUsage):
    assert cost(provider, base_url, model, usage) is None


def test_what_the_provider_itself_says():
    assert cost("openai", LOCAL, "sim-1", TryUsage(cost_usd=0.5)) == 0.5


def test_counts():
    values = [
        token_count(value) for value in (7, 7.0, 0, -1, True, "7", None, float("nan"), float("inf"), 1e13)
    ]
    assert values == [7, 7, 0, None, None, None, None, None, None, None]
    assert token_total([None, None]) is None
    assert token_total([None, 0, 2]) == 2
