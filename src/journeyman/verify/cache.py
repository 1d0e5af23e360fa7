"""What makes two runs of a check the same run, and where the results of such runs are kept."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

from journeyman.domain.checks import Check, CheckResult, CheckStatus
from journeyman.domain.records import ResultCache

_FORMAT = 1


def result_key(check: Check, tree: str, environment: str, parsers: int) -> str:
    """A result's key: the tree, all of the check that shapes its outcome, where and how it ran."""
    parts = [
        _FORMAT,
        tree,
        check.name,
        check.run,
        check.report,
        check.network.value,
        check.timeout_s,
        environment,
        parsers,
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()


def may_be_kept(result: CheckResult) -> bool:
    """Whether the result is one that the tree earned, and not the machine or the moment."""
    return result.status in {CheckStatus.PASSED, CheckStatus.FAILED}


def past_duration_s(cache: ResultCache, check: Check) -> float | None:
    """How long the check took when it last ran to its end, on any tree."""
    last = cache.get(_duration_key(check))
    return last.duration_s if last else None


def remember_duration(cache: ResultCache, check: Check, result: CheckResult) -> None:
    """Keep how long the check took, for the order of later runs."""
    cache.put(_duration_key(check), replace(result, failures=(), more=(), excerpt="", log=None))


def writes_files(cache: ResultCache, check: Check) -> bool:
    """Whether the check is known to change tracked files when it runs."""
    return cache.get(_writes_key(check)) is not None


def remember_writing(cache: ResultCache, check: Check, result: CheckResult) -> None:
    """Keep that the check changes tracked files."""
    cache.put(_writes_key(check), replace(result, failures=(), more=(), excerpt="", log=None))


def _writes_key(check: Check) -> str:
    command = hashlib.sha256(json.dumps(check.run).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"writes/{check.name}/{command}"


def _duration_key(check: Check) -> str:
    return f"duration/{check.name}"
