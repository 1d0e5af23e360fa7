"""JUnit XML, as pytest, jest-junit, Maven, gotestsum and many others write it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from journeyman.domain.checks import Failure
from journeyman.verify.parsers.base import ParsedOutput
from journeyman.verify.parsers.pytest_text import (
    assertion_lines,
    assertion_message,
    failing_node_ids,
    junit_names,
    place_of,
    was_cut_short,
)
from journeyman.verify.parsers.text import failed_test

MAX_REPORT_BYTES = 32_000_000
_MAX_TEXT = 200_000
_MAX_PIECES = 20_000


class UnreadableReportError(ValueError):
    """The report is not the XML that it should be."""


@dataclass
class _Case:
    attributes: dict[str, str]
    problem: str | None = None
    message: str = ""
    text: list[str] = field(default_factory=list)
    skipped: bool = False


class JunitXml:
    """A structured report beats any reading of the terminal's text."""

    name = "junit"

    def matches(self, command: str, output: str) -> bool:  # noqa: ARG002 - the registry knows of the report
        """Never by text: the registry calls it when there is a report."""
        return False

    def parse(self, output: str, root: Path, report: bytes | None) -> ParsedOutput:  # noqa: ARG002
        """The report's failures. Raises UnreadableReportError."""
        cases = read_cases(report or b"")
        node_ids = {junit_names(node_id): node_id for node_id in failing_node_ids(output)}
        failures = [_failure(case, node_ids) for case in cases if case.problem]
        skipped = sum(case.skipped for case in cases if not case.problem)
        return ParsedOutput(
            failures=tuple(failures),
            passed_count=len(cases) - len(failures) - skipped,
            failed_count=len(failures),
            skipped_count=skipped,
            complete=bool(failures) and not was_cut_short(output),
        )


def read_cases(report: bytes) -> list[_Case]:
    """Every test case of the report, flat. No entity is expanded and no document type is accepted."""
    import xml.parsers.expat as expat  # noqa: PLR0402 - a document type, the door to bombs, is refused

    if len(report) > MAX_REPORT_BYTES:
        raise UnreadableReportError(f"the report has {len(report):,} bytes")
    reader = _ReportReader()
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.EntityDeclHandler = reader.refuse
    try:
        parser.Parse(report, True)  # noqa: FBT003 - expat takes no keyword
    except expat.ExpatError as error:
        raise UnreadableReportError(f"the report is not XML: {error}") from None
    return reader.cases


class _ReportReader:
    def __init__(self) -> None:
        self.cases: list[_Case] = []
        self._case: _Case | None = None
        self._collecting = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "testcase":
            self._case = _Case(attributes)
        elif self._case and tag == "skipped":
            self._case.skipped = True
        elif self._case and tag in ("failure", "error") and self._case.problem is None:
            self._case.problem = tag
            self._case.message = attributes.get("message", "")
            self._collecting = True

    def end(self, tag: str) -> None:
        if tag == "testcase" and self._case:
            self.cases.append(self._case)
            self._case = None
        elif tag in ("failure", "error"):
            self._collecting = False

    def characters(self, data: str) -> None:
        if self._collecting and self._case and len(self._case.text) < _MAX_PIECES:
            self._case.text.append(data)

    def refuse(self, *_: object) -> None:
        raise UnreadableReportError("the report declares a document type or an entity")


def _failure(case: _Case, node_ids: dict[tuple[str, str], str]) -> Failure:
    classname, name = case.attributes.get("classname", ""), case.attributes.get("name", "")
    text = "".join(case.text)[:_MAX_TEXT]
    file = case.attributes.get("file")
    node_id = node_ids.get((classname, name))
    test = node_id or _name(file, classname, name)
    path, line = place_of(text, node_id.split("::", 1)[0] if node_id else file)
    detail = assertion_lines(text) or text or case.message
    message = assertion_message(text) or case.message or text
    return failed_test(test, message, path=path or file, line=line or None, detail=detail)


def _name(file: str | None, classname: str, name: str) -> str:
    if file and file.endswith(".py"):
        module = file.removesuffix(".py").replace("/", ".")
        if classname == module or classname.startswith(f"{module}."):
            return "::".join([file, *classname[len(module) :].split(".")[1:], name])
    return f"{classname}::{name}" if classname else name
