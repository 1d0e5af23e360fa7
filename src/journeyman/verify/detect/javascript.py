"""JavaScript: package.json scripts, and eslint, prettier, biome and tsc where no script runs them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from journeyman.domain.checks import Check, Tier
from journeyman.domain.process import Network
from journeyman.verify.detect.candidates import Candidate, Directness, Purpose, RepositoryFiles
from journeyman.verify.detect.javascript_tools import configured_tool
from journeyman.verify.detect.scripts import (
    called,
    checking,
    editing,
    first_programs,
    needed_programs,
    non_interactive,
    other_links,
    without_calls,
    without_editing,
)
from journeyman.verify.manifests import table

MANIFEST = "package.json"
_SCRIPT_NAMES: dict[Purpose, tuple[str, ...]] = {
    Purpose.LINT: ("lint", "lint:check", "lint:js", "eslint"),
    Purpose.FORMAT: (
        "format:check",
        "check:format",
        "format-check",
        "fmt:check",
        "prettier:check",
        "check:prettier",
        "lint:format",
    ),
    Purpose.TYPES: (
        "typecheck",
        "type-check",
        "type:check",
        "types:check",
        "check-types",
        "check:types",
        "lint:types",
        "tsc",
        "types",
    ),
    Purpose.TESTS: ("test", "test:ci", "test:unit", "tests"),
}
_FIX_NAMES: dict[Purpose, tuple[str, ...]] = {
    Purpose.LINT: ("lint:fix", "lint-fix", "fix:lint", "eslint:fix"),
    Purpose.FORMAT: ("format", "format:fix", "format:write", "fmt", "prettier", "prettier:write"),
}
_REPEATED: dict[Purpose, tuple[Purpose, ...]] = {
    Purpose.LINT: (Purpose.FORMAT, Purpose.TYPES),
    Purpose.TESTS: (Purpose.LINT, Purpose.FORMAT, Purpose.TYPES),
}
_TIMEOUTS_S = {Purpose.TESTS: 1800.0, Purpose.TYPES: 600.0}
_LOCKFILES = {
    "pnpm-lock.yaml": "pnpm",
    "yarn.lock": "yarn",
    "bun.lock": "bun",
    "bun.lockb": "bun",
    "package-lock.json": "npm",
    "npm-shrinkwrap.json": "npm",
}


@dataclass(frozen=True)
class _Scripts:
    """The repository's scripts, and the package manager that runs them."""

    manager: str
    texts: Mapping[str, str]

    def first(self, names: tuple[str, ...]) -> str | None:
        return next((name for name in names if name in self.texts), None)

    def own(self, *purposes: Purpose) -> frozenset[str]:
        """The names of the scripts that serve the purposes."""
        return frozenset(name for purpose in purposes if (name := self.first(_SCRIPT_NAMES[purpose])))

    def command(self, name: str) -> tuple[str, ...]:
        return (self.manager, "run", name)

    def followed(self, text: str) -> str:
        """The text, or that of the one script which it only runs."""
        for _ in range(3):
            text = self.texts.get(called(text) or "", text)
        return text

    def put(self, name: str, judging: str, others: frozenset[str]) -> str | tuple[str, ...]:
        """The command: the script by its name, unless it or what npm runs before it has to change."""
        before = self.texts.get(f"pre{name}", "")
        needed = bool(before and other_links(before, others))
        if judging == self.texts[name] and (needed or not before):
            return self.command(name)
        return f"{self.manager} run pre{name} && {judging}" if needed else judging


def detect_javascript(repository: RepositoryFiles) -> list[Candidate]:
    """Scripts first; a configured tool covers a purpose that no script has."""
    if not repository.files.exists(MANIFEST):
        return []
    texts = table(repository.files.json(MANIFEST), "scripts")
    named = {name: text.strip() for name, text in texts.items() if isinstance(text, str) and text.strip()}
    scripts = _Scripts(_runner(repository), named)
    found = []
    for purpose in _SCRIPT_NAMES:
        candidate = _from_script(repository, scripts, purpose) or configured_tool(repository, purpose)
        if candidate:
            found.append(candidate)
    return found


