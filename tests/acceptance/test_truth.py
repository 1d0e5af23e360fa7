"""What "Verified" rests on: real tools in small repositories, each with its right outcome."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.project import Project, write

TOOLS = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
CALC = "def add(a, b):\n    return a + b\n"
UNIT = (
    "import unittest\nfrom calc import add\n\n\nclass T(unittest.TestCase):\n"
    "    def test_a(self):\n        self.assertEqual(add(1, 2), 3)\n\n"
    "    def test_b(self):\n        self.assertEqual(add(2, 2), 4)\n"
)
UNITTEST = "python3 -B -m unittest discover -s tests -t ."


def project_of(tmp_path: Path, checks: dict[str, str], files: dict[str, str]) -> Project:
    tables = "".join(f"[[checks]]\nname = {name!r}\nrun = '''{run}'''\n\n" for name, run in checks.items())
    return Project(tmp_path / "project", {**files, "journeyman.toml": tables})


def run(
    project: Project, *edits: dict[str, Any], flags: tuple[str, ...] = ()
) -> tuple[int, dict[str, Any], str]:
    worker = project.session([{"edits": list(edits)}])
    answer = project.jm(
        "run", "Change it", "--worker", worker, "--retries", "0", "--output-format", "json", *flags, env=TOOLS
    )
    assert "Traceback" not in answer.err, answer.err
    return answer.code, answer.json, str(answer.json["stop_message"])


PYTHON = {"calc.py": CALC, "tests/__init__.py": "", "tests/test_calc.py": UNIT}
COUNTED = {"tests": UNITTEST, "lint": "ruff check --isolated calc.py"}


def test_tests_that_pass_prove_and_are_named(tmp_path: Path) -> None:
    project = project_of(tmp_path, COUNTED, PYTHON)
    code, result, _ = run(project, write("calc.py", CALC + "\n\nZERO = 0\n"))
    assert (code, result["proven_by"], result["rests_on"]) == (0, ["tests", "lint"], None)
    trailers = project.git("log", "-1", "--format=%(trailers)", result["commit"])
    assert "Verified-Kinds: tests, lint" in trailers
    assert f"Verified-By: tests (passed, 2 tests): {UNITTEST}" in trailers
    proof = project.jm("verify", result["commit"], "--json", env=TOOLS)
    assert (proof.code, proof.json["proven_by"]) == (0, ["tests", "lint"])


@pytest.mark.parametrize(
    "edit",
    [
        write("calc.py", "import os\nos._exit(0)\n"),
        write("tests/__init__.py", "import os\nos._exit(0)\n"),
    ],
    ids=["in what the tests call", "in the tests' own package"],
)
def test_a_run_that_ends_well_without_its_summary_is_no_pass(tmp_path: Path, edit: dict[str, Any]) -> None:
    code, result, said = run(project_of(tmp_path, COUNTED, PYTHON), edit)
    assert code != 0
    assert result["outcome"] == "stopped"
    assert "without telling how many tests ran, where the base has 2 tests" in said


def test_fewer_tests_than_the_base_has_are_no_pass(tmp_path: Path) -> None:
    """They are made from data: no test was touched, and half of them are gone."""
    made = (
        "import json, unittest\n\n\nclass T(unittest.TestCase):\n    pass\n\n\n"
        "for number in json.load(open('cases.json')):\n"
        "    setattr(T, f'test_{number}', lambda self: None)\n"
    )
    files = {"cases.json": "[1, 2, 3, 4]\n", "tests/__init__.py": "", "tests/test_made.py": made}
    code, _, said = run(project_of(tmp_path, {"tests": UNITTEST}, files), write("cases.json", "[1, 2]\n"))
    assert code != 0
    assert "after 2 tests, where the base has 4 tests" in said


def test_lint_alone_proves_nothing_where_there_are_tests(tmp_path: Path) -> None:
    files = {**PYTHON, "tests/test_calc.py": "import no_such_module\n"}
    code, result, _ = run(
        project_of(tmp_path, COUNTED, files), write("calc.py", "def add(a, b):\n    return 0\n")
    )
    assert (code, result["stop_reason"]) == (1, "nothing-proven")
    assert "no test passed, so nothing was proven; lint passed" in result["stop_message"]
    assert "the Python module no_such_module is not installed" in result["facts"]


def test_a_red_base_is_no_obstacle(tmp_path: Path) -> None:
    red = UNIT.replace("add(2, 2), 4", "add(2, 2), 5")
    project = project_of(tmp_path, COUNTED, {**PYTHON, "tests/test_calc.py": red})
    code, result, _ = run(project, write("calc.py", CALC + "\n\nZERO = 0\n"))
    assert (code, result["proven_by"]) == (0, ["tests", "lint"])
    assert len(result["known_failures"]) == 1


def test_documents_may_rest_on_less_and_the_first_line_says_so(tmp_path: Path) -> None:
    files = {**PYTHON, "tests/test_calc.py": "import no_such_module\n", "README.md": "# Calc\n"}
    project = project_of(tmp_path, COUNTED, files)
    answer = project.jm(
        "run", "Say more", "--worker", project.session([{"edits": [write("README.md", "# Calc\n\nMore.\n")]}]), env=TOOLS
    )  # fmt: skip
    assert answer.code == 0, answer.out
    assert "only documents changed, it rests on lint" in answer.out.splitlines()[0]


def test_where_there_are_no_tests_what_there_is_proves(tmp_path: Path) -> None:
    code, result, _ = run(
        project_of(tmp_path, {"lint": "ruff check --isolated ."}, {"a.py": "A = 1\n"}),
        write("a.py", "A = 2\n"),
    )
    assert (code, result["proven_by"], result["rests_on"]) == (0, ["lint"], None)


def test_what_a_check_writes_no_other_check_sees(tmp_path: Path) -> None:
    """A generator mends the tree for the tests that come after it; the commit would fail them."""
    test = "import unittest\nfrom made import VALUE\n\n\nclass T(unittest.TestCase):\n    def test_a(self):\n        self.assertEqual(VALUE, 1)\n"
    generate = "echo 'VALUE = 1' > made.py"
    checks = {"generate": f"{generate}; sleep 0.3", "tests": f"sleep 0.2; {UNITTEST}"}
    files = {"made.py": "VALUE = 1\n", "tests/__init__.py": "", "tests/test_made.py": test}
    project = project_of(tmp_path, checks, files)
    code, result, said = run(project, write("made.py", "VALUE = 2\n"))
    assert code != 0, "the tests fail on what would be committed"
    assert "tests.test_made.T.test_a" in said
    code, result, said = run(project, write("made.py", "VALUE = 1  # one\n"))
    assert code == 0, said
    assert result["proven_by"] == ["tests", "other"]
    (wrote,) = (check["wrote"] for check in result["checks"] if check["check"] == "generate")
    assert wrote == ["made.py"]


def test_a_formatter_that_writes_proves_no_format(tmp_path: Path) -> None:
    checks = {"tests": UNITTEST, "format": "ruff format --isolated ."}
    project = project_of(tmp_path, checks, PYTHON)
    code, result, _ = run(project, write("calc.py", CALC + "ZERO   =   0\n"))
    assert (code, result["proven_by"]) == (0, ["tests"])
    assert project.git("show", f"{result['commit']}:calc.py").endswith("ZERO   =   0"), "what was judged"


FIX = '[[checks]]\nname = "lint"\nrun = "ruff check --isolated ."\nfix = "ruff check --isolated --fix ."\n'


def test_nothing_to_fix_is_no_failure(tmp_path: Path) -> None:
    project = Project(tmp_path / "project", {"a.py": "A = 1\n", "journeyman.toml": FIX})
    answer = project.jm("run", "fix lint", "--worker", "autofix", env=TOOLS)
    assert (answer.code, answer.out.splitlines()[0]) == (0, "Nothing to fix: ran lint fix")


def test_fixers_that_would_leave_the_scope_say_so(tmp_path: Path) -> None:
    project = Project(
        tmp_path / "project", {"a.py": "A = 1\n", "b.py": "import os\n", "journeyman.toml": FIX}
    )
    answer = project.jm("run", "fix lint", "--worker", "autofix", "--allow", "a.py", env=TOOLS)
    assert answer.code == 3, answer.out
    assert "the fixers would change b.py, which is out of scope" in answer.out.splitlines()[0]
