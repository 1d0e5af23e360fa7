"""Stops of the built-in agent, against the simulated model over real HTTP."""

from __future__ import annotations

from bench.simmodel import SimModel
from tests.acceptance.test_agent import FILES, QUICK, SENTENCE, TASK
from tests.support.http_stub import HttpStub, json_response
from tests.support.stops import Stage, stops_with


def ask(stage: Stage, fault: str, *flags: str, **more: str) -> None:
    """A run whose model has a fault, which is gone by the time that somebody pastes a command."""
    stage.start_over(FILES)
    with SimModel([TASK], faults=[fault]) as sim:
        stage.env |= {"OPENAI_BASE_URL": f"{sim.url}/v1", "OPENAI_API_KEY": "sk-none", **QUICK, **more}
        stage.known |= {"url": sim.url, "host": sim.url.removeprefix("http://")}
        stage.before_pasting = sim.set_faults
        stage.run("--model", "openai:sim-1", "--fast", *flags, task=SENTENCE, worker="agent")


@stops_with("model-unauthorized")
def _(stage: Stage) -> None:
    ask(stage, "401")


@stops_with("model-not-found")
def _(stage: Stage) -> None:
    ask(stage, "404")


@stops_with("model-refused-request")
def _(stage: Stage) -> None:
    stage.start_over(FILES)
    body = {"error": {"message": "Unsupported value: 'tools'", "type": "invalid_request_error"}}
    with HttpStub([json_response(400, body)]) as stub:
        stage.env |= {"OPENAI_BASE_URL": f"{stub.url}/v1", "OPENAI_API_KEY": "sk-none", **QUICK}
        stage.known["host"] = stub.url.removeprefix("http://")
        stage.run("--model", "openai:sim-1", "--fast", task=SENTENCE, worker="agent")


@stops_with("model-refused")
def _(stage: Stage) -> None:
    ask(stage, "refusal")


@stops_with("context-too-long")
def _(stage: Stage) -> None:
    ask(stage, "context")


@stops_with("model-quota")
def _(stage: Stage) -> None:
    ask(stage, "quota")


@stops_with("model-unreachable")
def _(stage: Stage) -> None:
    ask(stage, "503", JOURNEYMAN_MODELS__PATIENCE_S="0.001")


@stops_with("model-misbehaved")
def _(stage: Stage) -> None:
    ask(stage, "empty")


@stops_with("model-loop")
def _(stage: Stage) -> None:
    ask(stage, "loop")


@stops_with("over-budget")
def _(stage: Stage) -> None:
    ask(stage, "loop", "--max-turns", "2")
