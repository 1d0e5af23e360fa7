"""The paths a run may change, judged by the host on a snapshot's diff. No worker can bend these rules."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

ALWAYS_PROTECTED = (
    "/.git*",
    "/**/.gitattributes",
    "/**/.gitmodules",
    "/.journeyman/",
    "journeyman.toml",
    "/.github/",
    "/.gitlab-ci.yml",
    "/.circleci/",
    "/.travis.yml",
    "/azure-pipelines.yml",
    "/appveyor.yml",
    "/.buildkite/",
    "/Jenkinsfile",
    "/.drone.yml",
    "/.woodpecker/",
    "/.woodpecker.yml",
    "/bitbucket-pipelines.yml",
    "/.ci/",
)
LOCKFILES = (
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.lock",
    "bun.lockb",
    "deno.lock",
    "poetry.lock",
    "pdm.lock",
    "uv.lock",
    "pylock*.toml",
    "Pipfile.lock",
    "Cargo.lock",
    "go.sum",
    "Gemfile.lock",
    "composer.lock",
    "flake.lock",
    "gradle.lockfile",
    "mix.lock",
    "pubspec.lock",
    "Podfile.lock",
    "conan.lock",
    "packages.lock.json",
)


class LockfilePolicy(StrEnum):
    """What a changed lockfile means: a person is asked (the run stops), it is fine, or it is refused."""

    ASK = "ask"
    ALLOW = "allow"
    DENY = "deny"


@dataclass(frozen=True)
class Scope:
    """What may change. Globs have gitignore semantics, relative to the repository's root."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    allow: tuple[str, ...] = ()
    """Empty allows every path that nothing else forbids."""
    deny: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()
    """The user's own list (a "boot chain", say), on top of :data:`ALWAYS_PROTECTED`."""
    lockfiles: LockfilePolicy = LockfilePolicy.ASK
    max_files: int = 200
    max_lines: int = 10_000


class ChangeKind(StrEnum):
    """What happened to a path."""

    ADDED = "added"
    MODIFIED = "modified"
    DELETED = "deleted"


@dataclass(frozen=True)
class Change:
    """One path in a diff between two trees. Renames are a deletion and an addition."""

    path: str
    kind: ChangeKind
    old_mode: str
    """Git's six octal digits; ``000000`` where there was nothing."""
    new_mode: str
    lines_added: int = 0
    lines_removed: int = 0
    binary: bool = False
    link_target: str | None = None
    """Where the new symlink points, as written in it."""


class Rule(StrEnum):
    """Which rule a change broke; the value is the stop code."""

    OUT_OF_SCOPE = "out-of-scope"
    PROTECTED = "protected-path"
    LOCKFILE = "lockfile-changed"
    SYMLINK = "symlink-escape"
    SUBMODULE = "submodule-changed"
    MODE = "mode-changed"
    TOO_LARGE = "diff-too-large"


@dataclass(frozen=True)
class Violation:
    """One broken rule, with the path and why."""

    rule: Rule
    path: str
    message: str


@dataclass(frozen=True)
class ScopeVerdict:
    """The judgement over a whole diff; gravest violations first."""

    ok: bool
    violations: tuple[Violation, ...] = ()


_SUBMODULE_MODE = "160000"
_GRAVITY = (
    Rule.PROTECTED,
    Rule.SYMLINK,
    Rule.SUBMODULE,
    Rule.OUT_OF_SCOPE,
    Rule.LOCKFILE,
    Rule.MODE,
    Rule.TOO_LARGE,
)


def judge_scope(changes: tuple[Change, ...], scope: Scope) -> ScopeVerdict:
    """Whether every change is one that the scope permits."""
    violations = [violation for change in changes for violation in _judge_change(change, scope)]
    violations += _judge_size(changes, scope)
    violations.sort(key=lambda violation: (_GRAVITY.index(violation.rule), violation.path))
    return ScopeVerdict(ok=not violations, violations=tuple(violations))


