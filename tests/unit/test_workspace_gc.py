"""What gc takes and what it leaves, decided without touching anything."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from journeyman.workspace.gc import RESUMABLE_S, RunState, RunTrace, plan_gc
from journeyman.workspace.refs import RunRef

RUN = "20261123-154210-7k2m"
BRANCH = RunRef(RUN, f"refs/heads/journeyman/{RUN}/fix", "a" * 40, is_branch=True)
ATTEMPT = RunRef(RUN, f"refs/journeyman/{RUN}/m1/a1", "b" * 40)
TRACE = RunTrace(
    RUN, (BRANCH, ATTEMPT), merged=False, folder=Path("/cache/x"), state=RunState(alive=False, verified=False)
)
ENDED = RunState(alive=False, verified=True)
OLD = RunState(alive=False, verified=False, age_s=RESUMABLE_S)
YOUNG = replace(OLD, age_s=RESUMABLE_S - 1)

NOTHING, FOLDER, ALL = "nothing", "folder", "all"


@pytest.mark.parametrize(
    ("trace", "options", "taken", "kept"),
    [
        (TRACE, {}, NOTHING, "resumed"),
        (replace(TRACE, state=YOUNG), {}, NOTHING, "resumed"),
        (replace(TRACE, state=OLD), {}, FOLDER, "not merged"),
        (replace(TRACE, state=ENDED), {}, FOLDER, "not merged"),
        (replace(TRACE, state=None), {}, FOLDER, "not merged"),
        (replace(TRACE, state=None, refs=()), {}, FOLDER, None),
        (replace(TRACE, folder=None), {}, NOTHING, "not merged"),
        (replace(TRACE, merged=True), {}, ALL, None),
        (replace(TRACE, merged=True, folder=None), {}, ALL, None),
        (replace(TRACE, merged=True, state=RunState(alive=True, verified=False)), {}, NOTHING, "working"),
        (
            replace(TRACE, state=RunState(alive=True, verified=False)),
            {"only": (RUN,), "force": True},
            NOTHING,
            "working",
        ),
        (TRACE, {"only": (RUN,)}, NOTHING, "resumed"),
        (TRACE, {"only": (RUN,), "force": True}, ALL, None),
        (TRACE, {"force": True}, NOTHING, "resumed"),
        (replace(TRACE, merged=True), {"only": ("other",)}, NOTHING, None),
        (replace(TRACE, merged=True, refs=(replace(BRANCH, checked_out=True),)), {}, NOTHING, "checked out"),
    ],
)
def test_what_goes_and_what_stays(trace, options, taken, kept):
    plan = plan_gc((trace,), **options)
    if taken == NOTHING:
        assert plan.items == ()
    else:
        (item,) = plan.items
        assert item.folder == trace.folder
        assert item.refs == (trace.refs if taken == ALL else ())
        assert item.rescue == (taken == FOLDER)
        assert item.reason
    reasons = [reason for _, reason in plan.kept]
    assert (kept is None and not reasons) or (kept is not None and kept in reasons[0])
