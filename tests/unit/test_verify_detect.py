"""Which checks a repository's own files call for, ecosystem by ecosystem."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from journeyman.domain.checks import Check, Tier
from journeyman.domain.process import Network
from journeyman.domain.scope import path_matches
from journeyman.verify.detect import Detection, detect_checks
from journeyman.verify.detect.golang import GOFMT_CHECK

TESTED = "def test_it():\n    import pytest\n"


def detect(root: Path, files: dict[str, str], programs: str, *, setup: bool = False) -> Detection:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    known = set(programs.split())
    return detect_checks(root, lambda name: f"/bin/{name}" if name in known else None, setup=setup)


def shown(check: Check) -> str:
    return check.run if isinstance(check.run, str) else " ".join(check.run)


def commands(detection: Detection) -> dict[str, str]:
    return {check.name: shown(check) for check in detection.checks}


def hooks(hook: str, **settings: str) -> dict[str, str]:
    lines = "".join(f"    {key}: {value}\n" for key, value in settings.items())
    return {".pre-commit-config.yaml": f"repos:\n- hooks:\n  - id: {hook}\n{lines}  - id: other\n"}


PYTHON = {
    "ruff in pyproject": ({"pyproject.toml": "[tool.ruff]\nline-length = 90"}, {"lint": "ruff check ."}),
    "ruff.toml": ({"ruff.toml": ""}, {"lint": "ruff check ."}),
    ".ruff.toml": ({".ruff.toml": ""}, {"lint": "ruff check ."}),
    "ruff that would edit": ({"ruff.toml": "fix = true"}, {"lint": "ruff check --no-fix ."}),
    "ruff that extends": ({"ruff.toml": 'extend = "x.toml"'}, {"lint": "ruff check --no-fix ."}),
    "ruff format by its table": (
        {"pyproject.toml": "[tool.ruff.format]"},
        {"lint": "ruff check .", "format": "ruff format --check ."},
    ),
    "ruff format by a workflow": (
        {"ruff.toml": "", ".github/workflows/ci.yml": "run: ruff format --check"},
        {"lint": "ruff check .", "format": "ruff format --check ."},
    ),
    "mypy with files": ({"pyproject.toml": '[tool.mypy]\nfiles = ["src"]'}, {"types": "mypy"}),
    "mypy of a src layout": (
        {"mypy.ini": "[mypy]\nstrict = True", "src/demo/__init__.py": ""},
        {"types": "mypy src"},
    ),
    "mypy of a flat layout": (
        {"setup.cfg": "[mypy]\nstrict = True", "demo/__init__.py": "", "tests/__init__.py": ""},
        {"types": "mypy demo"},
    ),
    "mypy of no package": ({".mypy.ini": "[mypy]"}, {"types": "mypy ."}),
    "pyright": ({"pyrightconfig.json": "{}"}, {"types": "pyright"}),
    "two linters": (
        {"ruff.toml": "", ".flake8": "[flake8]"},
        {"lint-ruff": "ruff check .", "lint-flake8": "flake8 ."},
    ),
    "black and isort": (
        {"pyproject.toml": "[tool.black]\n[tool.isort]"},
        {"format-black": "black --check .", "format-isort": "isort --check-only ."},
    ),
    "codespell": ({"setup.cfg": "[codespell]\nskip = x"}, {"lint": "codespell"}),
    "pytest in pyproject": ({"pyproject.toml": "[tool.pytest.ini_options]"}, {"tests": "pytest -q"}),
    "pytest.ini": ({"pytest.ini": "[pytest]"}, {"tests": "pytest -q"}),
    "pytest in setup.cfg": ({"setup.cfg": "[tool:pytest]\nx = 1"}, {"tests": "pytest -q"}),
    "pytest in tox.ini": ({"tox.ini": "[pytest]\nx = 1"}, {"tests": "pytest -q"}),
    "a tests folder": ({"tests/test_a.py": TESTED}, {"tests": "pytest -q"}),
    "nested tests": ({"tests/unit/core/test_a.py": TESTED}, {"tests": "pytest -q"}),
    "a test at the root": ({"test_a.py": TESTED}, {"tests": "pytest -q"}),
    "a tests folder without tests": ({"tests/data.py": ""}, {}),
    "unused configuration": ({"pyproject.toml": '[project]\nname = "x"'}, {}),
    "ruff on what the repository has it look at": (
        {
            "ruff.toml": "",
            "Justfile": "lint:\n  uv run ruff check app tests {{options}}\n",
            "app/a.py": "",
            "tests/data.py": "",
        },
        {"lint": "ruff check app tests"},
    ),
    "ruff on everything, as its hook": (
        {"ruff.toml": "", "Makefile": "x:\n\truff check a.py\n", "a.py": "", **hooks("ruff-check")},
        {"lint": "ruff check ."},
    ),
    "mypy as the repository calls it": (
        {"mypy.ini": "[mypy]", "Justfile": "types:\n  mypy demo.py\n", "demo.py": ""},
        {"types": "mypy demo.py"},
    ),
    "black as a plain hook": (hooks("black"), {"format": "black --check ."}),
    "black as a hook with options": (hooks("black", args="[--fast]"), {}),
    "black in a workflow": (
        {".github/workflows/a.yml": "run: black src --check", "src/a.txt": ""},
        {"format": "black --check src"},
    ),
    "black among the dependencies": ({"pyproject.toml": 'dev = ["black>=1"] # black --check'}, {}),
    "tests in the package": (
        {"bs/__init__.py": "", "bs/tests/__init__.py": "", "bs/tests/test_a.py": TESTED},
        {"tests": "pytest -q"},
    ),
    "tests in packages of the package": (
        {"src/net/__init__.py": "", "src/net/core/tests/test_a.py": TESTED},
        {"tests": "pytest -q"},
    ),
    "tox only where nothing else tests": (
        {"tox.ini": "[tox]\nenvlist = py", "tests/test_a.py": TESTED},
        {"tests": "pytest -q"},
    ),
}


@pytest.mark.parametrize("case", PYTHON)
def test_python_tools(tmp_path, case):
    files, expected = PYTHON[case]
    detection = detect(tmp_path, files, "ruff mypy pyright flake8 black isort codespell pytest tox")
    assert commands(detection) == expected


def test_each_check_says_where_it_was_detected_and_how_to_mend(tmp_path):
    files = {"pyproject.toml": "[tool.ruff.format]\n[tool.pytest.ini_options]", "mypy.ini": "[mypy]"}
    checks = {check.name: check for check in detect(tmp_path, files, "ruff mypy pytest").checks}
    assert {name: check.source for name, check in checks.items()} == {
        "lint": "pyproject.toml",
        "format": "pyproject.toml",
        "types": "mypy.ini",
        "tests": "pyproject.toml",
    }
    assert checks["lint"].fix == ("ruff", "check", "--fix", ".")
    assert checks["format"].fix == ("ruff", "format", ".")
    assert [check.tier for check in checks.values()] == [Tier.FAST, Tier.FAST, Tier.FAST, Tier.AFFECTED]
    assert checks["tests"].network is Network.LOOPBACK
    assert not checks["tests"].paths


@pytest.mark.parametrize("path", ["a.py", "src/x/b.pyi", "pyproject.toml", "sub/ruff.toml", ".gitignore"])
def test_a_linter_runs_for_sources_and_for_its_configuration(tmp_path, path):
    (check,) = detect(tmp_path, {"ruff.toml": ""}, "ruff").checks
    assert path_matches(path, check.paths)
    assert not path_matches("README.md", check.paths)


def test_a_linter_of_unusual_files_always_runs(tmp_path):
    (check,) = detect(tmp_path, {"ruff.toml": 'extend-include = ["*.pyw"]'}, "ruff").checks
    assert check.paths == ()


def test_a_missing_tool_is_a_note_that_names_tool_reason_and_remedy(tmp_path):
    detection = detect(tmp_path, {"pyproject.toml": "[tool.mypy]\n[tool.ruff]"}, "")
    assert detection.checks == ()
    assert detection.notes[0] == (
        "ruff was expected (pyproject.toml configures it) but is not installed, so it is no check: "
        "pip install ruff"
    )
    assert any(note.startswith("mypy was expected") for note in detection.notes)


def test_a_set_up_command_makes_missing_tools_count(tmp_path):
    detection = detect(tmp_path, {"pytest.ini": "[pytest]"}, "", setup=True)
    assert commands(detection) == {"tests": "pytest -q"}
    assert "[workspace] setup has to install it" in detection.notes[0]


def test_ruff_format_is_left_out_aloud_unless_black_formats(tmp_path):
    detection = detect(tmp_path, {"ruff.toml": ""}, "ruff")
    assert any(note.startswith("ruff format is left out") for note in detection.notes)
    assert detect(tmp_path / "b", {"ruff.toml": "", **hooks("black")}, "ruff").notes == ()


def test_a_tool_that_is_missing_is_named_once(tmp_path):
    files = {**manifest({"lint": "eslint ."}), "eslint.config.js": ""}
    assert len(detect(tmp_path, files, "npm").notes) == 1


def test_tools_of_the_virtual_environment_count(tmp_path):
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/pyvenv.cfg").write_text("home = /usr/bin\n")
    ruff = tmp_path / ".venv/bin/ruff"
    ruff.write_text("#!/bin/sh\n")
    ruff.chmod(0o755)
    detection = detect(tmp_path, {"ruff.toml": "", "pytest.ini": "[pytest]"}, "pytest")
    assert commands(detection) == {"lint": "ruff check .", "tests": "pytest -q"}
    assert any("pytest comes from PATH, not from .venv" in note for note in detection.notes)


UNITTEST = "from unittest import TestCase\nclass A(TestCase):\n    pass\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"tests/test_a.py": UNITTEST}, "python3 -m unittest discover -s tests"),
        (
            {"tests/__init__.py": "", "tests/test_a.py": UNITTEST},
            "python3 -m unittest discover -s tests -t .",
        ),
        ({"test_a.py": UNITTEST}, "python3 -m unittest discover"),
    ],
)
def test_unittest_where_pytest_is_missing(tmp_path, files, expected):
    assert commands(detect(tmp_path, files, "python3")) == {"tests": expected}


@pytest.mark.parametrize("text", [TESTED, UNITTEST + "import pytest\n", "def test_a(): pass\n"])
def test_pytest_style_tests_are_never_given_to_unittest(tmp_path, text):
    detection = detect(tmp_path, {"tests/test_a.py": text}, "python3")
    assert detection.checks == ()
    assert "pytest was expected" in detection.notes[0]


def test_tox_and_nox_cover_what_nothing_else_does(tmp_path):
    (check,) = detect(tmp_path, {"tox.ini": "[tox]\nenvlist = py", "noxfile.py": ""}, "tox nox").checks
    assert (check.name, check.run, check.tier, check.network) == ("tests", ("tox",), Tier.FULL, Network.ON)
    detection = detect(tmp_path / "b", {"noxfile.py": ""}, "")
    assert "nox was expected" in detection.notes[0]


@pytest.mark.parametrize("name", ["pyproject.toml", "package.json", "setup.cfg", "Cargo.toml", "tox.ini"])
@pytest.mark.parametrize("text", ["[[[", "{", "\x00", "[a]\nb", "[1]", "a = " + "[" * 5000])
def test_a_broken_file_is_never_an_error(tmp_path, name, text):
    detection = detect(tmp_path, {name: text, "pytest.ini": "[pytest]"}, "pytest npm cargo tox")
    assert "pytest -q" in commands(detection).values()


def test_a_broken_file_is_named(tmp_path):
    detection = detect(tmp_path, {"pyproject.toml": "a = [", "package.json": "{"}, "")
    assert "pyproject.toml is not valid TOML" in detection.notes[0]
    assert any("package.json is not valid JSON" in note for note in detection.notes)


# JavaScript


def manifest(scripts: dict[str, str], **more: object) -> dict[str, str]:
    return {"package.json": json.dumps({"scripts": scripts, **more})}


SCRIPTS = {
    "plain": (
        {"lint": "eslint .", "typecheck": "tsc --noEmit", "test": "jest", "format:check": "prettier -c ."},
        {
            "lint": "npm run lint",
            "format": "npm run format:check",
            "types": "npm run typecheck",
            "tests": "npm run test",
        },
    ),
    "npm's own placeholder": ({"test": 'echo "Error: no test specified" && exit 1'}, {}),
    "a script that does nothing": ({"lint": "echo ok"}, {}),
    "vitest watches": ({"test": "vitest"}, {"tests": "vitest run"}),
    "vitest after a build": ({"test": "tsc && vitest --coverage"}, {"tests": "tsc && vitest run --coverage"}),
    "vitest runs": ({"test": "vitest run"}, {"tests": "npm run test"}),
    "vitest dev": ({"test": "vitest dev"}, {"tests": "vitest run"}),
    "jest watches": ({"test": "jest --watch --ci"}, {"tests": "jest --ci"}),
    "jest watches all": ({"test": "jest --watchAll"}, {"tests": "jest"}),
    "react-scripts": ({"test": "react-scripts test"}, {"tests": "react-scripts test --watchAll=false"}),
    "mocha -w": ({"test": "mocha -w spec"}, {"tests": "mocha spec"}),
    "tsc --watch": ({"typecheck": "tsc --noEmit --watch"}, {"types": "tsc --noEmit"}),
    "a linter that edits": ({"lint": "eslint --fix src"}, {"lint": "eslint src"}),
    "a formatter that edits": ({"format": "prettier --write ."}, {"format": "prettier --check ."}),
    "other names": (
        {"type-check": "tsc", "check:format": "prettier --check ."},
        {"types": "npm run type-check", "format": "npm run check:format"},
    ),
    "prettier that would only print": ({"format": "prettier src"}, {"format": "prettier --check src"}),
    "a script called prettier": (
        {"format:check": "npm run prettier:all -- -c"},
        {"format": "npm run format:check"},
    ),
    "biome format judges": ({"format": "biome format"}, {"format": "npm run format"}),
    "tests that begin with other checks": (
        {"lint": "eslint .", "test": "npm run -s lint && npm run unit && npm run other", "unit": "jest"},
        {"lint": "npm run lint", "tests": "npm run unit && npm run other"},
    ),
    "lint that ends with other checks": (
        {
            "lint": "npm run lint:js && npm run lint:format",
            "lint:js": "eslint lib",
            "lint:format": "prettier -c .",
        },
        {"lint": "npm run lint:js", "format": "npm run lint:format"},
    ),
    "lint before the tests": (
        {"lint": "eslint .", "pretest": "npm run lint", "test": "jest", "posttest": "npx audit"},
        {"lint": "npm run lint", "tests": "jest"},
    ),
    "a build before the tests": ({"pretest": "tsc", "test": "jest"}, {"tests": "npm run test"}),
    "a build before tests that would watch": (
        {"pretest": "tsc", "test": "vitest"},
        {"tests": "npm run pretest && vitest run"},
    ),
    "tests that are nothing but lint": (
        {"lint": "eslint .", "test": "npm run lint"},
        {"lint": "npm run lint", "tests": "npm run test"},
    ),
    "with a variable": ({"test": "NODE_ENV=test jest"}, {"tests": "npm run test"}),
    "node's own": ({"test": "node --test"}, {"tests": "npm run test"}),
}


@pytest.mark.parametrize("case", SCRIPTS)
def test_scripts(tmp_path, case):
    scripts, expected = SCRIPTS[case]
    programs = "npm node eslint tsc jest vitest prettier biome mocha react-scripts"
    assert commands(detect(tmp_path, manifest(scripts), programs)) == expected


@pytest.mark.parametrize(
    ("more", "files", "manager"),
    [
        ({}, {}, "npm"),
        ({}, {"pnpm-lock.yaml": ""}, "pnpm"),
        ({}, {"yarn.lock": ""}, "yarn"),
        ({}, {"bun.lock": ""}, "bun"),
        ({"packageManager": "pnpm@9.1.0"}, {"package-lock.json": "{}"}, "pnpm"),
        ({"packageManager": 7}, {"package-lock.json": "{}"}, "npm"),
    ],
)
def test_the_package_manager_that_the_repository_uses(tmp_path, more, files, manager):
    files = {**manifest({"test": "node --test"}, **more), **files}
    assert commands(detect(tmp_path, files, "npm pnpm yarn bun node")) == {"tests": f"{manager} run test"}


def test_a_stand_in_for_a_missing_package_manager(tmp_path):
    detection = detect(tmp_path, {**manifest({"test": "node --test"}), "pnpm-lock.yaml": ""}, "npm node")
    assert commands(detection) == {"tests": "npm run test"}
    assert any("pnpm keeps this repository but is not installed" in note for note in detection.notes)


def test_no_stand_in_where_a_script_calls_its_package_manager_itself(tmp_path):
    files = {**manifest({"test": "pnpm run unit && pnpm run edge"}), "pnpm-lock.yaml": ""}
    detection = detect(tmp_path, files, "npm node")
    assert detection.checks == ()
    assert "pnpm was expected (package.json script 'test' runs it)" in detection.notes[-1]


def test_a_script_whose_program_is_missing_is_a_note(tmp_path):
    detection = detect(tmp_path, manifest({"lint": "eslint .", "test": "jest"}), "npm jest")
    assert commands(detection) == {"tests": "npm run test"}
    assert "eslint was expected (package.json script 'lint' runs it)" in detection.notes[0]
    assert "npm install" in detection.notes[0]


def test_the_fix_of_a_script(tmp_path):
    scripts = {
        "lint": "eslint .",
        "lint:fix": "eslint --fix .",
        "format": "prettier --write .",
        "format:check": "prettier -c .",
    }
    checks = {
        check.name: check for check in detect(tmp_path, manifest(scripts), "npm eslint prettier").checks
    }
    assert checks["lint"].fix == ("npm", "run", "lint:fix")
    assert checks["format"].fix == ("npm", "run", "format")
    editing = detect(tmp_path / "b", manifest({"lint": "eslint --fix ."}), "npm eslint").checks[0]
    assert editing.fix == ("npm", "run", "lint")


@pytest.mark.parametrize(
    ("scripts", "fix"),
    [
        ({"lint": "eslint src --max-warnings 0"}, "eslint src --max-warnings 0 --fix"),
        ({"lint": "biome lint"}, "biome lint --write"),
        ({"lint": "eslint . && ./more.sh"}, None),
        ({"lint": "turbo lint"}, None),
        ({"lint": "npm run es && npm run tsc", "es": "eslint lib", "tsc": "tsc"}, "eslint lib --fix"),
        ({"format:check": "prettier -c src"}, "prettier --write src"),
        ({"format": "biome format"}, "biome format --write"),
        ({"format": "dprint fmt", "format:check": "dprint check"}, ("npm", "run", "format")),
        ({"format": "prettier src"}, "prettier src --write"),
    ],
)
def test_the_fix_of_a_script_that_has_none(tmp_path, scripts, fix):
    programs = "npm eslint biome prettier dprint turbo tsc"
    check = detect(tmp_path, manifest(scripts), programs).checks[0]
    assert check.fix == fix


def test_tools_without_scripts(tmp_path):
    files = {"package.json": "{}", "eslint.config.mjs": "", ".prettierrc": "", "tsconfig.json": "{}"}
    assert commands(detect(tmp_path, files, "npm eslint prettier tsc")) == {
        "lint": "eslint .",
        "format": "prettier --check .",
        "types": "tsc --noEmit",
    }


def test_a_tsconfig_of_references_checks_nothing_by_itself(tmp_path):
    files = {"package.json": "{}", "tsconfig.json": '{"files": [], "references": []} // comment'}
    detection = detect(tmp_path, files, "npm tsc")
    assert detection.checks == ()
    assert "only refers to other projects" in detection.notes[0]


# Rust, Go, make, pre-commit


def test_rust(tmp_path):
    files = {
        "Cargo.toml": "[workspace]",
        "Cargo.lock": "",
        ".github/workflows/a.yml": "clippy -- -D warnings",
    }
    assert commands(detect(tmp_path, files, "cargo cargo-clippy cargo-fmt")) == {
        "lint": "cargo clippy --offline --locked --workspace --all-targets -- -D warnings",
        "format": "cargo fmt --all --check",
        "tests": "cargo test --offline --locked --workspace",
    }


def test_rust_without_components_and_with_an_ignored_lock(tmp_path):
    files = {"Cargo.toml": "[package]", "Cargo.lock": "", ".gitignore": "Cargo.lock\n"}
    detection = detect(tmp_path, files, "cargo")
    assert commands(detection) == {
        "types": "cargo check --offline --all-targets",
        "tests": "cargo test --offline",
    }
    assert len(detection.notes) == 2


def test_django_runs_its_own_tests(tmp_path):
    files = {"manage.py": "from django.core.management import execute_from_command_line", "app/tests.py": ""}
    assert commands(detect(tmp_path, files, "python pytest")) == {"tests": "python manage.py test --no-input"}
    assert (
        commands(detect(tmp_path, files | {"pytest.ini": "[pytest]"}, "python pytest"))["tests"]
        == "pytest -q"
    )


def test_maven(tmp_path):
    detection = detect(tmp_path, {"pom.xml": "<project/>"}, "mvn")
    assert commands(detection) == {"tests": "mvn --batch-mode --offline --fail-at-end test"}
    (check,) = detection.checks
    assert (check.source, check.network, check.paths) == ("pom.xml", Network.LOOPBACK, ())


def test_builds_that_are_not_detected_are_named(tmp_path):
    detection = detect(tmp_path, {"build.gradle.kts": "", "pom.xml": "<project/>"}, "")
    assert detection.checks == ()
    assert [note.split(" ")[0] for note in detection.notes] == ["build.gradle.kts", "mvn"]


def test_go(tmp_path):
    detection = detect(tmp_path, {"go.mod": "module x", ".golangci.yml": ""}, "go gofmt")
    found = commands(detection)
    assert found["lint"] == "go vet ./..."
    assert found["tests"] == "go test ./..."
    assert "gofmt -l ." in found["format"]
    assert "golangci-lint was expected" in detection.notes[0]


@pytest.mark.parametrize(
    ("gofmt", "exit_code", "output"),
    [
        ("exit 0", 0, ""),
        ("echo a.go; echo vendor/b.go", 1, "a.go\n"),
        ("echo vendor/b.go", 0, ""),
        ("echo broken >&2; exit 2", 2, ""),
    ],
)
def test_gofmt_fails_when_it_lists_files_of_ours(tmp_path, gofmt, exit_code, output):
    (tmp_path / "gofmt").write_text(f"#!/bin/sh\n{gofmt}\n")
    (tmp_path / "gofmt").chmod(0o755)
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    done = subprocess.run(
        ["/bin/sh", "-c", GOFMT_CHECK], env=env, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (exit_code, output)


MAKEFILE = """
CC := gcc
.PHONY: test lint
lint: deps
\truff check .
test tests: build
\t./run

