"""``journeyman.toml`` as ``jm init`` writes it: what was detected, and what can be changed."""

from __future__ import annotations

import json

from journeyman.domain.checks import Check

_HEAD = """\
# How Journeyman works in this repository. Everything is optional; what is left out is detected.
# `jm config show` prints each value and where it came from; `jm config schema` a JSON schema.
"""
_TAIL = """\
# [verify]
# require = "no-new-failures"      # or "green": failures that the base has count too

# [scope]
# allow = []                       # gitignore-style globs; empty allows everything that nothing forbids
# deny = []
# protected = []                   # never to be changed by any run
# lockfiles = "ask"                # "allow" | "deny"

# [workspace]
# setup = "…"                      # run once in each fresh worktree
# link = ["node_modules", ".venv"] # ignored folders of the checkout that the worktrees use

# [workers.NAME]
# type = "command"                 # any program: exit 0 = done, its cwd is the worktree
# command = ["prog", "{prompt_file}"]

# [autonomy]
# verify_auto_retry = 3

# [budget]
# minutes = 120
"""


def configuration_file(checks: tuple[Check, ...], notes: tuple[str, ...]) -> str:
    """The file's text."""
    parts = [_HEAD, *(f"# note: {note}\n" for note in notes), *map(_check_table, checks)]
    if not checks:
        parts.append('# [[checks]]\n# name = "tests"\n# run = "make test"\n')
    return "\n".join([*parts, _TAIL])


def _check_table(check: Check) -> str:
    lines = [
        f"[[checks]]  # detected in {check.source}",
        f"name = {_toml(check.name)}",
        f"run = {_toml(check.run)}",
        f"tier = {check.tier.value}  # 0 fast, always · 1 each milestone · 2 before the end",
    ]
    if check.fix:
        lines.append(f"fix = {_toml(check.fix)}")
    if check.paths:
        lines.append(f"paths = {_toml(check.paths)}  # only when one of these changed")
    lines.append(f"timeout_s = {check.timeout_s:g}")
    if check.network.value != "off":
        lines.append(f"network = {_toml(check.network.value)}")
    return "\n".join(lines) + "\n"


def _toml(value: str | tuple[str, ...]) -> str:
    """A TOML string or list of strings: JSON's are valid TOML."""
    return json.dumps(value if isinstance(value, str) else list(value), ensure_ascii=False)
