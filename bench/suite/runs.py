"""One run: a fresh repository, Journeyman in a cold process, the hidden tests afterwards, the figures."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.simmodel import SimModel
from bench.suite.attribution import ALLOWED_S, attribute, differences
from bench.suite.packages import BenchError, Package, Pantry, clean_environment
from bench.suite.profiles import Profile
from bench.suite.repositories import check_out, make_repository, run_hidden
from bench.suite.sessions import session_for
from bench.suite.tasks import SuiteTask

MAX_TOUCHES = 3
"""How often the bench, in place of a person, lets a run that failed go on."""
RESUMED = frozenset({"verify-failed", "nothing-proven", "review-rejected"})
_TIMEOUT_S = 1800


@dataclass
class RunFigures:
    """What one run came to. Unknown figures are ``None``."""

    task: str
    size: str
    profile: str
    doable: bool
    expected: str | None
    outcome: str | None = None
    stop_reason: str | None = None
    hidden: bool | None = None
    touches: int = 0
    tvc_s: float | None = None
    total_s: float | None = None
    model_s: float | None = None
    verify_s: float | None = None
    overhead_s: float | None = None
    wall_s: float | None = None
    requests: int | None = None
    tokens_in: int | None = None
    tokens_cached: int | None = None
    tokens_out: int | None = None
    cost_usd: float | None = None
    retries: int | None = None
    attribution_s: float | None = None
    """By how much the figures of time and the timeline differ at most."""
    problems: list[str] = field(default_factory=list)

    @property
    def verified(self) -> bool:
        """Whether it ended in a verified commit."""
        return self.outcome == "verified"

    @property
    def right(self) -> bool:
        """Whether it ended as it should."""
        return self.verified and self.hidden is True if self.doable else self.stop_reason == self.expected

    @property
    def ended(self) -> str:
        """How it ended, in a word or two."""
        if not self.verified:
            return self.stop_reason or "without a result"
        return "verified" if self.hidden is not False else "verified, and fails its hidden tests"

    @property
    def should(self) -> str:
        """How it had to end."""
        return "verified, and pass its hidden tests" if self.doable else str(self.expected)

    def as_json(self) -> dict[str, Any]:
        """For the report."""
        return asdict(self)


@dataclass(frozen=True)
class Simulation:
    """The simulated model's pace, and how much quicker than it the bench runs."""

    volumes: Mapping[str, Any]
    time_scale: float
    seed: int

    @property
    def first_token_s(self) -> float:
        return float(self.volumes["model"]["first_token_s"])

    @property
    def tokens_per_s(self) -> float:
        return float(self.volumes["model"]["tokens_per_s"])


@dataclass(frozen=True)
class RealModel:
    """A provider's model by Journeyman's name for it, and the variables that hold its address and key."""

    name: str
    environ: Mapping[str, str]


def run_task(
    task: SuiteTask, package: Package, pantry: Pantry, profile: Profile, model: Simulation | RealModel
) -> RunFigures:
    """Work the task once under the profile."""
    figures = RunFigures(task.name, task.size.value, profile.name, task.doable, task.expect)
    folder = Path(tempfile.mkdtemp(prefix="jm-suite-"))
    try:
        root = folder / "repository"
        make_repository(task, package, pantry, root)
        if isinstance(model, RealModel):
            env = _environment(folder, profile, model.environ)
            _work(task, root, env, profile, model.name, figures)
        else:
            _simulated(task, root, folder, profile, model, figures)
        if task.doable and figures.verified:
            _judge(task, package, pantry, root, folder, figures)
    except (BenchError, OSError, subprocess.SubprocessError) as error:
        figures.problems.append(str(error))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return figures


def _simulated(
    task: SuiteTask, root: Path, folder: Path, profile: Profile, model: Simulation, figures: RunFigures
) -> None:
    server = SimModel(
        session_for(task, dict(model.volumes), model.seed),
        ttft_s=model.first_token_s,
        tokens_per_s=model.tokens_per_s,
        time_scale=model.time_scale,
    )
    with server:
        access = {"OPENAI_BASE_URL": f"{server.url}/v1", "OPENAI_API_KEY": "none"}
        _work(task, root, _environment(folder, profile, access), profile, "openai:sim-1", figures)
        answered = [request for request in server.requests if request.completion_tokens is not None]
    nominal_s = sum(
        model.first_token_s + (request.completion_tokens or 0) / model.tokens_per_s for request in answered
    )
    # Time that the model would have taken takes the place of the time that it was made to take.
    added_s = nominal_s * (1 - model.time_scale)
    figures.model_s = nominal_s
    for name in ("tvc_s", "total_s", "wall_s"):
        measured = getattr(figures, name)
        setattr(figures, name, None if measured is None else measured + added_s)
    if figures.requests is not None and figures.requests != len(answered):
        figures.problems.append(f"{figures.requests} requests told, {len(answered)} answered")
    figures.cost_usd = _price(figures, model.volumes["usd_per_million"])


