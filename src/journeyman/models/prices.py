"""What tokens cost, from genai-prices. An unknown model or provider is ``None``, never 0."""

from __future__ import annotations

import asyncio
import re
import threading
from typing import Any

from journeyman.models.answers import TryUsage
from journeyman.models.endpoints import Endpoint

# Names that only the provider itself sells: behind a gateway on this network they cost what it asks.
_SOLD_BY = {
    "openai": re.compile(r"(?:gpt-(?!oss)|chatgpt|codex-|o\d)", re.IGNORECASE),
    "anthropic": re.compile(r"claude", re.IGNORECASE),
}
_loaded: list[Any] = []


def load_prices() -> Any:  # noqa: ANN401 - the module genai_prices
    """The price list: 0.2 s the first time, safe in any thread."""
    if not _loaded:
        import genai_prices
        from genai_prices.data_snapshot import get_snapshot

        get_snapshot()
        _loaded.append(genai_prices)
    return _loaded[0]


class Pricing:
    """The prices at one endpoint. The list is loaded in a thread, once an answer has begun to arrive."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._begun = False

    @property
    def priced(self) -> bool:
        """Whether a price can be known at all; most local models have none, and need no list."""
        if self._endpoint.provider == "ollama":
            return False
        sold = _SOLD_BY.get(self._endpoint.provider)
        return not self._endpoint.private or bool(sold and sold.match(self._endpoint.model))

    def begin(self) -> None:
        """Start loading, beside the answer that is streaming in."""
        if self._begun:
            return
        self._begun = True
        if self.priced and not _loaded:
            threading.Thread(target=load_prices, name="journeyman-prices", daemon=True).start()

    async def cost_usd(self, usage: TryUsage) -> float | None:
        """What the provider said, else what its list says."""
        if usage.cost_usd is not None:
            return usage.cost_usd
        if not self.priced or usage.tokens_in is None or usage.tokens_out is None:
            return None
        if not _loaded:
            await asyncio.to_thread(load_prices)
        names = dict.fromkeys(name for name in (usage.model, self._endpoint.model) if name)
        costs = (_list_price(name, self._endpoint, usage) for name in names)
        return next((cost for cost in costs if cost is not None), None)


def _list_price(name: str, endpoint: Endpoint, usage: TryUsage) -> float | None:
    prices = load_prices()
    counted = prices.Usage(
        input_tokens=usage.tokens_in,
        cache_read_tokens=usage.tokens_cached or 0,
        cache_write_tokens=usage.tokens_written or 0,
        output_tokens=usage.tokens_out,
    )
    for where in ({"provider_api_url": endpoint.base_url}, {"provider_id": endpoint.provider}):
        if "provider_api_url" in where and (endpoint.private or not endpoint.base_url):
            continue
        try:
            return float(prices.calc_price(counted, name, **where).total_price)
        except (LookupError, ValueError):
            continue
    return None
