"""Whether results prove anything of a change. Pure.

Lint and formatting pass where nothing compiles and no test begins. So where a repository has tests or a
build, one of these must have had results of its own; only a change that none could see may rest on less.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from journeyman.domain.checks import CheckKind, CheckResult, CheckStatus
from journeyman.domain.policy.integrity import configures_checks
from journeyman.domain.policy.kinds import DEMANDING
from journeyman.domain.policy.risk import is_test
from journeyman.domain.scope import path_matches

_DOCUMENTS = (
    *(
        "*.md",
        "*.mdx",
        "*.rst",
        "*.adoc",
        "*.txt",
        "*.markdown",
        "LICENSE*",
        "LICENCE*",
        "COPYING*",
        "NOTICE*",
    ),
    *("AUTHORS*", "CHANGELOG*", "CHANGES*", "CODEOWNERS", ".gitignore", ".mailmap", "CITATION.cff"),
)
_NO_DOCUMENTS = ("*requirements*.txt", "constraints*.txt", "CMakeLists.txt", "robots.txt")
"""Named like documents, and read by programs."""


@dataclass(frozen=True)
class ChangedPaths:
    """What a change touches, as far as the verdict over it depends on that."""

    paths: tuple[str, ...] = ()
    touches_tests: bool = False
    """It changes tests, or what decides which of them run."""

    @classmethod
    def of(cls, paths: tuple[str, ...]) -> ChangedPaths:
        """The change of these paths."""
        return cls(paths, touches_tests=any(is_test(path) or configures_checks(path) for path in paths))

    @property
    def only_documents(self) -> bool:
        """Whether no test and no compiler could see it."""
        return bool(self.paths) and all(map(_is_document, self.paths))


@dataclass(frozen=True)
class Grounds:
    """What a verdict stands on: what proves a change, or why nothing does."""

    ok: bool
    kinds: tuple[CheckKind, ...] = ()
    """Of what passed, or passed in part; the most telling first."""
    rests_on: str = ""
    """In a few words, where no test and no build is among them and that is right all the same."""
    missing: str = ""
    """What should have run."""


def grounds_of(
    clean: tuple[CheckResult, ...],
    results: tuple[CheckResult, ...],
    baseline: Mapping[str, CheckResult],
    kinds: Mapping[str, CheckKind],
    change: ChangedPaths | None,
) -> Grounds:
    """The proof that results make; ``clean`` are those among them without a new failure.

    ``kinds`` holds all checks of the repository, those left out for this change too. Without a ``change``, as
    for a commit that is proven again, the checks that ran are all there is.
    """
    proving = {kinds[result.check] for result in clean if _says_something(result, kinds[result.check])}
    ordered = tuple(kind for kind in CheckKind if kind in proving)
    demanding = {
        name
        for name, kind in kinds.items()
        if kind in DEMANDING and not (kind is CheckKind.TESTS and _has_no_tests(name, results, baseline))
    }
    if proving & DEMANDING or not demanding or not proving:
        return Grounds(bool(proving), ordered)
    ran = demanding & {result.check for result in results}
    others = ", ".join(ordered)
    if not ran:
        return Grounds(
            ok=True, kinds=ordered, rests_on=f"no test looks at what changed, it rests on {others}"
        )
    if change is not None and change.only_documents:
        return Grounds(ok=True, kinds=ordered, rests_on=f"only documents changed, it rests on {others}")
    return Grounds(ok=False, kinds=ordered, missing=_missing({kinds[name] for name in ran}))


def _says_something(result: CheckResult, kind: CheckKind) -> bool:
    if result.wrote and kind in {CheckKind.LINT, CheckKind.FORMAT}:
        return False  # it made the tree pass
    if kind is CheckKind.TESTS:
        return result.passed_count != 0 if result.passed else (result.passed_count or 0) > 0
    return result.passed or (result.status is CheckStatus.FAILED and (result.passed_count or 0) > 0)


def _has_no_tests(name: str, results: tuple[CheckResult, ...], baseline: Mapping[str, CheckResult]) -> bool:
    """Whether the base's own run of it ended well and found none: a build that happens to be asked so."""
    base = baseline.get(name)
    now = next((result for result in results if result.check == name), None)
    return base is not None and base.passed and base.collected == 0 and (now is None or now.passed)


def _missing(kinds: set[CheckKind]) -> str:
    if kinds == {CheckKind.BUILD}:
        return "nothing was built"
    return "no test passed" + (" and nothing was built" if CheckKind.BUILD in kinds else "")


def _is_document(path: str) -> bool:
    return path_matches(path, _DOCUMENTS) and not path_matches(path, _NO_DOCUMENTS) and not is_test(path)
