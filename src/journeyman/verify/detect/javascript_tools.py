"""JavaScript's tools as the repository configures them, for purposes that no package.json script serves."""

from __future__ import annotations

from collections.abc import Callable

from journeyman.domain.checks import Check, Tier
from journeyman.verify.detect.candidates import Candidate, Purpose, RepositoryFiles

_MANIFEST = "package.json"
_FLAT_ESLINT = tuple(f"eslint.config.{suffix}" for suffix in ("js", "mjs", "cjs", "ts", "mts", "cts"))
_OLD_ESLINT = (
    ".eslintrc",
    *(f".eslintrc.{suffix}" for suffix in ("js", "cjs", "mjs", "json", "yml", "yaml")),
)
_PRETTIER = (
    ".prettierrc",
    *(
        f".prettierrc.{suffix}"
        for suffix in ("json", "json5", "yml", "yaml", "toml", "js", "cjs", "mjs", "ts")
    ),
    *(f"prettier.config.{suffix}" for suffix in ("js", "cjs", "mjs", "ts")),
)
_BIOME = ("biome.json", "biome.jsonc")
_EXTENSIONS = ".js,.jsx,.mjs,.cjs,.ts,.tsx,.mts,.cts,.vue,.svelte"
SCRIPT_FILES = tuple(f"*{suffix}" for suffix in _EXTENSIONS.split(","))


def eslint_config(repository: RepositoryFiles) -> str | None:
    """The file that configures eslint."""
    found = repository.files.exists(*_FLAT_ESLINT, *_OLD_ESLINT)
    return found or (_MANIFEST if "eslintConfig" in repository.files.json(_MANIFEST) else None)


def prettier_config(repository: RepositoryFiles) -> str | None:
    """The file that configures prettier."""
    found = repository.files.exists(*_PRETTIER)
    return found or (_MANIFEST if "prettier" in repository.files.json(_MANIFEST) else None)


def biome_config(repository: RepositoryFiles) -> str | None:
    """The file that configures biome."""
    return repository.files.exists(*_BIOME)


def eslint_targets(repository: RepositoryFiles) -> tuple[str, ...]:
    """What follows ``eslint`` to have it look at everything that it is configured for."""
    # With the old kind of configuration eslint takes only *.js for granted.
    return (".",) if repository.files.exists(*_FLAT_ESLINT) else (".", "--ext", _EXTENSIONS)


def configured_tool(repository: RepositoryFiles, purpose: Purpose) -> Candidate | None:
    """The tool that serves the purpose, when it is configured and can be started."""
    detect = _TOOLS.get(purpose)
    return detect(repository) if detect else None


def _lint(repository: RepositoryFiles) -> Candidate | None:
    eslint = eslint_config(repository)
    if eslint and _runnable(repository, "eslint", eslint):
        targets = eslint_targets(repository)
        check = _check(Purpose.LINT, ("eslint", *targets), eslint, fix=("eslint", "--fix", *targets))
        return Candidate(Purpose.LINT, "eslint", check, ecosystem="javascript")
    biome = biome_config(repository)
    if biome and _runnable(repository, "biome", biome):
        check = _check(Purpose.LINT, ("biome", "ci", "."), biome, fix=("biome", "check", "--write", "."))
        return Candidate(Purpose.LINT, "biome", check, ecosystem="javascript")
    return None


def _format(repository: RepositoryFiles) -> Candidate | None:
    prettier = prettier_config(repository)
    if prettier is None or not _runnable(repository, "prettier", prettier):
        return None
    check = _check(Purpose.FORMAT, ("prettier", "--check", "."), prettier, fix=("prettier", "--write", "."))
    return Candidate(Purpose.FORMAT, "prettier", check, ecosystem="javascript")


def _types(repository: RepositoryFiles) -> Candidate | None:
    source = repository.files.exists("tsconfig.json")
    if source is None or not _runnable(repository, "tsc", source):
        return None
    if '"references"' in repository.files.text(source):
        repository.note(f"tsc is no check: {source} only refers to other projects; add [[checks]] for them")
        return None
    paths = (*SCRIPT_FILES, "*.json", "*.yaml", "*.yml")
    check = _check(Purpose.TYPES, ("tsc", "--noEmit"), source, paths=paths, timeout_s=600.0)
    return Candidate(Purpose.TYPES, "tsc", check, ecosystem="javascript")


_TOOLS: dict[Purpose, Callable[[RepositoryFiles], Candidate | None]] = {
    Purpose.LINT: _lint,
    Purpose.FORMAT: _format,
    Purpose.TYPES: _types,
}


def _check(
    purpose: Purpose,
    run: tuple[str, ...],
    source: str,
    *,
    fix: tuple[str, ...] | None = None,
    paths: tuple[str, ...] = (),
    timeout_s: float = 300.0,
) -> Check:
    return Check(purpose.value, run, Tier.FAST, fix, paths, timeout_s=timeout_s, source=source)


def _runnable(repository: RepositoryFiles, program: str, source: str) -> bool:
    package = {"tsc": "typescript", "biome": "@biomejs/biome"}.get(program, program)
    return repository.runnable(
        program, because=f"{source} configures it", install=f"npm install --save-dev {package}"
    )
