"""How a repository's own task files and workflows call a tool: on which paths, and whether they do at all."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

WHOLE = (".",)
_SWITCHES = frozenset(
    """
    --check --check-only --diff --fix --no-fix --exit-non-zero-on-fix --show-fixes --quiet -q --verbose -v -c
    --strict --no-cache --unsafe-fixes --preview --color --statistics
    """.split()  # noqa: SIM905 - words read better than quotes and commas
)
_NAMED_STEP = re.compile(r"^\s*-?\s*(?:name|id|description|repo)\s*[:=].*$", re.MULTILINE)
# Lists of arguments (nox, tox.toml), what tox lets its user override, and just's own variables.
_LEVELLED = (
    (re.compile(r"\\\n\s*"), " "),
    (re.compile(r"[\"'],\s*[\"']"), " "),
    (re.compile(r"\{posargs:?([^{}]*)\}"), r"\1"),
    (re.compile(r"\{\{[^{}]*\}\}"), ""),
)


def given_paths(texts: list[str], call: str, root: Path) -> tuple[str, ...]:
    """The paths that ``call`` (such as ``ruff check``) is given, put together; ``WHOLE`` when that is all.

    Empty when nothing calls it, or only in ways that cannot be read without running them.
    """
    found: list[str] = []
    for text in texts:
        for words in _arguments(text, call):
            paths = _paths(words, root)
            # Ruff alone looks at everything; other tools' names alone are as often a dependency.
            if paths == WHOLE or (not words and call.startswith("ruff ")):
                return WHOLE
            found += paths
    return tuple(dict.fromkeys(found))


def _arguments(text: str, call: str) -> Iterator[list[str]]:
    """The words after each call."""
    text = _NAMED_STEP.sub("", text)
    for pattern, replacement in _LEVELLED:
        text = pattern.sub(replacement, text)
    for match in re.finditer(rf"(?<![\w./-]){re.escape(call)}(?=\s|$|[\"'])([^\n;&|#\"'`\])]*)", text):
        yield match[1].split()


def _paths(words: list[str], root: Path) -> tuple[str, ...]:
    """The words that are paths of the repository; empty when any word may be something else."""
    paths = []
    for word, before in zip(words, ["", *words], strict=False):
        if word.startswith("-"):
            continue
        if before.startswith("-") and "=" not in before and before not in _SWITCHES:
            return ()
        paths.append(os.path.normpath(word))
    if "." in paths:
        return WHOLE
    inside = all(".." not in path.split("/") and not path.startswith("/") for path in paths)
    return tuple(paths) if inside and all((root / path).exists() for path in paths) else ()
