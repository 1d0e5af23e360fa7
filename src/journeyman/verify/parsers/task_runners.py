"""Programs that run other programs: what they tell of their parts, and whether they go on after a failure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_HOOK = re.compile(
    r"^(?P<title>\S.*?)(?<!\.)\.{3,}(?:\(.*\))?(?P<result>Passed|Failed|Skipped)$", re.MULTILINE
)
_HOOK_ID = re.compile(r"^- hook id: (?P<id>.+)$", re.MULTILINE)
_HOOK_HEAD = re.compile(r"^- (?:hook id|exit code|duration): .*\n?", re.MULTILINE)
_TOX = re.compile(r"^  (\S+): FAIL code -?\d+ ", re.MULTILINE)
_NOX = re.compile(r"^nox > \* (.+): failed$", re.MULTILINE)
_GOES_ON = re.compile(
    r";|\|\||\n|(?<![&>\d])&(?![&>\d])"
    r"|\bmake\b.*\s(?:-\w*[ki]\w*\b|--keep-going|--ignore-errors)"
    r"|--continue(?:-on-(?:error|fail\w*))?\b|--no-bail\b"
)
_GIVES_UP = re.compile(r"\|\|\s*(?:exit\b[^;&|\n]*(?:;|\n|$)|\{[^{}]*\bexit\b[^{}]*\}\s*;?)")
_ASSIGNS = re.compile(r"\b\w+=\$\([^()]*\)\s*;")
_STOPS = re.compile(r"\bset -\w*e")


@dataclass(frozen=True)
class Hook:
    """One failed hook of pre-commit (or prek) and what it said."""

    id: str
    title: str
    output: str


def failed_hooks(output: str) -> list[Hook] | None:
    """The hooks that failed, or ``None`` when pre-commit did not write this."""
    headings = list(_HOOK.finditer(output))
    if not headings or not _HOOK_ID.search(output):
        return None
    ends = [heading.start() for heading in headings[1:]] + [len(output)]
    hooks = []
    for heading, end in zip(headings, ends, strict=True):
        if heading["result"] == "Failed":
            body = output[heading.end() : end]
            named = _HOOK_ID.search(body)
            hook_id = named["id"] if named else heading["title"]
            hooks.append(Hook(hook_id, heading["title"], _HOOK_HEAD.sub("", body).strip("\n")))
    return hooks


def failed_environments(output: str) -> int:
    """How many environments of tox or sessions of nox failed; each may hide what another shows."""
    return len(_TOX.findall(output)) + len(_NOX.findall(output))


def goes_on_after_failure(command: str) -> bool:
    """Whether the command line runs further programs after one has failed, so that several may have."""
    command = _ASSIGNS.sub(" ", _GIVES_UP.sub(" ", command))
    if "--continue" not in command and _STOPS.search(command):
        command = command.replace(";", " ").replace("\n", " ")
    return bool(_GOES_ON.search(command.strip()))
