"""The reference pages are complete, and what the documentation names exists: commands, flags, files."""

from __future__ import annotations

import dataclasses
import json
import re
import shlex
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
import typer

from journeyman.cli.main import app
from journeyman.config import leaves, worker_types
from journeyman.domain import checks, events, plan, scope, settings, stops, task, worker
from journeyman.domain.folds import kpi
from journeyman.domain.run import RunSpec
from journeyman.engine.examine import Probe
from journeyman.engine.proving import Proof
from journeyman.models.providers import CHAT_PROVIDERS
from journeyman.report import compare, metrics
from journeyman.report.overview import RunLine
from journeyman.report.summary import Milestones, RunSummary

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
REGISTRY = re.compile(r"https?://[^\s)>]*(?:pypi|npmjs|crates\.io|proxy\.golang|pythonhosted)[^\s)>]*")


def rows(page: str) -> dict[str, str]:
    """Table rows by each name in backquotes in their first cell."""
    found: dict[str, str] = {}
    for line in (REFERENCE / page).read_text().splitlines():
        if line.startswith("|"):
            first = line.split("|")[1]
            found |= dict.fromkeys(re.findall(r"`([^`]+)`", first) or [first.strip()], line)
    return found


def section(page: str, heading: str) -> str:
    """The text below a heading, down to the next one of its level or a higher one."""
    text = (REFERENCE / page).read_text()
    level = heading.split(" ", 1)[0]
    match = re.search(
        rf"^{re.escape(heading)}$\n(.*?)(?=^#{{1,{len(level)}}} |\Z)", text, re.MULTILINE | re.DOTALL
    )
    assert match, f"{page} has no section {heading!r}"
    return match[1]


def named(text: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", text))


def fields(kind: Any) -> list[str]:
    return [field.name for field in dataclasses.fields(kind)]


# Stop reasons


@pytest.mark.parametrize("reason", stops.STOP_REASONS.values(), ids=lambda reason: reason.code)
def test_stop_reason_is_described(reason: stops.StopReason) -> None:
    row = rows("stop-reasons.md").get(reason.code, "")
    assert f"| {reason.exit_code} |" in row
    assert f"| {reason.because} |" in row


@pytest.mark.parametrize("family", stops.Family)
def test_exit_code_is_described(family: stops.Family) -> None:
    assert f"| {stops.EXIT_CODES[family]} | {family.value} |" in section("stop-reasons.md", "## Exit codes")


# Events


@pytest.mark.parametrize(("kind", "event"), events.EVENT_TYPES.items())
def test_event_is_described(kind: str, event: type) -> None:
    row = rows("events.md").get(kind, "")
    assert row, f"{kind} has no row"
    assert set(fields(event)) <= named(row.split("|", 3)[3])


def test_events_page_names_no_other() -> None:
    described = {kind for kind in rows("events.md") if re.fullmatch(r"[a-z]+\.[a-z]+", kind)}
    assert described == set(events.EVENT_TYPES)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("spec", RunSpec),
        ("task", task.Task),
        ("check", checks.Check),
        ("result", checks.CheckResult),
        ("failure", checks.Failure),
        ("violation", scope.Violation),
        ("plan", plan.Plan),
        ("milestone", plan.Milestone),
        ("review", plan.Review),
        ("finding", plan.Finding),
        ("question", plan.Question),
        ("usage", worker.Usage),
    ],
)
def test_event_value_is_described(value: str, kind: type) -> None:
    assert set(fields(kind)) <= named(rows("events.md")[value])


# Configuration


def default_as_toml(value: object) -> str:
    if value is None:
        return "none"
    return f"`{json.dumps(list(value) if isinstance(value, tuple) else value)}`"


@pytest.mark.parametrize(("name", "value"), list(leaves(settings.Settings())))
def test_setting_is_described_with_its_default(name: str, value: object) -> None:
    if name == "checks":
        section("configuration.md", "## `[[checks]]`")
    elif name == "workers":
        section("configuration.md", "## `[workers.NAME]`")
    else:
        row = rows("configuration.md").get(name, "")
        assert f"| {default_as_toml(value)} |" in row


@pytest.mark.parametrize(
    ("heading", "kind"),
    [("## `[[checks]]`", checks.Check), ("## `[workers.NAME]`", settings.WorkerSettings)],
)
def test_table_is_described_with_its_defaults(heading: str, kind: Any) -> None:
    text = section("configuration.md", heading)
    for field in dataclasses.fields(kind):
        missing = field.default is dataclasses.MISSING
        default = "required" if missing else default_as_toml(field.default)
        assert f"| `{field.name}` | {default} |" in text


@pytest.mark.parametrize(
    "choices",
    [checks.Requirement, scope.LockfilePolicy, settings.SandboxMode],
    ids=lambda choices: choices.__name__,
)
def test_choices_are_described(choices: type[Enum]) -> None:
    text = (REFERENCE / "configuration.md").read_text()
    assert all(f'`"{choice.value}"`' in text for choice in choices)


