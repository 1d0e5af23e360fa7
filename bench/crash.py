"""Does a killed run end as an undisturbed one? ``python bench/crash.py``

Kills a two-milestone replay run by SIGKILL right after each of its events, then at random moments, resumes it
and compares: the verified tree, the commits, the worker's own effects. Also: how long Ctrl-C takes.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.support.jm import FRESH
from tests.support.project import Answer, Project, wait_for_line, write

CHECKS = """
[[checks]]
name = "content"
run = "! grep -rnE 'BROKEN|UNTIDY' --include=*.txt ."
fix = "sed -i s/UNTIDY/tidy/ *.txt"
tier = 0

[[checks]]
name = "names"
run = "test -f a.txt"
"""
PLAN = {"milestones": [{"title": "First"}, {"title": "Second"}]}
Facts = tuple[str, str, str]


def session(project: Project, **attempt: float) -> str:
    """Two milestones; the first attempt fails VERIFY, fixers mend a part of it, a retry the rest.

    A command leaves a mark each time it really runs.
    """
    return project.session(
        {
            "attempts": [
                {"edits": [write("c.txt", "BROKEN\n"), write("e.txt", "UNTIDY\n")]},
                {"edits": [write("c.txt", "1\n")], "run": ["echo ran >> ran.txt"], **attempt},
            ],
            "reviews": [{"verdict": "approve"}],
        },
        {
            "attempts": [{"edits": [write("d.txt", "3\n"), write("f.txt", "4\n")]}],
            "reviews": [{"verdict": "approve"}],
        },
        plan=PLAN,
    )


def facts(project: Project, answer: Answer) -> Facts:
    """What must be the same: tree, commits' subjects and trees, and that nothing ran twice."""
    result = answer.json
    commits = project.git("log", "--format=%s %T", f"{result['base_commit']}..{result['commit']}")
    return result["verified_tree"], commits, project.git("show", f"{result['commit']}:ran.txt")


def attempt(
    project: Project, worker: str, expected: Facts, *, after: int, delay_s: float | None = None
) -> str:
    """One run, killed by itself after an event or by us a moment later, and resumed: ``ok …`` or why not."""
    before = {line["run_id"] for line in project.jm("status", "--json", "--limit", "1000").json}
    arguments = ("run", "Two", "--worker", worker, "--quiet", "--output-format", "stream-json")
    if delay_s is None:
        project.start(*arguments, crash_after=after).communicate()
    else:
        process = project.start(*arguments)
        stream = process.stdout
        for _ in range(after - 1):
            if stream is None or not stream.readline():
                break
        time.sleep(delay_s)
        process.kill()
        process.communicate()
    started = [
        line
        for line in project.jm("status", "--json", "--limit", "1000").json
        if line["run_id"] not in before
    ]
    if not started:
        return "ok (killed before the run was on record)"
    if started[0]["state"] == "verified":
        return "ok (killed after its end)"
    answer = project.jm("resume", started[0]["run_id"], "--output-format", "json")
    if answer.code != 0 or "Traceback" in answer.err:
        return f"resume ended with {answer.code}: {answer.out[:300]} {answer.err[-300:]}"
    found = facts(project, answer)
    leftovers = orphans(started[0]["run_id"])
    if leftovers:
        return f"processes left: {leftovers}"
    return "ok" if found == expected else f"different: {found} instead of {expected}"


def orphans(run_id: str) -> list[int]:
    """Processes that still belong to the run."""
    needle = f"JOURNEYMAN_RUN={run_id}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if needle in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def interrupt_s(project: Project) -> float:
    """Seconds from Ctrl-C in the middle of a worker's call to the end of the process."""
    process = project.start("run", "Two", "--worker", session(project, wait_s=30))
    wait_for_line(process, b"retry")
    time.sleep(0.3)
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate()
    took = time.monotonic() - begun
    if process.returncode != 130:
        raise SystemExit(f"Ctrl-C ended with {process.returncode}")
    return took


def main() -> int:
    """Run it all; exit code 1 when anything differed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--random", type=int, default=10, help="kills at random moments")
    parser.add_argument("--step", type=int, default=1, help="try every n-th event only")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="jm-crash-") as folder:
        os.environ["HOME"] = folder
        files = {"a.txt": "alpha\n", "b.txt": "beta\n", "journeyman.toml": CHECKS}
        project = Project(Path(folder) / "project", files)
        worker = session(project)
        begun = time.monotonic()
        undisturbed = project.jm("run", "Two", "--worker", worker, "--output-format", "json", program=FRESH)
        length_s = time.monotonic() - begun
        if undisturbed.code != 0:
            raise SystemExit(f"the undisturbed run failed: {undisturbed.out}{undisturbed.err}")
        expected = facts(project, undisturbed)
        # The summary, the last line, makes up for the run's specification, which is not streamed.
        count = len(project.jm("follow", "--json").out.splitlines())
        print(f"undisturbed: {length_s:.2f} s, {count} events, tree {expected[0][:12]}")
        outcomes = [
            (f"event {number}", attempt(project, worker, expected, after=number))
            for number in range(1, count + 1, options.step)
        ]
        moments = random.Random(options.seed)
        for _ in range(options.random):
            number, delay_s = moments.randrange(2, count - 8), moments.uniform(0, 0.03)
            where = f"{delay_s * 1000:.0f} ms after event {number}"
            outcomes.append((where, attempt(project, worker, expected, after=number, delay_s=delay_s)))
        for where, outcome in outcomes:
            if outcome != "ok":
                print(f"  {where:<10} {outcome}")
        good = sum(outcome.startswith("ok") for _, outcome in outcomes)
        print(
            f"kill -9 then resume: {good} of {len(outcomes)} end in the identical tree with the same commits"
        )
        times = [interrupt_s(project) for _ in range(5)]
        print(f"Ctrl-C: median {statistics.median(times):.2f} s, worst {max(times):.2f} s of {len(times)}")
        return 0 if good == len(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
