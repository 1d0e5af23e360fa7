"""What our own model calls may spend in a run, over all its phases and segments, and in one request."""

from __future__ import annotations

from dataclasses import dataclass

from journeyman.domain.errors import JourneymanError
from journeyman.domain.settings import BudgetSettings
from journeyman.domain.worker import Usage

_CHARACTERS_PER_TOKEN = 4.0
"""Of English and code, roughly: the provider counts only afterwards."""


@dataclass
class Spending:
    """Running totals. An unknown cost stays unknown, and is then not compared with the limit in dollars."""

    limits: BudgetSettings
    requests: int = 0
    tokens: int = 0
    cost_usd: float | None = 0.0
    dearest_usd: float = 0.0

    def add(self, usage: Usage) -> None:
        """Book one call."""
        self.requests += usage.requests
        self.tokens += (usage.tokens_in or 0) + (usage.tokens_out or 0)
        known = self.cost_usd is not None and usage.cost_usd is not None
        self.cost_usd = (self.cost_usd or 0.0) + (usage.cost_usd or 0.0) if known else None
        self.dearest_usd = max(self.dearest_usd, usage.cost_usd or 0.0)

    def refuse_when_exhausted(self, prompt_characters: int = 0) -> None:
        """Raise JourneymanError("over-budget") when the next call must not be made."""
        limits = self.limits
        about = round(prompt_characters / _CHARACTERS_PER_TOKEN)
        if limits.requests is not None and self.requests >= limits.requests:
            used = f"{self.requests} requests of {limits.requests} (budget.requests) are used"
            raise _over(used, f"--max-turns {limits.requests * 2}")
        if limits.tokens is not None and self.tokens >= limits.tokens:
            used = f"{self.tokens:,} tokens of {limits.tokens:,} (budget.tokens) are used"
            raise _over(used, f"--max-tokens {limits.tokens * 2}")
        if limits.usd is not None and self.cost_usd is not None and self.cost_usd >= limits.usd:
            used = f"${self.cost_usd:.2f} of ${limits.usd:.2f} (budget.usd) are used"
            raise _over(used, f"--max-budget-usd {limits.usd * 2:g}")
        if limits.call_usd is not None and self.dearest_usd > limits.call_usd:
            cost = f"one request cost ${self.dearest_usd:.2f} of ${limits.call_usd:.2f} (budget.call_usd)"
            raise _over(cost, setting="budget.call_usd")
        if limits.call_tokens is not None and about > limits.call_tokens:
            limit = f"{limits.call_tokens:,} (budget.call_tokens)"
            too_long = f"the next request would be of about {about:,} tokens, of {limit}"
            raise _over(too_long, setting="budget.call_tokens")

    def too_slow(self) -> JourneymanError:
        """The stop after a request that did not end in its time."""
        slow = f"one request did not end in {self.limits.call_seconds:g} s (budget.call_seconds)"
        return _over(slow, setting="budget.call_seconds")


def _over(message: str, flags: str = "", setting: str = "") -> JourneymanError:
    hint = f"jm resume {{run}} {flags}" if flags else f"raise {setting} in a new run: a resume keeps it"
    return JourneymanError("over-budget", message, hint=hint)
