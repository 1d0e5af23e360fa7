"""Signs that a change, or a task, is one for a second pair of eyes. Pure: texts in, flags out."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from dataclasses import dataclass

from journeyman.domain.policy.python_surface import python_surface
from journeyman.domain.scope import path_matches
from journeyman.domain.settings import FastPathSettings, RiskFlag

_PATHS: dict[RiskFlag, tuple[str, ...]] = {
    RiskFlag.AUTH: (
        "auth/",
        "*auth.*",
        "*auth_*",
        "*_auth*",
        "login*",
        "*permission*",
        "*session*.py",
        "security/",
    ),
    RiskFlag.CRYPTO: ("crypto/", "*crypto*", "*cipher*", "*.pem", "*.key"),
    RiskFlag.SQL: ("*.sql", "migrations/", "alembic/", "migrate/"),
    RiskFlag.DEPENDENCY: ("requirements*.txt", "requirements/", "go.mod", "constraints*.txt"),
}
_LINES: dict[RiskFlag, re.Pattern[str]] = {
    RiskFlag.AUTH: re.compile(
        r"(?i)\b(?:passwords?|passwd|api_?keys?|credentials?|authenticate\w*|authoriz\w+|permissions?|is_admin"
        r"|csrf\w*|jwt|oauth\w*|access_token|session_id)\b"
    ),
    RiskFlag.CRYPTO: re.compile(
        r"\b(?:hashlib|hmac|md5|sha1|sha256|encrypt\w*|decrypt\w*|[Cc]ipher\w*|ssl|x509|bcrypt|argon2)\b"
        r"|verify\s*=\s*False"
    ),
    RiskFlag.SQL: re.compile(
        r"\b(?:SELECT\b.+\bFROM|INSERT\s+INTO|UPDATE\b.+\bSET|DELETE\s+FROM|DROP\s+TABLE|ALTER\s+TABLE)\b"
    ),
}
_TASK_WORDS: dict[RiskFlag, re.Pattern[str]] = {
    RiskFlag.AUTH: re.compile(
        r"(?i)\b(?:security|vulnerab\w+|authenticat\w+|authoriz\w+|passwords?|permissions?|oauth\w*|logins?)\b"
    ),
    RiskFlag.CRYPTO: re.compile(
        r"(?i)\b(?:encrypt\w*|decrypt\w*|cryptograph\w*|ciphers?|signatures? verif\w+)\b"
    ),
    RiskFlag.SQL: re.compile(r"(?i)\b(?:migrations?|sql injections?|database schema|schema change)\b"),
    RiskFlag.DEPENDENCY: re.compile(
        r"(?i)\b(?:upgrade|bump|add|install|remove|pin)\b[^.\n]{0,40}\b(?:dependenc\w+|packages?)\b"
    ),
    RiskFlag.PUBLIC_API: re.compile(r"(?i)\b(?:breaking change|public api|deprecat\w+)\b"),
}
_TEST_PATHS = (
    "test/", "tests/", "__tests__/", "testing/", "test_*", "*_test.*", "*.test.*", "*.spec.*", "*_spec.*",
    "*Test.java", "conftest.py",
)  # fmt: skip
_REQUIRES = re.compile(r"(?i)dependenc(?:y|ies)|requires\b|^\s*gem\b")
_MANIFESTS = (
    "pyproject.toml",
    "package.json",
    "Cargo.toml",
    "setup.cfg",
    "setup.py",
    "Gemfile",
    "composer.json",
)
_PUBLIC = re.compile(
    r"(?m)^(?:(?:async )?def (?!_)\w+\(.*|class (?!_)\w+.*"
    r"|export (?:default )?(?:async )?(?:function|class|const|interface|type) \w+.*"
    r"|func (?:\([^)]*\) )?[A-Z]\w*\(.*|pub (?:async )?(?:fn|struct|enum|trait) \w+.*"
    r"|    (?:async )?def (?!_)\w+\(.*"
    r"|[ \t]*(?:public|protected) [^=;(]*(?:\(.*|\b(?:class|interface|enum|record) \w+.*))$"
)
_REMARK = re.compile(r"\s+(?:#|//).*$")
"""A comment at the end of a line: it is no part of a signature."""


@dataclass(frozen=True)
class FileText:
    """One changed file, before and after; ``None`` where it was not there or is no text."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class RiskSign:
    """One sign of risk, with where it was seen."""

    flag: str
    """A :class:`RiskFlag`, ``path`` or ``pattern``."""
    detail: str


