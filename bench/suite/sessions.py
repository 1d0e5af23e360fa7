"""From a task to what the simulated model does: first attempts with slips, and how long it thinks."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from bench.suite.tasks import Edit, Size, Slip, SuiteTask

VOLUMES = Path(__file__).parent / "volumes.yaml"


def load_volumes(path: Path = VOLUMES) -> dict[str, Any]:
    """The assumptions about how much a model thinks and what it costs."""
    volumes: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return volumes


def session_for(task: SuiteTask, volumes: dict[str, Any], seed: int) -> dict[str, Any]:
    """The session file of one task, as plain data."""
    knowledge = task.knowledge
    known: dict[str, Any] = {
        "match": ".",
        "search": list(knowledge.search),
        "needs": list(knowledge.needs),
        "must_see": [{"path": path, "text": text} for path, text in knowledge.must_see],
        "one_at_a_time": True,
        "steps": [
            {"say": knowledge.say, "edits": [edit.as_session() for edit in edits]} for edits in attempts(task)
        ],
        "plan": plan_of(task),
        "reasoning": reasoning(task, volumes, seed),
    }
    if knowledge.blocked:
        known["blocked"] = knowledge.blocked
    return {"simmodel_session": 1, "tasks": [known]}


def attempts(task: SuiteTask) -> tuple[tuple[Edit, ...], ...]:
    """The edits of the first attempt and, when it slips, those that mend it."""
    slips = task.knowledge.slips
    if not slips:
        return (task.change,) if task.change else ()
    first = [edit for edit in task.change if not _forgotten(edit, slips)]
    later = [edit for edit in task.change if _forgotten(edit, slips)]
    for slip in slips:
        if not slip.omits:
            first, mend = _slipped(first, slip, task.name)
            later.append(mend)
    return tuple(first), tuple(later)


def _forgotten(edit: Edit, slips: tuple[Slip, ...]) -> bool:
    return any(slip.omits and slip.path == edit.path for slip in slips)


def _slipped(edits: list[Edit], slip: Slip, name: str) -> tuple[list[Edit], Edit]:
    """The edits with the slip in one of them, and the edit that mends it."""
    places = [
        number
        for number, edit in enumerate(edits)
        if edit.path == slip.path and slip.right in (edit.new if edit.write is None else edit.write)
    ]
    if len(places) != 1:
        raise ValueError(f"{name}: the slip {slip.right!r} fits {len(places)} edits of {slip.path}")
    edit = edits[places[0]]
    if edit.write is None:
        wrong = replace(edit, new=_once(edit.new, slip.right, slip.wrong, name))
    else:
        wrong = replace(edit, write=_once(edit.write, slip.right, slip.wrong, name))
    return [*edits[: places[0]], wrong, *edits[places[0] + 1 :]], Edit(slip.path, slip.wrong, slip.right)


def _once(text: str, old: str, new: str, name: str) -> str:
    if text.count(old) != 1:
        raise ValueError(f"{name}: {old!r} stands {text.count(old)} times, not once")
    return text.replace(old, new)


def plan_of(task: SuiteTask) -> dict[str, Any]:
    """One milestone; some of the files that it will change are not foreseen."""
    paths = dict.fromkeys(edit.path for edit in task.change)
    title = task.text.splitlines()[0][:72]
    milestone = {
        "title": title,
        "goal": task.text,
        "files": [path for path in paths if path not in task.knowledge.unplanned],
        "risk": "low",
        "done_when": ["the checks pass", "the task's own examples hold"],
    }
    return {"summary": title, "milestones": [milestone]}


def reasoning(task: SuiteTask, volumes: dict[str, Any], seed: int) -> dict[str, int]:
    """Reasoning tokens for each kind of answer: the size's medians, times a factor of the task's own."""
    spread = random.Random(f"{seed}/{task.name}")
    factor = math.exp(spread.gauss(0.0, volumes["spread"]))
    medians = volumes["reasoning_tokens"][Size(task.size).value]
    return {move: round(tokens * factor) for move, tokens in medians.items()}
