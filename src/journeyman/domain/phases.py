"""The phases of a run, in their order."""

from __future__ import annotations

from enum import StrEnum


class Phase(StrEnum):
    """What a run is doing. STOPPED is the other end beside FINALIZE."""

    SETUP = "SETUP"
    PLAN = "PLAN"
    IMPLEMENT = "IMPLEMENT"
    VERIFY = "VERIFY"
    REVIEW = "REVIEW"
    CHECKPOINT = "CHECKPOINT"
    FINALIZE = "FINALIZE"
