"""The judgement over check results: what the change answers for, and what the base had already. Pure."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from journeyman.domain.checks import (
    Check,
    CheckFailure,
    CheckKind,
    CheckResult,
    CheckStatus,
    Failure,
    Requirement,
    VerifyVerdict,
)
from journeyman.domain.policy.kinds import kind_of, kind_of_name
from journeyman.domain.policy.proof import ChangedPaths, grounds_of
from journeyman.verify.parsers.base import MORE_KEY
from journeyman.verify.parsers.text import clip, key_digest, stable

UNAVAILABLE_KEY = "(unavailable)"
TIMED_OUT_KEY = "(timed out)"
LOST_TESTS_KEY = "(lost tests)"
_WHOLE_EXCERPT = 3_900
"""Characters of an excerpt that is sure to be all that was said."""
_ERROR = re.compile(r"(?i)\b(?:error|errors|failed|failure|failures|exception|panic|fatal|not ok)\b|[✖✗✘]")
_WARNING = re.compile(r"(?i)\bwarn(?:ing)?s?\b")
_PLACE = re.compile(r"[\w.-]+/[\w./-]+|\b[\w-]+\.[a-z]{1,5}\b")
_NUMBER = re.compile(r"\d+")
_NAMED = 2
"""How many new failures of a check the reason names."""


@dataclass(frozen=True)
class _Comparison:
    new: tuple[Failure, ...] = ()
    known: tuple[Failure, ...] = ()
    fixed: tuple[Failure, ...] = ()


def needs_baseline(results: tuple[CheckResult, ...], checks: tuple[Check, ...] = ()) -> tuple[str, ...]:
    """The checks whose result on the base can change the verdict: what fails may be known, and tests that
    pass may be fewer than there were.
    """
    kinds = kinds_of(checks, results)
    failing = (CheckStatus.FAILED, CheckStatus.TIMED_OUT)
    return tuple(
        dict.fromkeys(
            result.check
            for result in results
            if result.status in failing or kinds[result.check] is CheckKind.TESTS
        )
    )


def kinds_of(checks: tuple[Check, ...], results: tuple[CheckResult, ...]) -> dict[str, CheckKind]:
    """The kind of each check by its name; of a result without its check, as the name tells."""
    known = {check.name: kind_of(check) for check in checks}
    return known | {
        result.check: kind_of_name(result.check) for result in results if result.check not in known
    }


def judge(
    results: tuple[CheckResult, ...],
    baseline: Mapping[str, CheckResult],
    require: Requirement,
    tree: str,
    skipped: tuple[str, ...] = (),
    *,
    checks: tuple[Check, ...] = (),
    change: ChangedPaths | None = None,
) -> VerifyVerdict:
    """The verdict on ``tree``; ``baseline`` has the base's results, at least of :func:`needs_baseline`.

    Without a base result every failure of a check is new; under ``green`` it is new with one, too. ``checks``
    are all that the repository has, selected or not; ``change`` is ``None`` when nobody knows what changed.
    """
    kinds = kinds_of(checks, results)
    compared = {
        result.check: _compare(
            result, baseline.get(result.check), require, kinds[result.check], change or ChangedPaths()
        )
        for result in results
    }
    new = _tagged({name: comparison.new for name, comparison in compared.items()})
    clean = tuple(result for result in results if not compared[result.check].new)
    grounds = grounds_of(clean, results, baseline, kinds, change)
    verdict = VerifyVerdict(
        ok=grounds.ok and not new,
        tree=tree,
        results=results,
        new_failures=new,
        known_failures=_tagged({name: comparison.known for name, comparison in compared.items()}),
        fixed_failures=_tagged({name: comparison.fixed for name, comparison in compared.items()}),
        skipped=skipped,
        proven=grounds.ok,
        proven_by=grounds.kinds,
        rests_on=grounds.rests_on,
    )
    return verdict if verdict.ok else replace(verdict, reason=_reason(verdict, grounds.missing))


def failure_signature(verdict: VerifyVerdict) -> str:
    """A digest of what is new: the same signature after another attempt means no progress."""
    keys = sorted(f"{new.check}\0{new.failure.key}" for new in verdict.new_failures)
    return hashlib.sha256("\n".join(keys).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _tagged(failures: Mapping[str, tuple[Failure, ...]]) -> tuple[CheckFailure, ...]:
    return tuple(CheckFailure(check, failure) for check, found in failures.items() for failure in found)


def _compare(
    now: CheckResult, base: CheckResult | None, require: Requirement, kind: CheckKind, change: ChangedPaths
) -> _Comparison:
    had = _failures(base) if base else ()
    match now.status:
        case CheckStatus.PASSED:
            lost = _tests_gone(now, base, change) if kind is CheckKind.TESTS else None
            return _Comparison(new=(lost,)) if lost else _Comparison(fixed=had)
        case CheckStatus.UNAVAILABLE:
            return _Comparison(new=_failures(now))
        case CheckStatus.TIMED_OUT:
            same = base is not None and base.status is CheckStatus.TIMED_OUT
            compared = _Comparison(known=_failures(now)) if same else _Comparison(new=_failures(now))
        case CheckStatus.FAILED:
            compared = _compare_failed(now, base)
    if require is Requirement.GREEN:
        return _Comparison(new=(*compared.new, *compared.known), fixed=compared.fixed)
    return compared


def _compare_failed(now: CheckResult, base: CheckResult | None) -> _Comparison:
    if base is None or base.status is not CheckStatus.FAILED:
        return _Comparison(new=_failures(now))
    if now.parsed and base.parsed:
        compared = _compare_parsed(now, base)
        lost = _lost_tests(now, base)
        return replace(compared, new=(*compared.new, lost)) if lost and not compared.new else compared
    if not now.parsed and not base.parsed and _said_the_same(now, base):
        return _Comparison(known=_failures(now))
    return _Comparison(new=_failures(now))


def _compare_parsed(now: CheckResult, base: CheckResult) -> _Comparison:
    """By key. Beyond the kept failures there are only digests of keys, on either side."""
    ours, theirs = _listed(now), _listed(base)
    our_digests = {key_digest(failure.key) for failure in ours} | set(now.more)
    their_digests = {key_digest(failure.key) for failure in theirs} | set(base.more)
    new = [failure for failure in ours if key_digest(failure.key) not in their_digests]
    unseen = sorted(set(now.more) - their_digests)
    if unseen:
        digest = key_digest("".join(unseen))
        message = f"{len(unseen):,} more new failures beyond those listed; the log has them"
        new.append(Failure(f"{MORE_KEY} {digest}", message))
    return _Comparison(
        new=tuple(new),
        known=tuple(failure for failure in ours if key_digest(failure.key) in their_digests),
        # Where no test passed, one that does not fail did not run.
        fixed=()
        if now.is_blind
        else tuple(failure for failure in theirs if key_digest(failure.key) not in our_digests),
    )


def _tests_gone(now: CheckResult, base: CheckResult | None, change: ChangedPaths) -> Failure | None:
    """A run that ended well and is no pass: tests that the base has did not run, and nothing says why.

    Where the change touches tests or what decides which of them run, that is judged as a weakening.
    """
    had, has = base.collected if base else None, now.collected
    if not had or (has is not None and (has >= had or change.touches_tests)):
        return None
    told = "without telling how many tests ran" if has is None else f"after {_tests(has)}"
    return Failure(LOST_TESTS_KEY, f"it ended {told}, where the base has {_tests(had)}")


def _tests(number: int) -> str:
    return "1 test" if number == 1 else f"{number:,} tests"


def _lost_tests(now: CheckResult, base: CheckResult) -> Failure | None:
    """The failures are the same, but most of the tests that passed beside them are gone."""
    if now.passed_count is None or not base.passed_count:
        return None
    # A green suite may shrink without a word from here, so a red one may too, within reason.
    if now.passed_count * 2 >= base.passed_count:
        return None
    return Failure(
        LOST_TESTS_KEY,
        f"only {now.passed_count:,} tests passed where {base.passed_count:,} did on the base",
    )


def _said_the_same(now: CheckResult, base: CheckResult) -> bool:
    """Whether two outputs that nobody understands complain of the same.

    Warnings are no failures, and a number that moved is none either: what is compared are the lines that tell
    of errors and of places, where the whole output is known. Two silent ends are the same: nobody can tell,
    so nobody is blamed.
    """
    if now.exit_code != base.exit_code:
        return False
    texts = now.excerpt.strip(), base.excerpt.strip()
    if not any(texts):
        return True
    keys = [failure.key for failure in now.failures]
    if keys == [failure.key for failure in base.failures] and stable(texts[0]) == stable(texts[1]):
        return True
    errors = [_error_lines(text) for text in texts]
    return bool(errors[0]) and errors[0] == errors[1] and max(map(len, texts)) < _WHOLE_EXCERPT


def _error_lines(text: str) -> Counter[str]:
    """The lines that say what is wrong and where, numbers levelled; nothing when none says so."""
    lines = [line.strip() for line in stable(text).splitlines()]
    telling = [
        line for line in lines if _ERROR.search(line) or (_PLACE.search(line) and not _WARNING.search(line))
    ]
    if not any(_ERROR.search(line) for line in telling):
        return Counter()
    return Counter(_NUMBER.sub("N", line) for line in telling)


def _listed(result: CheckResult) -> tuple[Failure, ...]:
    return tuple(failure for failure in result.failures if failure.key != MORE_KEY)


def _failures(result: CheckResult) -> tuple[Failure, ...]:
    """The result's failures; a failing check always has at least one."""
    if result.failures or result.passed:
        return result.failures
    key = {CheckStatus.TIMED_OUT: TIMED_OUT_KEY, CheckStatus.UNAVAILABLE: UNAVAILABLE_KEY}.get(
        result.status, "(failed)"
    )
    return (
        Failure(
            key, f"{result.check} {result.status.value.replace('_', ' ')}", detail=result.excerpt[-1500:]
        ),
    )


