"""Does every run end, whatever the model does? ``python bench/chaos.py [--runs 200] [--seed 1]``

Runs of the built-in agent against a simulated model that fails at random: rate limits, outages, hangs,
answers cut short, garbage, refusals, edits that do not apply, wrong fixes. Looked at for each run: it ends
verified or stopped with a registered reason; it takes no more rungs than ``autonomy.max_auto_iterations``; no
two requests that the model answered are the same; every snapshot stands under a ref; the user's checkout is
as it was.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.simmodel import SimModel
from journeyman.domain.stops import STOP_REASONS
from tests.support.project import Project

MOST_RUNGS = 5
CODE = "def pages(items, size):\n    return len(items) // size + 1\n"
OLD, FIXED = "    return len(items) // size + 1\n", "    return -(-len(items) // size)\n"
CHECKS = """
[[checks]]
name = "tests"
run = "python3 -c 'from paging import pages; assert pages([1, 2], 2) == 1, pages([1, 2], 2)'"
[[checks]]
name = "style"
run = "! grep -n TODO paging.py"
fix = "sed -i '/TODO/d' paging.py"
"""
TASK = "`pages` counts one page too many when the items fill the last one"
FAULTS = (
    "429:0.2", "429-bare", "500", "503", "529", "hang:0.6", "hang-mid:0.6", "cut", "cut-mid", "truncated",
    "garbage", "wrong-tool", "bad-arguments", "bad-edit", "empty", "refusal", "length", "loop", "context",
    "quota", "401",
)  # fmt: skip
WRONG = (
    "    return 7\n",
    "    return len(items)\n",
    "    return len(items) // size  # TODO\n",
    "    raise KeyError(size)\n",
)
PATIENCE = {
    "JOURNEYMAN_MODELS__PATIENCE_S": "1",
    "JOURNEYMAN_MODELS__SILENCE_S": "0.4",
    "JOURNEYMAN_AUTONOMY__TRANSIENT_WAIT_S": "0.1",
    "JOURNEYMAN_AUTONOMY__TRANSIENT_RETRIES": "2",
    "JOURNEYMAN_AUTONOMY__MAX_AUTO_ITERATIONS": str(MOST_RUNGS),
}


@dataclass
class Tally:
    """What the runs came to."""

    ends: Counter[str] = field(default_factory=Counter)
    rungs: Counter[int] = field(default_factory=Counter)
    faulty: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)


def steps(chance: random.Random) -> list[dict[str, Any]]:
    """What the model tries: up to four wrong fixes, and mostly a right one in the end."""
    wrong = chance.sample(WRONG, chance.choice((0, 0, 1, 2, 4)))
    texts = [*wrong, *([FIXED] if chance.random() < 0.8 else [])] or [FIXED]
    olds = [OLD, *texts[:-1]]
    return [
        {"say": "So.", "edits": [{"path": "paging.py", "old": old, "new": new}]}
        for old, new in zip(olds, texts, strict=True)
    ]


def faults(chance: random.Random) -> list[str]:
    """None, some single ones, or one that lasts for a while or for ever."""
    found = []
    for _ in range(chance.choice((0, 1, 1, 2, 3))):
        length = chance.choice(("", "", "x2", "x3", "+"))
        found.append(f"{chance.choice(FAULTS)}@{chance.randint(1, 6)}{length}")
    return found


def one_run(project: Project, chance: random.Random, number: int, tally: Tally) -> None:
    """One task against one moody model."""
    planned, review = faults(chance), chance.choice(("approve", "approve", "request_changes"))
    error = {"message": "Not like this.", "severity": "error", "path": "paging.py"}
    task = {
        "match": "pages",
        "steps": steps(chance),
        "needs": ["paging.py"],
        "search": ["def pages"],
        "review": {"verdict": review, "summary": "so", "findings": [error] if review != "approve" else []},
    }
    flags = [chance.choice(("--fast", "--full", "--quiet")), "--output-format", "json", "--minutes", "2"]
    before = project.fingerprint()
    with SimModel([task], faults=planned) as sim:
        env = {"OPENAI_BASE_URL": f"{sim.url}/v1", "OPENAI_API_KEY": "k", **PATIENCE}
        models = {"JOURNEYMAN_MODELS__STANDARD": "openai:sim-1", "JOURNEYMAN_MODELS__STRONG": "openai:sim-2"}
        answer = project.jm("run", TASK, *flags, env={**env, **models})
        answered = [
            hashlib.sha256(json.dumps(request.body, sort_keys=True).encode()).hexdigest()
            for request in sim.requests
            if request.status == 200 and request.fault is None
        ]
    problems = judge(project, answer.code, answer.out, answer.err, answered, tally)
    if project.fingerprint() != before:
        problems.append("the user's checkout was touched")
    tally.faulty.update(fault.split("@")[0].split(":")[0] for fault in planned)
    tally.broken += [f"run {number} ({', '.join(planned) or 'no fault'}): {problem}" for problem in problems]


def judge(project: Project, code: int, out: str, err: str, answered: list[str], tally: Tally) -> list[str]:
    """What is wrong with the run."""
    problems = []
    try:
        result = json.loads(out)
    except ValueError:
        return [f"no result, exit code {code}: {err[-400:]}"]
    tally.ends[result["stop_reason"] or result["outcome"]] += 1
    if "Traceback" in err or result["stop_reason"] == "internal-error":
        problems.append(f"a bug: {err[-400:]} {result['stop_message']}")
    if result["outcome"] not in {"verified", "stopped"}:
        problems.append(f"it did not end: {result['outcome']}")
    if result["stop_reason"] is not None and result["stop_reason"] not in STOP_REASONS:
        problems.append(f"unregistered reason {result['stop_reason']}")
    decided = project.jm("report", result["run_id"], "--decisions", "--json").json
    rungs = sum(decision["kind"] == "rung.taken" for decision in decided)
    tally.rungs[rungs] += 1
    if rungs > MOST_RUNGS:
        problems.append(f"{rungs} rungs")
    if len(answered) != len(set(answered)):
        problems.append(f"{len(answered) - len(set(answered))} identical requests were answered twice")
    return problems + lost_work(project, result)


def lost_work(project: Project, result: dict[str, Any]) -> list[str]:
    """Snapshots on the timeline that no ref has, and a checkpoint that is not what was verified."""
    lines = project.jm("follow", result["run_id"], "--json").out.splitlines()
    events = [json.loads(line) for line in lines]
    kinds = {"snapshot.made", "work.rescued"}
    made = [event["data"]["commit"] for event in events if event["kind"] in kinds]
    refs = project.git(
        "for-each-ref", "--format=%(objectname)", f"refs/journeyman/{result['run_id']}"
    ).split()
    lost = [commit for commit in made if commit not in refs]
    problems = [f"a snapshot is under no ref: {commit[:12]}" for commit in lost]
    if (
        result["commit"]
        and project.git("rev-parse", f"{result['commit']}^{{tree}}") != result["verified_tree"]
    ):
        problems.append("the checkpoint is not the verified tree")
    return problems


def main() -> int:
    """Run them all; exit code 1 when any run broke a promise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    tally, begun = Tally(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="jm-chaos-") as folder:
        os.environ["HOME"] = folder
        project = Project(Path(folder) / "project", {"paging.py": CODE, "journeyman.toml": CHECKS})
        for number in range(options.runs):
            one_run(project, random.Random(f"{options.seed}/{number}"), number, tally)
    print(f"{options.runs} runs, seed {options.seed}, {time.monotonic() - begun:.0f} s")
    for name, count in tally.ends.most_common():
        print(f"  {name:<22} {count:>4}")
    shown = ", ".join(f"{rungs}: {count}" for rungs, count in sorted(tally.rungs.items()))
    print(f"rungs taken (of {MOST_RUNGS}): {shown}")
    print(f"faults: {', '.join(f'{name} {count}' for name, count in sorted(tally.faulty.items()))}")
    for problem in tally.broken:
        print(f"  BROKEN {problem}")
    print(f"runs that broke a promise: {len(tally.broken)}")
    return 1 if tally.broken else 0


if __name__ == "__main__":
    sys.exit(main())
