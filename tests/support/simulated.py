"""What tests of the simulated model share: a session, its tools, and a request's body."""

from __future__ import annotations

import json
from typing import Any

from bench.simmodel.mind import think
from bench.simmodel.session import load_session
from bench.simmodel.values import Thought
from bench.simmodel.wire import chat

OLD = "    size = max(1, size)\n    return items // size\n"
NEW = "    size = max(1, size)\n    return -(-items // size)\n"
FILE = f'"""Paging."""\n\n\ndef pages(items, size):\n{OLD}'
NUMBERED = "\n".join(f"{number}|{line}" for number, line in enumerate(FILE.splitlines(), 1))
TASK: dict[str, Any] = {
    "match": "paging",
    "search": ["def pages"],
    "needs": ["src/paging.py"],
    "tests": "python3 check.py",
    "steps": [
        {"say": "Rounded up.", "edits": [{"path": "src/paging.py", "old": OLD, "new": NEW}]},
        {
            "say": "At least one.",
            "edits": [
                {"path": "src/paging.py", "old": "-(-items // size)", "new": "max(1, -(-items // size))"},
                {"path": "docs/paging.md", "write": "# Paging\n"},
            ],
        },
    ],
}
SESSION: dict[str, Any] = {"simmodel_session": 1, "tasks": [TASK]}


def function(name: str, *properties: str, kind: str = "string", **schemas: Any) -> dict[str, Any]:
    """A tool in the form of Chat Completions."""
    known = {**{key: {"type": kind} for key in properties}, **schemas}
    schema = {"type": "object", "properties": known, "required": list(known)}
    return {"type": "function", "function": {"name": name, "description": name, "parameters": schema}}


_LIST = {"type": "array", "items": {"type": "object"}}
AGENT = [
    function("read", files=_LIST),
    function("search", patterns=_LIST),
    function("edit", edits=_LIST, done={"type": "string"}),
    function("run", commands=_LIST),
    function("done", "summary"),
    function("blocked", "reason", "question", options=_LIST),
]
SHELL = [function("bash", "command")]
CLAUDE = [
    function("Bash", "command", "description"),
    function("Read", "file_path"),
    function("Edit", "file_path", "old_string", "new_string"),
    function("Write", "file_path", "content"),
    function("Grep", "pattern", "output_mode"),
]
OPENCODE = [
    function("read", "filePath"),
    function("edit", "filePath", "oldString", "newString"),
    function("bash", "command", "description"),
    function("grep", "pattern"),
]


class Chat:
    """A conversation that grows as a client would grow it, thought about without a server."""

    def __init__(
        self,
        task: str,
        tools: list[dict[str, Any]],
        system: str = "Be quick.",
        session: Any = None,
        **more: Any,
    ) -> None:
        self.session = load_session(SESSION if session is None else session)
        self.body: dict[str, Any] = {
            "model": "sim-1",
            "messages": [],
            **({"tools": tools} if tools else {}),
            **more,
        }
        self.say(system, "system")
        self.say(task)

    def say(self, text: str, role: str = "user") -> None:
        self.body["messages"].append({"role": role, "content": text})

    def next(self) -> Thought:
        """The model's next answer, which becomes part of the conversation."""
        thought = think(self.session, chat.read(self.body))
        message: dict[str, Any] = {"role": "assistant", "content": thought.answer.text}
        if thought.answer.calls:
            message["tool_calls"] = [
                {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.raw}}
                for call in thought.answer.calls
            ]
        self.body["messages"].append(message)
        return thought

    def give(self, *results: str) -> None:
        """The results of the last answer's calls, the last one for all that are left."""
        calls = self.body["messages"][-1]["tool_calls"]
        for number, call in enumerate(calls):
            text = results[min(number, len(results) - 1)]
            self.body["messages"].append({"role": "tool", "tool_call_id": call["id"], "content": text})


def arguments(thought: Thought, number: int = 0) -> Any:
    """The arguments of one of its calls."""
    return json.loads(thought.answer.calls[number].raw)
