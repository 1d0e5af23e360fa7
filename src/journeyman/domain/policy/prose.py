"""A task's text taken apart: what is said, what is code, and what a program printed. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

LINK = re.compile(r"https?://\S+")
FRAME = re.compile(r'File "([^"\n]+)", line (\d+)(?:, in ([^\s]+))?')
_FENCE = re.compile(r"^[ \t]*(```|~~~)[^\n]*\n(.*?)(?:^[ \t]*\1[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_HTML = re.compile(
    r"<!--.*?-->|</?(details|summary|br|p|img|b|i|sub|sup|a)\b[^>]*>", re.DOTALL | re.IGNORECASE
)
_NOISE_LINE = re.compile(
    r"^\s*([-*]\s*\[[ xX]\].*|\|.*\|\s*|_No response_\s*|#{1,6}\s.*|\*\*[^*]{1,60}\*\*:?\s*)$"
)
_LOG_LINE = re.compile(
    r"Traceback \(most recent|^\s*File \"|^\s*at [\w.$<>]+ ?\(|^\s*\w*(Error|Exception|Warning)\b.*:|^panic:"
    r"|^\d{4}-\d\d-\d\d|\b(ERROR|WARN(ING)?|DEBUG|INFO)\b|^E\s{2,}|^\[\w+\] ",
    re.MULTILINE,
)


@dataclass(frozen=True)
class TextParts:
    """A text by who wrote it: a person, a programmer, a program."""

    prose: str
    code: str
    log: str


def take_apart(text: str) -> TextParts:
    """Prose, code and logs, without links, mark-up, and what an issue's template brings."""
    code: list[str] = []
    log: list[str] = []

    def take(match: re.Match[str]) -> str:
        block = match.group(2)
        (log if _LOG_LINE.search(block) else code).append(block)
        return "\n"

    rest = LINK.sub(" ", _FENCE.sub(take, _HTML.sub(" ", text)))
    prose: list[str] = []
    in_traceback = False
    for line in rest.split("\n"):
        if line.startswith("Traceback (most recent"):
            in_traceback = True
        if in_traceback or FRAME.search(line):
            log.append(line)
            in_traceback = in_traceback and (line.startswith((" ", "\t", "Traceback")) or not line.strip())
        elif not _NOISE_LINE.match(line):
            prose.append(line)
    return TextParts("\n".join(prose), "\n".join(code), "\n".join(log))
