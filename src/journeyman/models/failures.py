"""Why one try failed, as a value; and what a provider's error body says, whatever its shape."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from journeyman.models.spent import Spent

_SENTENCE_CHARACTERS = 600


@dataclass(frozen=True)
class Failure:
    """One failed try. ``code`` is ``None`` where another try may do better."""

    reason: str
    """A few words for the timeline."""
    code: str | None = None
    """The stop code, when trying again cannot help."""
    status: int | None = None
    said: str = ""
    """The provider's own sentence, without keys."""
    raw: str = ""
    """The start of the body, for the clients' own dealings with dialects; never shown."""
    request_id: str | None = None
    hint: str | None = None
    retry_after_s: float | None = None
    max_tries: int | None = None
    """Fewer tries than usual, when waiting is unlikely to help."""
    unusable: bool = False
    """An answer came, and nothing could be made of it."""
    silent_s: float = 0.0
    """Seconds of this try in which nothing was heard."""
    spent: Spent | None = None
    """Set once the model had begun to answer: such a try may be billed."""


class TryFailed(Exception):  # noqa: N818 - an outcome of a try, not an error of the program
    """Carries the failure out of a try."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


@dataclass(frozen=True)
class Said:
    """What an error body says."""

    sentence: str
    kind: str
    """Its type and code words, in lower case, for matching."""
    number: int | None = None
    """An HTTP status that is named within the body."""


def read_body(body: str) -> Said:
    """What the body of an error response says. Never raises."""
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        return Said(_plain(body), "")
    return read_payload(payload)


def read_payload(payload: Any) -> Said:  # noqa: ANN401 - a provider's JSON
    """What an error object says: OpenAI's, Anthropic's, OpenRouter's, Google's, FastAPI's, Ollama's shape."""
    outer = payload[0] if isinstance(payload, list) and payload else payload
    if not isinstance(outer, dict):
        return Said(_shorten(str(outer)), "")
    error = outer.get("error", outer)
    if not isinstance(error, dict):
        return Said(_shorten(str(error)), _words(outer), _number(outer))
    sentence = (
        error.get("message") or error.get("detail") or outer.get("message") or outer.get("detail") or ""
    )
    metadata = error.get("metadata")
    if isinstance(metadata, dict) and metadata.get("raw"):
        sentence = f"{sentence}: {read_body(str(metadata['raw'])).sentence}"
    if not isinstance(sentence, str):
        sentence = json.dumps(sentence)
    return Said(_shorten(sentence), _words(error), _number(error) or _number(outer))


def _words(error: dict[str, Any]) -> str:
    words = (error.get(name) for name in ("type", "code", "status", "param"))
    return " ".join(str(word) for word in words if word is not None).lower()


def _number(error: dict[str, Any]) -> int | None:
    for name in ("code", "status", "status_code"):
        value = error.get(name)
        if isinstance(value, str) and value.isdigit():
            value = int(value)
        if isinstance(value, int) and 400 <= value < 600:
            return value
    return None


def _plain(body: str) -> str:
    title = re.search(r"<title>(.*?)</title>", body, re.IGNORECASE | re.DOTALL)
    if title:
        return _shorten(f"a web page titled {' '.join(title.group(1).split())!r}")
    return "a web page" if body.lstrip().startswith("<") else _shorten(body)


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SENTENCE_CHARACTERS else line[: _SENTENCE_CHARACTERS - 1].rstrip() + "…"
