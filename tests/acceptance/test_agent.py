"""The built-in agent against the simulated model, over real HTTP: what it needs, what survives, what each fault does."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.simmodel import SimModel
from tests.support.project import Project

CODE = "def pages(items, size):\n    return len(items) // size + 1\n"
FIXED = "    return -(-len(items) // size)\n"
OFF_BY_ONE = "    return len(items) // size + 1\n"
CHECKS = """
[[checks]]
name = "tests"
run = "python3 -c 'from paging import pages; assert pages([1, 2], 2) == 1, pages([1, 2], 2)'"
[[checks]]
name = "style"
run = "! grep -n TODO paging.py"
"""
FILES = {"paging.py": CODE, "journeyman.toml": CHECKS, "other.txt": "x\n"}
STEP = {
    "edits": [{"path": "paging.py", "old": OFF_BY_ONE, "new": FIXED}],
    "say": "Rounded up.",
}
BAD = {
    "edits": [{"path": "paging.py", "old": OFF_BY_ONE, "new": "    return 7\n"}],
    "say": "Hm.",
}
GOOD = {"edits": [{"path": "paging.py", "old": "    return 7\n", "new": FIXED}], "say": "Rounded up."}
TASK = {"match": "pages", "steps": [STEP], "needs": ["paging.py"], "search": ["def pages"]}
SENTENCE = "`pages` counts one page too many when the items fill the last one"
QUICK = {
    "JOURNEYMAN_MODELS__PATIENCE_S": "3",
    "JOURNEYMAN_MODELS__SILENCE_S": "1.5",
    "JOURNEYMAN_AUTONOMY__TRANSIENT_RETRIES": "0",
}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project", FILES)


@pytest.fixture
def sim() -> Iterator[SimModel]:
    with SimModel([TASK]) as server:
        yield server


def agent(
    project: Project, sim: SimModel, *flags: str, model: str = "openai:sim-1", **env: str
) -> tuple[int, dict[str, Any]]:
    keys = {"OPENAI_BASE_URL": f"{sim.url}/v1", "OPENAI_API_KEY": "sk-none", "ANTHROPIC_BASE_URL": sim.url}
    answer = project.jm(
        "run",
        SENTENCE,
        "--model",
        model,
        "--output-format",
        "json",
        *flags,
        env={**keys, "ANTHROPIC_API_KEY": "k", **QUICK, **env},
    )
    assert "Traceback" not in answer.err, answer.err
    return answer.code, answer.json


@pytest.mark.parametrize("model", ["openai:sim-1", "anthropic:sim-1"])
def test_one_request_makes_a_verified_commit(project: Project, sim: SimModel, model: str) -> None:
    code, result = agent(project, sim, "--fast", model=model)
    assert (code, result["outcome"]) == (0, "verified"), result
    assert [request.move for request in sim.requests] == ["edit"], (
        "one answer carries the edits and hands them in"
    )
    assert project.git("show", f"{result['commit']}:paging.py").endswith(FIXED.rstrip())
    (worker,) = result["kpi"]["workers"]
    assert worker["tokens_in"] == sum(request.prompt_tokens or 0 for request in sim.requests)
    assert worker["cost_usd"] is None, "an unknown price is an unknown cost, never 0"


def told(project: Project, run_id: str, kind: str) -> list[dict[str, Any]]:
    lines = project.jm("follow", run_id, "--json").out.splitlines()
    return [event for event in map(json.loads, lines) if event.get("kind") == kind]


def test_the_pack_of_a_request_is_kept_and_told(project: Project, sim: SimModel) -> None:
    _, result = agent(project, sim, "--fast")
    (event,) = told(project, result["run_id"], "context.packed")
    assert "paging.py" in str(event), event
    (stored,) = (project.root / ".journeyman" / "runs" / result["run_id"] / "context").iterdir()
    pack = stored.read_text()
    assert "1|def " in pack
    assert "\n    return len(items) // size + 1" in pack
    assert pack.splitlines()[0] in str(sim.requests[0].body)
    assert not told(project, result["run_id"], "worker.read"), "nothing was left to look for"


def test_without_packs_the_agent_looks_for_itself(project: Project, sim: SimModel) -> None:
    code, result = agent(project, sim, "--fast", JOURNEYMAN_CONTEXT__ENABLED="false")
    assert code == 0
    assert not told(project, result["run_id"], "context.packed")
    assert "paging.py" in str(told(project, result["run_id"], "worker.read"))
    assert len(sim.requests) > 1


def test_the_full_flow_plans_and_reviews(project: Project, sim: SimModel) -> None:
    code, result = agent(project, sim, "--full")
    assert code == 0
    assert [worker["phase"] for worker in result["kpi"]["workers"]] == ["PLAN", "IMPLEMENT", "REVIEW"]
    assert len(sim.requests) == 3


def test_a_failed_verify_goes_on_with_the_same_conversation(project: Project) -> None:
    with SimModel([{**TASK, "steps": [BAD, GOOD]}]) as sim:
        code, result = agent(project, sim, "--fast")
        assert (code, result["kpi"]["verification"]["retries"]) == (0, 1)
        assert len(sim.requests) == 2
        second = sim.requests[1]
        assert second.cached is not None
        assert second.prompt_tokens is not None
        assert second.cached > 0.6 * second.prompt_tokens, "the prefix holds, so the provider can cache it"
        sent = str(second.body)
        assert "AssertionError: 7" in sent, "the failure, not a log"
        (worker,) = result["kpi"]["workers"]
        assert worker["tokens_repeated"] > 0


def test_kill_9_pays_no_finished_call_again(project: Project) -> None:
    with SimModel([{**TASK, "steps": [BAD, GOOD]}]) as sim:
        env = {"OPENAI_BASE_URL": f"{sim.url}/v1", "OPENAI_API_KEY": "k"}
        flags = ("--model", "openai:sim-1", "--fast", "--output-format", "json")
        for event in (14, 18, 24, 32):
            sim.reset()
            killed = project.jm("run", SENTENCE, *flags, env=env, crash_after=event)
            assert killed.code == -9
            answer = project.jm("resume", "--output-format", "json", env=env)
            assert (answer.code, answer.json["outcome"]) == (0, "verified"), answer.err
            # A call whose answer was on the wire when the process died is the only one that may be made twice.
            assert len(sim.requests) in {2, 3}
            booked = sum(worker["calls"] for worker in answer.json["kpi"]["workers"])
            assert booked == 2


def test_budgets_end_a_run(project: Project) -> None:
    with SimModel([TASK], faults=["loop"]) as sim:
        code, result = agent(project, sim, "--fast", "--max-turns", "2")
        assert (code, result["stop_reason"]) == (124, "over-budget")
        assert len(sim.requests) == 2
        assert f"jm resume {result['run_id']} --max-turns 4" in result["next_actions"]
        env = {"OPENAI_BASE_URL": f"{sim.url}/v1", "OPENAI_API_KEY": "k"}
        again = project.jm("resume", "--output-format", "json", env=env)
        assert (again.code, again.json["stop_reason"]) == (124, "over-budget")
        assert len(sim.requests) == 2, "what an earlier segment spent counts"
        sim.set_faults()
        more = project.jm("resume", "--max-turns", "4", "--output-format", "json", env=env)
        assert (more.code, more.json["outcome"]) == (0, "verified"), more.err


def test_a_request_that_takes_too_long_ends_a_run(project: Project) -> None:
    with SimModel([TASK], faults=["hang:9"]) as sim:
        project.write({"journeyman.toml": CHECKS + "[budget]\ncall_seconds = 0.5\n"})
        project.commit("A limit")
        code, result = agent(project, sim, "--fast")
        assert (code, result["stop_reason"]) == (124, "over-budget")
        assert "did not end in 0.5 s (budget.call_seconds)" in result["stop_message"]


def test_blocked_asks_the_one_question_and_goes_on_with_the_answer(project: Project) -> None:
    blocked = {"reason": "two readings", "question": "Round up or down?", "options": ["up", "down"]}
    with SimModel([{**TASK, "blocked": blocked}]) as sim:
        code, result = agent(project, sim, "--fast")
        assert (code, result["stop_reason"], result["stop_message"]) == (
            4,
            "worker-blocked",
            "Round up or down?",
        )
        env = {"OPENAI_BASE_URL": f"{sim.url}/v1", "OPENAI_API_KEY": "k"}
        answer = project.jm("resume", "--answer", "up", "--output-format", "json", env=env)
        assert (answer.code, answer.json["outcome"], answer.json["human_touches"]) == (0, "verified", 1)


def test_a_question_that_policy_answers_is_answered_where_it_was_asked(project: Project) -> None:
    blocked = {"reason": "two readings", "question": "Round up or down?", "options": ["up", "down"]}
    with SimModel([{**TASK, "blocked": blocked, "steps": [BAD, GOOD]}]) as sim:
        code, result = agent(project, sim, "--fast", "--stop-for", "scope_violation")
        assert (code, result["outcome"], result["human_touches"]) == (0, "verified", 0), result
        asked, answered, retried = (request.body["messages"] for request in sim.requests)
        assert answered[: len(asked)] == asked
        assert str(answered).count("The answer to your question: ") == 1
        assert "Take the first option, 'up'" in str(answered)
        assert str(retried).count("The answer to your question: ") == 1


def test_trouble_that_outlasts_the_client_is_waited_out_and_no_touch(project: Project) -> None:
    patience = {"JOURNEYMAN_MODELS__PATIENCE_S": "0.1", "JOURNEYMAN_AUTONOMY__TRANSIENT_RETRIES": "2"}
    with SimModel([{**TASK, "steps": [BAD, GOOD]}], faults=["503@2x2"]) as sim:
        wait = {"JOURNEYMAN_AUTONOMY__TRANSIENT_WAIT_S": "0.2"}
        code, result = agent(project, sim, "--fast", **patience, **wait)
        assert (code, result["human_touches"]) == (0, 0), result
        troubles = decided(project, "trouble.retried")
        assert {trouble["code"] for trouble in troubles} == {"model-unreachable"}
        assert [trouble["wait_s"] for trouble in troubles] == [0.2, 0.4][: len(troubles)]
        answered = [str(request.body["messages"]) for request in sim.requests if request.status == 200]
        assert len(answered) == len(set(answered)) == 2, "no request is paid twice"


def test_a_stronger_model_starts_afresh_when_the_own_one_is_stuck(project: Project) -> None:
    header = "def pages(items, size):"
    worse = {"edits": [{"path": "paging.py", "old": header, "new": f"{header}  # hm"}], "say": "So?"}
    best = {"edits": [{"path": "paging.py", "old": "    return 7\n", "new": FIXED}], "say": "Rounded up."}
    models = '[models]\nstandard = "openai:sim-1"\nstrong = "openai:sim-2"\n'
    (project.root / "journeyman.toml").write_text(CHECKS + models)
    project.commit("two models")
    with SimModel([{**TASK, "steps": [BAD, worse, best]}]) as sim:
        env = {"OPENAI_BASE_URL": f"{sim.url}/v1", "OPENAI_API_KEY": "k"}
        answer = project.jm("run", SENTENCE, "--output-format", "json", env=env)
        assert (answer.code, answer.json["outcome"]) == (0, "verified"), answer.err
        implemented = [request for request in sim.requests if request.move == "edit"]
        assert [request.model for request in implemented] == ["sim-1", "sim-1", "sim-2"]
        fresh = implemented[2].body["messages"]
        assert [message["role"] for message in fresh].count("assistant") == 0, "a fresh conversation"
        assert "AssertionError: 7" in str(fresh)
        assert "+    return 7" in str(fresh), "what was changed so far"
        assert [rung["rung"] for rung in decided(project, "rung.taken")] == ["retry", "stronger"]


def test_a_small_task_is_fast_by_itself_and_review_comes_back_for_a_risk(project: Project) -> None:
    risky = {**STEP, "edits": [*STEP["edits"], {"path": "db.py", "write": "Q = 'SELECT a FROM b'\n"}]}
    for step, phases in ((STEP, ["IMPLEMENT"]), (risky, ["IMPLEMENT", "REVIEW"])):
        with SimModel([{**TASK, "steps": [step]}]) as sim:
            code, result = agent(project, sim)
            assert code == 0, result
            assert [worker["phase"] for worker in result["kpi"]["workers"]] == phases
            assert len(sim.requests) == len(phases)


def decided(project: Project, kind: str) -> list[dict[str, Any]]:
    found = project.jm("report", "--decisions", "--json").json
    return [decision["inputs"] for decision in found if decision["kind"] == kind]


def test_a_key_is_enough_and_the_transcript_holds_no_secret(project: Project, sim: SimModel) -> None:
    secret = "sk-" + "ant-" + "a1B2c3D4" * 4
    (project.root / "AGENTS.md").write_text(f"The key is {secret}.\n")
    project.commit("a careless repository")
    answer = project.jm(
        "run",
        SENTENCE,
        "--output-format",
        "json",
        env={"OPENAI_BASE_URL": f"{sim.url}/v1", "OPENAI_API_KEY": "k"},
    )
    assert (answer.code, answer.json["worker"]) == (0, "agent")
    transcripts = list(project.root.glob(".journeyman/runs/*/scratch/**/transcript.md"))
    assert transcripts
    for transcript in transcripts:
        assert secret not in transcript.read_text()
    assert any("[secret]" in transcript.read_text() for transcript in transcripts)


def test_doctor_asks_a_model_on_request(project: Project, sim: SimModel) -> None:
    env = {"OPENAI_BASE_URL": f"{sim.url}/v1", "OPENAI_API_KEY": "k"}
    answer = project.jm("doctor", "--model", "openai:sim-1", "--json", env=env)
    (probe,) = [probe for probe in answer.json["probes"] if probe["name"] == "model openai:sim-1"]
    assert probe["ok"]
    assert len(sim.requests) == 1


FAULTS: dict[str, tuple[str, ...]] = {
    "429:1@1": ("verified",),
    "429-bare@1x2": ("verified",),
    "429": ("model-unreachable",),
    "500@1": ("verified",),
    "500": ("model-unreachable",),
    "529@1x2": ("verified",),
    "503": ("model-unreachable",),
    "401": ("model-unauthorized",),
    "404": ("model-not-found",),
    "context": ("context-too-long",),
    "quota": ("model-quota",),
    "hang:9@1": ("verified",),
    "hang:9": ("model-unreachable",),
    "hang-mid:9@1": ("verified",),
    "cut@1": ("verified",),
    "cut-mid@1": ("verified",),
    "cut": ("model-unreachable",),
    "truncated@1": ("verified",),
    "garbage": ("model-misbehaved", "model-unreachable"),
    "wrong-tool@1": ("verified",),
    "wrong-tool": ("model-misbehaved", "model-loop"),
    "bad-arguments@1": ("verified",),
    "bad-arguments": ("model-misbehaved", "model-loop"),
    "bad-edit@1": ("verified",),
    "bad-edit": ("model-misbehaved", "model-loop", "verified"),
    "empty@1": ("verified",),
    "empty": ("model-misbehaved",),
    "refusal": ("model-refused",),
    "length@1": ("verified",),
    "length": ("model-misbehaved", "model-loop"),
    "loop": ("model-loop",),
}


@pytest.mark.parametrize("model", ["openai:sim-1", "anthropic:sim-1"])
@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_every_fault_ends_verified_or_stopped_with_its_reason(
    project: Project, fault: str, model: str
) -> None:
    with SimModel([TASK], faults=[fault]) as sim:
        before = project.fingerprint()
        code, result = agent(project, sim, "--fast", model=model)
        ended = result["stop_reason"] or result["outcome"]
        record(
            f"| `{fault}` | {model.split(':', maxsplit=1)[0]} | `{ended}` | {code} | {len(sim.requests)} |"
        )
        assert ended in FAULTS[fault], result
        waited_s = result["kpi"]["waiting"]["rate_limits_s"]
        assert waited_s > 0 if fault.startswith("429") else waited_s is not None
        assert project.fingerprint() == before
        assert project.jm("report").code == 0


def record(row: str) -> None:
    """Add a row to the table that this test generates: build/model-faults.md."""
    path = Path(__file__).parents[2] / "build" / "model-faults.md"
    path.parent.mkdir(exist_ok=True)
    if os.environ.get("JM_FAULTS_TABLE"):
        with path.open("a") as table:
            table.write(row + "\n")
