from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.sandbox.output import MAX_LINE_BYTES, Capture, Lines


@given(st.lists(st.binary(max_size=300)), st.integers(min_value=0, max_value=700))
def test_capture_keeps_all_or_says_so_and_never_exceeds_its_limit(chunks, limit):
    capture = Capture(limit)
    for chunk in chunks:
        capture.feed(chunk)
    everything, kept = b"".join(chunks), capture.content()
    assert len(kept) <= limit
    assert capture.truncated == (len(everything) > limit)
    if not capture.truncated:
        assert kept == everything
    elif limit > 100:
        half = (limit - 64) // 2
        assert kept.startswith(everything[:half])
        assert kept.endswith(everything[-half:])


@given(st.text(alphabet="ab\né\r", max_size=200), st.integers(min_value=1, max_value=7))
def test_lines_do_not_depend_on_how_the_stream_was_cut(text, size):
    seen: list[str] = []
    lines = Lines("stdout", lambda _, line: seen.append(line))
    content = text.encode()
    for start in range(0, len(content), size):
        lines.feed(content[start : start + size])
    lines.close()
    expected = text.removesuffix("\n").split("\n") if text else []
    assert seen == [line.removesuffix("\r") for line in expected]


@pytest.mark.parametrize("pieces", [1, 7])
def test_a_long_line_is_shortened_once(pieces):
    seen: list[str] = []
    lines = Lines("stderr", lambda stream, line: seen.append(f"{stream}:{line}"))
    for _ in range(pieces):
        lines.feed(b"x" * (MAX_LINE_BYTES + 1))
    lines.feed(b"\nnext\n")
    assert seen == ["stderr:" + "x" * MAX_LINE_BYTES + " …", "stderr:next"]
