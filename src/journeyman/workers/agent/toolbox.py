"""The tools that the agent offers, and one answer's calls carried out as one durable effect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from journeyman.domain.model import ToolCall, ToolResult, ToolSpec
from journeyman.domain.plan import Question, Risk, Severity, Verdict
from journeyman.domain.worker import WorkerHost
from journeyman.workers.agent.edits import apply_edits
from journeyman.workers.agent.looking import read_files, search
from journeyman.workers.agent.running import run_commands

_TEXT: dict[str, Any] = {"type": "string"}
_TEXTS: dict[str, Any] = {"type": "array", "items": _TEXT}


def _object(required: tuple[str, ...], **properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


def _list(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


_INTEGER = {"type": "integer"}
TOOLS = (
    ToolSpec(
        "read",
        "Read files or ranges of lines, many in one call; of a long file without a range, an outline.",
        _object(("files",), files=_list(_object(("path",), path=_TEXT, start=_INTEGER, end=_INTEGER))),
    ),
    ToolSpec(
        "search",
        "Search the repository for several regular expressions in one call; few matches come with the lines"
        " around them.",
        _object(("patterns",), patterns=_TEXTS, path=_TEXT),
    ),
    ToolSpec(
        "edit",
        "Change files, many in one call. Per edit: old (exact lines, once in the file) and new; or content"
        " (a whole file); or delete; or rename_to. With done (a summary) the work is handed in.",
        _object(
            ("edits",),
            edits=_list(
                _object(
                    ("path",),
                    path=_TEXT,
                    old=_TEXT,
                    new=_TEXT,
                    content=_TEXT,
                    delete={"type": "boolean"},
                    rename_to=_TEXT,
                )
            ),
            done=_TEXT,
        ),
    ),
    ToolSpec("run", "Run shell commands in the sandbox, in order.", _object(("commands",), commands=_TEXTS)),
    ToolSpec("done", "Hand the work in: the checks decide.", _object(("summary",), summary=_TEXT)),
    ToolSpec(
        "blocked",
        "Stop: only a person can decide how to go on.",
        _object(("reason", "question"), reason=_TEXT, question=_TEXT, options=_TEXTS),
    ),
)
LOOKS = tuple(tool for tool in TOOLS if tool.name in {"read", "search"})
"""For whoever is to look and not to touch."""
SUBMIT_PLAN = ToolSpec(
    "submit_plan",
    "Hand in the plan.",
    _object(
        ("milestones",),
        summary=_TEXT,
        milestones=_list(
            _object(
                ("title", "goal"),
                title=_TEXT,
                goal=_TEXT,
                files=_TEXTS,
                risk={"type": "string", "enum": [risk.value for risk in Risk]},
                done_when=_TEXTS,
                look_for=_TEXTS,
            )
        ),
    ),
)
SUBMIT_REVIEW = ToolSpec(
    "submit_review",
    "Hand in the verdict.",
    _object(
        ("verdict", "summary"),
        verdict={"type": "string", "enum": [verdict.value for verdict in Verdict]},
        summary=_TEXT,
        findings=_list(
            _object(
                ("message", "severity"),
                message=_TEXT,
                severity={"type": "string", "enum": [severity.value for severity in Severity]},
                path=_TEXT,
                line=_INTEGER,
            )
        ),
    ),
)
_CHANGING = frozenset({"edit", "run"})


@dataclass(frozen=True)
class ToolsOutcome:
    """What the calls of one answer came to."""

    results: tuple[ToolResult, ...]
    done: str | None = None
    """The summary with which the work was handed in; only when nothing failed beside it."""
    blocked: Question | None = None


async def carry_out(
    host: WorkerHost, name: str, calls: tuple[ToolCall, ...], offered: tuple[ToolSpec, ...] = TOOLS
) -> ToolsOutcome:
    """All calls of an answer as one durable effect: looks first, then edits, then commands.

    A call of a tool that was not offered is an error.
    """
    known = tuple(tool.name for tool in offered)

    async def effect() -> ToolsOutcome:
        results: dict[str, ToolResult] = {}
        for kind in ("read", "search", "edit", "run"):
            for call in calls:
                if call.name == kind and kind in known:
                    results[call.id] = await _one(host, call)
        for call in calls:
            if call.id not in results:
                results[call.id] = _closing(call, known)
        ordered = tuple(results[call.id] for call in calls)
        failed = any(result.is_error for result in ordered)
        return ToolsOutcome(ordered, None if failed else _summary(calls), _question(calls))

    if any(call.name in _CHANGING.intersection(known) for call in calls):
        return await host.edit(name, effect, ToolsOutcome)
    return await host.step(name, effect, ToolsOutcome)


async def _one(host: WorkerHost, call: ToolCall) -> ToolResult:
    if call.arguments is None:
        return ToolResult(
            call.id, f"error: the arguments are not a JSON object: {call.raw[:200]}", is_error=True
        )
    arguments = call.arguments
    listed = {"read": "files", "search": "patterns", "edit": "edits", "run": "commands"}[call.name]
    items = arguments.get(listed)
    if not isinstance(items, list) or not items:
        return ToolResult(call.id, f"error: {listed} must be a list that is not empty", is_error=True)
    match call.name:
        case "read":
            host.activity(f"reads {', '.join(_names(items))}")
            host.looked_at(tuple(_names(items)))
            return ToolResult(call.id, read_files(host.worktree, items))
        case "search":
            path = arguments.get("path")
            host.activity(f"searches {', '.join(map(str, items))}")
            return ToolResult(call.id, await search(host, items, path if isinstance(path, str) else None))
        case "edit":
            fresh = tuple(path for path in _names(items) if not (host.worktree / path).exists())
            outcomes = apply_edits(host.worktree, items)
            host.activity("; ".join(outcome.message.splitlines()[0] for outcome in outcomes))
            lines = [f"{'ok' if outcome.ok else 'error'}: {outcome.message}" for outcome in outcomes]
            made = tuple(path for path in fresh if (host.worktree / path).is_file())
            lines += [
                f"note: an ignore rule hides {path}: it will not be in the commit; take another name or place"
                for path in await host.hidden(made)
            ]
            text = "\n".join(lines)
            return ToolResult(call.id, text, is_error=not all(outcome.ok for outcome in outcomes))
        case _:
            host.activity(f"runs {'; '.join(map(str, items))}")
            return ToolResult(call.id, await run_commands(host, items))


def _closing(call: ToolCall, known: tuple[str, ...]) -> ToolResult:
    if call.name not in known:
        text = f"error: there is no tool {call.name!r}; the tools are {', '.join(sorted(known))}"
        return ToolResult(call.id, text, is_error=True)
    if call.arguments is None:
        return ToolResult(
            call.id, f"error: the arguments are not a JSON object: {call.raw[:200]}", is_error=True
        )
    return ToolResult(call.id, "noted")


def _summary(calls: tuple[ToolCall, ...]) -> str | None:
    for call in calls:
        key = {"done": "summary", "edit": "done"}.get(call.name)
        if (
            key
            and call.arguments
            and isinstance(call.arguments.get(key), str)
            and call.arguments[key].strip()
        ):
            return str(call.arguments[key])
        if call.name == "done":
            return ""
    return None


def _question(calls: tuple[ToolCall, ...]) -> Question | None:
    for call in calls:
        if call.name == "blocked" and call.arguments:
            options = call.arguments.get("options")
            return Question(
                str(call.arguments.get("reason", "")),
                str(call.arguments.get("question", "")),
                tuple(map(str, options)) if isinstance(options, list) else (),
            )
    return None


def _names(items: list[Any]) -> list[str]:
    return [str(item.get("path")) if isinstance(item, dict) else str(item) for item in items]
