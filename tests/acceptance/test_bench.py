"""The bench as its user runs it, on a suite of one small package that needs no registry."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from bench.simmodel import SimModel
from bench.suite.sessions import session_for
from bench.suite.tasks import read_task

ROOT = Path(__file__).parents[2]
PAGING = "def pages(items, size):\n    return -(-len(items) // size)\n"
TESTS = """
from paging import pages


def test_pages():
    assert pages([1], 2) == 1
    assert pages([], 2) == 0


def test_large():
    assert pages(range(1000), 1001) < 2
"""
TASK = """
package: paging
size: small
kind: planted bug
text: |
  Two items on pages of two make two pages, the second is empty.
plants:
  - {path: paging.py, old: "    return -(-len(items) // size)\\n", new: "    return len(items) // size + 1\\n"}
  - {path: test_paging.py, old: "    assert pages([], 2) == 0\\n", new: ""}
change:
  - {path: paging.py, old: "    return len(items) // size + 1\\n", new: "    return -(-len(items) // size)\\n"}
session:
  search: [def pages]
  slips:
    - {path: paging.py, right: "-(-len(items) // size)", wrong: "len(items) // size"}
hidden:
  path: test_hidden.py
  text: |
    from paging import pages


    def test_exactly_full():
        assert [pages(range(n), 2) for n in range(5)] == [0, 1, 1, 2, 2]
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A suite of one package and one task; its checks run in the environment of the tests.

    The archive has no tests: they are added.
    """
    folder = tmp_path / "suite"
    (folder / "tasks").mkdir(parents=True)
    source = tmp_path / "paging-1.0"
    source.mkdir()
    (source / "paging.py").write_text(PAGING)
    (folder / "added").mkdir()
    (folder / "added" / "test_paging.py").write_text(TESTS)
    archive = folder / "paging-1.0.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(source, "paging-1.0")
    packages = {
        "python_tools": [],
        "node_tools": [],
        "packages": {
            "paging": {
                "registry": "file",
                "file": archive.name,
                "version": "1.0",
                "sha256": hashlib.sha256(archive.read_bytes()).hexdigest(),
                "roots": ["."],
                "added": "added",
                "checks": {"tests": "python -m pytest -q -p no:cacheprovider"},
            }
        },
    }
    (folder / "packages.yaml").write_text(json.dumps(packages))
    (folder / "tasks" / "full-pages.yaml").write_text(TASK)
    return folder


def bench(tmp_path: Path, suite: Path, *arguments: str, **env: str) -> tuple[int, dict[str, Any], str]:
    out = tmp_path / "out"
    argv = (sys.executable, "-m", "bench.suite", *arguments, "--suite", str(suite), "--out", str(out))
    done = subprocess.run(
        argv,
        cwd=ROOT,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    file = out / "sprint-summary.json"
    return done.returncode, json.loads(file.read_text()) if file.exists() else {}, done.stdout + done.stderr


def test_profiles_are_compared_on_a_simulated_model(tmp_path: Path, suite: Path) -> None:
    code, summary, told = bench(
        tmp_path,
        suite,
        *("--profiles", "baseline,autonomy", "--time-scale", "0.001"),
    )
    assert code == 0, told
    baseline, autonomy = (summary["profiles"][name]["small"] for name in ("baseline", "autonomy"))
    for row in (baseline, autonomy):
        assert (row["verified"], row["hidden_passed"]) == (1, 1)
    assert (baseline["human_touches"], autonomy["human_touches"]) == (1, 0)
    assert (baseline["retries"], autonomy["retries"]) == (0, 1)
    assert autonomy["tvc_p50_s"] > autonomy["model_p50_s"] > 10, "model time is scaled back"
    assert summary["attribution"]["checked"] == 2
    assert summary["problems"] == []
    assert "| baseline | 1/1 | 1/1 | 1 | 0% |" in told


def test_the_same_suite_against_an_endpoint(tmp_path: Path, suite: Path) -> None:
    session = session_for(
        read_task(suite / "tasks" / "full-pages.yaml"),
        {"spread": 0.0, "reasoning_tokens": {"small": {}}},
        seed=1,
    )
    with SimModel(session) as server:
        code, summary, told = bench(
            tmp_path,
            suite,
            *("--model", "openai:sim-1", "--tasks", "small", "--limit", "5"),
            OPENAI_BASE_URL=f"{server.url}/v1",
            OPENAI_API_KEY="none",
        )
        asked = len(server.requests)
    assert code == 0, told
    assert list(summary["profiles"]) == ["all"]
    row = summary["profiles"]["all"]["small"]
    assert (row["verified"], row["hidden_passed"], row["requests"]) == (1, 1, asked)
    assert row["cost_usd"] is None, "nobody knows what this model costs"
    assert "A real model, openai:sim-1" in told


def test_a_run_that_ends_wrongly_is_named(tmp_path: Path, suite: Path) -> None:
    task = suite / "tasks" / "full-pages.yaml"
    task.write_text(TASK.replace("[0, 1, 1, 2, 2]", "[0, 1, 1, 2, 3]"))
    code, summary, told = bench(tmp_path, suite, "--profiles", "all")
    row = summary["profiles"]["all"]["small"]
    assert (code, row["verified"], row["hidden_passed"], summary["problems"]) == (1, 1, 0, [])
    wrong = "wrong: all/full-pages: verified, and fails its hidden tests; it should end verified, and pass"
    assert wrong in told


def test_what_cannot_be_run_is_told(tmp_path: Path, suite: Path) -> None:
    code, _, told = bench(tmp_path, suite, "--tasks", "huge")
    assert (code, "error: no task is of the size, the kind, the package or the name huge" in told) == (
        2,
        True,
    )
    code, _, told = bench(tmp_path, suite, "--profiles", "fastest")
    assert (code, "there is no profile 'fastest'" in told) == (2, True)
