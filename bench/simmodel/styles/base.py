"""What every style can do, and a shell tool under whatever name and arguments."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bench.simmodel.session import Edit
from bench.simmodel.sight import Sight
from bench.simmodel.values import Move, Tool, ToolKind

Numbered = Sequence[tuple[int, Edit]]
"""Edits of a step with their numbers in it."""
Files = Sequence[tuple[int, str]]
"""Files of a task with their numbers in it."""

_SHELL_NAME = re.compile(r"bash|shell|terminal|exec|run_?command|^run$", re.IGNORECASE)
_COMMAND_KEYS = ("command", "cmd", "commands", "script", "input")


@dataclass(frozen=True)
class Draft:
    """A call before it gets its id. A text is the input of a custom tool."""

    move: Move
    name: str
    arguments: dict[str, Any] | str
    numbers: tuple[int, ...] = ()
    kind: ToolKind = ToolKind.FUNCTION


class Style(Protocol):
    """One family of tools. An empty list says that the tools cannot do it."""

    # Whether an edit is refused unless the file was read before.
    @property
    def must_read(self) -> bool: ...

    # Whether the client verifies by itself, so that the model need not run the tests.
    @property
    def host_verifies(self) -> bool: ...

    def search(self, patterns: tuple[str, ...]) -> list[Draft]: ...

    # ``hints`` are texts to look for when a first look at the whole file did not show them.
    def read(self, files: Files, hints: tuple[str, ...]) -> list[Draft]: ...

    # With ``parallel`` off only the first draft is sent: it must then stand for itself.
    def edit(self, edits: Numbered, sight: Sight, say: str, *, parallel: bool) -> list[Draft]: ...

    def run(self, command: str) -> list[Draft]: ...

    # How the client wants the end to be told; nothing when a text will do.
    def finish(self, say: str) -> list[Draft]: ...


def find_shell(tools: tuple[Tool, ...]) -> Tool | None:
    """The tool that runs commands, the most telling first."""
    if builtin := next((tool for tool in tools if tool.kind is ToolKind.LOCAL_SHELL), None):
        return builtin
    likely = [tool for tool in tools if _SHELL_NAME.search(tool.name) and _command_key(tool)]
    keyed = [tool for tool in tools if any(key in tool.properties for key in ("command", "cmd"))]
    return next(iter((*likely, *keyed)), None)


def shell_draft(tool: Tool, move: Move, script: str, numbers: tuple[int, ...] = ()) -> Draft:
    """The script as a call of the shell tool: as a text, or as argv where the schema wants a list."""
    if tool.kind is ToolKind.LOCAL_SHELL:
        action = {"type": "exec", "command": ["bash", "-lc", script], "env": {}}
        return Draft(move, tool.name, action, numbers, tool.kind)
    key = _command_key(tool) or "command"
    schema = tool.properties.get(key)
    wants_list = isinstance(schema, dict) and schema.get("type") == "array"
    argv = [script] if key == "commands" else ["bash", "-lc", script]
    return Draft(move, tool.name, complete({key: argv if wants_list else script}, tool), numbers)


def complete(arguments: dict[str, Any], tool: Tool) -> dict[str, Any]:
    """The arguments, and the simplest value for every other required one."""
    required = tool.parameters.get("required")
    for name in required if isinstance(required, list) else ():
        if name not in arguments and isinstance(schema := tool.properties.get(name), dict):
            arguments[name] = instance_of(schema)
    return arguments


def instance_of(schema: dict[str, Any], text: str = "as the task asks") -> Any:  # noqa: ANN401 - any JSON
    """The simplest value that fits a JSON schema; references are not followed."""
    if enum := schema.get("enum"):
        return enum[0]
    if "const" in schema:
        return schema["const"]
    for key in ("anyOf", "oneOf", "allOf"):
        if options := schema.get(key):
            return instance_of(options[0], text)
    kind = schema.get("type")
    match kind[0] if isinstance(kind, list) and kind else kind:
        case "object":
            properties = schema.get("properties") or {}
            return {
                name: instance_of(properties.get(name, {}), text)
                for name in schema.get("required", properties)
            }
        case "array":
            return [instance_of(schema.get("items") or {}, text)] if schema.get("minItems") else []
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return False
        case "null":
            return None
        case _:
            return text


def grep_script(patterns: tuple[str, ...]) -> str:
    """A search of the current directory."""
    wanted = " ".join(f"-e {shlex.quote(pattern)}" for pattern in patterns)
    return f"grep -rnIE --exclude-dir=.git {wanted} . | head -50"


def _command_key(tool: Tool) -> str | None:
    return next((key for key in _COMMAND_KEYS if key in tool.properties), None)