def advice(rule: Rule, scope: Scope) -> str | None:
    """What helps after a guard's stop, where that is no resume."""
    match rule:
        case Rule.OUT_OF_SCOPE:
            return "to permit it, start a new run with a wider scope.allow (--allow) or a narrower scope.deny"
        case Rule.PROTECTED:
            return "make that change by hand"
        case Rule.TOO_LARGE:
            return "split the task, or raise scope.max_files and scope.max_lines in a new run"
        case Rule.LOCKFILE if scope.lockfiles is LockfilePolicy.DENY:
            return "to permit it, start a new run with --allow-lockfile"
        case _:
            return None


def denied_by(scope: Scope) -> Callable[[str], bool]:
    """Whether a path is in the scope's deny list."""
    if not scope.deny:
        return lambda _path: False
    return lambda path: path_matches(path, scope.deny)


def path_matches(path: str, globs: tuple[str, ...]) -> bool:
    """Whether a path, relative to the root, matches any of the gitignore-style globs."""
    return bool(globs) and _spec(globs).match_file(path)


def is_lockfile(path: str) -> bool:
    """Whether the path is a package manager's lockfile."""
    return path_matches(path, LOCKFILES)


def is_protected(path: str, scope: Scope) -> bool:
    """Whether no run may ever change the path."""
    # Case-insensitive file systems would let ".GitHub/x" through: compare the folded path too.
    globs = ALWAYS_PROTECTED + scope.protected
    return path_matches(path, globs) or path_matches(path.casefold(), globs)


@lru_cache(maxsize=64)
def _spec(globs: tuple[str, ...]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(globs)


def _judge_change(change: Change, scope: Scope) -> list[Violation]:
    path = change.path
    found = []

    def add(rule: Rule, message: str) -> None:
        found.append(Violation(rule, path, message))

    if is_protected(path, scope):
        add(Rule.PROTECTED, f"{path} is protected: no run may change it")
    elif path_matches(path, scope.deny):
        add(Rule.OUT_OF_SCOPE, f"{path} is in the scope's deny list")
    elif scope.allow and not path_matches(path, scope.allow):
        add(Rule.OUT_OF_SCOPE, f"{path} is not in the scope's allow list")
    if is_lockfile(path) and not _may_lock(path, scope):
        add(Rule.LOCKFILE, f"{path} is a lockfile, and lockfiles = {scope.lockfiles.value!r}")
    if _SUBMODULE_MODE in (change.old_mode, change.new_mode):
        add(Rule.SUBMODULE, f"{path} is a submodule: its commit or presence changed")
    if change.link_target is not None and _leaves_tree(path, change.link_target):
        add(Rule.SYMLINK, f"{path} is a symlink that leaves the tree (to {change.link_target})")
    if change.kind is ChangeKind.MODIFIED and change.old_mode != change.new_mode:
        add(Rule.MODE, f"{path} changed its mode from {change.old_mode} to {change.new_mode}")
    return found


def _may_lock(path: str, scope: Scope) -> bool:
    """Whether a person has said that this lockfile may change: by the policy, or by its name in the scope."""
    if scope.lockfiles is not LockfilePolicy.ASK:
        return scope.lockfiles is LockfilePolicy.ALLOW
    return path_matches(path, tuple(glob for glob in scope.allow if is_lockfile(glob.lstrip("/"))))


def _judge_size(changes: tuple[Change, ...], scope: Scope) -> list[Violation]:
    lines = sum(change.lines_added + change.lines_removed for change in changes)
    found = []
    if len(changes) > scope.max_files:
        message = f"{len(changes):,} files changed; at most {scope.max_files:,} may (scope.max_files)"
        found.append(Violation(Rule.TOO_LARGE, "", message))
    if lines > scope.max_lines:
        message = f"{lines:,} lines changed; at most {scope.max_lines:,} may (scope.max_lines)"
        found.append(Violation(Rule.TOO_LARGE, "", message))
    return found


def _leaves_tree(path: str, target: str) -> bool:
    if target.startswith("/"):
        return True
    resolved = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    return resolved == ".." or resolved.startswith("../") or resolved.split("/", 1)[0] == ".git"
