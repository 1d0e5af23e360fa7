"""What the agent may spend in a run, counted over all its phases."""

from __future__ import annotations

from dataclasses import dataclass

from journeyman.domain.errors import JourneymanError
from journeyman.domain.settings import BudgetSettings
from journeyman.domain.worker import Usage


@dataclass
class Spending:
    """Running totals. An unknown cost stays unknown, and is then not compared with the limit in dollars."""

    limits: BudgetSettings
    requests: int = 0
    tokens: int = 0
    cost_usd: float | None = 0.0

    def add(self, usage: Usage) -> None:
        """Book one call."""
        self.requests += usage.requests
        self.tokens += (usage.tokens_in or 0) + (usage.tokens_out or 0)
        known = self.cost_usd is not None and usage.cost_usd is not None
        self.cost_usd = (self.cost_usd or 0.0) + (usage.cost_usd or 0.0) if known else None

    def refuse_when_exhausted(self) -> None:
        """Raise JourneymanError("over-budget") when the next call must not be made."""
        limits = self.limits
        over = None
        if limits.requests is not None and self.requests >= limits.requests:
            over = f"{self.requests} requests of {limits.requests} (budget.requests)"
        elif limits.tokens is not None and self.tokens >= limits.tokens:
            over = f"{self.tokens:,} tokens of {limits.tokens:,} (budget.tokens)"
        elif limits.usd is not None and self.cost_usd is not None and self.cost_usd >= limits.usd:
            over = f"${self.cost_usd:.2f} of ${limits.usd:.2f} (budget.usd)"
        if over:
            raise JourneymanError("over-budget", f"{over} are used")
