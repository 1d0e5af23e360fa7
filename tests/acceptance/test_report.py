"""Reports, comparisons and trends of runs that were verified, stopped, killed, resumed, and of an old timeline."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.support.project import Answer, Project, write
from tests.support.timeline import RERANKED_TIMELINE, import_timeline

LABELS = ("run", "TVc", "tokens", "time", "worst", "checks", "context", "waiting", "next")
HOSTILE = 'Add <script>alert(1)</script> & "quotes" {{ 7 * 7 }}'


@dataclass
class Place:
    """One repository with a run of each fate."""

    project: Project
    home: str
    runs: dict[str, str]

    def jm(
        self, *arguments: str, env: dict[str, str] | None = None, crash_after: int | None = None
    ) -> Answer:
        answer = self.project.jm(*arguments, env={"HOME": self.home, **(env or {})}, crash_after=crash_after)
        assert "Traceback" not in answer.err, answer.err
        return answer

    def newest(self) -> str:
        return str(self.jm("status", "--json").json[0]["run_id"])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("reports")
    project = Project(folder / "project")
    (folder / "home").mkdir()
    made = Place(project, str(folder / "home"), {})
    made.runs["old"] = import_timeline(project.root)

    retried = [{"edits": [write("c.txt", "BROKEN\n")]}, {"edits": [write("c.txt", "</pre><b>\x1b[31mx\n")]}]
    assert made.jm("run", HOSTILE, "--worker", project.session(retried), "--tag", "set=a").code == 0
    made.runs["verified"] = made.newest()

    blocked = {"blocked": {"reason": "two ways", "question": "Which?", "options": ["a", "b"]}}
    assert made.jm("run", "Add d", "--worker", project.session([blocked]), "--tag", "set=b").code == 4
    made.runs["stopped"] = made.newest()
    session = project.session([{"edits": [write("poetry.lock", "d\n")]}])
    assert made.jm("run", "Lock d", "--worker", session, "--tag", "set=b").code == 3
    made.runs["resumed"] = made.newest()
    assert made.jm("resume", made.runs["resumed"], "--allow-lockfile").code == 0

    session = project.session([{"edits": [write("e.txt", "e\n")]}])
    for run in ("killed", "killed and resumed"):
        made.jm("run", f"Add e, {run}", "--worker", session, crash_after=12)
        made.runs[run] = made.newest()
    assert made.jm("resume", made.runs["killed and resumed"]).code == 0
    return made


FATES = ("verified", "stopped", "resumed", "killed", "killed and resumed", "old")
every_fate = pytest.mark.parametrize("fate", FATES)


@every_fate
def test_ten_lines_on_top_then_the_rest(place: Place, fate: str) -> None:
    answer = place.jm("report", place.runs[fate])
    assert answer.code == 0
    first, *lines = answer.out.splitlines()[:10]
    heads = {"stopped": "I stopped because", "killed": "Not finished: "}
    assert first.startswith(heads.get(fate, "Verified: "))
    assert tuple(line.split()[0] for line in lines) == LABELS
    assert answer.out.splitlines()[10] == ""
    for title in ("Phases", "Workers", "Worker calls", "Context", "Checks", "Retries", "Receipt"):
        assert f"\n{title}\n" in answer.out
    assert ("Why it stopped" in answer.out) == (fate == "stopped")
    markdown = place.jm("report", place.runs[fate], "--md").out
    assert markdown.startswith("# ")
    assert "<script>" not in markdown.replace("\\<script>", "").split("## Receipt")[0]


@every_fate
def test_phases_and_the_time_in_none_make_the_total(place: Place, fate: str) -> None:
    kpi = place.jm("report", place.runs[fate], "--json").json["kpi"]
    attributed = sum(phase["duration_s"] for phase in kpi["phases"].values())
    assert attributed + kpi["unattributed_s"] == pytest.approx(kpi["total_s"], abs=0.01)
    assert 0 <= kpi["overhead_s"] <= kpi["total_s"]
    assert kpi["human_touches"] == (fate in {"resumed", "killed and resumed", "old"})
    assert (kpi["tvc_s"] is None) == (fate in {"stopped", "killed"})


def test_an_old_timeline_is_unknown_where_it_booked_nothing(place: Place) -> None:
    kpi = place.jm("report", place.runs["old"], "--json").json["kpi"]
    assert (kpi["tvc_s"], kpi["total_s"], kpi["downtime_s"]) == (18.0, 18.3, 3600.0)
    assert kpi["waiting"] == {"people_s": 0.0, "rate_limits_s": None}
    assert (kpi["size"], kpi["escalations"], kpi["verification"]["auto_fixes"]) == (None, None, None)
    assert set(kpi["context"].values()) == {None}
    assert kpi["spend"]["tokens_repeated"] is None
    assert kpi["spend"]["prefix_cache_share"] == pytest.approx(5100 / 9700)
    assert kpi["spend"]["cost_per_verified_commit_usd"] == pytest.approx(0.03)
    assert kpi["verification"]["first_pass_rate"] == 0.0
    # PLAN's share is known by its model call: that version did not book its worker.
    assert kpi["overhead_s"] == pytest.approx(18.3 - 2.0 - 3.2 - 2.9 - 2.0 - 2.9, abs=0.2)


def test_a_timeline_with_what_is_gone_still_reads(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    other = import_timeline(project.root)
    run = import_timeline(project.root, RERANKED_TIMELINE)
    report = project.jm("report", run)
    assert (report.code, report.out.startswith("Verified: "), "rerank" in report.out) == (0, True, True)
    kpi = project.jm("report", run, "--json").json["kpi"]
    assert kpi["spend"]["calls"] == 4, "what the order cost is still counted"
    assert kpi["context"]["hit_rate"] == 1.0
    assert project.jm("compare", run, other, "--json").code == 0
    assert project.jm("metrics", "--days", "36500", "--json").json["all"]["verified"] == 2
    kinds = [json.loads(line).get("kind") for line in project.jm("follow", run, "--json").out.splitlines()]
    assert "context.packed" in kinds
    assert "context.reranked" not in kinds


def test_what_a_new_run_did_not_need_is_zero_and_its_size_is_stored(place: Place) -> None:
    kpi = place.jm("report", place.runs["verified"], "--json").json["kpi"]
    assert kpi["waiting"] == {"people_s": 0.0, "rate_limits_s": 0}
    assert (kpi["size"], kpi["verification"]["auto_fixes"], kpi["escalations"]) == ("small", 0, 0)
    assert [tier["tier"] for tier in kpi["verification"]["tiers"]] == [0, 1]
    assert kpi["spend"]["calls"] is None
    resumed = place.jm("report", place.runs["resumed"], "--json").json["kpi"]
    assert resumed["waiting"]["people_s"] == resumed["downtime_s"] > 0


class Page(HTMLParser):
    """The tags of a page and their attributes; the text outside the style sheet."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._styling = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._styling = tag == "style"

    def handle_data(self, data: str) -> None:
        if not self._styling:
            self.words.append(data)


