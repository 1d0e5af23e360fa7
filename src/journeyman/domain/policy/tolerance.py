"""What the autonomy settings make of a scope verdict. Pure."""

from __future__ import annotations

from journeyman.domain.scope import Change, Rule, Scope, ScopeVerdict, judge_scope
from journeyman.domain.settings import AutonomySettings, StopCondition

_DROPPABLE = frozenset({Rule.OUT_OF_SCOPE, Rule.PROTECTED})
"""The other rules speak of a change within the scope, about which nobody should guess."""


def tolerated(verdict: ScopeVerdict, settings: AutonomySettings) -> ScopeVerdict:
    """The verdict without what a person has said not to stop for: the size of the change."""
    if settings.stops_for(StopCondition.CHANGES_EXCEED):
        return verdict
    left = tuple(each for each in verdict.violations if each.rule is not Rule.TOO_LARGE)
    return ScopeVerdict(ok=not left, violations=left)


def drop_paths(
    verdict: ScopeVerdict, changes: tuple[Change, ...], scope: Scope, settings: AutonomySettings
) -> tuple[str, ...]:
    """The paths to put back so that the rest can be verified; empty when the run is to stop.

    Nothing is dropped when what is left would stop the run all the same, or when nothing would be left.
    A submodule is not put back: it may hold a repository of its own.
    """
    paths = {each.path for each in verdict.violations if each.rule in _DROPPABLE}
    left = tuple(change for change in changes if change.path not in paths)
    submodule = any(each.rule is Rule.SUBMODULE for each in verdict.violations)
    if not settings.drops_out_of_scope or submodule or not left:
        return ()
    return tuple(sorted(paths)) if tolerated(judge_scope(left, scope), settings).ok else ()
