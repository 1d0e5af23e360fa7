"""pytest's terminal report, and what its node ids look like in other reports."""

from __future__ import annotations

import re
from pathlib import Path

from journeyman.domain.checks import Failure
from journeyman.verify.parsers.base import ParsedOutput
from journeyman.verify.parsers.text import failed_test

_TOTALS = re.compile(
    r"^=* ?(?P<counts>\d+ [a-z]+(?: [a-z]+)?(?:, \d+ [a-z]+(?: [a-z]+)?)*) in \d[\d.]*s(?: \([\d:]+\))? ?=*$",
    re.MULTILINE,
)
_NOTHING = re.compile(r"^=* ?(?:no tests ran|\d+ deselected) in \d[\d.]*s ?=*$", re.MULTILINE)
_SUMMARY = re.compile(r"^=+ short test summary info =+$", re.MULTILINE)
_ENTRY = re.compile(
    r"^(?P<kind>FAILED|ERROR|SUBFAIL(?:ED)?(?P<sub>(?:\[.*?\])?(?:\(.*?\))?)) (?P<rest>\S.*)$", re.MULTILINE
)
_SECTION = re.compile(r"^_+ (.+?) _+$", re.MULTILINE)
_SECTION_END = re.compile(r"^(?:=+ .+ =+|-+ generated xml file: .*)$", re.MULTILINE)
_CUT_SHORT = re.compile(
    r"^!+ (?!Interrupted: \d+ errors? during collection)(?!stopping after).+ !+$", re.MULTILINE
)
# Nothing of a shell's: no second command, and no tox or make that might run more than one.
_ONE_SESSION = re.compile(r"(?:\S*python[\d.]* -m )?(?:\S*/)?(?:pytest|py\.test)(?: [^;&|<>`$\n]*)?")
_ASSERTION = re.compile(r"^(?:E(?:   .*)?|>   .*)$", re.MULTILINE)
_PLACE = re.compile(r"^(?P<path>[^\s:][^:\n]*):(?P<line>\d+): ", re.MULTILINE)


class PytestText:
    """Reads the summary at the end for what failed, and the sections above it for why."""

    name = "pytest"

    def matches(self, command: str, output: str) -> bool:  # noqa: ARG002
        """By the totals that close every session."""
        return bool(_TOTALS.search(output) or _NOTHING.search(output) or _SUMMARY.search(output))

    def parse(self, output: str, root: Path, report: bytes | None) -> ParsedOutput:  # noqa: ARG002
        """Failures of all sessions in the output (tox has several)."""
        totals = _totals(output)
        sections = _sections(output)
        failures = [_failure(match, sections) for match in _entries(output)]
        failed = totals["failed"] + totals["error"] + totals["errors"]
        return ParsedOutput(
            failures=tuple(failures),
            passed_count=totals["passed"] + totals["xfailed"],
            failed_count=failed,
            skipped_count=totals["skipped"],
            complete=len(failures) == failed > 0 and not was_cut_short(output),
        )


def was_cut_short(output: str) -> bool:
    """Whether the session ended before its end: a keyboard interrupt, an exit, an internal error."""
    # Before the last summary there may be the captured output of sessions that the tests themselves held.
    headings = [heading.end() for heading in _SUMMARY.finditer(output)]
    return bool(_CUT_SHORT.search(output, headings[-1] if headings else 0))


def is_one_session(command: str) -> bool:
    """Whether the command can be no more than one session: any other in its output was held by its tests."""
    return _ONE_SESSION.fullmatch(command.strip()) is not None


def session_count(output: str) -> int:
    """How many pytest sessions the output holds."""
    return len(_TOTALS.findall(output))


def has_subtests(output: str) -> bool:
    """Whether subtests failed: the XML report does not tell them apart."""
    return any(match["kind"].startswith("SUB") for match in _entries(output))


def failing_node_ids(output: str) -> list[str]:
    """The node ids that the short summary names."""
    return [_split(match["rest"])[0] for match in _entries(output)]


def junit_names(node_id: str) -> tuple[str, str]:
    """The ``classname`` and ``name`` under which pytest's XML report has a node id."""
    path, bracket, parameters = node_id.partition("[")
    names = path.split("::")
    names[0] = names[0].replace("/", ".").removesuffix(".py")
    names[-1] += bracket + parameters
    return ".".join(names[:-1]), names[-1]


def assertion_lines(text: str) -> str:
    """The lines that show why: what was executed (``>``) and what came of it (``E``)."""
    lines = [match[0].rstrip() for match in _ASSERTION.finditer(text)]
    if not any(line.startswith("E") for line in lines):
        return ""
    _, last = place_of(text, None)
    places = [match[0].rstrip(": ") for match in _PLACE.finditer(text) if int(match["line"]) == last]
    return "\n".join(lines + places[-1:])


def assertion_message(text: str) -> str:
    """The first line of the error."""
    return next((m[0][1:].strip() for m in _ASSERTION.finditer(text) if m[0].startswith("E")), "")


def place_of(text: str, path: str | None) -> tuple[str | None, int | None]:
    """Where it went wrong: the last place in the test's own file, else the last place named."""
    places = list(_PLACE.finditer(text))
    own = [place for place in places if path and place["path"] == path]
    if path and not own:
        return path, None
    if not places:
        return path, None
    last = (own or places)[-1]
    return last["path"], int(last["line"])


def _totals(output: str) -> dict[str, int]:
    totals = dict.fromkeys(("passed", "failed", "error", "errors", "skipped", "xfailed"), 0)
    for match in _TOTALS.finditer(output):
        for item in match["counts"].split(", "):
            count, _, word = item.partition(" ")
            if word in totals:
                totals[word] += int(count)
    return totals


def _entries(output: str) -> list[re.Match[str]]:
    entries: list[re.Match[str]] = []
    for heading in _SUMMARY.finditer(output):
        end = _TOTALS.search(output, heading.end())
        entries += _ENTRY.finditer(output, heading.end(), end.start() if end else len(output))
    return entries


def _split(rest: str) -> tuple[str, str]:
    """Node id and message; a parameter in brackets may hold the separator."""
    start = 0
    while (cut := rest.find(" - ", start)) >= 0:
        node_id = rest[:cut]
        if "[" not in node_id or node_id.endswith("]"):
            return node_id, rest[cut + 3 :]
        start = cut + 3
    return rest.strip(), ""


def _sections(output: str) -> dict[str, list[str]]:
    sections: dict[str, list[str]] = {}
    for heading in _SECTION.finditer(output):
        following = _SECTION.search(output, heading.end())
        closing = _SECTION_END.search(output, heading.end())
        ends = [match.start() for match in (following, closing) if match]
        sections.setdefault(heading[1], []).append(output[heading.end() : min(ends, default=len(output))])
    return sections


def _failure(match: re.Match[str], sections: dict[str, list[str]]) -> Failure:
    node_id, message = _split(match["rest"])
    path, _, inner = node_id.partition("::")
    suffix = f" {match['sub']}" if match["sub"] else ""
    title = inner.split("[")[0].replace("::", ".") + inner[len(inner.split("[")[0]) :] + suffix
    titles = (
        title,
        f"ERROR at setup of {title}",
        f"ERROR at teardown of {title}",
        f"ERROR collecting {path}",
    )
    bodies = [body for name in titles for body in sections.get(name, ())]
    text = next((body for body in bodies if f"{path}:" in body), bodies[0] if bodies else "")
    where, line = place_of(text, path)
    return failed_test(
        node_id + suffix,
        assertion_message(text) or message,
        path=where,
        line=line,
        detail=assertion_lines(text) or text.strip() or message,
    )
