"""The prompt for a program that implements: the request, written out as Markdown."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import resources
from pathlib import Path
from string import Template

from journeyman.domain.checks import Check, CheckFailure
from journeyman.domain.plan import Finding, Milestone
from journeyman.domain.process import command_text
from journeyman.domain.scope import LockfilePolicy, Scope
from journeyman.domain.task import Task
from journeyman.domain.worker import ImplementRequest

MAX_FAILURES = 30
MAX_DETAIL_CHARACTERS = 2_000
MAX_PATCH_CHARACTERS = 12_000
_NOTHING = "(nothing)"


def implement_prompt(request: ImplementRequest, worktree: Path) -> str:
    """Everything that the request says, in the order in which a worker needs it."""
    answer = f"# A person's answer to your question\n\n{request.answer}\n\n" if request.answer else ""
    return _template().substitute(prompt_parts(request), worktree=worktree, answer=answer)


def prompt_parts(request: ImplementRequest) -> dict[str, str]:
    """The request's parts as Markdown, by name: for any worker's template."""
    return {
        "task": _task(request.task),
        "milestone_number": str(request.milestone_number),
        "milestone_count": str(len(request.plan.milestones)),
        "milestone_title": request.milestone.title,
        "milestone": _milestone(request.milestone),
        "scope": scope_text(request.scope),
        "checks": checks_text(request.checks),
        "failures": complaints_text(request.failures, request.findings),
        "guidance": request.guidance.strip() or _NOTHING,
        "context": request.context.strip() or _NOTHING,
        "changed": changed_text(request.changed),
    }


def changed_text(patch: str) -> str:
    """What earlier attempts changed, under a heading; nothing when there is nothing."""
    if not patch.strip():
        return ""
    text = patch.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace").strip()
    if len(text) > MAX_PATCH_CHARACTERS:
        cut = text.rfind("\n", 0, MAX_PATCH_CHARACTERS)
        text = f"{text[:cut]}\n[cut: {len(text):,} characters in all; read the files for the rest]"
    return f"# What it changed\n\nThis patch is in the files already.\n\n{text}\n\n"


@cache
def _template() -> Template:
    return Template((resources.files("journeyman.workers") / "prompts" / "implement.md").read_text("utf-8"))


def _task(task: Task) -> str:
    return task.whole_text + ("\n\nIt is done when:\n" + _list(task.acceptance) if task.acceptance else "")


def _milestone(milestone: Milestone) -> str:
    parts = [milestone.goal] if milestone.goal else []
    if milestone.files:
        parts.append("Files it will probably change:\n" + _list(milestone.files))
    if milestone.done_when:
        parts.append("It is done when:\n" + _list(milestone.done_when))
    return "\n\n".join(parts) or "The whole task."


def scope_text(scope: Scope) -> str:
    """What may change, as a list."""
    lines = [f"only: {', '.join(scope.allow)}" if scope.allow else "any file, except:"]
    if scope.deny:
        lines.append(f"never: {', '.join(scope.deny)}")
    protected = ", ".join(scope.protected)
    lines.append("never: .git*, journeyman.toml, CI configuration" + (f", {protected}" if protected else ""))
    if scope.lockfiles is not LockfilePolicy.ALLOW:
        lines.append("never: lockfiles of package managers")
    lines.append(f"at most {scope.max_files} files and {scope.max_lines} lines")
    return _list(lines)


def checks_text(checks: tuple[Check, ...]) -> str:
    """The checks and their commands, as a list."""
    return _list(_check(check) for check in checks)


def _check(check: Check) -> str:
    return f"{check.name}: {command_text(check.run)}"


def complaints_text(failures: tuple[CheckFailure, ...], findings: tuple[Finding, ...]) -> str:
    """What VERIFY and REVIEW complained of, within bounds."""
    lines = [_failure(failure) for failure in failures[:MAX_FAILURES]]
    if len(failures) > MAX_FAILURES:
        lines.append(f"and {len(failures) - MAX_FAILURES} more failures")
    lines += [f"review: {_at(finding.path, finding.line)}{finding.message}" for finding in findings]
    return _list(lines) if lines else "Nothing: this is the first attempt."


def _failure(new: CheckFailure) -> str:
    failure = new.failure
    detail = failure.detail.strip()[:MAX_DETAIL_CHARACTERS]
    shown = "".join(f"\n      {line}" for line in detail.splitlines())
    return f"{new.check}: {_at(failure.path, failure.line)}{failure.message}{shown}"


def _at(path: str | None, line: int | None) -> str:
    if path is None:
        return ""
    return f"{path}: " if line is None else f"{path}:{line}: "


def _list(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items) or _NOTHING
