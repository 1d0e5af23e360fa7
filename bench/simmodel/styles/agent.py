"""The built-in agent's tools: many files in one call, and done in the same answer as the edits."""

from __future__ import annotations

from typing import Any

from bench.simmodel.session import Edit
from bench.simmodel.sight import Sight
from bench.simmodel.styles.base import Draft, Files, Numbered
from bench.simmodel.values import Move, Tool


class AgentStyle:
    """``read``, ``search``, ``edit``, ``run``, ``done``."""

    must_read = False
    host_verifies = True

    def __init__(self, tools: tuple[Tool, ...]) -> None:
        self._tools = {tool.name: tool for tool in tools}

    @staticmethod
    def fits(tools: tuple[Tool, ...]) -> bool:
        """Whether these are its tools."""
        return any(tool.name == "edit" and "edits" in tool.properties for tool in tools)

    def search(self, patterns: tuple[str, ...]) -> list[Draft]:
        """All patterns in one call."""
        return [Draft(Move.SEARCH, "search", {"patterns": list(patterns)})] if "search" in self._tools else []

    def read(self, files: Files, hints: tuple[str, ...]) -> list[Draft]:  # noqa: ARG002 - reads are whole
        """All files in one call."""
        arguments = {"files": [{"path": path} for _, path in files]}
        return [Draft(Move.READ, "read", arguments, tuple(number for number, _ in files))]

    def edit(self, edits: Numbered, sight: Sight, say: str, *, parallel: bool) -> list[Draft]:  # noqa: ARG002
        """All edits in one call, handed in with the same answer."""
        arguments: dict[str, Any] = {"edits": [_edit(edit) for _, edit in edits]}
        draft = Draft(Move.EDIT, "edit", arguments, tuple(number for number, _ in edits))
        if "done" in self._tools and parallel:
            return [draft, *self.finish(say)]
        if "done" in self._tools["edit"].properties:
            arguments["done"] = say
        return [draft]

    def run(self, command: str) -> list[Draft]:
        """One command."""
        return [Draft(Move.RUN, "run", {"commands": [command]})] if "run" in self._tools else []

    def finish(self, say: str) -> list[Draft]:
        """The done tool."""
        return [Draft(Move.DONE, "done", {"summary": say})] if "done" in self._tools else []


def _edit(edit: Edit) -> dict[str, Any]:
    if edit.delete:
        return {"path": edit.path, "delete": True}
    if edit.write is not None:
        return {"path": edit.path, "content": edit.write}
    return {"path": edit.path, "old": edit.old, "new": edit.new}
