"""Events come out whole, wherever the network cut the bytes."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.models import sse
from journeyman.models.sse import EventParser, OversizedEventError, ServerEvent

STREAM = (
    ": a comment\r\n\r\n"
    'event: one\r\ndata: {"text": "héllo 🙂"}\r\n\r\n'
    "data: first\ndata:second\n\n"
    "retry: 10\nid: 7\nunknown\n\n"
    "event: without data\n\n"
    "data: carriage\rdata: returns\r\r"
    "data: \u2028 no line end\n\n"
)
EVENTS = [
    ServerEvent("one", '{"text": "héllo 🙂"}'),
    ServerEvent("", "first\nsecond"),
    ServerEvent("", "carriage\nreturns"),
    ServerEvent("", "\u2028 no line end"),
]


def parse(chunks: list[bytes]) -> list[ServerEvent]:
    parser = EventParser()
    events = [event for chunk in chunks for event in parser.feed(chunk)]
    return [*events, *parser.finish()]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 1000])
def test_chunks_of_any_size(size: int):
    data = STREAM.encode()
    assert parse([data[at : at + size] for at in range(0, len(data), size)]) == EVENTS


@given(st.lists(st.integers(0, len(STREAM.encode())), max_size=20))
def test_cut_anywhere(cuts: list[int]):
    data, places = STREAM.encode(), [0, *sorted(cuts), len(STREAM.encode())]
    assert parse([data[a:b] for a, b in itertools.pairwise(places)]) == EVENTS


def test_an_event_is_told_before_the_line_feed_of_its_last_line_end():
    parser = EventParser()
    assert list(parser.feed(b"data: a\r\n\r")) == [ServerEvent("", "a")]
    assert list(parser.feed(b"\ndata: b\r\n\r\n")) == [ServerEvent("", "b")]


def test_a_stream_without_its_last_blank_line():
    assert parse([b"data: [DONE]"]) == [ServerEvent("", "[DONE]")]
    assert parse([b"data: x\ndata: y\n"]) == [ServerEvent("", "x\ny")]
    assert parse([b"\xef\xbb\xbfdata: after a byte order mark\n\n"]) == [
        ServerEvent("", "after a byte order mark")
    ]
    assert parse([b"data: \xff\n\n"]) == [ServerEvent("", "\ufffd")]


def test_an_endless_event_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sse, "MAX_EVENT_CHARACTERS", 100)
    with pytest.raises(OversizedEventError):
        parse([b"data: " + b"x" * 40] * 4)
    with pytest.raises(OversizedEventError):
        parse([b"data: " + b"x" * 40 + b"\n"] * 4)
