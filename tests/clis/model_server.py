"""A scripted model on loopback: Anthropic Messages, OpenAI Responses and Chat Completions, streaming.

It runs one shell command for each turn of the script and then says the last word. It keeps no state between
requests: which turn is due follows from the conversation it is shown, so that a resumed session goes on.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SHELLS = ("Bash", "bash", "exec_command", "shell", "shell_command", "local_shell")
WORD = 'All done.\n{"summary": "wrote what was asked"}'
USAGE = {"fresh": 100, "cached": 1000, "out": 20}


@dataclass
class Script:
    """What the model does, and what goes wrong."""

    rounds: tuple[tuple[str, ...], ...]
    """For each prompt of the user's the commands to run before the last word."""
    last_word: str = WORD
    fault: str | None = None
    """``401``, ``429``, ``500`` or ``hang``; from request number ``fault_from`` on."""
    fault_from: int = 0
    pause_s: float = 0.0
    """Before each answer."""

    def due(self, results: int, ended: int) -> str | None:
        """The next command of a conversation with so many results and finished rounds."""
        if ended >= len(self.rounds):
            return None
        index = results - sum(map(len, self.rounds[:ended]))
        return self.rounds[ended][index] if 0 <= index < len(self.rounds[ended]) else None


@dataclass
class Seen:
    """One request."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def text(self) -> str:
        return json.dumps(self.body)

    @property
    def main(self) -> bool:
        """Whether it is a turn of the agent, not a title or a summary on the side."""
        return _shell(self.body) is not None


@dataclass
class ModelServer:
    """A running server."""

    url: str
    script: Script
    requests: list[Seen] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def turns(self) -> list[Seen]:
        return [seen for seen in self.requests if seen.main]


@contextmanager
def model_server(script: Script) -> Iterator[ModelServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    running = ModelServer(f"http://127.0.0.1:{server.server_address[1]}", script)
    server.running = running  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield running
    finally:
        running.stopping.set()
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self._send(404, b"{}", "application/json")

    def do_POST(self) -> None:
        running: ModelServer = self.server.running  # type: ignore[attr-defined]
        raw = self.rfile.read(int(self.headers.get("content-length", 0)))
        try:
            body = json.loads(raw)
        except ValueError:
            body = {}
        if not self.path.split("?")[0].endswith(("/messages", "/responses", "/chat/completions")):
            self._send(404, b"{}", "application/json")
            return
        seen = Seen(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
        running.requests.append(seen)
        script = running.script
        time.sleep(script.pause_s)
        if script.fault and len(running.requests) > script.fault_from:
            if script.fault == "hang":
                running.stopping.wait()
                return
            kind = {"401": "authentication_error", "429": "rate_limit_error"}.get(script.fault, "api_error")
            error = {"type": "error", "error": {"type": kind, "message": "scripted fault", "code": kind}}
            self._send(int(script.fault), json.dumps(error).encode(), "application/json")
            return
        self._answer(seen, script)

    def _answer(self, seen: Seen, script: Script) -> None:
        shell = _shell(seen.body)
        done = _results(seen.body)
        text, call = "a title", None
        if shell is not None:
            text = script.last_word
            due = script.due(done, _ended(seen.body))
            if due is not None:
                text, call = "Let me run that.", _arguments(shell, due)
        name = _name(shell) if shell else ""
        number = len(self.server.running.requests)  # type: ignore[attr-defined]
        path = seen.path.split("?")[0]
        if path.endswith("/messages"):
            events = list(_messages(seen.body, text, name, call, number))
        elif path.endswith("/responses"):
            events = list(_responses(text, name, call, number))
        else:
            events = list(_chat(seen.body, text, name, call, number))
        if path.endswith("/messages") and not seen.body.get("stream"):
            self._send(
                200, json.dumps(_message(seen.body, text, name, call, number)).encode(), "application/json"
            )
            return
        data = "".join(
            (f"event: {kind}\n" if kind else "")
            + f"data: {value if isinstance(value, str) else json.dumps(value)}\n\n"
            for kind, value in events
        )
        self._send(200, data.encode(), "text/event-stream")

    def _send(self, status: int, data: bytes, kind: str) -> None:
        try:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        except OSError:  # the client was killed
            self.close_connection = True


def _name(tool: dict[str, Any]) -> str:
    return str(tool.get("name") or tool.get("function", {}).get("name"))


def _shell(body: dict[str, Any]) -> dict[str, Any] | None:
    return next((tool for tool in body.get("tools", ()) if _name(tool) in SHELLS), None)


def _arguments(tool: dict[str, Any], command: str) -> dict[str, Any]:
    schema = (
        tool.get("input_schema") or tool.get("parameters") or tool.get("function", {}).get("parameters", {})
    )
    known = schema.get("properties", {})
    if "cmd" in known:
        return {"cmd": command}
    given: Any = ["bash", "-c", command] if known.get("command", {}).get("type") == "array" else command
    return {"command": given, **({"description": "run it"} if "description" in known else {})}


def _results(body: dict[str, Any]) -> int:
    """How many tool results the conversation holds."""
    count = 0
    for entry in body.get("messages") or body.get("input") or ():
        kind, content = entry.get("type"), entry.get("content")
        if kind in {"function_call_output", "local_shell_call_output"} or entry.get("role") == "tool":
            count += 1
        elif isinstance(content, list):
            results = sum(part.get("type") == "tool_result" for part in content)
            count += results
    return count


def _ended(body: dict[str, Any]) -> int:
    """How many times the model has said its last word."""
    said = body.get("messages") or body.get("input") or ()
    return sum(entry.get("role") == "assistant" and "All done." in json.dumps(entry) for entry in said)


def _message(
    body: dict[str, Any], text: str, name: str, call: dict[str, Any] | None, number: int
) -> dict[str, Any]:
    content: list[dict[str, Any]] = [{"type": "text", "text": text}]
    if call is not None:
        content.append({"type": "tool_use", "id": f"toolu_{number}", "name": name, "input": call})
    usage = {
        "input_tokens": USAGE["fresh"],
        "cache_read_input_tokens": USAGE["cached"],
        "cache_creation_input_tokens": 0,
        "output_tokens": USAGE["out"],
    }
    return {
        "id": f"msg_{number}",
        "type": "message",
        "role": "assistant",
        "model": body.get("model"),
        "content": content,
        "stop_reason": "tool_use" if call is not None else "end_turn",
        "stop_sequence": None,
        "usage": usage,
    }


def _messages(
    body: dict[str, Any], text: str, name: str, call: dict[str, Any] | None, number: int
) -> Iterator[tuple[str, Any]]:
    whole = _message(body, text, name, call, number)
    yield (
        "message_start",
        {
            "type": "message_start",
            "message": {
                **whole,
                "content": [],
                "stop_reason": None,
                "usage": {**whole["usage"], "output_tokens": 1},
            },
        },
    )
    for index, block in enumerate(whole["content"]):
        empty = {**block, "text": ""} if block["type"] == "text" else {**block, "input": {}}
        yield "content_block_start", {"type": "content_block_start", "index": index, "content_block": empty}
        delta = (
            {"type": "text_delta", "text": block["text"]}
            if block["type"] == "text"
            else {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        )
        yield "content_block_delta", {"type": "content_block_delta", "index": index, "delta": delta}
        yield "content_block_stop", {"type": "content_block_stop", "index": index}
    yield (
        "message_delta",
        {
            "type": "message_delta",
            "delta": {"stop_reason": whole["stop_reason"], "stop_sequence": None},
            "usage": {"output_tokens": USAGE["out"]},
        },
    )
    yield "message_stop", {"type": "message_stop"}


def _responses(text: str, name: str, call: dict[str, Any] | None, number: int) -> Iterator[tuple[str, Any]]:
    said = {
        "type": "message",
        "id": f"msg_{number}",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "output_text", "text": text, "annotations": []}],
    }
    items: list[dict[str, Any]] = [said]
    if call is not None:
        items.append(
            {
                "type": "function_call",
                "id": f"fc_{number}",
                "call_id": f"call_{number}",
                "name": name,
                "arguments": json.dumps(call),
                "status": "completed",
            }
        )
    response = {"id": f"resp_{number}", "object": "response", "status": "in_progress", "output": []}
    yield "response.created", {"type": "response.created", "response": response}
    for index, item in enumerate(items):
        yield (
            "response.output_item.added",
            {"type": "response.output_item.added", "output_index": index, "item": item},
        )
        yield (
            "response.output_item.done",
            {"type": "response.output_item.done", "output_index": index, "item": item},
        )
    usage = {
        "input_tokens": USAGE["fresh"] + USAGE["cached"],
        "input_tokens_details": {"cached_tokens": USAGE["cached"]},
        "output_tokens": USAGE["out"],
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": USAGE["fresh"] + USAGE["cached"] + USAGE["out"],
    }
    yield (
        "response.completed",
        {
            "type": "response.completed",
            "response": {**response, "status": "completed", "output": items, "usage": usage},
        },
    )


def _chat(
    body: dict[str, Any], text: str, name: str, call: dict[str, Any] | None, number: int
) -> Iterator[tuple[str, Any]]:
    def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> tuple[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return "", {
            "id": f"chat_{number}",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": body.get("model"),
            "choices": [choice],
            **more,
        }

    yield chunk({"role": "assistant", "content": text})
    if call is not None:
        function = {"name": name, "arguments": json.dumps(call)}
        yield chunk(
            {"tool_calls": [{"index": 0, "id": f"call_{number}", "type": "function", "function": function}]}
        )
    usage = {
        "prompt_tokens": USAGE["fresh"] + USAGE["cached"],
        "prompt_tokens_details": {"cached_tokens": USAGE["cached"]},
        "completion_tokens": USAGE["out"],
        "total_tokens": USAGE["fresh"] + USAGE["cached"] + USAGE["out"],
    }
    yield chunk({}, "tool_calls" if call is not None else "stop", usage=usage)
    yield "", "[DONE]"
