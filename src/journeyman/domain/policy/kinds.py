"""What a check can tell of a change: by its own word, by the tool that its command starts, by its name."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from journeyman.domain.checks import Check, CheckKind
from journeyman.domain.process import command_text, command_words

DEMANDING = frozenset({CheckKind.TESTS, CheckKind.BUILD})
"""Where a repository has one of these, a change in behaviour is proven by no other."""

_SEPARATORS = re.compile(r"&&|\|\||[;|\n]")
_ASSIGNMENT = re.compile(r"\w+=")
_SHELLS = frozenset({"sh", "bash", "zsh", "dash"})
_WRAPPERS = frozenset(
    """
    env time command exec sudo nice ionice stdbuf timeout xvfb-run dotenv npx bunx uvx pipx npm pnpm yarn
    bun uv poetry pdm pipenv hatch rye pixi conda mamba bundle opam coverage c8 nyc python pypy py perl
    php ruby composer mise asdf direnv docker podman devbox nix watchexec cross-env exit-code
    """.split()  # noqa: SIM905 - words read better than quotes and commas
)
"""Programs that start another: the first tool among their words counts."""
_RUNNERS = frozenset(
    {"make", "gmake", "just", "task", "npm", "pnpm", "yarn", "bun", "composer", "rake", "mise"}
)
"""Programs that run what somebody gave a name: where no tool is known by it, the name counts."""


def _starts(programs: str) -> re.Pattern[str]:
    return re.compile(r"(?:" + "|".join(programs.split()) + r")(?![\w-])")


_TOOLS: tuple[tuple[CheckKind, re.Pattern[str]], ...] = (
    (
        CheckKind.TESTS,
        _starts(
            r"""
            pytest py\.test unittest nose2 nosetests trial stestr ward behave tox nox manage\.py\s+test
            hatch\s+(?:run\s+)?test setup\.py\s+test jest vitest mocha ava tap tape jasmine karma cypress
            uvu playwright\s+test ng\s+test react-scripts\s+test c8 nyc tst node\b[^;&|]*\s--test
            deno\s+test bun\s+test qunit wtr web-test-runner
            (?:npm|pnpm|yarn|bun)\s+(?:run\s+|run-script\s+)?(?:-\S+\s+)*(?:test|tests|spec|unit|check:test)(?::[\w:-]+)?
            (?:npm|pnpm|yarn)\s+t lerna\s+run\s+test (?:turbo|nx)\s+(?:run\s+|run-many\s+)?(?:-\S+\s+)*test
            go\b(?:\s+-C\s+\S+)?\s+test gotestsum ginkgo
            cargo\b(?:\s+\+\S+)?\s+(?:nextest|test|t|llvm-cov|tarpaulin) miri\s+test
            mvnw?\b[^;&|]*\s(?:test|verify|install|package|deploy|integration-test)
            gradlew?\b[^;&|]*\s\S*(?:[tT]est|check|build) ant\b[^;&|]*\stest sbt\b[^;&|]*test
            lein\s+(?:test|midje) bazel\s+(?:test|coverage) buck2?\s+test pants\s+test ctest meson\s+test
            ninja\b[^;&|]*\stest cmake\b[^;&|]*--target\s+(?:test|check) rspec rake\s+(?:test|spec) minitest
            cucumber rails\s+test ruby\b[^;&|]*\s(?:-I\s?\S*test\S*|\S*_test\.rb|\S*test/) phpunit
            simple-phpunit pest codecept phpspec composer\s+(?:run\s+)?test dotnet\s+(?:test|vstest)
            swift\s+test xcodebuild\b[^;&|]*\stest mix\s+test rebar3\s+(?:eunit|ct|proper) stack\s+test
            cabal\s+(?:v2-)?test dune\s+(?:runtest|test) zig\s+(?:build\s+)?test dart\s+test flutter\s+test
            julia\b[^;&|]*(?:Pkg\.test|runtests) busted bats prove shellspec cram lit robot raco\s+test
            perl\s+\S*Build\s+test make\b[^;&|]*\s(?:test|tests|check|runtests|unittest)
            """
        ),
    ),
    (
        CheckKind.FORMAT,
        _starts(
            r"""
            ruff\s+format black isort yapf autopep8 docformatter pyink blue prettier biome\s+(?:format)
            dprint deno\s+fmt gofmt gofumpt goimports go\s+fmt cargo\b(?:\s+\+\S+)?\s+fmt rustfmt
            clang-format shfmt stylua taplo terraform\s+fmt zig\s+fmt nixfmt alejandra php-cs-fixer
            dotnet\s+format csharpier mix\s+format scalafmt ktfmt ocamlformat google-java-format
            spotlessCheck spotless:check swift-format dart\s+format rufo standardrb fourmolu ormolu
            elm-format cmake-format gersemi latexindent mdformat
            """
        ),
    ),
    (
        CheckKind.TYPES,
        _starts(
            r"""
            mypy dmypy pyright basedpyright pyre pytype ty\s+check pyrefly tsc vue-tsc svelte-check tsd flow
            glint astro\s+check phpstan psalm phan srb\s+tc steep sorbet dialyzer mix\s+dialyzer
            """
        ),
    ),
    (
        CheckKind.LINT,
        _starts(
            r"""
            ruff flake8 pylint pycodestyle pyflakes pydocstyle bandit vulture radon lint-imports deptry
            codespell typos cspell pre-commit prek semgrep reuse eslint oxlint biome standard xo tslint
            stylelint markdownlint\S* remark knip deno\s+lint publint attw ls-lint golangci-lint
            go\b(?:\s+-C\s+\S+)?\s+vet staticcheck revive golint govulncheck
            cargo\b(?:\s+\+\S+)?\s+(?:clippy|deny|audit|machete|udeps) checkstyle pmd spotbugs ktlint detekt
            rubocop reek brakeman haml-lint phpcs phpmd swiftlint credo mix\s+credo shellcheck hadolint
            yamllint actionlint ansible-lint tflint cppcheck clang-tidy cpplint hlint luacheck selene vint
            validate-pyproject twine\s+check zizmor
            """
        ),
    ),
    (
        CheckKind.BUILD,
        _starts(
            r"""
            cargo\b(?:\s+\+\S+)?\s+(?:build|check|b|c|doc) rustc go\b(?:\s+-C\s+\S+)?\s+(?:build|install)
            mvnw?\b[^;&|]*\s(?:compile|test-compile)
            gradlew?\b[^;&|]*\s\S*(?:assemble|[cC]lasses|compile\w*) javac kotlinc scalac
            sbt\b[^;&|]*compile ant bazel\s+build buck2?\s+build cmake\b[^;&|]*--build ninja meson\s+compile
            g?make(?:\s+(?:-\S+|all|compile|lib\w*))*$ scons xmake gcc g\+\+ cc clang clang\+\+ nvcc
            dotnet\s+(?:build|publish|pack) msbuild swift\s+build xcodebuild mix\s+compile rebar3\s+compile
            stack\s+build cabal\s+(?:v2-)?build dune\s+build zig\s+build ghc elm\s+make
            gleam\s+(?:build|check) dart\s+compile
            (?:npm|pnpm|yarn|bun)\s+(?:run\s+|run-script\s+)?(?:-\S+\s+)*(?:build|compile)(?::[\w:-]+)?
            webpack vite\s+build rollup esbuild parcel\s+build tsup unbuild next\s+build babel swc
            python3?\s+-m\s+(?:build|compileall) pyproject-build sphinx-build mkdocs\s+build
            """
        ),
    ),
)
_NAMES: tuple[tuple[CheckKind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(rf"(?i)(?:^|[^a-z])(?:{words})(?:$|[^a-z])"))
    for kind, words in (
        (CheckKind.TESTS, r"(?:unit|integration|e2e|acceptance)?-?(?:tests?|specs?|unit|e2e|pytest)"),
        (CheckKind.FORMAT, r"fmt|format\w*|style"),
        (CheckKind.TYPES, r"types?|typing|type-?check\w*"),
        (CheckKind.LINT, r"lint\w*|vet"),
        (CheckKind.BUILD, r"build|compile"),
    )
)
_ORDER = (CheckKind.TESTS, CheckKind.BUILD, CheckKind.TYPES, CheckKind.LINT, CheckKind.FORMAT)
"""Of a command that does several things, it is the one that says most."""


def kind_of(check: Check) -> CheckKind:
    """The kind of a check."""
    return check.kind or kind_of_command(command_text(check.run)) or kind_of_name(check.name)


def kind_of_command(command: str) -> CheckKind | None:
    """The kind that a command line tells, the most telling of its parts; ``None`` when it tells none."""
    kinds = {kind for part in _SEPARATORS.split(command) if (kind := _kind_of_part(part))}
    return next((kind for kind in _ORDER if kind in kinds), None)


def kind_of_name(name: str) -> CheckKind:
    """The kind that a check's name promises."""
    return next((kind for kind, pattern in _NAMES if pattern.search(name)), CheckKind.OTHER)


def _kind_of_part(part: str) -> CheckKind | None:
    words = [word for word in command_words(part.strip(" ()")) if word]
    while words and _ASSIGNMENT.match(words[0]):
        words = words[1:]
    if not words:
        return None
    program = PurePosixPath(words[0]).name
    if program in _SHELLS and "-c" in words[1:-1]:
        return kind_of_command(words[words.index("-c") + 1])
    found = _kind_at(words)
    if found is None and re.sub(r"[\d.]+$", "", program) in _WRAPPERS:
        found = next((kind for start in range(1, len(words)) if (kind := _kind_at(words[start:]))), None)
    if found is None and program in _RUNNERS:
        named = {kind_of_name(word) for word in words[1:] if not word.startswith("-")}
        found = next((kind for kind in _ORDER if kind in named), None)
    return found


def _kind_at(words: list[str]) -> CheckKind | None:
    text = " ".join((PurePosixPath(words[0]).name, *words[1:]))
    return next((kind for kind, pattern in _TOOLS if pattern.match(text)), None)
