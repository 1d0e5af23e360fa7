"""``python -m bench.suite``: run the suite under profiles, or ``--check`` that its tasks are fair."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from bench.suite.packages import BenchError, Pantry, default_cache, load_shelf
from bench.suite.profiles import COMPARED, PROFILES, Profile
from bench.suite.runs import RealModel, RunFigures, Simulation, run_task
from bench.suite.selfcheck import problems_of
from bench.suite.sessions import load_volumes
from bench.suite.summary import markdown, summarise
from bench.suite.tasks import SuiteTask, choose, load_tasks
from journeyman.domain.errors import JourneymanError

SUITE = Path(__file__).parent
_ACCESS = ("_API_KEY", "_AUTH_TOKEN", "_BASE_URL", "_HOST")
"""How the names of variables end by which a provider is reached."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 1 when a run or a task is not as it must be, 2 for what was asked wrongly."""
    options = _options(arguments)
    try:
        tasks = _chosen(options)
        shelf = load_shelf(options.suite / "packages.yaml")
        pantry = Pantry(options.cache or default_cache(os.environ), shelf)
        _say(f"packages and tools in {pantry.folder}")
        pantry.get_ready([shelf.packages[name] for name in sorted({task.package for task in tasks})])
        if options.check:
            return _check(tasks, pantry, options.jobs)
        return _bench(tasks, pantry, options)
    except JourneymanError as error:
        _say(f"error: {error.message}")
    except BenchError as error:
        _say(f"error: {error}")
    return 2


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.suite", description=__doc__)
    parser.add_argument(
        "--profiles", help="comma-separated; default: all that differ, with a real model: all"
    )
    parser.add_argument("--tasks", default="", help="sizes, kinds, packages or names, comma-separated")
    parser.add_argument("--limit", type=int, help="only so many tasks")
    parser.add_argument("--jobs", type=int, default=1, help="runs at the same time")
    parser.add_argument("--seed", type=int, default=1, help="of the spread of reasoning tokens")
    parser.add_argument("--time-scale", type=float, default=0.01, help="of the simulated model's time")
    parser.add_argument("--model", help="a real model, PROVIDER:NAME, in place of the simulated one")
    parser.add_argument("--out", type=Path, help="folder for sprint-summary.md and .json")
    parser.add_argument("--note", action="append", default=[], help="a line for the header")
    parser.add_argument("--cache", type=Path, help="where packages and tools are kept")
    parser.add_argument("--suite", type=Path, default=SUITE, help="folder of packages.yaml and tasks/")
    parser.add_argument("--check", action="store_true", help="run nothing; prove that the tasks are fair")
    options = parser.parse_args(arguments)
    options.profiles = options.profiles or ("all" if options.model else ",".join(COMPARED))
    unknown = [name for name in _listed(options.profiles) if name not in PROFILES]
    if unknown:
        parser.error(f"there is no profile {unknown[0]!r}; known: {', '.join(PROFILES)}")
    if (
        options.jobs < 1
        or not 0 < options.time_scale <= 1
        or (options.limit is not None and options.limit < 1)
    ):
        parser.error("--jobs and --limit are at least 1, --time-scale is above 0 and at most 1")
    return options


def _chosen(options: argparse.Namespace) -> tuple[SuiteTask, ...]:
    tasks = choose(load_tasks(options.suite / "tasks"), _listed(options.tasks), options.limit)
    if not tasks:
        raise BenchError(f"no task is of the size, the kind, the package or the name {options.tasks}")
    return tasks


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _check(tasks: tuple[SuiteTask, ...], pantry: Pantry, jobs: int) -> int:
    def look(task: SuiteTask) -> tuple[SuiteTask, list[str]]:
        return task, problems_of(task, pantry.shelf.packages[task.package], pantry)

    bad = 0
    with ThreadPoolExecutor(jobs) as pool:
        for task, problems in pool.map(look, tasks):
            print(f"{'bad ' if problems else 'fair'}  {task.name}")
            for problem in problems:
                print(f"      {problem}")
            bad += bool(problems)
    print(f"{len(tasks) - bad} of {len(tasks)} tasks are fair")
    return 1 if bad else 0


