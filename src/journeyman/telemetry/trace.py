"""A share of a run's timeline as OpenTelemetry spans: run → phase → model call, check.

Names and attributes of model calls are those of the GenAI semantic conventions. Ids are digests of the run's
id and the events' keys, so that all segments of a run are one trace.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, TraceFlags
from opentelemetry.trace.status import Status, StatusCode

from journeyman import __version__
from journeyman.domain.events import Event, Outcome, RunFinished, RunStarted, last_of
from journeyman.domain.folds.spans import Span, spans_of
from journeyman.domain.folds.spans import SpanKind as Kind
from journeyman.domain.text import printable

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource

SCOPE = InstrumentationScope("journeyman", __version__)
Attributes = dict[str, str | int | float | bool]
_TOKENS = {
    "tokens_in": "gen_ai.usage.input_tokens",
    "tokens_cached": "gen_ai.usage.cache_read.input_tokens",
    "tokens_out": "gen_ai.usage.output_tokens",
    "cost_usd": "journeyman.cost_usd",
}


def trace_of(
    run_id: str, every: tuple[Event, ...], share: tuple[Event, ...], resource: Resource
) -> Sequence[ReadableSpan]:
    """Spans for the events of ``share``; ``every`` tells what began before it."""
    own = {event.key for event in share}
    spans = [span for span in spans_of(every) if span.key in own]
    root = _root(run_id, every, share, resource)
    made = [root]
    phases = [(span, _id(run_id, span.key, 8)) for span in spans if span.kind is Kind.PHASE]
    for span in spans:
        parent = root.context.span_id
        if span.kind in {Kind.CALL, Kind.WAIT, Kind.CHECK}:
            parent = next((number for phase, number in phases if _within(span, phase)), parent)
        made.append(_span(run_id, span, parent, resource))
    return made


def gen_ai(span: Span) -> Attributes:
    """What the conventions call a model call's provider, model and tokens."""
    provider, _, model = span.name.rpartition(":")
    found: Attributes = {"gen_ai.operation.name": "chat", "gen_ai.request.model": model}
    if provider:
        found["gen_ai.provider.name"] = provider
    for ours, theirs in _TOKENS.items():
        if ours in span.facts:
            found[theirs] = span.facts[ours]
    return found


def _root(
    run_id: str, every: tuple[Event, ...], share: tuple[Event, ...], resource: Resource
) -> ReadableSpan:
    started = last_of(every, RunStarted)
    end = last_of(share, RunFinished)
    first = share[0] is every[0]
    attributes: Attributes = {"journeyman.run.id": run_id}
    if started is not None:
        attributes |= {"journeyman.run.title": started.title, "journeyman.worker": started.worker}
    if end is not None:
        attributes["journeyman.run.outcome"] = end.outcome.value
    if end is not None and end.stop_code:
        attributes["journeyman.run.stop_reason"] = end.stop_code
    top = _id(run_id, "run", 8)
    began = share[0].at - (share[0].clock_s if first else 0.0)
    return ReadableSpan(
        name="journeyman.run" if first else "journeyman.run resumed",
        context=_context(run_id, top if first else _id(run_id, f"run/{share[0].key}", 8)),
        parent=None if first else _context(run_id, top),
        resource=resource,
        attributes=_sendable(attributes),
        kind=SpanKind.INTERNAL,
        instrumentation_scope=SCOPE,
        status=_status(end),
        start_time=_nanoseconds(began),
        end_time=_nanoseconds(max(began, share[-1].at)),
    )


def _status(end: RunFinished | None) -> Status:
    if end is not None and end.outcome is Outcome.STOPPED:
        return Status(StatusCode.ERROR, printable(end.stop_message or ""))
    return Status(StatusCode.OK)


def _span(run_id: str, span: Span, parent: int, resource: Resource) -> ReadableSpan:
    is_call = span.kind is Kind.CALL
    own: Attributes = {
        f"journeyman.{name}": value for name, value in span.facts.items() if name not in _TOKENS
    }
    if span.note:
        own["journeyman.note"] = span.note
    name = f"chat {gen_ai(span)['gen_ai.request.model']}" if is_call else f"{span.kind.value} {span.name}"
    return ReadableSpan(
        name=printable(name),
        context=_context(run_id, _id(run_id, span.key, 8)),
        parent=_context(run_id, parent),
        resource=resource,
        attributes=_sendable({**own, **(gen_ai(span) if is_call else {})}),
        kind=SpanKind.CLIENT if is_call else SpanKind.INTERNAL,
        instrumentation_scope=SCOPE,
        status=Status(StatusCode.ERROR if span.ok is False else StatusCode.UNSET),
        start_time=_nanoseconds(span.begin_at),
        end_time=_nanoseconds(span.end_at),
    )


def _sendable(attributes: Attributes) -> Attributes:
    """Without the bytes of file names and titles that are no text: the protocol takes UTF-8 alone."""
    return {
        printable(name): printable(value) if isinstance(value, str) else value
        for name, value in attributes.items()
    }


def _within(span: Span, phase: Span) -> bool:
    return phase.begin_s <= span.end_s <= phase.end_s


def _context(run_id: str, number: int) -> SpanContext:
    return SpanContext(
        _id(run_id, "trace", 16), number, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED)
    )


def _id(run_id: str, key: str, length: int) -> int:
    """A number of ``length`` bytes that is never 0, the invalid id."""
    digest = hashlib.sha256(f"{run_id}/{key}".encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:length]) or 1


def _nanoseconds(at: float) -> int:
    return int(at * 1e9)