def is_test(path: str) -> bool:
    """Whether the path is that of a test, by its name."""
    return path_matches(path, _TEST_PATHS)


def risky_path(path: str, settings: FastPathSettings) -> str | None:
    """The flag of a path that is risky to change, whatever is changed in it."""
    if path_matches(path, settings.risky_paths):
        return "path"
    if is_test(path):
        return None
    return next(
        (flag.value for flag in settings.risk_flags if path_matches(path, _PATHS.get(flag, ()))), None
    )


def risks_of_task(text: str, settings: FastPathSettings) -> tuple[RiskSign, ...]:
    """Risky words in a task."""
    found = []
    for flag in settings.risk_flags:
        match = _TASK_WORDS[flag].search(text) if flag in _TASK_WORDS else None
        if match:
            found.append(RiskSign(flag.value, f"the task says {' '.join(match[0].split())!r}"))
    return tuple(found)


def risks_of_change(files: tuple[FileText, ...], settings: FastPathSettings) -> tuple[RiskSign, ...]:
    """What is risky in a diff: one entry for each flag and file."""
    return tuple(risk for file in files for risk in _risks(file, settings))


def changed_lines(file: FileText) -> tuple[str, ...]:
    """Lines that one side has and the other has not, or has less often."""
    before, after = (Counter((text or "").splitlines()) for text in (file.before, file.after))
    return (*(after - before), *(before - after))


def _risks(file: FileText, settings: FastPathSettings) -> list[RiskSign]:
    found: list[RiskSign] = []
    by_path = risky_path(file.path, settings)
    if by_path:
        found.append(RiskSign(by_path, file.path))
    lines = () if is_test(file.path) else changed_lines(file)
    shown = (flag for flag in settings.risk_flags if flag.value != by_path and _shows(flag, file, lines))
    found += [RiskSign(flag.value, file.path) for flag in shown]
    matching = (each for each in settings.risky_patterns if any(re.search(each, line) for line in lines))
    found += [RiskSign("pattern", f"{file.path} ({pattern})") for pattern in matching]
    return found


def _shows(flag: RiskFlag, file: FileText, lines: tuple[str, ...]) -> bool:
    match flag:
        case RiskFlag.TESTS_DELETED:
            return file.before is not None and file.after is None and is_test(file.path)
        case RiskFlag.PUBLIC_API:
            return not is_test(file.path) and _takes_from_public(file)
        case RiskFlag.DEPENDENCY:
            named = file.path.rsplit("/", 1)[-1] in _MANIFESTS
            return named and _dependencies(file.path, file.before) != _dependencies(file.path, file.after)
        case _:
            return any(map(_LINES[flag].search, lines))


def _takes_from_public(file: FileText) -> bool:
    """Whether something that others may call has gone or has another shape."""
    if file.path.endswith(".py"):
        before, after = python_surface(file.before or ""), python_surface(file.after or "")
        if before is not None and after is not None:
            return not before <= after
    return bool(_public_lines(file.before) - _public_lines(file.after))


def _public_lines(text: str | None) -> Counter[str]:
    return Counter(" ".join(_REMARK.sub("", line).split()) for line in _PUBLIC.findall(text or ""))


def _dependencies(path: str, text: str | None) -> object:
    """All that the manifest says of dependencies; the whole text where it cannot be read."""
    try:
        content = json.loads(text or "{}") if path.endswith(".json") else tomllib.loads(text or "")
    except (ValueError, RecursionError):
        return [line for line in (text or "").splitlines() if _REQUIRES.search(line)]
    return _tables(content)


def _tables(content: object) -> list[object]:
    if not isinstance(content, dict):
        return []
    found: list[object] = []
    for key, value in content.items():
        found += [key, value] if _REQUIRES.search(key) else _tables(value)
    return found
