"""The built-in agent's sessions: what each kind of request begins, goes on in, and tells. Over loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from journeyman.domain.checks import CheckFailure, Failure
from journeyman.domain.model import ModelError
from journeyman.domain.phases import Phase
from journeyman.domain.plan import Implementation
from journeyman.domain.policy.spending import Spending
from journeyman.domain.settings import BudgetSettings
from journeyman.domain.worker import RequestKind
from journeyman.models.registry import make_model
from journeyman.models.retry import RetryPolicy
from journeyman.workers.agent.worker import AgentWorker
from tests.support.host import Record, RecordingHost, make_worktree
from tests.support.http_stub import HttpStub, Reply, openai_events, response, stream
from tests.support.requests import implement_request

FAILED = (CheckFailure("tests", Failure("key", "it fails")),)
RETRY = {"kind": RequestKind.RETRY, "failures": FAILED}
IMPATIENT = RetryPolicy(max_tries=1)


def call(name: str, **arguments: Any) -> Reply:
    """An answer that calls one tool."""
    function = {"name": name, "arguments": json.dumps(arguments)}
    delta = {"tool_calls": [{"index": 0, "id": "c1", "function": function}]}
    chunks: list[Any] = [{"model": "sim", "choices": [{"index": 0, "delta": delta}]}]
    chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]})
    return stream(openai_events(chunks))


DONE = call("done", summary="did it")
ASKS = call("blocked", reason="two ways", question="Which one?")


@dataclass
class Sessions:
    """An agent in one process after another, and the journal that outlives them."""

    stub: HttpStub
    folder: Path
    records: dict[str, Record] = field(default_factory=dict)

    def run(self, work: Callable[[Sessions], Awaitable[None]]) -> None:
        """One process: the agent has no memory but the journal's."""

        async def begin() -> None:
            environ = {"OPENAI_BASE_URL": f"{self.stub.url}/v1", "OPENAI_API_KEY": "k"}
            own, strong = (make_model(f"openai:{n}", environ, policy=IMPATIENT) for n in ("own", "strong"))
            spending = Spending(BudgetSettings())
            self.worker = AgentWorker({Phase.IMPLEMENT: own}, spending, lambda: strong)
            try:
                await work(self)
            finally:
                await own.aclose()
                await strong.aclose()

        asyncio.run(begin())

    async def ask(self, step: str, **request: Any) -> Implementation:
        """One call, under a key of its own in the journal."""
        record = self.records.setdefault(step, Record())
        host = RecordingHost(self.folder / "work tree", self.folder / "scratch", record)
        return await self.worker.implement(implement_request(**request), host)

    def sent(self, number: int) -> tuple[str, int, str]:
        """The model, how many turns of its own it was shown, and what it was told last."""
        body = self.stub.bodies[number]
        messages = body["messages"]
        own = sum(message["role"] == "assistant" for message in messages)
        return body["model"], own, str(messages[-1]["content"])


def sessions(stub: HttpStub, tmp_path: Path) -> Sessions:
    make_worktree(tmp_path, {"a.txt": "a"})
    return Sessions(stub, tmp_path)


def test_a_retry_is_told_what_failed_in_the_session_that_it_names(tmp_path: Path) -> None:
    async def work(agent: Sessions) -> None:
        first = await agent.ask("a1")
        again = await agent.ask("a2", **RETRY, attempt=2, session_id=first.session_id)
        assert again.session_id == first.session_id
        other = await agent.ask("m2", milestone_number=2)
        assert other.session_id != first.session_id

    with HttpStub([DONE]) as stub:
        agent = sessions(stub, tmp_path)
        agent.run(work)
        assert [agent.sent(n)[:2] for n in range(3)] == [("own", 0), ("own", 1), ("own", 0)]
        assert "Your work was judged and came back" in agent.sent(1)[2]
        assert "it fails" in agent.sent(1)[2]


