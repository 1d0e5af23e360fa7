"""Claude Code's and opencode's tools: one file and one edit in each call, several calls in an answer."""

from __future__ import annotations

import re
import shlex
from typing import Any

from bench.simmodel.session import Edit
from bench.simmodel.sight import Sight
from bench.simmodel.styles.base import Draft, Files, Numbered, complete, find_shell, grep_script, shell_draft
from bench.simmodel.styles.scripts import edit_script, patch
from bench.simmodel.values import Conversation, Move, Tool

_FOLDER = re.compile(r"(?:working directory|cwd|work tree)[^/\n]{0,40}(/[^\s<>`\"']+)", re.IGNORECASE)


class NamedStyle:
    """Tools that are told apart by names; ``read_key`` says what their paths are called."""

    must_read = True
    host_verifies = False

    def __init__(self, conversation: Conversation, *, claude: bool) -> None:
        self._tools = {tool.name: tool for tool in conversation.tools}
        self._shell = find_shell(conversation.tools)
        self._claude = claude
        self._path_key = "file_path" if claude else "filePath"
        told = _FOLDER.search(conversation.system) or _FOLDER.search(conversation.opening)
        self._root = told[1].rstrip("/.,") if told else ""

    @staticmethod
    def fits_claude(tools: tuple[Tool, ...]) -> bool:
        """Whether these are Claude Code's."""
        return {"Read", "Edit"} <= {tool.name for tool in tools}

    @staticmethod
    def fits_opencode(tools: tuple[Tool, ...]) -> bool:
        """Whether these are opencode's."""
        return any(tool.name == "read" and "filePath" in tool.properties for tool in tools)

    def search(self, patterns: tuple[str, ...]) -> list[Draft]:
        """The grep tool; where there is none, grep in the shell."""
        grep = self._tools.get("Grep" if self._claude else "grep")
        if grep is None:
            return [shell_draft(self._shell, Move.SEARCH, grep_script(patterns))] if self._shell else []
        arguments: dict[str, Any] = {"pattern": "|".join(patterns)}
        if "output_mode" in grep.properties:
            arguments |= {"output_mode": "content", "-n": True}
        return [Draft(Move.SEARCH, grep.name, complete(arguments, grep))]

    def read(self, files: Files, hints: tuple[str, ...]) -> list[Draft]:  # noqa: ARG002 - reads are whole
        """One call for each file."""
        name = "Read" if self._claude else "read"
        return [
            Draft(Move.READ, name, complete({self._path_key: self._full(path)}, self._tools[name]), (number,))
            for number, path in files
        ]

    def edit(self, edits: Numbered, sight: Sight, say: str, *, parallel: bool) -> list[Draft]:  # noqa: ARG002
        """One call for each edit; a patch where there is no tool for edits."""
        name = "Edit" if self._claude else "edit"
        if name in self._tools:
            return [draft for number, edit in edits for draft in self._edit(name, number, edit)]
        numbers = tuple(number for number, _ in edits)
        tool = self._tools.get("apply_patch")
        if tool and (text := patch(edits, sight)):
            return [Draft(Move.EDIT, tool.name, {next(iter(tool.properties), "input"): text}, numbers)]
        return [shell_draft(self._shell, Move.EDIT, edit_script(edits), numbers)] if self._shell else []

    def run(self, command: str) -> list[Draft]:
        """One command."""
        return [shell_draft(self._shell, Move.RUN, command)] if self._shell else []

    def finish(self, say: str) -> list[Draft]:  # noqa: ARG002 - a text ends the turn
        """Nothing: the text is enough."""
        return []

    def _edit(self, name: str, number: int, edit: Edit) -> list[Draft]:
        path = self._full(edit.path)
        write = "Write" if self._claude else "write"
        if edit.write is not None and write in self._tools:
            arguments = {self._path_key: path, "content": edit.write}
            return [Draft(Move.EDIT, write, arguments, (number,))]
        if edit.replaces:
            old, new = ("old_string", "new_string") if self._claude else ("oldString", "newString")
            arguments = {self._path_key: path, old: edit.old, new: edit.new}
            return [Draft(Move.EDIT, name, complete(arguments, self._tools[name]), (number,))]
        script = f"rm -- {shlex.quote(edit.path)}" if edit.delete else edit_script([(number, edit)])
        return [shell_draft(self._shell, Move.EDIT, script, (number,))] if self._shell else []

    def _full(self, path: str) -> str:
        return f"{self._root}/{path}" if self._root else path