def checked_page(text: str) -> Page:
    """Nothing that asks for anything else, nothing that runs, every bar reachable and named."""
    page = Page(text)
    tags = {tag for tag, _ in page.tags}
    assert not tags & {
        "script",
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "video",
        "audio",
        "svg",
        "form",
        "b-",
    }
    names = {name for _, attributes in page.tags for name in attributes}
    assert not {name for name in names if name.startswith("on")}
    assert not names & {"src", "href", "srcset", "action", "data", "poster"}
    assert "@import" not in text
    assert "url(" not in text
    bars = [attributes for _, attributes in page.tags if (attributes.get("class") or "").startswith("bar ")]
    assert all(bar["tabindex"] == "0" and bar["aria-label"] for bar in bars)
    return page


@every_fate
def test_the_page_is_whole_and_asks_for_nothing(place: Place, fate: str, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    answer = place.jm("report", place.runs[fate], "--html", str(file))
    assert (answer.code, answer.out.strip()) == (0, str(file))
    page = checked_page(file.read_text())
    words = "".join(page.words)
    assert place.runs[fate] in words
    assert "What happened when" in words
    assert "\x1b" not in file.read_text()
    if fate == "verified":
        assert HOSTILE in words
        assert "</pre><b>\\x1b[31mx" in words, "the diff is shown, and means nothing"
        assert not [tag for tag, _ in page.tags if tag == "script"]
    assert place.jm("report", place.runs[fate], "--html", "-").out == file.read_text()


def test_where_the_page_goes(place: Place, tmp_path: Path) -> None:
    run = place.runs["verified"]
    path = Path(place.jm("report", run, "--html").out.strip())
    assert path.parts[-4:-1] == (".journeyman", "runs", run)
    assert path.read_text().startswith("<!doctype html>")
    assert place.jm("report", "--html", str(tmp_path / "x.html")).out.strip() == str(tmp_path / "x.html")
    assert place.jm("report", run, "--html", str(tmp_path)).code == 2
    assert place.jm("report", run, "x.html").code == 2
    assert place.jm("report", run, "--html", "--json").code == 2
    assert place.jm("report", run, "--html", "/proc/none/x.html").code == 2


@pytest.mark.parametrize(("a", "b"), list(itertools.pairwise((*FATES, FATES[0]))))
def test_any_two_runs_can_be_compared(place: Place, a: str, b: str) -> None:
    answer = place.jm("compare", place.runs[a], place.runs[b], "--json")
    assert answer.code == 0
    found = answer.json
    assert (found["a"]["runs"], found["b"]["runs"]) == ([place.runs[a]], [place.runs[b]])
    figures: dict[str, dict[str, Any]] = {figure["name"]: figure for figure in found["figures"]}
    for side in ("a", "b"):
        kpi = found[side]["kpi"]
        assert figures["tvc_s"][side] == kpi["tvc_s"]
        assert figures["waiting.rate_limits_s"][side] == kpi["waiting"]["rate_limits_s"]
    for figure in figures.values():
        known = figure["a"] is not None and figure["b"] is not None
        assert (figure["delta"] is not None) == known
        assert figure["worse"] == (figure["name"] in found["worse"])
    text = place.jm("compare", place.runs[a], place.runs[b]).out
    assert text.startswith(f"A  {place.runs[a]}\nB  {place.runs[b]}\n")
    assert "time A" in text


def test_groups_are_compared_by_their_medians(place: Place) -> None:
    groups = ("--group", "tag=set=a", "--group", "tag=set=b,outcome=verified")
    found = place.jm("compare", *groups, "--json").json
    assert (found["a"]["runs"], found["b"]["runs"]) == ([place.runs["verified"]], [place.runs["resumed"]])
    assert place.jm("compare", *groups, "--since", "1d").code == 0
    assert place.jm("compare", *groups, "--since", "2999-01-01").code == 2
    old = place.jm("compare", "--group", "tag=old", "--group", "worker=agent", "--json").json
    assert not old["worse"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("compare",),
        ("compare", "latest"),
        ("compare", "latest", "nothing"),
        ("compare", "latest", "latest", "--since", "1d"),
        ("compare", "latest", "latest", "--group", "tag=a"),
        ("compare", "--group", "tag=set=a"),
        ("compare", "--group", "tga=a", "--group", "tag=set=a"),
        ("compare", "--group", "tag=none", "--group", "tag=set=a"),
        ("compare", "--group", "tag=set=a", "--group", "tag=set=a", "--since", "yesterday"),
        ("metrics", "--days", "0"),
        ("metrics", "x.html"),
        ("metrics", "--html", "--json"),
    ],
)
def test_what_cannot_be_compared_is_said(place: Place, arguments: tuple[str, ...]) -> None:
    answer = place.jm(*arguments)
    assert answer.code == 2
    if "--json" in arguments:
        assert answer.json["stop_reason"] == "usage"
    else:
        assert (answer.out, answer.err.startswith("error: ")) == ("", True)


def test_trends(place: Place, tmp_path: Path) -> None:
    found = place.jm("metrics", "--json").json
    every = found["all"]
    assert (every["runs"], every["ended"], every["verified"]) == (5, 4, 3), "the old run is no longer recent"
    assert every["zero_touch_rate"] == 0.25
    assert found["stop_reasons"] == {"worker-blocked": 1}
    assert {group["name"] for group in found["by_size"]} == {"small", "unknown"}
    long = place.jm("metrics", "--days", "36500", "--json").json
    assert (long["all"]["runs"], long["all"]["cost_usd"], long["all"]["cost_known"]) == (6, 0.03, 1)
    assert "worker-blocked" in place.jm("metrics").out
    file = tmp_path / "metrics.html"
    assert place.jm("metrics", "--html", str(file)).out.strip() == str(file)
    checked_page(file.read_text())
