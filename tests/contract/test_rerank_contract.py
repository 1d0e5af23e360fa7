"""A model's order of files over real loopback HTTP: each protocol, each fault; it never raises."""

from __future__ import annotations

import asyncio

import pytest

from bench.simmodel import SimModel
from journeyman.bootstrap.models import make_reranker
from journeyman.domain.context import Candidate, Reranked
from journeyman.domain.settings import BudgetSettings, ContextSettings, ModelsSettings, Settings

MODELS = ("openai:sim-1", "anthropic:sim-1")
FILES = tuple(Candidate(f"src/f{number}.py", (f"def f{number}():",)) for number in range(1, 51))
TASK = {"match": "pages", "steps": [], "order": ["src/f9.py", "src/f50.py", "src/f2.py"]}


def ask(url: str, model: str | None, *, call_seconds: float = 5.0, key: str = "k") -> Reranked:
    settings = Settings(
        models=ModelsSettings(cheap=model, standard="openai:never-asked"),
        context=ContextSettings(rerank=True),
        budget=BudgetSettings(call_seconds=call_seconds),
    )
    environ = {"OPENAI_BASE_URL": f"{url}/v1", "ANTHROPIC_BASE_URL": url}
    if key:
        environ |= {"OPENAI_API_KEY": key, "ANTHROPIC_API_KEY": key}
    reranker = make_reranker(settings, environ)
    assert reranker is not None
    return asyncio.run(reranker.order("Mend `pages`", FILES))


@pytest.mark.parametrize("model", MODELS)
def test_one_request_gives_an_order(model: str) -> None:
    with SimModel([TASK]) as sim:
        told = ask(sim.url, model)
        (request,) = sim.requests
    assert told.paths == ("src/f9.py", "src/f50.py", "src/f2.py")
    assert (told.note, told.asked, told.model) == ("", True, model)
    assert told.usage is not None
    assert told.usage.tokens_in == request.prompt_tokens
    assert (told.usage.requests, told.usage.cost_usd) == (1, None)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("fault", "note"),
    [
        *((fault, "") for fault in ("429", "500", "503", "cut", "cut-mid", "truncated", "garbage", "quota")),
        *((fault, "") for fault in ("401", "404", "context")),
        ("wrong-tool", "did not call submit_order"),
        ("bad-arguments", "of no use: no list of numbers"),
        ("empty", ""),
        ("refusal", "refused"),
        ("length", ""),
        ("hang:9", "no answer within 0.3 s"),
        ("hang-mid:9", "no answer within 0.3 s"),
    ],
)
def test_a_fault_leaves_no_order_and_one_line(model: str, fault: str, note: str) -> None:
    with SimModel([TASK], faults=[fault]) as sim:
        told = ask(sim.url, model, call_seconds=0.3 if "hang" in fault else 5.0)
        assert len(sim.requests) <= 1, "there is no second try"
    assert told.paths == ()
    assert told.order is None
    assert told.asked
    assert told.note
    assert note in told.note


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("order", [["src/f9.py", "src/f9.py"], ["gone.py"]], ids=["twice", "nothing"])
def test_an_answer_that_is_no_order_costs_and_is_not_used(model: str, order: list[str]) -> None:
    with SimModel([{**TASK, "order": order}]) as sim:
        told = ask(sim.url, model)
    assert told.paths == ()
    assert "of no use" in told.note
    assert told.usage is not None
    assert told.usage.tokens_in is not None


def test_what_cannot_be_asked_is_said() -> None:
    none = make_reranker(Settings(context=ContextSettings(rerank=True)), {})
    assert none is not None
    assert asyncio.run(none.order("Mend `pages`", FILES)) == Reranked(note="no model is configured")
    with SimModel([TASK]) as sim:
        keyless = ask("https://models.example.invalid", "anthropic:sim-1", key="")
        assert "ANTHROPIC_API_KEY is not set" in keyless.note
        assert not keyless.asked
        assert "unknown provider" in ask(sim.url, "nobody:sim-1").note
        assert not sim.requests
    assert "no connection" in ask("http://127.0.0.1:9", None).note, "the next tier, where nobody listens"


def test_it_is_off_by_default() -> None:
    assert make_reranker(Settings(), {}) is None