def test_kinds_of_worker_are_described() -> None:
    text = (REFERENCE / "configuration.md").read_text()
    assert [kind for kind in worker_types() if f'`"{kind}"`' not in text] == []


@pytest.mark.parametrize("pattern", scope.ALWAYS_PROTECTED)
def test_protected_path_is_described(pattern: str) -> None:
    name = pattern.removeprefix("/").removeprefix("**/")
    assert f"`{name}`" in section("configuration.md", "### Protected paths")


@pytest.mark.parametrize("key", task.TASK_KEYS)
def test_task_key_is_described(key: str) -> None:
    text = (ROOT / "docs" / "how-to" / "write-a-task.md").read_text()
    names = [f"{key}.{inner}" for inner in task.SCOPE_KEYS] if key == "scope" else [key]
    assert all(f"| `{name}` |" in text for name in names)


# Output


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("## Summary", RunSummary),
        ("## Summary", Milestones),
        ("## KPI", kpi.Kpi),
        ("## KPI", kpi.PhaseKpi),
        ("## KPI", kpi.WorkerKpi),
        ("## KPI", kpi.WaitingKpi),
        ("### KPI: spend", kpi.SpendKpi),
        ("### KPI: verification", kpi.VerificationKpi),
        ("### KPI: verification", kpi.TierKpi),
        ("### KPI: context", kpi.ContextKpi),
        ("## Comparison", compare.Compared),
        ("## Trends", metrics.Metrics),
        ("## Trends", metrics.Group),
        ("## Run line", RunLine),
        ("## Probe", Probe),
    ],
)
def test_output_is_described(heading: str, kind: type) -> None:
    assert set(fields(kind)) <= named(section("output.md", heading))


def test_proof_is_described() -> None:
    result = checks.CheckResult("lint", "t", checks.CheckStatus.PASSED, 0, 0.1)
    found = Proof("c", "t", True, True, "", (result,), ()).as_json()
    assert {*found, *found["checks"][0]} <= named(section("output.md", "## Proof"))


@pytest.mark.parametrize(
    "figure", kpi.figures(kpi.Kpi(None, None, None, None, None, 0, None)), ids=lambda f: f.name
)
def test_figure_is_described(figure: kpi.Figure) -> None:
    """Names such as ``spend.cost_usd``: the last part stands in its section."""
    part, _, last = figure.name.rpartition(".")
    text = section(
        "output.md", f"### KPI: {part}" if part in {"spend", "verification", "context"} else "## KPI"
    )
    assert last in named(text)


# The command line


def commands() -> dict[str, set[str]]:
    """Every command's name with all its flags."""
    found: dict[str, set[str]] = {}

    def collect(name: str, command: Any) -> None:
        inner = getattr(command, "commands", None)
        if inner is None:
            found[name] = {flag for one in command.params for flag in one.opts if flag.startswith("-")}
        for word, one in (inner or {}).items():
            collect(f"{name} {word}", one)

    collect("jm", typer.main.get_command(app))
    return found


COMMANDS = commands()


@pytest.mark.parametrize("name", COMMANDS)
def test_command_is_described(name: str) -> None:
    text = (REFERENCE / "cli.md").read_text()
    heading = re.search(rf"^## `{name}(?: [^`]*)?`$", text, re.MULTILINE)
    assert heading, f"cli.md has no section on {name}"
    described = {word for flag in named(section("cli.md", heading[0])) for word in flag.split()}
    assert described >= COMMANDS[name]


def quoted_commands(page: Path) -> list[str]:
    """What the page says to type: ``jm …`` in backquotes, or at the start of a line in a code block."""
    text = page.read_text()
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    quoted = re.findall(r"(?<!`)`(jm [^`\n]+)`", text)
    return [line for line in [*lines, *quoted] if re.match(r"jm [a-z-]", line)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_quoted_commands_exist(page: Path) -> None:
    for line in quoted_commands(page):
        words = shlex.split(line.split("  #")[0].split("#")[0].replace("'", "’"))
        name = next((" ".join(words[:n]) for n in (3, 2) if " ".join(words[:n]) in COMMANDS), None)
        flags = {word for word in words if word.startswith("-") and word != "-"}
        if flags <= {"--help", "--version"}:
            flags = set()
        assert name or words[1] in {"--help", "--version", "COMMAND"}, f"{line!r}: no such command"
        assert not name or flags <= COMMANDS[name], f"{line!r}: no such flag"


# Links


def anchors(page: Path) -> set[str]:
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_resolve(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        linked = (page.parent / name).resolve() if name else page
        assert linked.exists(), f"{target} does not exist"
        assert not anchor or anchor in anchors(linked), f"{target}: no such heading"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_registry_is_addressed(page: Path) -> None:
    assert REGISTRY.findall(page.read_text()) == []


def test_every_provider_is_listed_with_its_key_and_address():
    page = (ROOT / "docs" / "how-to" / "choose-a-worker.md").read_text()
    for row in CHAT_PROVIDERS.values():
        keys = ", ".join(f"`{name}`" for name in row.key_variables)
        assert f"| `{row.name}` | {keys} | `{row.base_url}` |" in page
