"""What a repository's own configuration may say. It is less trusted than its user, who may say anything.

It may tighten what the user's file sets and never loosen it; it may not do without a sandbox.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from journeyman.domain.errors import JourneymanError
from journeyman.domain.settings import BudgetSettings

_LESS_IS_TIGHTER = frozenset(
    {
        *(f"budget.{field.name}" for field in fields(BudgetSettings)),
        *("workers.*.max_budget_usd", "workers.*.max_turns", "workers.*.timeout_s"),
        *("autonomy.verify_auto_retry", "autonomy.max_auto_iterations", "autonomy.transient_retries"),
        *("scope.max_files", "scope.max_lines", "context.budget"),
    }
)
_TIGHTEST_FIRST: Mapping[str, tuple[object, ...]] = {
    "verify.require": ("green", "no-new-failures"),
    "scope.lockfiles": ("deny", "ask", "allow"),
    "autonomy.scope_violation": ("stop", "drop"),
    "autonomy.test_integrity": ("stop", "review", "allow"),
    "autonomy.auto_fix_lint": (False, True),
    "autonomy.auto_fix_tests": (False, True),
    "autonomy.auto_create_tests": (False, True),
    "fast_path.enabled": (False, True),
    "fast_path.force": (False, True),
    "workspace.canary": (True, False),
}
_JOINED = frozenset({"scope.deny", "scope.protected", "autonomy.stop_conditions"})
"""Lists of what holds a run back: a repository's adds to the user's."""


@dataclass(frozen=True)
class Heeded:
    """What counts of a repository's configuration, and a line for each value that does not."""

    layer: Mapping[str, Any]
    ignored: tuple[str, ...] = ()


def heed(name: str, repository: Mapping[str, Any], user: Mapping[str, Any]) -> Heeded:
    """What counts of a repository's configuration beside its user's file; ``name`` is what it is called.

    Raises JourneymanError("bad-config") for what only a user may say.
    """
    _refuse(name, repository)
    ignored: list[str] = []
    layer = dict(_heeded(name, repository, user, (), ignored))
    return Heeded(layer, tuple(ignored))


def _refuse(name: str, layer: Mapping[str, Any]) -> None:
    if layer.get("sandbox", "required") != "required":
        raise JourneymanError(
            "bad-config",
            f"{name} says sandbox = {layer['sandbox']!r}; a repository may only require one",
            hint="jm run … --sandbox off, or JOURNEYMAN_SANDBOX=off, or your own configuration file",
        )


def _heeded(
    name: str, layer: Mapping[str, Any], user: Mapping[str, Any], at: tuple[str, ...], ignored: list[str]
) -> Iterator[tuple[str, Any]]:
    for key, value in layer.items():
        place, own = (*at, key), user.get(key)
        setting = ".".join((at[0], "*", key) if at[:1] == ("workers",) and len(at) == 2 else place)
        if isinstance(value, Mapping) and isinstance(own, Mapping):
            yield key, dict(_heeded(name, value, own, place, ignored))
        elif key in user and _is_looser(setting, value, own):
            told = f"{'.'.join(place)} = {_as_toml(value)}, which is looser than your own {_as_toml(own)}"
            ignored.append(f"{name} says {told}: yours holds")
        elif setting in _JOINED and isinstance(value, list) and isinstance(own, list):
            yield key, [*own, *(each for each in value if each not in own)]
        else:
            yield key, value


def _is_looser(setting: str, value: object, own: object) -> bool:
    """Whether a value permits more than the user's. What has a wrong type is for validation."""
    order = _TIGHTEST_FIRST.get(setting, ())
    if value in order and own in order:
        return order.index(value) > order.index(own)
    if isinstance(value, int | float) and isinstance(own, int | float):
        return setting in _LESS_IS_TIGHTER and value > own
    return False


def _as_toml(value: object) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    return str(value).lower() if isinstance(value, bool) else str(value)
