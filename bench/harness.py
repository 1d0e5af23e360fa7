"""The same bug, the same simulated model, several harnesses.

``python bench/harness.py --package humanize-4.9.0.tar.gz``, the source distribution.

humanize 4.9.0 with one planted bug. A model server on loopback plays the same model for all; each harness
works in a fresh clone under an empty HOME. Told: model requests, prompt tokens in all and uncached, wall
seconds; medians. Journeyman ends in a verified commit; the others in edited files, whose tests are then run
to see that they pass. A peer whose program is not found is left out, and that is said.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.simmodel import SimModel

FILE = "src/humanize/filesize.py"
RIGHT = "    if abs_bytes < base and not gnu:\n"
WRONG = "    if abs_bytes <= base and not gnu:\n"
TASK = (
    "humanize.naturalsize(1000) returns '1000 Bytes' instead of '1.0 kB', and naturalsize(1024, binary=True)"
    " likewise. Fix naturalsize so that tests/test_filesize.py passes."
)
SESSION = {
    "tasks": [
        {
            "match": "naturalsize",
            "steps": [
                {"edits": [{"path": FILE, "old": WRONG, "new": RIGHT}], "say": "Fixed the comparison."}
            ],
            "needs": [FILE],
            "search": ["def naturalsize"],
            "tests": "python -m pytest -q tests/test_filesize.py",
        }
    ]
}


@dataclass
class Figures:
    """What one harness cost, run by run."""

    wall_s: list[float] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)
    uncached: list[int] = field(default_factory=list)
    overhead_s: list[float] = field(default_factory=list)
    tvc_s: list[float] = field(default_factory=list)
    good: int = 0


@dataclass(frozen=True)
class Bench:
    """Where things are."""

    folder: Path
    origin: Path
    venv: Path
    programs: dict[str, str]


def prepare(folder: Path, package: Path, venv: Path | None) -> tuple[Path, Path]:
    """The repository with its bug, and an environment with what its tests need."""
    with tarfile.open(package) as archive:
        archive.extractall(folder / "unpacked", filter="data")
    origin = next((folder / "unpacked").iterdir())
    source = origin / FILE
    text = source.read_text()
    if text.count(RIGHT) != 1:
        raise SystemExit(f"{FILE} is not the one this bench knows")
    source.write_text(text.replace(RIGHT, WRONG))
    (origin / ".gitignore").write_text(".venv/\n__pycache__/\n*.egg-info/\n.pytest_cache/\n.coverage*\n")
    identity = ("-c", "user.name=Bench", "-c", "user.email=bench@localhost")
    for command in (
        ("init", "-q", "-b", "main"),
        ("add", "-A"),
        (*identity, "commit", "-qm", "humanize 4.9.0"),
    ):
        subprocess.run(("git", *command), cwd=origin, check=True)
    if venv is None:
        venv = folder / "venv"
        subprocess.run((sys.executable, "-m", "venv", venv), check=True)
        install = (venv / "bin" / "pip", "install", "-q", "pytest", "freezegun", "pytest-cov")
        subprocess.run(install, check=True)
        version = {**os.environ, "SETUPTOOLS_SCM_PRETEND_VERSION": "4.9.0"}
        subprocess.run((venv / "bin" / "pip", "install", "-q", "-e", origin), check=True, env=version)
    return origin, venv


def clone(bench: Bench) -> tuple[Path, dict[str, str]]:
    """A fresh clone and a fresh HOME, as an environment."""
    place = Path(tempfile.mkdtemp(dir=bench.folder))
    subprocess.run(("git", "clone", "-q", bench.origin, place / "repo"), check=True)
    (place / "repo" / ".venv").symlink_to(bench.venv)
    (place / "home").mkdir()
    path = os.pathsep.join((str(bench.venv / "bin"), os.environ["PATH"]))
    env = {"HOME": str(place / "home"), "PATH": path, "LANG": "C.UTF-8", "TERM": "dumb"}
    return place / "repo", env


Command = Callable[[Bench, Path, dict[str, str], str], list[str]]


def journeyman(_bench: Bench, _repo: Path, env: dict[str, str], url: str) -> list[str]:
    env |= {"OPENAI_BASE_URL": f"{url}/v1", "OPENAI_API_KEY": "none"}
    flags = ["--model", "openai:sim-1", "--fast", "--output-format", "json"]
    return [sys.executable, "-m", "journeyman", "run", TASK, *flags]


def codex(bench: Bench, _repo: Path, env: dict[str, str], url: str) -> list[str]:
    config = Path(env["HOME"]) / ".codex"
    config.mkdir()
    (config / "config.toml").write_text(
        'model = "sim-1"\nmodel_provider = "sim"\n[model_providers.sim]\nname = "sim"\n'
        f'base_url = "{url}/v1"\n'
        'wire_api = "responses"\nenv_key = "SIM_KEY"\n'
    )
    env["SIM_KEY"] = "none"
    flags = ["--json", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox"]
    return [bench.programs["codex"], "exec", *flags, TASK]


def claude(bench: Bench, _repo: Path, env: dict[str, str], url: str) -> list[str]:
    env |= {
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": "none",
        "IS_SANDBOX": "1",
        "DISABLE_TELEMETRY": "1",
        "DISABLE_AUTOUPDATER": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    }
    flags = ["--bare", "--model", "sim-1", "--output-format", "stream-json", "--verbose"]
    return [bench.programs["claude"], "-p", TASK, *flags, "--dangerously-skip-permissions"]


def aider(bench: Bench, _repo: Path, env: dict[str, str], url: str) -> list[str]:
    env |= {"OPENAI_API_BASE": f"{url}/v1", "OPENAI_API_KEY": "none", "AIDER_ANALYTICS": "false"}
    flags = ["--model", "openai/sim-1", "--yes-always", "--no-check-update", "--no-show-release-notes"]
    quiet = ["--no-show-model-warnings", "--no-gitignore", "--no-stream", "--no-pretty"]
    return [bench.programs["aider"], *flags, *quiet, "--message", TASK]


HARNESSES: dict[str, Command] = {"journeyman": journeyman, "codex": codex, "claude": claude, "aider": aider}


def one_run(bench: Bench, name: str, server: SimModel, figures: Figures) -> None:
    """One fresh clone, one run, booked."""
    repo, env = clone(bench)
    server.reset()
    argv = HARNESSES[name](bench, repo, env, server.url)
    begun = time.perf_counter()
    done = subprocess.run(
        argv, cwd=repo, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=300, check=False
    )
    figures.wall_s.append(time.perf_counter() - begun)
    made = [request for request in server.requests if request.prompt_tokens is not None]
    figures.requests.append(len(made))
    figures.tokens.append(sum(request.prompt_tokens or 0 for request in made))
    figures.uncached.append(sum((request.prompt_tokens or 0) - (request.cached or 0) for request in made))
    tree = repo
    if name == "journeyman":
        result: dict[str, Any] = json.loads(done.stdout)
        if result["outcome"] != "verified":
            raise SystemExit(f"journeyman: {result['stop_message']}\n{done.stderr.decode()[-2000:]}")
        kpi = result["kpi"]
        figures.tvc_s.append(kpi["tvc_s"])
        model_s = sum(worker["latency_s"] or 0 for worker in kpi["workers"])
        figures.overhead_s.append(figures.wall_s[-1] - model_s - kpi["verification"]["wall_s"])
        subprocess.run(("git", "checkout", "-q", result["commit"]), cwd=repo, check=True)
    tests = subprocess.run(
        (bench.venv / "bin" / "python", "-m", "pytest", "-q", "tests/test_filesize.py"),
        cwd=tree,
        env={**env, "PYTHONPATH": str(tree / "src")},
        capture_output=True,
        check=False,
    )
    figures.good += tests.returncode == 0
    shutil.rmtree(repo.parent, ignore_errors=True)


def table(title: str, results: dict[str, Figures], runs: int) -> None:
    """The medians, a row a harness."""
    heads = ("requests", "tokens in", "uncached", "wall s", "overhead s", "TVc s", "tests pass")
    print(f"\n{title}: medians of {runs}")
    print(f"{'harness':<12}" + "".join(f"{head:>12}" for head in heads))
    for name, figures in results.items():
        cells = [
            *(
                f"{statistics.median(counts):,.0f}"
                for counts in (figures.requests, figures.tokens, figures.uncached)
            ),
            *(
                f"{statistics.median(times):.2f}" if times else "-"
                for times in (figures.wall_s, figures.overhead_s, figures.tvc_s)
            ),
            f"{figures.good}/{runs}",
        ]
        print(f"{name:<12}" + "".join(f"{cell:>12}" for cell in cells))


def main() -> int:
    """Print a table at zero latency and one at 1 s to the first token and 80 tokens/s."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--package", type=Path, required=True, help="humanize-4.9.0.tar.gz, from pip download"
    )
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument(
        "--venv", type=Path, help="an environment with pytest, freezegun and humanize's needs"
    )
    for name in ("codex", "claude", "aider"):
        parser.add_argument(f"--{name}", default=shutil.which(name), help=f"the {name} program")
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    programs = {
        name: getattr(options, name) for name in ("codex", "claude", "aider") if getattr(options, name)
    }
    for name in ("codex", "claude", "aider"):
        if name not in programs:
            print(f"{name}: not found, left out (--{name} PROGRAM)")
    with tempfile.TemporaryDirectory(prefix="jm-harness-", ignore_cleanup_errors=True) as name:
        origin, venv = prepare(Path(name), options.package, options.venv)
        bench = Bench(Path(name), origin, venv, programs)
        for title, ttft_s, rate in (
            ("zero latency", 0.0, None),
            ("1 s to first token, 80 tokens/s", 1.0, 80.0),
        ):
            results: dict[str, Figures] = {}
            for harness in ("journeyman", *programs):
                figures = results[harness] = Figures()
                server = SimModel(SESSION, ttft_s=ttft_s, tokens_per_s=rate or 0)
                server.start()
                try:
                    for _ in range(options.runs):
                        one_run(bench, harness, server, figures)
                finally:
                    server.stop()
            table(title, results, options.runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
