"""Reading package.json scripts: what they start, and what must change for them to judge and not to edit."""

from __future__ import annotations

import re
import shlex

_SEPARATORS = frozenset(("&&", "||", ";", "|", "&"))
_RUNNERS = frozenset(("npm", "pnpm", "yarn", "bun", "npx", "node", "corepack"))
_LAUNCHERS = frozenset(("cross-env", "dotenv", "env", "cross-env-shell"))
_BUILTINS = frozenset(("cd", "echo", "exit", "export", "set", "test", "true", "false", "[", ":", "rm", "cp"))
_EDITING = re.compile(r"\s(?:--fix(?:=true)?|--fix-type=\S+|--write|--apply(?:-unsafe)?)(?=\s|$)")
_JUDGES = r"(?<=\s)(?:--check|-c|--list-different|-l)(?=\s|$)"
_CALL = re.compile(r"(?:npm|pnpm|yarn|bun) (?:run )?(?:-s |--silent )?([\w:.-]+)")
_RUNNER_WATCH = {
    "jest": r"\s--watch(?:All)?(?:=true)?(?=\s|$)",
    "mocha": r"\s(?:--watch|-w)(?=\s|$)",
    "ava": r"\s(?:--watch|-w)(?=\s|$)",
    "tsc": r"\s(?:--watch|-w)(?=\s|$)",
    "vue-tsc": r"\s(?:--watch|-w)(?=\s|$)",
    "node": r"\s--watch(?=\s|$)",
    "vitest": r"\s(?:--watch(?:=true)?|-w|watch|dev)(?=\s|$)",
}
_SINGLE_RUN = {
    "react-scripts test": "--watchAll=false",
    "ng test": "--watch=false",
    "karma start": "--single-run",
}


def first_programs(script: str) -> tuple[str, ...]:
    """The programs that a script's commands start with; none when it is too clever to be read."""
    words = _words(script)
    if words is None:
        return ()
    programs = []
    expecting = True
    for word in words:
        if word in _SEPARATORS:
            expecting = True
        elif expecting and not re.match(r"\w+=", word) and word not in _LAUNCHERS:
            programs.append(word)
            expecting = False
    return tuple(dict.fromkeys(programs))


def needed_programs(script: str) -> tuple[str, ...]:
    """The programs that have to be installed for a script; no builtins, runners, paths or variables."""
    known = _RUNNERS | _BUILTINS
    return tuple(
        name for name in first_programs(script) if name not in known and re.fullmatch(r"[\w.-]+", name)
    )


def without_editing(script: str) -> str:
    """The script without the options that make its tools edit files; prettier then checks."""
    plain = _EDITING.sub("", f" {script}").strip()
    if plain == script.strip():
        return plain
    return checking(plain)


def checking(script: str) -> str:
    """The script with prettier told to check: without an option it prints what it formats, and succeeds."""
    return re.sub(rf"(?<![\w:@/-])(?<!run )prettier(?=\s|$)(?!.*(?:{_JUDGES}))", "prettier --check", script)


def editing(script: str) -> str | None:
    """The script of one linter or formatter, told to edit; ``None`` for what is not plainly one."""
    words = _words(script)
    if words is None or _SEPARATORS & set(words) or "$" in script:
        return None
    match words:
        case ["eslint", *_]:
            return f"{script} --fix"
        case ["biome", "lint" | "format" | "check", *_]:
            return f"{script} --write"
        case ["prettier", *_]:
            judges = re.search(_JUDGES, script)
            return re.sub(_JUDGES, "--write", script, count=1) if judges else f"{script} --write"
        case _:
            return None


def called(script: str) -> str | None:
    """The name of the other script, when to run that is all that this one does."""
    match = _CALL.fullmatch(script.strip())
    return match[1] if match else None


def other_links(script: str, others: frozenset[str]) -> list[str]:
    """The links of a chain of ``&&`` that do more than to run one of the other scripts."""
    return [link.strip() for link in script.split("&&") if called(link) not in others]


def without_calls(script: str, others: frozenset[str]) -> str:
    """The script without the links that only run one of the other scripts, unless that is all there is."""
    kept = other_links(script, others)
    return " && ".join(kept) if kept and len(kept) < script.count("&&") + 1 else script


def non_interactive(script: str) -> str:
    """The script with its test runner told to run once instead of watching."""
    parts = re.split(r"(\s*(?:&&|\|\||;)\s*)", script.strip())
    return "".join(part if index % 2 else _run_once(part) for index, part in enumerate(parts))


def _run_once(command: str) -> str:
    programs = first_programs(command)
    name = programs[0].rsplit("/", 1)[-1] if programs else ""
    if name == "npx" or (name in _RUNNERS and name != "node"):
        name = next((word for word in command.split()[1:] if word in _RUNNER_WATCH), "")
    for prefix, option in _SINGLE_RUN.items():
        if prefix in command and option.split("=")[0] not in command:
            return f"{command} {option}"
    watch = _RUNNER_WATCH.get(name)
    if watch is None:
        return command
    once = re.sub(watch, "", command)
    if name == "vitest" and not re.search(r"\bvitest\s+(?:run|bench|list|typecheck)\b|\s--run\b", once):
        once = re.sub(r"\bvitest\b", "vitest run", once, count=1)
    return once


def _words(script: str) -> list[str] | None:
    try:
        lexer = shlex.shlex(script, posix=True, punctuation_chars="&|;")
        lexer.whitespace_split = True
        return list(lexer)
    except ValueError:
        return None
