"""What makes a git call harmless: the environment it gets and the configuration it is not allowed to obey.

Two lines of defence. Calls on the user's repository (refs, ``rev-parse``, ``worktree add``) read its
configuration, so every key that names a program is overridden there, by ``GIT_CONFIG_COUNT``, which wins
over all files. Calls that touch files or make objects run in a git directory of our own
(:mod:`journeyman.workspace.gitdir`) that never reads the repository's configuration; the few settings that
decide how files and objects look are carried over by name.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from pathlib import Path

Settings = tuple[tuple[str, str], ...]
"""Configuration as (key, value) pairs; the last of equal keys counts."""

_KEPT_VARIABLES = (
    "PATH",
    "HOME",
    "XDG_CONFIG_HOME",
    "TMPDIR",
    "USER",
    "LOGNAME",
    "LD_LIBRARY_PATH",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CEILING_DIRECTORIES",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
)

_VARIABLES: Mapping[str, str] = {
    "LC_ALL": "C",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_EDITOR": "false",
    "GIT_PAGER": "cat",
    "GIT_SSH_COMMAND": "false",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    # A replaced object would make the tree that was verified another one than the tree that was committed.
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_LITERAL_PATHSPECS": "1",
}

_ALWAYS: Settings = (
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.pager", "cat"),
    ("core.editor", "false"),
    ("core.sshCommand", "false"),
    ("core.askPass", "false"),
    ("core.alternateRefsCommand", "false"),
    ("core.quotePath", "false"),
    ("core.safecrlf", "false"),
    # Ours are logged on the timeline; a reflog of the run's worktree would only be litter.
    ("core.logAllRefUpdates", "false"),
    # How long git waits for a ref that another git holds; a lock older than that was left by a dead one.
    ("core.filesRefLockTimeout", "1000"),
    ("core.packedRefsTimeout", "2000"),
    ("credential.helper", ""),
    ("commit.gpgSign", "false"),
    ("tag.gpgSign", "false"),
    ("gpg.program", "false"),
    ("log.showSignature", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("submodule.recurse", "false"),
    ("protocol.allow", "never"),
    ("advice.addEmbeddedRepo", "false"),
    ("worktree.useRelativePaths", "false"),
)

# Leaf of the key, for keys of the form section.subsection.leaf -> the value that disarms it.
_DISARMED: Mapping[str, Mapping[str, str]] = {
    # An empty filter is no filter.
    "filter": {"clean": "", "smudge": "", "process": "", "required": "false"},
    # Failing closed: such a program is refused, never replaced by one that says all is well.
    "diff": {"command": "false", "textconv": "cat", "external": "false"},
    "merge": {"driver": "false"},
    "credential": {"helper": ""},
    "gpg": {"program": "false", "defaultkeycommand": "false"},
    "core": {"gitproxy": "none"},
    "remote": {"uploadpack": "false", "receivepack": "false", "proxy": "", "vcs": ""},
    "uploadpack": {"packobjectshook": "false"},
    "sequence": {"editor": "false"},
    "interactive": {"difffilter": "cat"},
    "trailer": {"command": "false", "cmd": "false"},
}

_CARRIED = (
    "core.autocrlf",
    "core.eol",
    "core.filemode",
    "core.symlinks",
    "core.ignorecase",
    "core.precomposeunicode",
    "core.protecthfs",
    "core.protectntfs",
    "core.bigfilethreshold",
    "core.compression",
    "core.loosecompression",
    "core.fsync",
    "core.fsyncmethod",
    "core.checkroundtripencoding",
)
_CARRIED_PATHS = ("core.excludesfile", "core.attributesfile")


def safe_env(env: Mapping[str, str], settings: Settings = ()) -> dict[str, str]:
    """The whole environment of a git call: what it needs of ``env``, and our configuration over all."""
    kept = {name: env[name] for name in _KEPT_VARIABLES if name in env}
    if "PATH" in kept:
        # A relative entry would look for git in the repository itself.
        kept["PATH"] = ":".join(entry for entry in kept["PATH"].split(":") if entry.startswith("/"))
    forced = (*_ALWAYS, *settings)
    numbered = {"GIT_CONFIG_COUNT": str(len(forced))}
    for number, (key, value) in enumerate(forced):
        numbered[f"GIT_CONFIG_KEY_{number}"] = key
        numbered[f"GIT_CONFIG_VALUE_{number}"] = value
    return {**kept, **_VARIABLES, **numbered}


def parse_config(listing: bytes) -> Settings:
    """The pairs of ``git config --list -z``; a key without a value is true, as for git."""
    pairs = []
    for entry in listing.decode("utf-8", "surrogateescape").split("\0"):
        key, newline, value = entry.partition("\n")
        if key:
            pairs.append((key, value if newline else "true"))
    return tuple(pairs)


def disarm(config: Settings) -> Settings:
    """Overrides for every key of ``config`` that names a program git would start."""
    found: dict[str, str] = {}
    for key, _ in config:
        section, leaf = key.split(".", 1)[0].lower(), key.rsplit(".", 1)[-1].lower()
        harmless = "false" if section == "pager" else _DISARMED.get(section, {}).get(leaf)
        if harmless is not None:
            found[key] = harmless
    return tuple(found.items())


def carried(config: Settings, root: Path) -> Settings:
    """The settings that decide how files and objects look, for a git directory that reads no other.

    Relative paths are of ``root``, the user's checkout: in a worktree they would be the worker's to choose.
    """
    values = dict(config)
    plain = [(key, values[key]) for key in _CARRIED if key in values]
    paths = [(key, _absolute(values[key], root)) for key in _CARRIED_PATHS if values.get(key)]
    return tuple(plain + paths)


def last_value(config: Iterable[tuple[str, str]], key: str) -> str | None:
    """The value that counts for ``key`` (lower-case section and leaf), or ``None``."""
    return dict(config).get(key)


def _absolute(path: str, root: Path) -> str:
    return path if path.startswith(("/", "~")) else posixpath.join(str(root), path)