def _reason(verdict: VerifyVerdict, missing: str) -> str:
    by_check: dict[str, list[Failure]] = {}
    for new in verdict.new_failures:
        by_check.setdefault(new.check, []).append(new.failure)
    statuses = {result.check: result.status for result in verdict.results}
    parts = [_check_reason(check, statuses[check], failures) for check, failures in by_check.items()]
    if not verdict.proven and not (verdict.new_failures and verdict.proven_by):
        parts.append(_nothing_proven(verdict, missing))
    return "; ".join(parts)


def _check_reason(check: str, status: CheckStatus, failures: list[Failure]) -> str:
    if status is CheckStatus.UNAVAILABLE:
        return f"{check} cannot be run here ({clip(failures[0].message, 120)})"
    if status is CheckStatus.TIMED_OUT:
        return f"{check} {clip(failures[0].message, 120)}"
    named = ", ".join(_name(failure) for failure in failures[:_NAMED])
    more = ", …" if len(failures) > _NAMED else ""
    plural = "" if len(failures) == 1 else "s"
    return f"{check}: {len(failures)} new failure{plural} ({named}{more})"


def _name(failure: Failure) -> str:
    """A test by its id; anything else by its message: the keys of those are long or opaque."""
    is_test = failure.message.startswith(f"{failure.key}:")
    return clip(failure.key if is_test else failure.message, 120)


def _nothing_proven(verdict: VerifyVerdict, missing: str) -> str:
    if not verdict.results:
        return "no check applies to this change, so nothing was proven"
    passed = [result.check for result in verdict.results if result.passed]
    if not passed:
        return (
            "no check passed"
            if verdict.new_failures
            else "no check passed, on the base as here, so nothing was proven"
        )
    return f"{missing}, so nothing was proven; {', '.join(passed)} passed, and can't tell what the code does"
