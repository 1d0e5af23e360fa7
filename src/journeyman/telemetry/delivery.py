"""Sends what a process did to the collector, within a bound: no collector fails or holds up a run.

The exporters read the usual OTEL_* variables themselves: endpoint, headers, certificates, compression,
service name.
"""

from __future__ import annotations

import asyncio
import logging
from importlib.util import find_spec

from journeyman.domain.events import Event
from journeyman.telemetry.share import own_share

BOUND_S = 3.0
HASTY_S = 0.5
"""Whoever pressed Ctrl-C waits for the prompt."""
TRACES, METRICS = "traces", "metrics"


def is_installed() -> bool:
    """Whether the extra ``otel`` is there."""
    parents = ("opentelemetry", "opentelemetry.sdk", "opentelemetry.exporter", "opentelemetry.exporter.otlp")
    return all(find_spec(name) is not None for name in parents)


def preload_exporter() -> None:
    """Import what :func:`deliver` needs; half a second that can pass in a thread while the run works."""
    if is_installed():
        import opentelemetry.exporter.otlp.proto.http.metric_exporter
        import opentelemetry.exporter.otlp.proto.http.trace_exporter

        del opentelemetry


async def deliver(
    signals: frozenset[str], run_id: str, events: tuple[Event, ...], bound_s: float
) -> str | None:
    """Send this process's share of the run: ``TRACES``, ``METRICS``; why that failed, or ``None``.

    Raises nothing, and takes no longer than ``bound_s``. Without the extra nothing is sent.
    """
    if not signals or not events or not is_installed():
        return None
    sending = asyncio.ensure_future(asyncio.to_thread(_send, signals, run_id, events, bound_s))
    done, _ = await asyncio.wait([sending], timeout=bound_s)
    if not done:
        # Its thread is left alone: the process ends without it.
        sending.add_done_callback(lambda late: late.cancelled() or late.exception())
        return f"the collector did not take it within {bound_s:g} s"
    error = sending.exception()
    return None if error is None else str(error) or type(error).__name__


def _send(signals: frozenset[str], run_id: str, events: tuple[Event, ...], bound_s: float) -> None:
    from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, OTELResourceDetector, Resource

    from journeyman import __version__

    # What goes wrong is told once, by the caller, and not by their loggers.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL + 1)
    own = Resource({SERVICE_NAME: "journeyman", SERVICE_VERSION: __version__})
    resource = own.merge(OTELResourceDetector().detect())
    share = own_share(events)
    if TRACES in signals:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import SpanExportResult

        from journeyman.telemetry.trace import trace_of

        spans = trace_of(run_id, events, share, resource)
        if OTLPSpanExporter(timeout=bound_s).export(spans) is not SpanExportResult.SUCCESS:
            raise ConnectionError("the collector refused the trace, or could not be reached")
    if METRICS in signals:
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.sdk.metrics.export import MetricExportResult

        from journeyman.telemetry.figures import metrics_of

        data = metrics_of(events, share, resource)
        exporter = OTLPMetricExporter(timeout=bound_s)
        if data is not None and exporter.export(data) is not MetricExportResult.SUCCESS:
            raise ConnectionError("the collector refused the metrics, or could not be reached")
