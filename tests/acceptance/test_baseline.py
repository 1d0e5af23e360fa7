"""What the base already had: waited for where it decides, and never longer."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.support.project import Project, write

# On the base the last one hangs: whoever waits for all of the baseline is there for ten minutes.
CHECKS = """
[[checks]]
name = "a-word"
run = "! grep -n BAD a.txt"

[[checks]]
name = "content"
run = "sleep 1; ! grep -rn BROKEN --include=*.txt ."

[[checks]]
name = "hangs"
run = "test -f done.txt || sleep 600"
"""


def test_only_the_base_results_that_decide_are_waited_for(tmp_path):
    files = {"a.txt": "BAD\n", "b.txt": "BROKEN\n", "journeyman.toml": CHECKS}
    project = Project(tmp_path / "project", files)
    worker = project.session([{"edits": [write("a.txt", "good\n"), write("done.txt", "1\n")]}])
    answer = project.jm("run", "Mend", "--worker", worker)
    assert answer.code == 0, answer.out + answer.err
    lines = [line.strip() for line in answer.out.splitlines()]
    assert lines[0] == "Verified: Mend (2 files, +2 −1); content fails as on the base"
    assert any(line.startswith("~ content  failed  (1 known, the base has it too)") for line in lines)
    assert "mended: a-word passes" in lines


def test_tests_none_of_which_pass_are_not_taken_for_a_proof(tmp_path):
    tests = """
[[checks]]
name = "tests"
run = "python3 -m pytest -q -p no:cacheprovider"

[[checks]]
name = "other"
run = "true"
"""
    files = {"test_a.py": "import no_such_module\n", "a.py": "A = 1\n", "journeyman.toml": tests}
    project = Project(tmp_path / "project", files)
    env = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    doctor = project.jm("doctor", env=env)
    assert doctor.code == 2
    assert "✗ check tests  fails on HEAD, where no test passes, so it proves nothing" in doctor.out
    worker = project.session([{"edits": [write("a.py", "raise SystemExit\n")]}])
    answer = project.jm("run", "Mend", "--worker", worker, env=env)
    assert answer.code == 1, answer.out + answer.err
    assert answer.out.startswith(
        "I stopped because no check passes on this tree, so nothing is proven: no test passed"
    )
    assert "the Python module no_such_module is not installed" in answer.out
    assert "hint: install what the project needs in .venv" in answer.out
    assert "attempt 2" not in answer.err, "no second attempt is paid for what no edit can bring"