check: lint test
typecheck:
\tmypy .
%.o: %.c
\tcc $<
"""


def test_makefile_targets_where_nothing_is_more_direct(tmp_path):
    assert commands(detect(tmp_path, {"Makefile": MAKEFILE}, "make")) == {
        "lint": "make lint",
        "types": "make typecheck",
        "tests": "make test",
    }
    direct = detect(
        tmp_path / "b", {"Makefile": MAKEFILE, "ruff.toml": "", "pytest.ini": ""}, "make ruff pytest"
    )
    assert commands(direct) == {"lint": "ruff check .", "types": "make typecheck", "tests": "pytest -q"}


def test_make_check_is_the_last_resort(tmp_path):
    assert commands(detect(tmp_path, {"Makefile": "check:\n\t./run\n"}, "make")) == {"check": "make check"}


def test_a_target_that_edits_is_no_check(tmp_path):
    detection = detect(tmp_path, {"Makefile": "lint:\n\truff check --fix .\n"}, "make")
    assert detection.checks == ()
    assert "make lint is no check: its recipe edits files" in detection.notes


def test_pre_commit_where_no_linter_is_configured(tmp_path):
    files = {".pre-commit-config.yaml": "repos: []"}
    (check,) = detect(tmp_path, files, "pre-commit").checks
    assert (check.name, shown(check), check.tier) == ("lint", "pre-commit run --all-files", Tier.FULL)
    assert commands(detect(tmp_path / "b", {**files, "ruff.toml": ""}, "pre-commit ruff")) == {
        "lint": "ruff check ."
    }
    assert "pre-commit was expected" in detect(tmp_path / "c", files, "").notes[0]
    # Nobody misses it where the linters can be started by themselves.
    silent = {**files, "ruff.toml": "[format]"}
    assert detect(tmp_path / "d", silent, "ruff").notes == ()


def test_projects_below_the_root_are_passed_over_aloud(tmp_path):
    files = {
        "frontend/package.json": "{}",
        "packages/a/pyproject.toml": "",
        "node_modules/x/package.json": "{}",
        "benchmark/package.json": "{}",
        "examples/package.json": "{}",
    }
    (note,) = detect(tmp_path, files, "").notes
    assert "frontend/package.json, packages/a/pyproject.toml " in note


def test_two_ecosystems_get_names_with_their_tools(tmp_path):
    files = {"pytest.ini": "[pytest]", **manifest({"test": "node --test"})}
    assert commands(detect(tmp_path, files, "pytest npm node")) == {
        "tests-pytest": "pytest -q",
        "tests-npm": "npm run test",
    }


def test_an_empty_repository_has_no_checks_and_no_notes(tmp_path):
    assert detect(tmp_path, {}, "") == Detection((), ())
