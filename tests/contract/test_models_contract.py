"""Every HTTP client keeps the same promises, whatever its provider's wire looks like."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from journeyman.domain.errors import JourneymanError
from journeyman.domain.model import Finish, ModelError, ToolCall
from journeyman.models.retry import RetryPolicy
from tests.support.http_stub import Cut, Hang, HttpStub, Reply, json_response, response, stream
from tests.support.models import HASTY, KEY, REQUEST, STYLES, Style, ask, listening, use

styles = pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
ERROR = {"error": {"message": f"the key {KEY} is odd"}}


@styles
def test_text_streams_in(style: Style):
    with HttpStub([style.answer("héllo 🙂")]) as stub:
        answer = ask(style.client(stub))
    assert answer.text == "héllo 🙂"
    assert (answer.finish, answer.calls, answer.retries, answer.waited_s) == (Finish.STOP, (), 0, 0.0)
    usage = answer.usage
    assert (usage.model, usage.tokens_in, usage.tokens_cached, usage.tokens_out) == (
        f"{style.name}:sim-1",
        100,
        40,
        7,
    )
    assert (usage.cost_usd, usage.requests) == (None, 1)
    assert usage.latency_s is not None
    assert stub.seen[0].body["stream"] is True
    assert KEY in json.dumps(stub.seen[0].headers)


@styles
@pytest.mark.parametrize("size", [1, 2, 3, 17])
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_calls_survive_any_splitting(style: Style, size: int, newline: bytes):
    with HttpStub([stream(style.call.replace(b"\n", newline), size=size)]) as stub:
        answer = ask(style.client(stub))
    assert answer.calls == (ToolCall("c1", "edit", {"path": "ü.py"}, '{"path": "ü.py"}'),)
    assert answer.finish is Finish.TOOLS


@styles
def test_how_answers_end(style: Style):
    for reason, finish in (
        (style.stop, Finish.STOP),
        (style.length, Finish.LENGTH),
        (style.refusal, Finish.REFUSAL),
    ):
        with HttpStub([stream(style.events("so far", reason))]) as stub:
            answer = ask(style.client(stub))
        assert (answer.finish, answer.text) == (finish, "so far")


HEALING: list[tuple[str, Reply]] = [
    ("408", response(408)),
    ("409", response(409)),
    ("429", json_response(429, ERROR)),
    ("500", json_response(500, ERROR)),
    ("502", response(502, "<title>Bad Gateway</title>", kind="text/html")),
    ("503", response(503)),
    ("504", response(504)),
    ("529", json_response(529, {"error": {"type": "overloaded_error", "message": "Overloaded"}})),
    ("no answer", Reply((), close=True)),
    ("reset", Reply((Cut(),))),
    ("cut headers", Reply((b"HTTP/1.1 200 OK\r\ncontent-",), close=True)),
    ("no HTTP", Reply((b"SSH-2.0-OpenSSH_9.6\r\n",), close=True)),
    ("bad chunk", Reply((b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",), close=True)),
    ("empty", stream(b"")),
    ("half JSON", stream(b'data: {"choices": [{"del\n\n')),
    ("JSON of another kind", stream(b"data: [1]\n\n")),
    ("whole, half JSON", response(200, '{"choices": [')),
    ("bad compression", response(200, b"no gzip", {"content-encoding": "gzip"})),
]  # fmt: skip


@styles
@pytest.mark.parametrize(("name", "fault"), HEALING, ids=[name for name, _ in HEALING])
def test_what_heals_is_tried_again(style: Style, name: str, fault: Reply):
    waits: list[tuple[float, str]] = []
    with HttpStub([fault, fault, style.answer()]) as stub:
        answer = ask(
            style.client(stub), on_wait=listening(lambda seconds, reason: waits.append((seconds, reason)))
        )
        assert len(stub.seen) == 3
    assert answer.text == "hello"
    assert (answer.retries, len(waits)) == (2, 2)
    assert answer.waited_s == pytest.approx(sum(seconds for seconds, _ in waits))
    assert all(reason and KEY not in reason for _, reason in waits)


@styles
@pytest.mark.parametrize(("name", "fault"), HEALING, ids=[name for name, _ in HEALING])
def test_what_never_heals_ends(style: Style, name: str, fault: Reply):
    with HttpStub([fault]) as stub:
        with pytest.raises(ModelError) as raised:
            ask(style.client(stub))
        assert len(stub.seen) == HASTY.max_tries
    garbled = name in {"half JSON", "JSON of another kind", "whole, half JSON"}
    empty = name == "empty"
    assert raised.value.code == ("model-misbehaved" if garbled or empty else "model-unreachable")
    assert "4 tries failed" in raised.value.message
    everything = " ".join((raised.value.message, *raised.value.facts, raised.value.hint or ""))
    assert KEY not in everything
    assert KEY not in repr(raised.value.__context__)


@styles
@pytest.mark.parametrize("cut", [Cut(), None], ids=["reset", "closed"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_cut_stream_is_asked_for_again_whole(style: Style, cut: Cut | None, share: float):
    data = style.events("hello", style.stop)
    # With a content length the end of the stream looks like a proper one.
    part = data[: int(len(data) * share)]
    fault = stream(part, then=cut) if cut else response(200, part, kind="text/event-stream")
    with HttpStub([fault, style.answer()]) as stub:
        answer = ask(style.client(stub))
    if answer.retries:
        assert answer.usage.requests == 2
        assert answer.usage.tokens_in in {100, 200}
    assert answer.text == "hello"


@styles
def test_an_error_inside_of_the_stream(style: Style):
    begun = style.events("hello", style.stop)[:150].rpartition(b"\n\n")[0] + b"\n\n"
    with HttpStub([stream(begun + style.error_event), style.answer()]) as stub:
        answer = ask(style.client(stub))
    assert (answer.text, answer.retries) == ("hello", 1)


FINAL: list[tuple[int, Any, str]] = [
    (401, ERROR, "model-unauthorized"),
    (403, ERROR, "model-unauthorized"),
    (404, ERROR, "model-not-found"),
    (400, ERROR, "model-refused-request"),
    (400, {"error": {"message": "prompt is too long: 9 tokens > 8 maximum"}}, "context-too-long"),
    (400, {"error": {"message": "Your credit balance is too low"}}, "model-quota"),
    (429, {"error": {"message": "no", "code": "insufficient_quota"}}, "model-quota"),
    (302, {}, "model-refused-request"),
]


@styles
@pytest.mark.parametrize(("status", "body", "code"), FINAL)
def test_what_cannot_heal_ends_at_once(style: Style, status: int, body: Any, code: str):
    with HttpStub([json_response(status, body, {"request-id": "req_1", "location": "/elsewhere"})]) as stub:
        with pytest.raises(ModelError) as raised:
            ask(style.client(stub), on_wait=lambda *_: pytest.fail("waited"))
        assert len(stub.seen) == 1
    assert raised.value.code == code
    assert raised.value.facts == ("request req_1",)
    assert KEY not in raised.value.message
    assert raised.value.usage is None


@styles
def test_a_web_page_is_no_model(style: Style):
    with HttpStub([response(200, "<title>Log in</title>", kind="text/html")]) as stub:
        with pytest.raises(JourneymanError, match="a web page titled 'Log in'") as raised:
            ask(style.client(stub))
        assert len(stub.seen) == 1
    assert raised.value.code == "model-misbehaved"
    assert raised.value.hint == f"check {style.base_variable}: it must be the API's base URL"


@styles
def test_what_billed_tries_cost_is_told(style: Style):
    with HttpStub([stream(style.events("hello", style.stop)[:250], then=Cut())]) as stub:
        with pytest.raises(ModelError) as raised:
            ask(style.client(stub))
        assert len(stub.seen) == 4
    assert raised.value.usage is not None
    assert raised.value.usage.requests == 4
    assert raised.value.usage.tokens_in == (400 if style.name == "anthropic" else None)


@styles
def test_retry_after_is_honoured(style: Style):
    waits: list[float] = []
    slow = [
        response(429, "", {"retry-after-ms": "20", "retry-after": "9"}),
        response(429, "", {"retry-after": "0.03"}),
        response(503, "", {"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}),
    ]
    with HttpStub([*slow, style.answer()]) as stub:
        answer = ask(style.client(stub), on_wait=listening(lambda seconds, _: waits.append(seconds)))
    assert answer.retries == 3
    assert 0.02 <= waits[0] <= 0.022
    assert 0.03 <= waits[1] <= 0.033
    assert waits[2] <= 0.004


@styles
def test_a_wait_beyond_patience_is_not_begun(style: Style):
    with HttpStub([response(429, "", {"retry-after": "3600"})]) as stub:
        with pytest.raises(ModelError, match="asks to wait 3600 s") as raised:
            ask(style.client(stub))
        assert len(stub.seen) == 1
    assert raised.value.code == "model-unreachable"


@styles
@pytest.mark.parametrize("heard", [0.0, 0.5], ids=["before the first byte", "between chunks"])
def test_silence_ends_a_try(style: Style, heard: float):
    data = style.events("hello", style.stop)
    hang = stream(data[: int(len(data) * heard)], then=Hang()) if heard else Reply((Hang(),))
    with HttpStub([hang, style.answer()]) as stub:
        waits: list[str] = []
        answer = ask(
            style.client(stub, first_byte_s=0.2), on_wait=listening(lambda _, reason: waits.append(reason))
        )
        assert stub.left.wait(10)
    assert answer.text == "hello"
    assert waits == ["nothing came for 0.2 s"]


@styles
def test_silence_is_bounded_by_the_budget(style: Style):
    with HttpStub([Reply((Hang(),))]) as stub:
        policy = RetryPolicy(max_tries=50, budget_s=0.5, base_s=0.001)
        with pytest.raises(ModelError, match="another wait would go over"):
            ask(style.client(stub, first_byte_s=0.2, policy=policy))
        assert len(stub.seen) <= 4


@styles
@pytest.mark.parametrize("heard", [0.0, 0.5], ids=["before the first byte", "in the stream"])
def test_cancelling_closes_the_connection(style: Style, heard: float):
    data = style.events("hello", style.stop)
    hang = stream(data[: int(len(data) * heard)], then=Hang()) if heard else Reply((Hang(),))
    with HttpStub([hang]) as stub:

        async def work(model: Any) -> bool:
            task = asyncio.create_task(model.answer(REQUEST))
            assert await asyncio.to_thread(stub.arrived.wait, 10)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return await asyncio.to_thread(stub.left.wait, 10)

        assert use(style.client(stub), work)
        assert len(stub.seen) == 1


@styles
def test_cancelling_a_wait(style: Style):
    with HttpStub([response(429, "", {"retry-after": "30"})]) as stub:

        async def work(model: Any) -> None:
            waiting = asyncio.Event()
            hears = listening(lambda *_: waiting.set())
            task = asyncio.create_task(model.answer(REQUEST, on_wait=hears))
            await waiting.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        use(style.client(stub), work)
        assert len(stub.seen) == 1


@styles
def test_connections_are_kept(style: Style):
    with HttpStub([style.answer(), response(503), style.answer(), style.answer()]) as stub:

        async def work(model: Any) -> None:
            for _ in range(3):
                await model.answer(REQUEST)

        use(style.client(stub), work)
        assert len(stub.seen) == 4
        assert stub.connections == 1


@styles
def test_a_client_works_in_one_event_loop_after_another(style: Style):
    with HttpStub([style.answer()]) as stub:
        client = style.client(stub)
        assert [asyncio.run(client.answer(REQUEST)).text for _ in range(2)] == ["hello", "hello"]


@styles
def test_answers_at_the_same_time(style: Style):
    with HttpStub([style.answer()]) as stub:

        async def work(model: Any) -> list[str]:
            answers = await asyncio.gather(*(model.answer(REQUEST) for _ in range(5)))
            return [answer.text for answer in answers]

        assert use(style.client(stub), work) == ["hello"] * 5


@styles
def test_lone_surrogates_do_not_reach_the_wire(style: Style):
    from journeyman.domain.model import Message, ModelRequest, Speaker

    with HttpStub([style.answer()]) as stub:
        ask(style.client(stub), ModelRequest("s", (Message(Speaker.USER, "a\ud83db"),)))
        assert "a?b" in json.dumps(stub.seen[0].body)


@styles
def test_nobody_listens(style: Style):
    with HttpStub([style.answer()]) as stub:
        client = style.client(stub)
    with pytest.raises(ModelError, match="could not be reached: no connection to") as raised:
        ask(client)
    assert raised.value.code == "model-unreachable"
    assert style.base_variable in (raised.value.hint or "")
    assert any("4 times" in fact for fact in raised.value.facts)