def test_a_retry_without_a_session_begins_one_with_all_that_is_known(tmp_path: Path) -> None:
    async def work(agent: Sessions) -> None:
        await agent.ask("a2", **RETRY, attempt=2, changed="+a\n")

    with HttpStub([DONE]) as stub:
        agent = sessions(stub, tmp_path)
        agent.run(work)
        assert agent.sent(0)[1] == 0
        assert all(text in agent.sent(0)[2] for text in ("An earlier attempt", "it fails", "+a", "fix lint"))


def test_what_trouble_cut_short_goes_on_and_is_told_nothing_twice(tmp_path: Path) -> None:
    async def work(agent: Sessions) -> None:
        with pytest.raises(ModelError):
            await agent.ask("a1")
        first = await agent.ask("a1.try2", again=True)
        retry = {**RETRY, "attempt": 2, "session_id": first.session_id}
        with pytest.raises(ModelError):
            await agent.ask("a2", **retry)
        await agent.ask("a2.try2", **retry, again=True)

    with HttpStub([response(503), DONE, response(503), DONE]) as stub:
        agent = sessions(stub, tmp_path)
        agent.run(work)
        assert stub.bodies[0] == stub.bodies[1]
        assert stub.bodies[2] == stub.bodies[3]


def test_an_answer_is_told_once_in_the_session_that_asked(tmp_path: Path) -> None:
    async def work(agent: Sessions) -> None:
        asked = await agent.ask("a1")
        assert asked.blocked is not None
        answer = {"kind": RequestKind.ANSWERED, "answer": "the left one", "session_id": asked.session_id}
        with pytest.raises(ModelError):
            await agent.ask("a1.answered", **answer)
        await agent.ask("a1.answered.try2", **answer, again=True)
        await agent.ask("a2", **RETRY, attempt=2, answer="the left one", session_id=asked.session_id)

    with HttpStub([ASKS, response(503), DONE]) as stub:
        agent = sessions(stub, tmp_path)
        agent.run(work)
        assert str(stub.bodies[2]).count("The answer to your question: the left one") == 1
        assert str(stub.bodies[3]).count("the left one") == 1


def test_a_stronger_model_begins_afresh_and_keeps_its_session(tmp_path: Path) -> None:
    async def work(agent: Sessions) -> None:
        first = await agent.ask("a1")
        with pytest.raises(ModelError):
            await agent.ask("a2", **{**RETRY, "kind": RequestKind.STRONGER}, attempt=2)
        strong = await agent.ask("a2.try2", **{**RETRY, "kind": RequestKind.STRONGER}, attempt=2, again=True)
        assert strong.session_id != first.session_id
        await agent.ask("a3", **RETRY, attempt=3, session_id=strong.session_id)
        await agent.ask("m2", milestone_number=2)

    with HttpStub([DONE, response(503), DONE]) as stub:
        agent = sessions(stub, tmp_path)
        agent.run(work)
        models = [agent.sent(n)[:2] for n in range(5)]
        assert models == [("own", 0), ("strong", 0), ("strong", 0), ("strong", 1), ("own", 0)]


def test_a_replay_comes_to_the_same_sessions_and_sends_nothing(tmp_path: Path) -> None:
    async def work(agent: Sessions) -> None:
        asked = await agent.ask("a1")
        answer = {"kind": RequestKind.ANSWERED, "answer": "left", "session_id": asked.session_id}
        done = await agent.ask("a1.answered", **answer)
        await agent.ask("a2", **RETRY, attempt=2, session_id=done.session_id)

    async def work_on(agent: Sessions) -> None:
        await work(agent)
        await agent.ask("a3", **RETRY, attempt=3, session_id=f"{RecordingHost.run_id}.m1.a1")

    with HttpStub([ASKS, DONE]) as stub:
        agent = sessions(stub, tmp_path)
        agent.run(work)
        assert len(stub.bodies) == 3
        agent.run(work_on)
        assert len(stub.bodies) == 4
        assert agent.sent(3)[1] == 3, "the session holds what the journal gave back"
