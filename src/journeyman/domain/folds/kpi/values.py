"""The figures of one run as values; how each is measured stands in the package's own text."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class PhaseKpi:
    """One phase over the whole run."""

    duration_s: float
    attempts: int


@dataclass(frozen=True)
class WorkerKpi:
    """One worker and model in one phase."""

    name: str
    model: str | None
    phase: str
    calls: int
    tokens_in: int | None
    tokens_cached: int | None
    tokens_out: int | None
    cost_usd: float | None
    latency_s: float | None
    tokens_repeated: int | None = None
    """Prompt tokens that repeat the request before: ``tokens_repeated / tokens_in`` is the prefix share."""


@dataclass(frozen=True)
class SpendKpi:
    """All booked model calls of the run. An unknown figure of one call makes the sum unknown."""

    calls: int | None = None
    tokens_in: int | None = None
    tokens_cached: int | None = None
    tokens_out: int | None = None
    tokens_repeated: int | None = None
    cost_usd: float | None = None
    latency_s: float | None = None
    prefix_cache_share: float | None = None
    """Of the prompt tokens, what the provider served from its cache."""
    repeated_share: float | None = None
    """Of the prompt tokens, what a cache could have served."""
    cost_per_verified_commit_usd: float | None = None


@dataclass(frozen=True)
class TierKpi:
    """The checks of one tier in VERIFY."""

    tier: int
    checks_run: int
    checks_cached: int
    wall_s: float
    cpu_s: float | None


@dataclass(frozen=True)
class VerificationKpi:
    """All checks run for VERIFY (the baseline's are not counted)."""

    checks_run: int
    checks_cached: int
    checks_skipped: int
    retries: int
    auto_fixes: int | None
    wall_s: float
    cpu_s: float | None
    tiers: tuple[TierKpi, ...] = ()
    base_wait_s: float = 0.0
    """Run clock, after the checks themselves, for results of the base that the verdict depends on."""
    first_pass_rate: float | None = None
    """Of the milestones that were judged, those whose first attempt passed."""


@dataclass(frozen=True)
class WaitingKpi:
    """Time in which nothing could be done."""

    people_s: float | None = None
    """Wall clock, between a final stop and the resume that answered it."""
    rate_limits_s: float | None = None
    """Run clock, in which a provider's limit or outage held model calls up."""


@dataclass(frozen=True)
class ContextKpi:
    """What the context packer did; all unknown in a run without packs."""

    tokens: int | None = None
    files: int | None = None
    """Different files with lines in a pack."""
    index_s: float | None = None
    pack_s: float | None = None
    hit_rate: float | None = None
    """Of the files that the change touched, those that were packed."""
    used_share: float | None = None
    """Of the files that were packed, those that the change touched."""
    read_beyond: int | None = None
    """Different files that a worker asked for and no pack had."""


@dataclass(frozen=True)
class Kpi:
    """The figures of one run."""

    tvc_s: float | None
    total_s: float | None
    unattributed_s: float | None
    downtime_s: float | None
    overhead_s: float | None
    human_touches: int
    outcome: str | None
    phases: dict[str, PhaseKpi] = field(default_factory=dict)
    workers: tuple[WorkerKpi, ...] = ()
    spend: SpendKpi = field(default_factory=SpendKpi)
    verification: VerificationKpi | None = None
    waiting: WaitingKpi = field(default_factory=WaitingKpi)
    context: ContextKpi = field(default_factory=ContextKpi)
    escalations: int | None = None
    """Times that a dearer model was asked because a cheaper one did not do."""
    size: str | None = None
    """``small``, ``medium`` or ``large``: what the run is compared under."""
