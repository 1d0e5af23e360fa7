"""The simulated model on the wire: connections, faults, the log, the command, and a client that works in a folder."""

from __future__ import annotations

import gzip
import http.client
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from bench.simmodel import SimModel
from bench.simmodel.server import Pace
from bench.simmodel.session import REASONING_KEYS
from tests.support.simulated import AGENT, FILE, SESSION, SHELL, function

ROOT = Path(__file__).parents[2]
VERSION = {"anthropic-version": "2023-06-01"}
ENDPOINTS: dict[str, dict[str, Any]] = {
    "/chat/completions": {"messages": [{"role": "user", "content": "paging"}], "tools": SHELL},
    "/responses": {"input": "paging", "tools": [{"type": "function", **SHELL[0]["function"]}]},
    "/messages": {"messages": [{"role": "user", "content": "paging"}], "max_tokens": 900},
}


@pytest.fixture
def sim(tmp_path: Path) -> Iterator[SimModel]:
    with SimModel(SESSION, log=tmp_path / "log.jsonl") as running:
        yield running


def connect(sim: SimModel) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", urlsplit(sim.url).port, timeout=30)


def post(sim: SimModel, path: str, body: Any, **headers: str) -> tuple[int, Any]:
    connection = connect(sim)
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    connection.request("POST", path, data, {**VERSION, **headers})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, json.loads(text)


def raw(sim: SimModel, path: str, *, stream: bool = False, patience_s: float = 30.0) -> bytes:
    """All that the server sends until it closes the connection, or is silent for too long."""
    body = json.dumps({"model": "sim-1", "stream": stream, **ENDPOINTS[path]}).encode()
    head = f"POST /v1{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nanthropic-version: x\r\n"
    with socket.create_connection(("127.0.0.1", urlsplit(sim.url).port), timeout=patience_s) as client:
        client.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        received = b""
        try:
            while piece := client.recv(65536):
                received += piece
        except TimeoutError:
            return received + b"(silence)"
    return received + b"(closed)"


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize("stream", [False, True])
def test_faults_of_the_connection(sim: SimModel, path: str, stream: bool):
    sim.set_faults("cut")
    assert raw(sim, path, stream=stream) == b"(closed)"
    sim.set_faults("hang")
    assert raw(sim, path, stream=stream, patience_s=0.5) == b"(silence)"
    sim.set_faults("hang:0.1")
    assert raw(sim, path, stream=stream) == b"(closed)"
    sim.set_faults()
    whole = raw(sim, path, stream=stream)
    assert whole.startswith(b"HTTP/1.1 200")
    for fault, patience_s in {"cut-mid": 30.0, "hang-mid": 1.0}.items():
        sim.set_faults(fault)
        received = raw(sim, path, stream=stream, patience_s=patience_s)
        assert received.startswith(b"HTTP/1.1 200")
        assert received.endswith(b"(closed)" if fault == "cut-mid" else b"(silence)")
        assert len(received) < len(whole)
        assert not received.endswith(b"\r\n0\r\n\r\n(closed)")


@pytest.mark.parametrize("path", ENDPOINTS)
def test_bodies_that_are_no_answer(sim: SimModel, path: str):
    sim.set_faults("truncated", "garbage")
    body = raw(sim, path).split(b"\r\n\r\n", 1)[1].removesuffix(b"(closed)")
    assert body.startswith(b"{")
    with pytest.raises(ValueError, match=r"delimiter|Expecting|Unterminated"):
        json.loads(body)
    streamed = raw(sim, path, stream=True)
    assert b"data: {" in streamed
    assert b"0\r\n\r\n" in streamed
    assert b"[DONE]" not in streamed
    sim.set_faults("garbage")
    assert b"502 Bad Gateway" in raw(sim, path)
    assert b"502 Bad Gateway" in raw(sim, path, stream=True)


def test_one_connection_serves_many_requests(sim: SimModel):
    connection = connect(sim)
    for number in range(1, 4):
        for stream in (False, True):
            body = {"model": "sim-1", "stream": stream, **ENDPOINTS["/chat/completions"]}
            connection.request("POST", "/v1/chat/completions", json.dumps(body))
            answer = connection.getresponse()
            assert (answer.status, len(answer.read()) > 100) == (200, True)
        assert len(sim.requests) == number * 2


def test_faults_strike_by_number_and_a_retry_gets_the_answer(sim: SimModel):
    sim.set_faults("429:3@1", "529@2")
    body = {"model": "sim-1", **ENDPOINTS["/messages"]}
    answers = [post(sim, "/v1/messages", body) for _ in range(3)]
    assert [status for status, _ in answers] == [429, 529, 200]
    assert [answer["error"]["type"] for _, answer in answers[:2]] == ["rate_limit_error", "overloaded_error"]
    assert [request.fault for request in sim.requests] == ["429", "529", None]


