"""Nothing but a shell, perhaps with apply_patch beside it: codex, mini-swe-agent, OpenHands, …"""

from __future__ import annotations

import shlex

from bench.simmodel.sight import Sight
from bench.simmodel.styles.base import Draft, Files, Numbered, grep_script, shell_draft
from bench.simmodel.styles.scripts import edit_script, patch
from bench.simmodel.values import Conversation, Move, Tool, ToolKind

_MAX_LINES = 2_000
_HINT_LINES = 20
# mini-swe-agent ends when a command prints this; it tells the model so.
_END = "COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"


class ShellStyle:
    """Everything through commands."""

    must_read = False
    host_verifies = False

    def __init__(self, conversation: Conversation, shell: Tool) -> None:
        self._shell = shell
        self._patch = conversation.tool("apply_patch")
        self._ends_by_command = _END in conversation.system or _END in conversation.opening

    def search(self, patterns: tuple[str, ...]) -> list[Draft]:
        """One grep."""
        return [shell_draft(self._shell, Move.SEARCH, grep_script(patterns))]

    def read(self, files: Files, hints: tuple[str, ...]) -> list[Draft]:
        """One command for each file; with hints, the places around them."""
        return [shell_draft(self._shell, Move.READ, _look(path, hints), (number,)) for number, path in files]

    def edit(self, edits: Numbered, sight: Sight, say: str, *, parallel: bool) -> list[Draft]:  # noqa: ARG002
        """The patch tool where there is one, else a script."""
        numbers = tuple(number for number, _ in edits)
        if self._patch and (text := patch(edits, sight)):
            custom = self._patch.kind is ToolKind.CUSTOM
            key = next(iter(self._patch.properties), "input")
            arguments = text if custom else {key: text}
            return [Draft(Move.EDIT, self._patch.name, arguments, numbers, self._patch.kind)]
        return [shell_draft(self._shell, Move.EDIT, edit_script(edits), numbers)]

    def run(self, command: str) -> list[Draft]:
        """One command."""
        return [shell_draft(self._shell, Move.RUN, command)]

    def finish(self, say: str) -> list[Draft]:  # noqa: ARG002 - a text ends the turn
        """The command that ends the session, for the client that wants one."""
        return [shell_draft(self._shell, Move.DONE, f"echo {_END}")] if self._ends_by_command else []


def _look(path: str, hints: tuple[str, ...]) -> str:
    if not hints:
        return f"sed -n '1,{_MAX_LINES}p' {shlex.quote(path)}"
    wanted = " ".join(f"-e {shlex.quote(hint)}" for hint in hints)
    return f"grep -F -h -C {_HINT_LINES} {wanted} {shlex.quote(path)}"
