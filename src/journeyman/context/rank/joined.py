"""Identifiers that a text spells as prose: "strict optional checking" for ``strict_optional``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from journeyman.context.index.view import Posting
from journeyman.context.index.words import EXACT, STOP_WORDS
from journeyman.context.rank.query import Query

_TOKEN = re.compile(r"[A-Za-z][A-Za-z0-9_]*|[^\sA-Za-z0-9_-]")
_PROSE_CHARACTERS = 2_000
_MOST_RUNS = 80
_SIZES = (2, 3)


def joined_signal(
    query: Query, posting: Callable[[str], Posting]
) -> tuple[dict[int, float], dict[int, list[str]]]:
    """How much of a text's neighbouring words each file has as one identifier, and those identifiers."""
    scores: dict[int, float] = {}
    told: dict[int, list[str]] = {}
    for run in _runs(f"{query.title}\n{query.prose[:_PROSE_CHARACTERS]}"):
        for name in _spellings(run):
            found = posting(EXACT + name)
            for number in found:
                scores[number] = scores.get(number, 0.0) + 1 / len(found)
                told.setdefault(number, []).append(name)
    return scores, told


def _runs(text: str) -> list[tuple[str, ...]]:
    """Two or three words side by side, not all of them common ones; the text's first ones."""
    return list(dict.fromkeys(_every_run(text)))[:_MOST_RUNS]


def _every_run(text: str) -> Iterator[tuple[str, ...]]:
    for line in text.lower().split("\n"):
        words = _TOKEN.findall(line)
        for size in _SIZES:
            for at in range(len(words) - size + 1):
                run = tuple(words[at : at + size])
                if all(word[0].isalpha() for word in run) and not STOP_WORDS.issuperset(run):
                    yield run


def _spellings(run: tuple[str, ...]) -> list[str]:
    """As snake_case and as camelCase in lower case; of a plural the singular too."""
    forms = ["_".join(run), "".join(run)]
    return forms + [form[:-1] for form in forms if form.endswith("s")]