def _price(figures: RunFigures, prices: Mapping[str, float]) -> float | None:
    if figures.tokens_in is None or figures.tokens_out is None:
        return None
    cached = figures.tokens_cached or 0
    spent = (figures.tokens_in - cached) * prices["tokens_in"] + cached * prices["tokens_cached"]
    return (spent + figures.tokens_out * prices["tokens_out"]) / 1e6


def _environment(folder: Path, profile: Profile, access: Mapping[str, str]) -> dict[str, str]:
    """A user's: an empty HOME, the model's address and key, the profile's settings."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    return {**clean_environment(), "HOME": str(home), "LANG": "C.UTF-8", **access, **profile.environ}


def _work(
    task: SuiteTask, root: Path, env: dict[str, str], profile: Profile, model: str, figures: RunFigures
) -> None:
    """``jm run``, and ``jm resume`` as long as a person would."""
    text = task.text
    if text.startswith("---"):
        file = root.parent / "task.md"
        file.write_text(text, "utf-8")
        text = str(file)
    began = time.monotonic()
    answer = _jm(profile, root, env, "run", text, "--model", model, *profile.flags)
    while (
        task.doable and answer.get("stop_reason") in RESUMED and answer.get("human_touches", 0) < MAX_TOUCHES
    ):
        answer = _jm(profile, root, env, "resume", answer["run_id"])
    figures.wall_s = time.monotonic() - began
    if "problem" in answer:
        figures.problems.append(answer["problem"])
        return
    _read(answer, figures)
    _attribute(answer, root, env, figures)


def _jm(profile: Profile, root: Path, env: dict[str, str], *arguments: str) -> dict[str, Any]:
    argv = (sys.executable, *profile.program, *arguments, "--quiet", "--output-format", "json")
    try:
        done = subprocess.run(
            argv,
            cwd=root,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"problem": f"jm {arguments[0]} did not end within {_TIMEOUT_S} s"}
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        return {"problem": f"jm {arguments[0]}: exit code {done.returncode}: {done.stderr.strip()[-600:]}"}
    return answer


def _read(answer: Mapping[str, Any], figures: RunFigures) -> None:
    """The figures that Journeyman told."""
    kpi = answer["kpi"]
    figures.outcome, figures.stop_reason = answer["outcome"], answer["stop_reason"]
    figures.touches = answer["human_touches"]
    figures.tvc_s, figures.total_s = kpi["tvc_s"], kpi["total_s"]
    figures.overhead_s, verification = kpi["overhead_s"], kpi["verification"] or {}
    figures.verify_s, figures.retries = verification.get("wall_s"), verification.get("retries")
    workers = kpi["workers"]
    figures.requests = sum(worker["calls"] for worker in workers)
    for name, key in (
        ("tokens_in", "tokens_in"),
        ("tokens_cached", "tokens_cached"),
        ("tokens_out", "tokens_out"),
        ("cost_usd", "cost_usd"),
        ("model_s", "latency_s"),
    ):
        setattr(figures, name, _total([worker[key] for worker in workers]))


def _attribute(answer: Mapping[str, Any], root: Path, env: dict[str, str], figures: RunFigures) -> None:
    """All time is somewhere: the timeline tells the same as the figures, to 10 ms."""
    kpi = answer["kpi"]
    if kpi["total_s"] is None or kpi["unattributed_s"] is None or figures.wall_s is None:
        figures.problems.append("the total or the unattributed time is unknown")
        return
    argv = (sys.executable, "-m", "journeyman", "follow", answer["run_id"], "--json")
    # Its exit code is the run's own.
    told = subprocess.run(argv, cwd=root, env=env, capture_output=True, text=True, check=False).stdout
    try:
        seen = attribute([event for line in told.splitlines() if "clock_s" in (event := json.loads(line))])
    except ValueError as error:
        figures.problems.append(str(error))
        return
    apart = differences(kpi, seen, figures.wall_s)
    figures.attribution_s = max(apart.values())
    if figures.attribution_s > ALLOWED_S:
        worst = max(apart, key=apart.__getitem__)
        figures.problems.append(f"{worst}: told and seen are {figures.attribution_s:.3f} s apart")


def _total(values: list[Any]) -> Any:  # noqa: ANN401 - whole numbers or not, as they come
    """The sum; ``None`` when any is unknown. Nothing spent is nothing."""
    return None if any(value is None for value in values) else sum(values)


def _judge(
    task: SuiteTask, package: Package, pantry: Pantry, root: Path, folder: Path, figures: RunFigures
) -> None:
    branches = subprocess.run(
        ("git", "for-each-ref", "--format=%(objectname)", "refs/heads/journeyman/"),
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    check_out(root, branches[0], folder / "judged")
    figures.hidden = run_hidden(task, package, pantry, folder / "judged").passed