STRICT = {
    "no JSON": ("/chat/completions", b"{", "parse the JSON"),
    "no messages": ("/chat/completions", {"messages": []}, "minimum length 1"),
    "call without result": (
        "/chat/completions",
        {
            "messages": [
                {"role": "user", "content": "x"},
                {"role": "assistant", "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "{}"}}]},
                {"role": "user", "content": "y"},
            ]
        },
        "must be followed by tool messages",
    ),
    "result without call": (
        "/chat/completions",
        {"messages": [{"role": "tool", "tool_call_id": "a", "content": "x"}]},
        "must be a response to a preceding message",
    ),
    "schema": ("/chat/completions", {**ENDPOINTS["/chat/completions"], "tools": [
        {"type": "function", "function": {"name": "f", "parameters": {"type": "array"}}}
    ]}, "must be of type 'object'"),
    "forced": (
        "/chat/completions",
        {**ENDPOINTS["/chat/completions"], "tool_choice": {"type": "function", "function": {"name": "f"}}},
        "not found in 'tools'",
    ),
    "no input": ("/responses", {}, "Missing required parameter: 'input'"),
    "no output": (
        "/responses",
        {"input": [{"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"}]},
        "No tool output found for function call a",
    ),
    "unknown response": ("/responses", {"input": "x", "previous_response_id": "resp_x"}, "not found"),
    "no max_tokens": ("/messages", {"messages": [{"role": "user", "content": "x"}]}, "max_tokens: Field required"),
    "tool_use without result": (
        "/messages",
        {
            "max_tokens": 9,
            "messages": [
                {"role": "user", "content": "x"},
                {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "f", "input": {}}]},
                {"role": "user", "content": "y"},
            ],
        },
        "`tool_use` ids were found without `tool_result` blocks",
    ),
    "assistant first": (
        "/messages",
        {"max_tokens": 9, "messages": [{"role": "assistant", "content": "x"}]},
        "first message must use",
    ),
    "blank text": (
        "/messages",
        {"max_tokens": 9, "messages": [{"role": "user", "content": [{"type": "text", "text": " "}]}]},
        "non-whitespace",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("path", "body", "complaint"), STRICT.values(), ids=STRICT)
def test_requests_that_break_the_protocol_are_refused(sim: SimModel, path: str, body: Any, complaint: str):
    sent = body if isinstance(body, bytes) else {"model": "sim-1", **body}
    status, answer = post(sim, path, sent)
    assert status == 400
    assert complaint in answer["error"]["message"]
    assert sim.requests[0].error == answer["error"]["message"]


def test_what_the_session_limits(tmp_path: Path):
    with SimModel({**SESSION, "models": ["sim-1"], "context_tokens": 50}) as sim:
        body = {"model": "sim-2", **ENDPOINTS["/messages"]}
        assert post(sim, "/messages", body)[1]["error"] == {
            "type": "not_found_error",
            "message": "model: sim-2",
        }
        body["messages"] = [{"role": "user", "content": "x" * 400}]
        status, answer = post(sim, "/messages", {**body, "model": "sim-1"})
        assert (status, answer["error"]["message"][:18]) == (400, "prompt is too long")


def test_encodings_of_the_request(sim: SimModel):
    body = json.dumps({"model": "sim-1", **ENDPOINTS["/responses"]}).encode()
    assert post(sim, "/responses", gzip.compress(body), **{"Content-Encoding": "gzip"})[0] == 200
    assert post(sim, "/responses", body, **{"Content-Encoding": "zstd"})[0] == 415
    connection = connect(sim)
    connection.request("POST", "/responses", iter([body[:9], body[9:]]), encode_chunked=True)
    assert connection.getresponse().status == 200


def test_the_answer_ends_at_the_limit_of_tokens(sim: SimModel):
    body = {"model": "sim-1", "messages": [{"role": "user", "content": f"paging\n{FILE}"}], "tools": AGENT}
    choice = post(sim, "/chat/completions", {**body, "max_completion_tokens": 10})[1]["choices"][0]
    assert choice["finish_reason"] == "length"
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(choice["message"]["tool_calls"][0]["function"]["arguments"])


def test_figures_for_benches(sim: SimModel, tmp_path: Path):
    for path, body in ENDPOINTS.items():
        post(sim, path, {"model": "sim-1", **body})
    connection = connect(sim)
    connection.request("GET", "/control/stats")
    stats = json.loads(connection.getresponse().read())
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert stats == sim.stats()
    assert stats["log"] == lines
    assert [(line["n"], line["endpoint"], line["model"]) for line in lines] == [
        (number, path, "sim-1") for number, path in enumerate(ENDPOINTS, 1)
    ]
    assert stats["requests"] == 3
    assert stats["prompt_tokens"] == sum(line["prompt_tokens"] for line in lines)
    assert stats["uncached_tokens"] == stats["prompt_tokens"] - stats["cached_tokens"]
    assert all(line["wall"] >= 0 and line["completion_tokens"] > 0 for line in lines)
    connection.request("POST", "/control/reset", "{}")
    connection.getresponse().read()
    assert sim.stats()["requests"] == 0


