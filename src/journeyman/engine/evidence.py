"""How a verdict is told: the commit's message and trailers, the reviewer's evidence."""

from __future__ import annotations

import json
import re
import textwrap
from dataclasses import dataclass

from journeyman.domain.checks import Check, CheckResult, VerifyVerdict
from journeyman.domain.errors import JourneymanError
from journeyman.domain.plan import Milestone
from journeyman.domain.run import RunSpec
from journeyman.domain.task import Task

_SUBJECT_LIMIT = 72


def checkpoint_message(milestone: Milestone, task: Task, milestones: int) -> str:
    """Subject and body of a checkpoint's commit, without trailers."""
    subject = textwrap.shorten(milestone.title, _SUBJECT_LIMIT, placeholder="…") or "Checkpoint"
    body = milestone.goal.strip() if milestones > 1 else task.text.strip()
    if not body or body == milestone.title:
        return subject
    paragraphs = (textwrap.fill(line, 76) if len(line) > 76 else line for line in body.splitlines())
    return subject + "\n\n" + "\n".join(paragraphs)


def checkpoint_trailers(run_id: str, spec: RunSpec, verdict: VerifyVerdict) -> tuple[tuple[str, str], ...]:
    """The evidence that travels with the commit: enough for ``jm verify`` to prove it again."""
    commands = {check.name: check.run for check in spec.settings.checks}
    proofs = tuple(
        ("Verified-By", verified_by(result, commands[result.check], verdict)) for result in verdict.results
    )
    return (
        ("Journeyman-Run", run_id),
        ("Journeyman-Base", spec.base_commit),
        ("Verified-Tree", verdict.tree),
        *((("Verified-Kinds", ", ".join(verdict.proven_by)),) if verdict.proven_by else ()),
        *proofs,
    )


def verified_by(result: CheckResult, command: str | tuple[str, ...], verdict: VerifyVerdict) -> str:
    """One check as a trailer, ``lint (passed): ruff check .``; a command that is no plain line as JSON."""
    known = sum(failure.check == result.check for failure in verdict.known_failures)
    state = "passed" if result.passed else f"{known} known failure{'s' if known != 1 else ''}"
    if result.collected is not None:
        state += f", {result.collected} test{'s' if result.collected != 1 else ''}"
    plain = (
        isinstance(command, str)
        and command.isprintable()
        and command == " ".join(command.split())
        and not command.startswith(("[", '"'))
    )
    # Git folds the blanks of a trailer: those that must stay are written as escapes.
    text = command if plain else re.sub(r"(?<= ) ", r"\\u0020", json.dumps(command))
    return f"{result.check} ({state}): {text}"


def evidence_lines(verdict: VerifyVerdict) -> tuple[str, ...]:
    """One line per check, for a reviewer or a receipt."""
    lines = []
    for result in verdict.results:
        counts = f", {result.passed_count} passed" if result.passed_count is not None else ""
        cached = ", cached" if result.cached else ""
        lines.append(f"{result.check}: {result.status.value}{counts} in {result.duration_s:.1f} s{cached}")
    lines += [
        f"known failure, the base has it too: {known.failure.message}" for known in verdict.known_failures
    ]
    return tuple(lines)


_VERIFIED_BY = re.compile(
    r"(?P<name>.+?) \((?P<state>passed|\d+ known failures?)(?:, (?P<tests>\d+) tests?)?\): (?P<command>.+)",
    re.DOTALL,
)


@dataclass(frozen=True)
class VerifiedBy:
    """A check as a trailer tells of it."""

    check: Check
    tests: int | None
    """How many it told of; ``None`` where it told no count, or an earlier version wrote it."""


def parse_verified_by(trailer: str) -> VerifiedBy:
    """What :func:`verified_by` told. Raises JourneymanError("not-a-checkpoint")."""
    match = _VERIFIED_BY.fullmatch(trailer)
    if match is None:
        raise JourneymanError("not-a-checkpoint", f"the trailer Verified-By: {trailer} cannot be read")
    command: object = match["command"]
    if match["command"].startswith(("[", '"')):
        try:
            command = json.loads(match["command"])
        except ValueError:
            command = match["command"]
    run = tuple(map(str, command)) if isinstance(command, list) else str(command)
    check = Check(match["name"], run, source="commit")
    return VerifiedBy(check, int(match["tests"]) if match["tests"] else None)
