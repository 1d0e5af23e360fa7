"""Requests for workers, with everything that a test does not care about filled in."""

from __future__ import annotations

from typing import Any

from journeyman.domain.plan import Milestone, Plan
from journeyman.domain.scope import Scope
from journeyman.domain.task import Task
from journeyman.domain.worker import ImplementRequest, PlanRequest, ReviewRequest

TASK = Task(title="fix lint", text="fix lint")
MILESTONE = Milestone("fix lint")


def implement_request(**changes: Any) -> ImplementRequest:
    values: dict[str, Any] = {
        "task": TASK,
        "plan": Plan((MILESTONE,)),
        "milestone": MILESTONE,
        "milestone_number": 1,
        "attempt": 1,
        "scope": Scope(),
        "checks": (),
    }
    return ImplementRequest(**{**values, **changes})


def plan_request(task: Task = TASK) -> PlanRequest:
    return PlanRequest(task, Scope(), ())


def review_request(milestone_number: int = 1, attempt: int = 1) -> ReviewRequest:
    return ReviewRequest(TASK, MILESTONE, milestone_number, attempt, diff="", evidence=())