def package_manager(repository: RepositoryFiles) -> str:
    """The package manager that the repository is kept with."""
    declared = repository.files.json(MANIFEST).get("packageManager")
    name = declared.split("@", 1)[0] if isinstance(declared, str) else ""
    if name in ("npm", "pnpm", "yarn", "bun"):
        return name
    lockfile = repository.files.exists(*_LOCKFILES)
    return _LOCKFILES[lockfile] if lockfile else "npm"


def _runner(repository: RepositoryFiles) -> str:
    wanted = package_manager(repository)
    if repository.has(wanted):
        return wanted
    stand_in = next((name for name in ("npm", "pnpm", "yarn", "bun") if repository.has(name)), None)
    if stand_in:
        repository.note(
            f"{wanted} keeps this repository but is not installed: {stand_in} runs its scripts instead"
        )
    return stand_in or wanted


def _from_script(repository: RepositoryFiles, scripts: _Scripts, purpose: Purpose) -> Candidate | None:
    name = scripts.first(_SCRIPT_NAMES[purpose])
    fixing = scripts.first(_FIX_NAMES.get(purpose, ()))
    if name is None and purpose is Purpose.FORMAT and fixing and _formats(scripts.texts[fixing]):
        name = fixing
    if name is None or (purpose is Purpose.TESTS and "no test specified" in scripts.texts[name]):
        return None
    text = scripts.texts[name]
    tests = purpose is Purpose.TESTS
    # What is a check of its own need not be run again in another, nor fail there.
    own = scripts.own(*_REPEATED.get(purpose, ()))
    judging = without_calls(non_interactive(without_editing(text)), own)
    if purpose is Purpose.FORMAT:
        judging = checking(judging)
    if not _startable(repository, scripts, name, judging):
        return None
    check = Check(
        purpose.value,
        scripts.put(name, judging, own),
        Tier.AFFECTED if tests else Tier.FAST,
        _fix(scripts, name, fixing, own),
        timeout_s=_TIMEOUTS_S.get(purpose, 300.0),
        network=Network.LOOPBACK if tests else Network.OFF,
        source=MANIFEST,
    )
    return Candidate(purpose, scripts.manager, check, Directness.TOOL, "javascript")


def _formats(text: str) -> bool:
    return "prettier" in text or "biome format" in text


def _fix(
    scripts: _Scripts, name: str, fixing: str | None, own: frozenset[str]
) -> str | tuple[str, ...] | None:
    """What mends: the script itself where it edits, the script for that, else the same command, editing."""
    text = scripts.followed(without_calls(scripts.texts[name], own))
    if without_editing(text) != text:
        return scripts.command(name)
    # One that is called `format` may well be a plain check.
    if fixing and fixing != name:
        plain = without_editing(scripts.texts[fixing]) == scripts.texts[fixing]
        if not (plain and editing(scripts.texts[fixing])):
            return scripts.command(fixing)
    return editing(text)


def _startable(repository: RepositoryFiles, scripts: _Scripts, name: str, text: str) -> bool:
    if purposeless := re.fullmatch(r"(?:echo\b.*|true|:|exit 0)", text):
        repository.note(f"{MANIFEST} script {name!r} does nothing ({purposeless[0]}), so it is no check")
        return False
    because = f"{MANIFEST} script {name!r} runs it"
    if not repository.runnable(scripts.manager, because=because, install="install Node.js"):
        return False
    install = f"{scripts.manager} install"
    # A script may call the repository's own package manager, for which another cannot stand in.
    called = [program for program in first_programs(text) if program in _LOCKFILES.values()]
    return all(
        repository.runnable(program, because=because, install=f"install {program}") for program in called
    ) and all(
        repository.runnable(program, because=because, install=install) for program in needed_programs(text)
    )
