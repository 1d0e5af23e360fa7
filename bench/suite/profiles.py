"""Ways to run Journeyman that are compared. Each but the last adds one thing to the one before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

JM = ("-m", "journeyman")
WHOLE_FILES = ("-P", str(Path(__file__).with_name("whole_files.py")))
"""The same, over packs without a choice of lines."""


@dataclass(frozen=True)
class Profile:
    """Flags of ``jm run`` and settings as environment variables; and how Python is told to be ``jm``."""

    name: str
    about: str
    flags: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    program: tuple[str, ...] = JM

    @property
    def environ(self) -> dict[str, str]:
        """The settings as ``JOURNEYMAN_…`` variables."""
        return {f"JOURNEYMAN_{key.upper().replace('.', '__')}": value for key, value in self.settings.items()}


_ALONE = {
    "autonomy.verify_auto_retry": "0",
    "autonomy.auto_fix_lint": "false",
    "autonomy.auto_fix_tests": "false",
}
"""Nothing is tried again without a person."""
_ONE_BY_ONE = {"verify.slots": "1", **_ALONE}
_AUTONOMY = {"verify.slots": "1"}

PROFILES = {
    profile.name: profile
    for profile in (
        Profile(
            "baseline",
            "every phase; the planned files whole; checks one by one; a person for each failed VERIFY",
            ("--full",),
            _ONE_BY_ONE,
            WHOLE_FILES,
        ),
        Profile("context", "+ the context that the task's text leads to", ("--full",), _ONE_BY_ONE),
        Profile("fast", "+ the fast path where a run chooses it", (), _ONE_BY_ONE),
        Profile("autonomy", "+ the ladder instead of a person", (), _AUTONOMY),
        Profile("throughput", "+ checks at the same time"),
        Profile("all", "as shipped: no flag, no setting"),
    )
}
COMPARED = tuple(name for name in PROFILES if name != "throughput")
"""What is run unless told otherwise: ``all`` has nothing yet that ``throughput`` lacks."""
