"""What a check's output says is missing on the machine: no edit of the worker's can bring it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

_MOST_CHARACTERS = 20_000
"""Of an output; each pattern looks at a line at a time."""


@dataclass(frozen=True)
class MissingPiece:
    """What is not there, in words, and the line that mends it."""

    what: str
    fix: str


def _piece(what: str, fix: str, *patterns: str) -> tuple[re.Pattern[str], MissingPiece]:
    return re.compile("|".join(patterns)), MissingPiece(what, fix)


_PIECES = (
    _piece(
        "the Python module {name} is not installed",
        "install what the project needs in .venv, or say how by [workspace] setup",
        r"ModuleNotFoundError: No module named ['\"](?P<name>[\w.]+)",
    ),
    _piece(
        "the package {name} is not in node_modules",
        "npm ci",
        r"Cannot find (?:module|package) ['\"](?P<name>[^'\"./][^'\"\n]*)",
    ),
    _piece(
        "{name} is not in node_modules",
        "npm ci",
        r"(?:npm ERR! missing: |sh: \d+: )(?P<name>jest|vitest|mocha|ava|tsc|eslint|tap|c8|nyc)\b",
    ),
    _piece(
        "Go modules were never fetched",
        "go mod download",
        r"missing go\.sum entry",
        r"no required module provides package",
        r"cannot find module providing package",
        r"module lookup disabled by GOPROXY=off",
        r"dial tcp: lookup proxy\.golang\.org",
        r"Get \"https://proxy\.golang",
    ),
    _piece(
        "Rust crates were never fetched",
        "cargo fetch",
        r"failed to (?:get|download|load source for dependency) ",
        r"no matching package (?:named )?[^\n]{0,80} found",
        r"attempting to make an HTTP request, but --offline",
        r"Could not resolve host: (?:index|static)\.crates\.io",
        r"[Uu]nable to update registry",
    ),
    _piece(
        "Maven's artifacts were never fetched",
        "mvn dependency:go-offline",
        r"Could not resolve dependencies for project",
        r"Non-resolvable (?:parent POM|import POM)",
        r"Could not transfer artifact",
        r"Plugin \S+ or one of its dependencies could not be resolved",
    ),
    _piece(
        "Gradle's artifacts were never fetched",
        "gradle dependencies",
        r"Could not resolve all (?:files|artifacts|dependencies) for configuration",
        r"Could not GET 'https?://",
    ),
    _piece(
        "gems are not installed",
        "bundle install",
        r"Could not find gem '",
        r"Could not find \S+ in (?:any of the sources|locally installed gems)",
        r"Bundler::GemNotFound",
        r"cannot load such file -- (?:rspec|minitest|bundler|rake)",
    ),
    _piece(
        "Composer's packages are not installed",
        "composer install",
        r"vendor/autoload\.php[^\n]{0,60}(?:No such file|[Ff]ailed to open)",
    ),
    _piece("NuGet packages were never restored", "dotnet restore", r"NU1[13]0[12]: ", r"error MSB4236"),
    _piece(
        "a service that the checks talk to is not up",
        'start it where the checks may reach it: network = "on" in their table',
        r"[Cc]onnection refused",
        r"ECONNREFUSED",
        r"could not connect to server",
        r"Can't connect to (?:local )?MySQL server",
        r"Cannot connect to the Docker daemon",
    ),
    _piece(
        "a submodule is not checked out",
        "git submodule update --init --recursive",
        r"git submodule update --init",
        r"[Ss]ubmodule[^\n]{0,80}(?:not initialized|not found|is empty|missing)",
    ),
    _piece(
        "the variable {name} is not set",
        "checks see a listed environment: set it in the check's command",
        r"KeyError: ['\"](?P<name>[A-Z][A-Z0-9_]{3,})['\"]",
    ),
)


def missing_piece(output: str) -> MissingPiece | None:
    """The first piece that an output says is missing."""
    text = output[-_MOST_CHARACTERS:]
    for pattern, piece in _PIECES:
        match = pattern.search(text)
        if match is not None:
            return replace(piece, what=piece.what.format(**match.groupdict()))
    return None
