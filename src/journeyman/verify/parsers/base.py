"""What a failure parser is, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from journeyman.domain.checks import Failure

PARSER_VERSION = 3
"""Part of every cache key: bump it when a parser's keys or counts change their meaning."""
MAX_FAILURES = 200
MORE_KEY = "(more)"
"""The key of the entry that closes a capped list."""


@dataclass(frozen=True)
class ParsedOutput:
    """The failures that an output tells of, and the counts where the tool gives them."""

    failures: tuple[Failure, ...] = ()
    passed_count: int | None = None
    failed_count: int | None = None
    skipped_count: int | None = None
    complete: bool = True
    """Whether these are all the failures there were, as far as the tool itself looked."""
    more: tuple[str, ...] = ()
    """Digests of the keys of failures beyond :data:`MAX_FAILURES`."""


class FailureParser(Protocol):
    """Reads the output of one tool (or of tools that speak alike)."""

    @property
    def name(self) -> str:
        """A short word for tests and messages."""

    def matches(self, command: str, output: str) -> bool:
        """Whether this tool spoke in the output; the command line is for tools without a signature."""

    def parse(self, output: str, root: Path, report: bytes | None) -> ParsedOutput:
        """What the tool said. ``output`` is clean: no colours, paths relative to ``root``.

        ``report`` is a JUnit XML file's content. Keys may repeat: whoever collects the failures numbers them.
        """