def test_how_long_an_answer_takes():
    assert Pace(1.0, 80.0).seconds(40) == 1.5
    assert Pace(1.0, 80.0, 0.1).seconds(40) == pytest.approx(0.15)
    assert Pace().seconds(1000) == 0
    assert not Pace().slow


def test_a_paced_answer_is_the_same_answer():
    with SimModel(SESSION, ttft_s=0.01, tokens_per_s=4000) as sim:
        body = {"model": "sim-1", **ENDPOINTS["/messages"]}
        assert post(sim, "/messages", body)[1]["content"] == [{"type": "text", "text": "paging"}]
        assert raw(sim, "/messages", stream=True).count(b"event: content_block_delta") == 1
        assert all((request.wall or 0) >= 0.01 for request in sim.requests)


def test_thoughts_take_time_and_are_billed():
    with SimModel(
        [{"match": "paging", "reasoning": dict.fromkeys(REASONING_KEYS, 400)}], tokens_per_s=20_000
    ) as sim:
        for path in ("/chat/completions", "/responses", "/messages"):
            usage = post(sim, path, {"model": "sim-1", **ENDPOINTS[path]})[1]["usage"]
            assert usage.get("completion_tokens", usage.get("output_tokens")) > 400
            details = usage.get("completion_tokens_details", usage.get("output_tokens_details"))
            assert path == "/messages" or details["reasoning_tokens"] == 400
        assert all((request.wall or 0) >= 0.02 for request in sim.requests)


def test_stopping_ends_what_hangs():
    sim = SimModel(SESSION, faults=["hang"]).start()
    connection = connect(sim)
    connection.request("POST", "/messages", json.dumps({"model": "m", **ENDPOINTS["/messages"]}), VERSION)
    sim.stop()
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        connection.getresponse()
    sim.stop()


def test_the_command_prints_its_address_and_stops_on_a_signal(tmp_path: Path):
    session = tmp_path / "session.json"
    session.write_text(json.dumps(SESSION))
    command = [sys.executable, "-m", "bench.simmodel", "--session", str(session), "--fault", "500@1", "429@2"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert told["openai"] == f"{told['url']}/v1"
        client = http.client.HTTPConnection("127.0.0.1", urlsplit(told["url"]).port, timeout=30)
        statuses = []
        for _ in range(3):
            client.request("POST", "/v1/responses", json.dumps({"model": "m", **ENDPOINTS["/responses"]}))
            answer = client.getresponse()
            answer.read()
            statuses.append(answer.status)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert statuses == [500, 429, 200]


def test_the_command_refuses_a_bad_session_and_an_unknown_fault(tmp_path: Path):
    (tmp_path / "good.json").write_text(json.dumps(SESSION))
    for arguments, complaint in (
        (["--session", "missing.yaml"], "missing.yaml: cannot be read"),
        (["--session", "good.json", "--fault", "fire"], "unknown fault 'fire'"),
    ):
        command = [sys.executable, "-m", "bench.simmodel", *arguments]
        done = subprocess.run(
            command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
        )
        assert (done.returncode, complaint in done.stderr) == (2, True), done.stderr


def test_a_client_with_only_a_shell_gets_the_work_done(sim: SimModel, tmp_path: Path):
    folder = tmp_path / "p"
    (folder / "src").mkdir(parents=True)
    (folder / "src/paging.py").write_text(FILE)
    check = "import paging\nbad = [n for n in (5, 0) if paging.pages(n, 2) != max(1, -(-n // 2))]\n"
    (folder / "check.py").write_text(
        f"import sys\nsys.path.insert(0, 'src')\n{check}print(len(bad), 'failed')\nsys.exit(bool(bad))\n"
    )
    messages: list[dict[str, Any]] = [{"role": "user", "content": "Mend the paging"}]
    while True:
        body = {"model": "sim-1", "messages": messages, "tools": [function("bash", "command")]}
        message = post(sim, "/v1/chat/completions", body)[1]["choices"][0]["message"]
        messages.append(message)
        if "tool_calls" not in message:
            break
        for call in message["tool_calls"]:
            script = json.loads(call["function"]["arguments"])["command"]
            done = subprocess.run(
                ["bash", "-c", script], cwd=folder, stdout=-1, stderr=-2, text=True, check=False, timeout=60
            )
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": done.stdout})
    assert message["content"] == "At least one."
    assert [request.move for request in sim.requests] == [
        "search",
        "read",
        "edit",
        "run",
        "edit",
        "run",
        "done",
    ]
    assert "max(1, -(-items // size))" in (folder / "src/paging.py").read_text()
    assert (folder / "docs/paging.md").read_text() == "# Paging\n"
