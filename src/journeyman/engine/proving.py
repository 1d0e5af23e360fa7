"""``jm verify``: prove a checkpoint again, from the commit alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from journeyman.domain.checks import Check, CheckFailure, CheckKind, CheckResult, Requirement
from journeyman.domain.errors import JourneymanError
from journeyman.domain.events import Role
from journeyman.domain.policy.proof import ChangedPaths
from journeyman.engine.evidence import parse_verified_by
from journeyman.engine.exact import run_exactly
from journeyman.verify.judge import judge

if TYPE_CHECKING:
    from journeyman.engine.model import Run


@dataclass(frozen=True)
class Proof:
    """What came of proving a checkpoint again."""

    commit: str
    tree: str
    ok: bool
    tree_matches: bool
    reason: str
    results: tuple[CheckResult, ...]
    known_failures: tuple[CheckFailure, ...]
    proven_by: tuple[CheckKind, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The contract of ``jm verify --json``."""
        checks = [
            {
                "name": result.check,
                "status": result.status.value,
                "duration_s": result.duration_s,
                "known_failures": sum(failure.check == result.check for failure in self.known_failures),
            }
            for result in self.results
        ]
        return {
            "ok": self.ok,
            "tree_matches": self.tree_matches,
            "commit": self.commit,
            "tree": self.tree,
            "reason": self.reason,
            "proven_by": list(self.proven_by),
            "checks": checks,
        }


async def prove(run: Run, commit: str) -> Proof:
    """Run the checks that the commit's trailers name on its tree, whatever any cache says.

    The configured checks lend their time-outs and network to one of the same name and command. Raises
    JourneymanError("not-a-checkpoint") when the commit carries no evidence.
    """
    info = await run.workspace.commit_info(commit)
    verified = [value for key, value in info.trailers if key == "Verified-Tree"]
    told = tuple(parse_verified_by(value) for key, value in info.trailers if key == "Verified-By")
    if not verified or not told:
        raise JourneymanError("not-a-checkpoint", f"{commit} has no Verified-Tree and Verified-By trailers")
    checks = tuple(_configured(each.check, run.spec.settings.checks) for each in told)
    results = await _results(run, checks, info.commit, info.tree)
    base = next((value for key, value in info.trailers if key == "Journeyman-Base"), None)
    failing = tuple(result.check for result in results if not result.passed)
    # Of tests that pass the trailer says how many there were: the base need not be asked again.
    counted = {each.check.name: each.tests for each in told if each.tests}
    baseline = {
        result.check: replace(result, passed_count=counted[result.check], failed_count=0, skipped_count=0)
        for result in results
        if result.passed and result.check in counted
    }
    change: ChangedPaths | None = None
    if failing and base is not None:
        again = tuple(check for check in checks if check.name in failing)
        base_tree = (await run.workspace.commit_info(base)).tree
        baseline |= {result.check: result for result in await _results(run, again, base, base_tree)}
        changes = await run.workspace.changes(base_tree, info.tree)
        change = ChangedPaths(tuple(each.path for each in changes))
    verdict = judge(
        results, baseline, Requirement.NO_NEW_FAILURES, info.tree, (), checks=checks, change=change
    )
    matches = verified == [info.tree]
    reason = verdict.reason if matches else f"the commit's tree is {info.tree}, verified was {verified[0]}"
    return Proof(
        info.commit,
        info.tree,
        verdict.ok and matches,
        matches,
        reason,
        results,
        verdict.known_failures,
        verdict.proven_by,
    )


async def _results(run: Run, checks: tuple[Check, ...], commit: str, tree: str) -> tuple[CheckResult, ...]:
    exact = run.trees.exactly(Role.VERIFY, commit)
    return await run_exactly(run.checks, checks, exact, tree, run.artifacts.path(f"logs/{tree[:12]}/."))


def _configured(check: Check, known: tuple[Check, ...]) -> Check:
    for candidate in known:
        if (candidate.name, candidate.run) == (check.name, check.run):
            return replace(candidate, paths=())
    return check
