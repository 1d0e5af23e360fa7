"""What the autonomy settings make of a scope verdict. Pure."""

from __future__ import annotations

from journeyman.domain.scope import Change, Rule, ScopeVerdict
from journeyman.domain.settings import AutonomySettings, StopCondition

_DROPPABLE = frozenset({Rule.OUT_OF_SCOPE, Rule.PROTECTED})
"""A lockfile needs a person, and the other rules speak of a change that nobody should guess about."""


def tolerated(verdict: ScopeVerdict, settings: AutonomySettings) -> ScopeVerdict:
    """The verdict without what a person has said not to stop for: the size of the change."""
    if settings.stops_for(StopCondition.CHANGES_EXCEED):
        return verdict
    left = tuple(each for each in verdict.violations if each.rule is not Rule.TOO_LARGE)
    return ScopeVerdict(ok=not left, violations=left)


def drop_paths(
    verdict: ScopeVerdict, changes: tuple[Change, ...], settings: AutonomySettings
) -> tuple[str, ...]:
    """The paths to put back so that the rest can be verified; empty when the run is to stop.

    Nothing is dropped when something else would stop the run all the same, or when nothing would be left.
    """
    if not settings.drops_out_of_scope or any(each.rule not in _DROPPABLE for each in verdict.violations):
        return ()
    paths = tuple(sorted({each.path for each in verdict.violations}))
    return paths if len(paths) < len(changes) else ()
