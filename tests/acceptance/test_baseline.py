"""What the base already had: waited for where it decides, and never longer."""

from __future__ import annotations

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
