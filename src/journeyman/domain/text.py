"""Text from outside, as it may be shown: nothing in a file's name or a tool's output commands a terminal."""

from __future__ import annotations


def printable(text: str, keep: str = "") -> str:
    """The text with escapes for what cannot be printed, save the characters in ``keep``."""
    if text.isprintable():
        return text
    return "".join(
        letter
        if letter.isprintable() or letter in keep
        else letter.encode("unicode_escape", "surrogatepass").decode("ascii")
        for letter in text
    )
