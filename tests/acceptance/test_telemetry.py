"""A run as a trace and metrics, received over real OTLP/HTTP."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from bench.simmodel import SimModel
from tests.acceptance.test_agent import BAD, FILES, FIXED, GOOD, SENTENCE, TASK
from tests.support.collector import Collector, attributes
from tests.support.project import Project, write


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project", FILES)


def test_a_run_is_a_trace_with_its_calls_and_checks(project: Project) -> None:
    with Collector() as collector, SimModel([{**TASK, "steps": [BAD, GOOD]}]) as sim:
        env = {
            "OPENAI_BASE_URL": f"{sim.url}/v1",
            "OPENAI_API_KEY": "k",
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_SERVICE_NAME": "ours",
        }
        answer = project.jm(
            "run", SENTENCE, "--fast", "--model", "openai:sim-1", "--output-format", "json", env=env
        )
        assert answer.code == 0, answer.err
        assert "telemetry" not in answer.err
        spans = {span.span_id: span for span in collector.spans}
    assert len({span.trace_id for span in spans.values()}) == 1
    (root,) = [span for span in spans.values() if not span.parent_span_id]
    assert root.name == "journeyman.run"
    assert attributes(root)["journeyman.run.outcome"] == "verified"
    assert attributes(root)["journeyman.run.id"] == answer.json["run_id"]
    calls = [span for span in spans.values() if span.name == "chat sim-1"]
    assert [spans[call.parent_span_id].name for call in calls] == ["phase IMPLEMENT"] * 2
    booked = attributes(calls[0])
    assert (booked["gen_ai.request.model"], booked["gen_ai.provider.name"]) == ("sim-1", "openai")
    total = sum(attributes(call)["gen_ai.usage.input_tokens"] for call in calls)
    (worker,) = answer.json["kpi"]["workers"]
    assert total == worker["tokens_in"]
    checks = [span for span in spans.values() if span.name in {"check tests", "check style"}]
    assert len(checks) == 4
    assert {spans[check.parent_span_id].name for check in checks} == {"phase VERIFY"}
    assert [span.status.code for span in checks if span.name == "check tests"] == [2, 0]
    for span in spans.values():
        assert root.start_time_unix_nano <= span.start_time_unix_nano <= span.end_time_unix_nano
    resource = collector.traces[0].resource_spans[0].resource
    assert attributes(resource)["service.name"] == "ours"
    figures = collector.figures()
    assert figures["journeyman.run.tvc"][0].sum == pytest.approx(answer.json["kpi"]["tvc_s"])
    assert sum(point.sum for point in figures["gen_ai.client.token.usage"]) == pytest.approx(
        worker["tokens_in"] + worker["tokens_out"]
    )


def test_segments_are_one_trace_and_no_span_comes_twice(project: Project) -> None:
    fixed = FILES["paging.py"].replace("    return len(items) // size + 1\n", FIXED)
    worker = project.session([{"edits": [write("paging.py", fixed), write("poetry.lock", "d\n")]}])
    with Collector() as collector:
        env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_METRICS_EXPORTER": "none"}
        assert project.jm("run", "Add gamma", "--worker", worker, env=env).code == 3
        assert project.jm("resume", "--allow-lockfile", env=env).code == 0
        ids = [span.span_id for span in collector.spans]
        assert len(ids) == len(set(ids))
        assert len(collector.traces) == 2
        assert len({span.trace_id for span in collector.spans}) == 1
        assert collector.metrics == []
        roots = [span for span in collector.spans if span.name.startswith("journeyman.run")]
        assert [root.name for root in roots] == ["journeyman.run", "journeyman.run resumed"]
        assert roots[1].parent_span_id == roots[0].span_id


@pytest.mark.parametrize("trouble", ["refuses", "nobody there", "never answers", "no address"])
def test_no_collector_fails_or_holds_up_a_run(project: Project, trouble: str) -> None:
    worker = project.session([{"edits": [write("paging.py", "def pages(items, size):\n    return 1\n")]}])
    gone = threading.Event()
    with Collector(
        400 if trouble == "refuses" else 200, gone if trouble == "never answers" else None
    ) as collector:
        url = {"nobody there": "http://127.0.0.1:9", "no address": "nonsense"}.get(trouble, collector.url)
        answer = project.jm("run", "One page", "--worker", worker, env={"OTEL_EXPORTER_OTLP_ENDPOINT": url})
        gone.set()
    assert answer.code == 0, answer.err
    assert answer.out.startswith("Verified: One page")
    assert "note: telemetry was not sent: " in answer.err
    assert "Traceback" not in answer.err


@pytest.mark.parametrize(
    "env",
    [
        {},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_SDK_DISABLED": "true"},
        {
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
            "OTEL_TRACES_EXPORTER": "none",
            "OTEL_METRICS_EXPORTER": "console",
        },
    ],
)
def test_without_a_collector_nothing_of_it_is_loaded(project: Project, env: dict[str, str]) -> None:
    worker = project.session([{"edits": [write("paging.py", "def pages(items, size):\n    return 1\n")]}])
    answer = project.jm("run", "One page", "--worker", worker, env={**env, "PYTHONPROFILEIMPORTTIME": "1"})
    assert answer.code == 0
    assert "journeyman.bootstrap" in answer.err
    assert "journeyman.telemetry" not in answer.err
    assert "opentelemetry.sdk" not in answer.err