def _bench(tasks: tuple[SuiteTask, ...], pantry: Pantry, options: argparse.Namespace) -> int:
    profiles = [PROFILES[name] for name in _listed(options.profiles)]
    volumes = load_volumes()
    model: Simulation | RealModel = Simulation(volumes, options.time_scale, options.seed)
    if options.model:
        access = {name: value for name, value in os.environ.items() if name.endswith(_ACCESS)}
        model = RealModel(options.model, access)
    began = time.monotonic()
    runs = _run_all(tasks, profiles, pantry, model, options.jobs)
    summary = summarise(runs, {"notes": _notes(options, model, len(tasks), time.monotonic() - began)})
    text = markdown(summary)
    print(text)
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "sprint-summary.md").write_text(text, "utf-8")
        (options.out / "sprint-summary.json").write_text(json.dumps(summary, indent=1) + "\n", "utf-8")
    found = complaints(runs, real=bool(options.model))
    for complaint in found:
        _say(complaint)
    return 1 if found else 0


def complaints(runs: Sequence[RunFigures], *, real: bool) -> list[str]:
    """Why the bench does not exit with 0. What a real model does not manage is only a figure."""
    found = [f"problem: {run.profile}/{run.task}: {problem}" for run in runs for problem in run.problems]
    wrong = [run for run in runs if not run.right and not real]
    return found + [
        f"wrong: {run.profile}/{run.task}: {run.ended}; it should end {run.should}" for run in wrong
    ]


def _run_all(
    tasks: tuple[SuiteTask, ...],
    profiles: list[Profile],
    pantry: Pantry,
    model: Simulation | RealModel,
    jobs: int,
) -> list[RunFigures]:
    """Every task under every profile; the results in the order of the profiles."""
    wanted = [(task, profile) for profile in profiles for task in tasks]
    results: dict[tuple[str, str], RunFigures] = {}
    with ThreadPoolExecutor(jobs) as pool:
        waiting = [
            pool.submit(run_task, task, pantry.shelf.packages[task.package], pantry, profile, model)
            for task, profile in wanted
        ]
        for count, future in enumerate(as_completed(waiting), start=1):
            run = future.result()
            results[run.profile, run.task] = run
            _say(f"[{count}/{len(wanted)}] {_line(run)}")
    return [results[profile.name, task.name] for task, profile in wanted]


def _line(run: RunFigures) -> str:
    right = "right" if run.right else "NOT AS IT SHOULD"
    tvc = "-" if run.tvc_s is None else f"{run.tvc_s:.0f} s"
    return f"{run.profile:<10} {run.task:<34} {run.ended}  {right}  TVc {tvc}  touches {run.touches}"


def _notes(
    options: argparse.Namespace, model: Simulation | RealModel, count: int, seconds: float
) -> list[str]:
    """What a reader must know to read the figures."""
    if isinstance(model, RealModel):
        what = [f"A real model, {model.name}: seconds, tokens and cost are what it took and said."]
    else:
        pace = f"{model.first_token_s:g} s to the first token and {model.tokens_per_s:g} tokens/s"
        what = [
            "**A simulated model**, which knows every change beforehand, slips in some first attempts, and",
            "thinks as much as published medians say: this shows what Journeyman adds, not how well a model",
            f"works. Its time is simulated: {pace}, run at {model.time_scale:g} of that and scaled",
            "back. Checks and overhead are real seconds on this machine. Cost is simulated, at the prices in",
            "[volumes.yaml](../bench/suite/volumes.yaml). What can and cannot be read from it:",
            "[bench/suite](../bench/suite/README.md).",
        ]
    settings = (
        f"{count} tasks, {options.profiles.replace(',', ', ')}; --jobs {options.jobs} --seed {options.seed};"
        f" {os.cpu_count()} cores; {seconds / 60:.1f} minutes."
    )
    return [*what, "", settings, *options.note]


if __name__ == "__main__":
    sys.exit(main())
