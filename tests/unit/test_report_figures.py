"""Statistics, comparisons, groups, the waterfall and the page's parts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.bootstrap.runs import measures_of
from journeyman.domain.errors import JourneymanError
from journeyman.domain.events import (
    CheckFinished,
    CheckStarted,
    ContextPacked,
    Measure,
    Outcome,
    PhaseFinished,
    PhaseStarted,
    Role,
    RunFinished,
    RunResumed,
    SnapshotMade,
    WorkerRead,
    WorkerSpent,
    WorkerWaited,
)
from journeyman.domain.folds.kpi import Kpi, PhaseKpi, SpendKpi, WaitingKpi, compute_kpi
from journeyman.domain.folds.samples import Contrast, contrast, quantile
from journeyman.domain.folds.spans import SpanKind, spans_of
from journeyman.domain.phases import Phase
from journeyman.domain.settings import Settings, WorkerSettings, WorkerType
from journeyman.domain.worker import Usage
from journeyman.report.compare import Side, compare, compare_lines
from journeyman.report.details import tables
from journeyman.report.diff import MAX_LINES, read_diff
from journeyman.report.glance import BAR_WIDTH, bar
from journeyman.report.groups import in_group, parse_group, parse_since, run_facts
from journeyman.report.metrics import RunFigures, metrics, metrics_lines
from journeyman.report.page import report_page
from journeyman.report.summary import summarize
from journeyman.report.waterfall import waterfall
from journeyman.telemetry import own_share
from tests.support.timeline import STARTED, timeline
from tests.unit.test_domain_kpi import EVENTS, OTHER_EVENTS, PHASE_EVENTS, result

KPI = Kpi(10.0, 12.0, 1.0, 0.0, 2.0, 0, "verified", {"VERIFY": PhaseKpi(6.0, 1), "PLAN": PhaseKpi(3.0, 1)})


# Statistics


@pytest.mark.parametrize(
    ("values", "share", "found"),
    [([], 0.5, None), ([4], 0.9, 4), ([1, 2, 3, 4], 0.5, 2.5), ([4, 1, 3, 2], 1.0, 4), ([0, 10], 0.9, 9)],
)
def test_quantile(values: list[float], share: float, found: float | None) -> None:
    assert quantile(values, share) == found


def test_a_contrast_is_sure_of_what_is_far_apart_and_not_of_what_overlaps() -> None:
    slow, fast = [10.0, 11, 12, 10.5, 11.5], [5.0, 6, 5.5, 6.5, 5.2]
    sure = contrast(slow, fast)
    assert (sure.median_a, sure.median_b, sure.delta) == (11, 5.5, -5.5)
    assert sure.certain
    assert sure.delta_interval is not None
    assert sure.delta_interval.low <= -5.5 <= sure.delta_interval.high < 0
    assert sure.ratio_interval is not None
    assert sure.ratio_interval.low <= 0.5 <= sure.ratio_interval.high
    assert sure == contrast(slow, fast), "the same runs, the same interval"
    assert not contrast(slow, [10.2, 11.1, 12.3, 10.4, 11.6]).certain


def test_a_contrast_of_few_or_none() -> None:
    assert contrast([], [1.0]) == Contrast(None, 1.0, None, None)
    few = contrast([1.0, 2.0], [3.0, 4.0, 5.0])
    assert (few.delta, few.delta_interval, few.certain) == (2.5, None, False)
    assert contrast([0.0], [1.0]).ratio is None
    assert contrast([0.0, 0, 1], [1.0, 1, 1]).ratio_interval is None


# Comparison


@pytest.mark.parametrize(
    ("change", "worse"),
    [
        ({"tvc_s": 12.0}, set()),
        ({"tvc_s": 12.1}, {"tvc_s"}),
        ({"tvc_s": 5.0}, set()),
        ({"tvc_s": None}, set()),
        ({"human_touches": 1}, {"human_touches"}),
        (
            {"spend": SpendKpi(prefix_cache_share=0.2, tokens_in=150)},
            {"spend.prefix_cache_share", "spend.tokens_in"},
        ),
        ({"waiting": WaitingKpi(0.0, 0.04)}, set()),
        ({"waiting": WaitingKpi(0.0, 4.0)}, {"waiting.rate_limits_s"}),
    ],
)
def test_what_got_worse_by_over_a_fifth_is_marked(change: dict[str, object], worse: set[str]) -> None:
    before = replace(KPI, spend=SpendKpi(prefix_cache_share=0.5, tokens_in=100), waiting=WaitingKpi(0.0, 0.0))
    after = replace(before, **change)  # type: ignore[arg-type]
    comparison = compare(Side("a", ("a",), (before,)), Side("b", ("b",), (after,)))
    assert {figure.name for figure in comparison.figures if figure.worse} == worse
    assert ("← worse" in "\n".join(compare_lines(comparison))) == bool(worse)


def test_a_phase_that_one_side_lacks_has_no_ratio() -> None:
    other = replace(KPI, phases={"VERIFY": PhaseKpi(6.0, 1)})
    comparison = compare(Side("a", ("a",), (KPI,)), Side("b", ("b",), (other,)))
    (plan,) = [figure for figure in comparison.figures if figure.name == "phases.PLAN.duration_s"]
    assert (plan.a, plan.b, plan.delta, plan.ratio, plan.worse) == (3.0, None, None, None, False)


def test_groups_say_how_sure_they_are() -> None:
    slow = tuple(replace(KPI, tvc_s=10.0 + number / 10) for number in range(6))
    fast = tuple(replace(KPI, tvc_s=5.0 + number / 10) for number in range(6))
    names = tuple("abcdef")
    lines = compare_lines(compare(Side("tag=a", names, slow), Side("tag=b", names, fast)))
    assert lines[-1].startswith("B is 5.00 s faster to a verified commit, and that is no accident")
    same = compare_lines(compare(Side("tag=a", names, slow), Side("tag=b", names, slow)))
    assert "may be an accident" in same[-1]


# Groups


@pytest.mark.parametrize(
    ("text", "wanted"), [("tag=a", {"tag": "a"}), ("tag=k=v,size=small", {"tag": "k=v", "size": "small"})]
)
def test_group(text: str, wanted: dict[str, str]) -> None:
    assert parse_group(text) == wanted


@pytest.mark.parametrize("text", ["", "tag", "tag=", "=a", "tga=a", "tag=a,", "tag=a,b"])
def test_no_group(text: str) -> None:
    with pytest.raises(JourneymanError, match="a group is KEY=VALUE"):
        parse_group(text)


def test_membership() -> None:
    facts = run_facts("r", timeline(replace(STARTED, tags=("a", "b")), RunFinished(Outcome.VERIFIED)))
    assert facts is not None
    assert in_group(facts, {"tag": "b", "worker": "replay", "size": "unknown", "outcome": "verified"})
    assert not in_group(facts, {"tag": "c"})
    assert run_facts("r", ()) is None


@pytest.mark.parametrize(
    ("text", "since"), [("2h", 92_800), ("1d", 13_600), ("1970-01-01T00:01:40+00:00", 100)]
)
def test_since(text: str, since: float) -> None:
    assert parse_since(text, 100_000) == since


@pytest.mark.parametrize("text", ["", "soon", "3", "d", "1y", "99999999d", "2026-13-01"])
def test_no_since(text: str) -> None:
    with pytest.raises(JourneymanError, match="neither a date"):
        parse_since(text, 0)


# Trends


def test_trends_keep_size_classes_apart_and_old_runs_out() -> None:
    def run(
        name: str, at: float, size: str | None, outcome: str | None = "verified", **more: object
    ) -> RunFigures:
        kpi = replace(KPI, size=size, outcome=outcome, **more)  # type: ignore[arg-type]
        return RunFigures(name, at, outcome, "no-progress" if outcome == "stopped" else None, kpi)

    now = 50 * 86_400.0
    runs = [
        run("old", now - 40 * 86_400, "small", tvc_s=1000.0),
        run("a", now - 100, "small", tvc_s=10.0, spend=SpendKpi(cost_usd=0.5)),
        run("b", now - 90, "small", tvc_s=20.0, human_touches=1),
        run("c", now - 80, "medium", "stopped", tvc_s=None),
        run("d", now - 70, None, None, tvc_s=None),
    ]
    found = metrics(runs, now, 30)
    sizes = {group.name: group for group in found.by_size}
    assert list(sizes) == ["small", "medium", "unknown"]
    assert (sizes["small"].tvc_p50_s, sizes["small"].tvc_p90_s) == (15.0, 19.0)
    assert (sizes["small"].zero_touch_rate, sizes["medium"].verified_rate) == (0.5, 0.0)
    assert (sizes["unknown"].ended, sizes["unknown"].zero_touch_rate) == (0, None)
    assert (found.all.cost_usd, found.all.cost_known) == (0.5, 1)
    assert found.stop_reasons == {"no-progress": 1}
    assert any("$0.5000 of 1" in line for line in metrics_lines(found))
    assert metrics_lines(metrics([], now, 7)) == ("no run began in the last 7 days",)


# The bar, the waterfall, the page


@given(st.lists(st.floats(0, 50), min_size=0, max_size=7), st.floats(0.001, 500))
def test_the_bar_is_always_as_wide(lengths: list[float], rest: float) -> None:
    phases = {phase.value: PhaseKpi(length, 1) for phase, length in zip(Phase, lengths, strict=False)}
    assert len(bar(replace(KPI, phases=phases, total_s=sum(lengths) + rest))) == BAR_WIDTH


@given(st.lists(st.tuples(st.floats(0, 100), PHASE_EVENTS | OTHER_EVENTS), max_size=40))
def test_lanes_hold_bars_that_do_not_overlap(steps: list[tuple[float, object]]) -> None:
    clock, placed = 0.0, []
    for passed, payload in steps:
        clock += passed
        placed.append((clock, payload))
    events = timeline(*placed)  # type: ignore[arg-type]
    found = waterfall(events)
    for lane in found.lanes:
        reached = 0.0
        for one in lane.bars:
            assert one.left >= reached - 0.01
            assert 0 <= one.width <= 100
            reached = one.left + one.width
        assert reached <= 100.01
    for span in spans_of(events):
        assert 0 <= span.begin_s <= span.end_s <= clock
    page = report_page(summarize("r", events), events, b"\xff\x00 no patch\n")
    assert "\x00" not in page


def test_spans_tell_what_ran_waited_and_was_cut_off() -> None:
    events = timeline(
        (0.0, STARTED),
        (1.0, PhaseStarted(Phase.IMPLEMENT, 1, 1)),
        (4.0, WorkerWaited("w", Phase.IMPLEMENT, 2.0, "429")),
        (5.0, WorkerSpent("w", Phase.IMPLEMENT, Usage("p:m", 10, 4, 2, None, 1.0))),
        (6.0, PhaseFinished(Phase.IMPLEMENT, 1, 1)),
        (7.0, PhaseStarted(Phase.VERIFY, 1, 1)),
        (7.0, CheckStarted("lint", "t", Role.VERIFY)),
        (7.0, CheckStarted("lint", "b", Role.BASELINE)),
        (8.0, CheckFinished(result("lint"), Role.VERIFY)),
        (9.0, RunFinished(Outcome.STOPPED, stop_code="interrupted")),
        (9.0, RunResumed(1, segment=1)),
        (10.0, PhaseFinished(Phase.VERIFY, 1, 1)),
    )
    found = {(span.kind, span.name): (span.begin_s, span.end_s, span.cut_off) for span in spans_of(events)}
    assert found == {
        (SpanKind.WAIT, "wait"): (2.0, 4.0, False),
        (SpanKind.CALL, "p:m"): (4.0, 5.0, False),
        (SpanKind.PHASE, "IMPLEMENT"): (1.0, 6.0, False),
        (SpanKind.CHECK, "lint"): (7.0, 8.0, False),
        (SpanKind.BASELINE, "lint"): (7.0, 8.0, True),
        (SpanKind.PHASE, "VERIFY"): (7.0, 10.0, False),
    }


def test_each_process_sends_what_none_sent_before() -> None:
    stop = RunFinished(Outcome.STOPPED, stop_code="worker-blocked")
    resumed = RunResumed(1, segment=2)
    first = timeline(STARTED, stop)
    assert own_share(first) == first
    both = timeline(STARTED, stop, resumed, STARTED, resumed, stop)
    assert own_share(both) == both[2:], "also what a process did that was killed in between"


def test_diff() -> None:
    patch = (
        b"diff --git a/a b.py b/a b.py\n--- a/a b.py\n+++ b/a b.py\n@@ -1 +1 @@\n-x\n+\xff\n"
        b"diff --git a/n b/n\nnew file mode 100644\n"
    )
    one, two = read_diff(patch).files
    assert (one.path, one.added, one.removed) == ("a b.py", 1, 1)
    assert [line.style for line in one.lines] == ["hunk", "hunk", "hunk", "removed", "added"]
    assert (two.path, len(two.lines)) == ("n", 1)
    assert read_diff(None).files == read_diff(b"").files == ()
    assert read_diff(b"x\n" * (MAX_LINES + 7)).left_out == 7


def test_a_page_of_a_run_that_never_began() -> None:
    assert "What happened when" in report_page(summarize("r", ()), (), None)
    assert compute_kpi(()).total_s is None
    assert "VERIFY" in report_page(summarize("r", EVENTS), EVENTS, None)


def test_context_is_told_pack_by_pack() -> None:
    pack = ContextPacked(Phase.IMPLEMENT, 1, 1, 900, ("a", "b"), 0.2, 0.1, "x")
    read = WorkerRead("agent", Phase.IMPLEMENT, ("a", "e"))
    events = timeline(STARTED, pack, read, SnapshotMade(1, 1, "c", "t", "r", ("a", "e"), 3, 1))
    (context,) = [table for table in tables(summarize("r", events), events) if table.title == "Context"]
    assert [row[0] for row in context.rows[1:]] == ["pack for IMPLEMENT", "IMPLEMENT"]
    assert [row[-1] for row in context.rows[1:]] == ["changed: a", "read beyond: e"]


@pytest.mark.parametrize(
    ("workers", "known"),
    [(("agent", "autofix"), True), (("agent", "claude_code"), False), (("mine",), False)],
)
def test_waits_of_programs_are_not_booked(workers: tuple[str, ...], known: bool) -> None:
    settings = Settings(workers={"mine": WorkerSettings(WorkerType.COMMAND)})
    assert (Measure.WAITS in measures_of(settings, workers)) == known
