"""What may be shown of a text from outside."""

from __future__ import annotations

import pytest

from journeyman.domain.text import printable


@pytest.mark.parametrize(
    ("text", "keep", "expected"),
    [
        ("plain, Größe, ✓ …", "", "plain, Größe, ✓ …"),
        ("new\nline", "", r"new\nline"),
        ("new\nline\x1b[2J", "\n", "new\nline\\x1b[2J"),
        ("\udce9\u202e\0", "", r"\udce9\u202e\x00"),
    ],
)
def test_shown(text: str, keep: str, expected: str) -> None:
    assert printable(text, keep) == expected
