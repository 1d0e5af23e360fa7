"""A share of a run's timeline as OpenTelemetry metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricsData

from journeyman import __version__
from journeyman.domain.events import Event
from journeyman.domain.folds.kpi import compute_kpi
from journeyman.domain.folds.spans import SpanKind, spans_of
from journeyman.telemetry.trace import gen_ai

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter
    from opentelemetry.sdk.resources import Resource


def metrics_of(every: tuple[Event, ...], share: tuple[Event, ...], resource: Resource) -> MetricsData | None:
    """Token and duration histograms of the share's model calls, and the figures of the run so far."""
    reader = InMemoryMetricReader()
    provider = MeterProvider((reader,), resource=resource, shutdown_on_exit=False)
    meter = provider.get_meter("journeyman", __version__)
    _calls(meter, every, {event.key for event in share})
    _run(meter, every)
    return reader.get_metrics_data()


def _calls(meter: Meter, every: tuple[Event, ...], own: set[str]) -> None:
    tokens = meter.create_histogram("gen_ai.client.token.usage", "{token}", "Tokens of a model call")
    duration = meter.create_histogram("gen_ai.client.operation.duration", "s", "Seconds of a model call")
    for span in spans_of(every):
        if span.kind is not SpanKind.CALL or span.key not in own:
            continue
        names = {name: value for name, value in gen_ai(span).items() if ".usage." not in name}
        names.pop("journeyman.cost_usd", None)
        duration.record(span.duration_s, names)
        for ours, kind in (("tokens_in", "input"), ("tokens_out", "output")):
            if isinstance(known := span.facts.get(ours), int):
                tokens.record(known, {**names, "gen_ai.token.type": kind})


def _run(meter: Meter, every: tuple[Event, ...]) -> None:
    kpi = compute_kpi(every)
    names = {"journeyman.outcome": kpi.outcome or "running", "journeyman.size": kpi.size or "unknown"}
    known = {
        ("journeyman.run.tvc", "s"): kpi.tvc_s,
        ("journeyman.run.duration", "s"): kpi.total_s,
        ("journeyman.run.overhead", "s"): kpi.overhead_s,
        ("journeyman.run.human_touches", "{touch}"): kpi.human_touches,
        ("journeyman.run.cost", "USD"): kpi.spend.cost_usd,
    }
    for (name, unit), value in known.items():
        if value is not None:
            meter.create_histogram(name, unit).record(value, names)
    for phase, spent in kpi.phases.items():
        meter.create_histogram("journeyman.phase.duration", "s").record(
            spent.duration_s, {**names, "journeyman.phase": phase}
        )
