"""The one expected-error type: a code, one sentence, the facts, the next command."""

from __future__ import annotations


class JourneymanError(Exception):
    """An expected failure, told to the user without a traceback.

    ``code`` is a kebab-case stop code from :mod:`journeyman.domain.stops`; ``message`` is one
    sentence about this case; ``facts`` are further lines of evidence; ``hint`` is the next thing
    to do, best a command that works when pasted.
    """

    def __init__(
        self, code: str, message: str, *, facts: tuple[str, ...] = (), hint: str | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.facts = facts
        self.hint = hint
