"""What the model has seen: whether a text stands in the conversation, whatever line numbers are before it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cache, cached_property

from bench.simmodel.session import Edit
from bench.simmodel.values import Conversation

# Line numbers as tools print them: grep's `path:12:x`, `12: x`, `12:x`, `  12| x`, `12|x`, `12\tx`, `12→x`.
_GUTTERS = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        r"^[^\s:]+:\d+:",
        r"^[ \t]*\d+: ",
        r"^[ \t]*\d+:",
        r"^[ \t]*\d+\| ",
        r"^[ \t]*\d+\|",
        r"^[ \t]*\d+[\t→]",
    )
)
_DIFF = re.compile(r"^[+ ]", re.MULTILINE)


class Sight:
    """Texts that were read, and what stands in them."""

    def __init__(self, texts: Iterable[str]) -> None:
        # A line end after each text: tools leave out the last one of a file.
        self._raw = "".join(f"{_new_side(leaf)}\n" for text in texts for leaf in _leaves(text))

    def sees(self, text: str) -> bool:
        """Whether the text was seen, line by line as it stands in the file."""
        if text in self._raw:
            return True
        return "\n" in text and any(text in variant for variant in (*self._bare, self._undiffed))

    def whole_lines(self, text: str) -> str | None:
        """The whole lines of the file that hold the text, as first seen; ``None`` when it was not."""
        wanted = text.removesuffix("\n")
        for variant in (self._raw, *self._bare):
            at = variant.find(wanted)
            if at >= 0:
                begin = variant.rfind("\n", 0, at) + 1
                end = variant.find("\n", at + len(wanted))
                return _without_number(variant[begin : end if end >= 0 else len(variant)])
        return None

    def tells_of(self, path: str) -> bool:
        """Whether something was said of the file, more than its name in a list of all."""
        return any(
            line.strip() != path for line in self._raw.splitlines() if _named(path).search(line) is not None
        )

    def hits(self, path: str, text: str) -> list[int]:
        """Lines of the file that a search has shown to hold the text."""
        found = re.findall(rf"^{re.escape(path)}:(\d+):.*{re.escape(text)}", self._raw, re.MULTILINE)
        return [int(line) for line in dict.fromkeys(found)]

    def searched(self, pattern: str) -> bool:
        """Whether a search for the pattern has been answered."""
        return f"\n{pattern}: " in f"\n{self._raw}"

    def position(self, text: str) -> int:
        """Where it was first seen: the order of edits within a file."""
        return next((at for variant in (self._raw, *self._bare) if (at := variant.find(text)) >= 0), -1)

    @cached_property
    def _bare(self) -> tuple[str, ...]:
        """The texts without each kind of line number, where that changes anything."""
        stripped = (gutter.sub("", self._raw) for gutter in _GUTTERS)
        return tuple(variant for variant in dict.fromkeys(stripped) if variant != self._raw)

    @cached_property
    def _undiffed(self) -> str:
        """The texts as if they were diffs: the new side of them."""
        return _DIFF.sub("", self._raw)


@cache
def _named(path: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w/.-]){re.escape(path)}(?![\w/-]|\.\w)")


def _without_number(lines: str) -> str:
    """A line number before a single line, gone; several lines have been found without."""
    if "\n" in lines:
        return lines
    gutter = next((found for pattern in _GUTTERS if (found := pattern.match(lines))), None)
    return lines[gutter.end() :] if gutter else lines


def sight_of(conversation: Conversation) -> Sight:
    """All that the model has before it, its own words included."""
    texts = [conversation.system]
    for turn in conversation.turns:
        texts += [turn.text, *(result.text for result in turn.results), *(call.raw for call in turn.calls)]
    return Sight(text for text in texts if text)


def applied(edit: Edit, sight: Sight) -> bool:
    """Whether the text shows the file as it is after the edit."""
    if edit.write is not None:
        return bool(edit.write.strip()) and sight.sees(edit.write.rstrip("\n"))
    if not edit.replaces or not edit.new.strip():
        return False
    return sight.sees(edit.new) and (edit.old in edit.new or not sight.sees(edit.old))


def _new_side(text: str) -> str:
    """The text without the lines that patches in it take out: they are in the files no more."""
    if "\n@@ -" not in text:
        return text
    kept, within = list[str](), False
    for line in text.split("\n"):
        within = line.startswith("@@ -") or (within and line[:1] in {" ", "+", "-", "\\"})
        if not (within and line.startswith("-")):
            kept.append(line)
    return "\n".join(kept)


def _leaves(text: str) -> list[str]:
    """The text; and when it is JSON, the texts in it, in which line breaks are real."""
    if text[:1] not in {"{", "["}:
        return [text]
    try:
        value = json.loads(text)
    except ValueError:
        return [text]
    found = [text]
    pending = [value]
    while pending:
        item = pending.pop(0)
        if isinstance(item, str):
            found.append(item)
        elif isinstance(item, dict):
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
    return found
