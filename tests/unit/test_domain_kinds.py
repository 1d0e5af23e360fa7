"""What kind of check a command line is."""

from __future__ import annotations

import pytest

from journeyman.domain.checks import Check, CheckKind
from journeyman.domain.policy.kinds import kind_of

COMMANDS = {
    CheckKind.TESTS: [
        "pytest -q", ".venv/bin/pytest", "python3 -B -m unittest discover -s tests -t .", "uv run --extra dev pytest",
        "coverage run -m pytest", "PYTHONPATH=src python -m pytest tests", "tox -e py311", "nox", "python manage.py test",
        "npm test", "npm run test:unit", "yarn test", "yarn jest --ci", "npx vitest run", "node --test", "npx mocha",
        "node --import tsx --test test/", "ava", "deno test", "bun test", "pnpm -r test",
        "go test ./...", "go test -json ./...", "cargo test", "cargo +nightly nextest run", "mvn -q -B verify", "./mvnw test",
        "./gradlew check", "gradle :app:test", "ctest --test-dir build", "bundle exec rspec", "bundle exec rake test",
        "vendor/bin/phpunit", "composer test", "dotnet test", "swift test", "mix test", "stack test", "bats test", "prove -l",
        "make test", "make -j2 check", "sh -c 'cd sub && pytest'", "ruff check . && pytest", "npm run lint && npm test",
        "zig build test", "meson test -C build", "cd build && ctest", "timeout 60 pytest", "just test", "task tests", "ruby -Itest test/a_test.rb",
    ],
    CheckKind.BUILD: [
        "cargo check", "cargo build --locked", "go build ./...", "mvn -q compile", "gradle assemble", "make", "make all",
        "npm run build", "cmake --build build", "dotnet build", "javac -d out src/A.java", "gcc -c a.c", "vite build",
        "python -m compileall src", "ruff check . && make", "cabal build",
    ],
    CheckKind.TYPES: ["mypy src", "npx tsc --noEmit", "pyright", "uvx ty check", "vendor/bin/phpstan analyse"],
    CheckKind.LINT: [
        "ruff check .", "flake8", "eslint .", "npx eslint --max-warnings 0 .", "go vet ./...", "cargo clippy -- -D warnings",
        "pre-commit run --all-files", "golangci-lint run", "make lint", "npm run lint", "just lint", "bundle exec rubocop", "shellcheck *.sh", "biome check .",
    ],
    CheckKind.FORMAT: [
        "ruff format --check .", "black --check .", "prettier --check .", "cargo fmt --check", "gofmt -l .", "rustfmt --check a.rs",
        "npx prettier -c .", "isort --check .", "clang-format -n a.c", "mix format --check-formatted", "make fmt-check", "npm run format:check",
    ],
    CheckKind.OTHER: ["true", "./verify.sh", "test -f .env", "grep -q black notes", "echo pytest", "! grep -rn BROKEN .", "make docs", "npm run docs"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("command", "kind"), [(command, kind) for kind, commands in COMMANDS.items() for command in commands]
)
def test_the_tool_tells(command: str, kind: CheckKind) -> None:
    assert kind_of(Check("x", command)) is kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("tests", CheckKind.TESTS),
        ("unit-tests", CheckKind.TESTS),
        ("lint", CheckKind.LINT),
        ("format", CheckKind.FORMAT),
        ("types", CheckKind.TYPES),
        ("build", CheckKind.BUILD),
        ("latest", CheckKind.OTHER),
        ("content", CheckKind.OTHER),
    ],
)
def test_a_command_that_tells_nothing_goes_by_its_name(name: str, kind: CheckKind) -> None:
    assert kind_of(Check(name, "./run.sh")) is kind


def test_what_somebody_wrote_down_goes_before_all() -> None:
    assert kind_of(Check("tests", "pytest", kind=CheckKind.LINT)) is CheckKind.LINT
    assert kind_of(Check("a", ("cargo", "test"))) is CheckKind.TESTS
