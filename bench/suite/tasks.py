"""Tasks as their files say them. Read strictly; an unknown key is an error."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from journeyman.domain.stops import STOP_REASONS
from journeyman.workers.session_reader import StrictTable, bad_session, load_table

TASKS = Path(__file__).parent / "tasks"
_KEYS = ("package", "size", "kind", "text", "plants", "change", "hidden", "session", "expect")
_SESSION_KEYS = ("search", "needs", "must_see", "slips", "say", "unplanned", "blocked")


class Size(StrEnum):
    """Small is one place, medium a slice through several files."""

    SMALL = "small"
    MEDIUM = "medium"


@dataclass(frozen=True)
class Edit:
    """``old``, which stands exactly once, becomes ``new``; or ``write`` the whole file; or it goes."""

    path: str
    old: str = ""
    new: str = ""
    write: str | None = None
    delete: bool = False

    def as_session(self) -> dict[str, Any]:
        """As the simulated model's session has it."""
        if self.delete:
            return {"path": self.path, "delete": True}
        if self.write is not None:
            return {"path": self.path, "write": self.write}
        return {"path": self.path, "old": self.old, "new": self.new}


@dataclass(frozen=True)
class Slip:
    """What the first attempt gets wrong: an edit left out, or ``right`` written as ``wrong``."""

    path: str
    right: str = ""
    wrong: str = ""

    @property
    def omits(self) -> bool:
        """Whether all edits of the file are forgotten."""
        return not self.right


@dataclass(frozen=True)
class Hidden:
    """An acceptance test that the worker never sees."""

    path: str
    text: str


@dataclass(frozen=True)
class Knowledge:
    """How the simulated model goes about the task."""

    search: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    must_see: tuple[tuple[str, str], ...] = ()
    slips: tuple[Slip, ...] = ()
    say: str = "Done."
    unplanned: tuple[str, ...] = ()
    """Changed files that its plan does not name."""
    blocked: dict[str, Any] | None = None


@dataclass(frozen=True)
class SuiteTask:
    """One task."""

    name: str
    package: str
    size: Size
    kind: str
    text: str
    plants: tuple[Edit, ...] = ()
    change: tuple[Edit, ...] = ()
    hidden: Hidden | None = None
    knowledge: Knowledge = field(default_factory=Knowledge)
    expect: str | None = None
    """The stop reason that is right, for a task that must not be done."""

    @property
    def doable(self) -> bool:
        """Whether a verified commit is the right end."""
        return self.expect is None


def load_tasks(folder: Path = TASKS) -> tuple[SuiteTask, ...]:
    """Every task, by name. Raises JourneymanError("bad-session") for a file that cannot be used."""
    tasks = tuple(read_task(path) for path in sorted(folder.glob("*.yaml")))
    if not tasks:
        raise bad_session(folder.name, "holds no tasks")
    return tasks


def choose(
    tasks: Iterable[SuiteTask], wanted: tuple[str, ...] = (), limit: int | None = None
) -> tuple[SuiteTask, ...]:
    """Those of a size, a kind, a package or a name among ``wanted``; the first ``limit`` of them."""
    kept = [
        task
        for task in tasks
        if not wanted or {task.name, task.package, task.size.value, task.kind} & set(wanted)
    ]
    return tuple(kept[:limit])


def read_task(path: Path) -> SuiteTask:
    """One file."""
    table = load_table(path)
    table.keys(*_KEYS)
    hidden, session = table.table("hidden"), table.table("session")
    expect = table.text("expect") or None
    if expect is not None and expect not in STOP_REASONS:
        raise bad_session(table.place, f"expect is {expect!r}, which is no stop reason")
    task = SuiteTask(
        name=path.stem,
        package=table.text("package", required=True),
        size=Size(table.choice("size", Size)),
        kind=table.text("kind", required=True),
        text=table.text("text", required=True).strip(),
        plants=_edits(table, "plants"),
        change=_edits(table, "change"),
        hidden=_hidden(hidden) if hidden else None,
        knowledge=_knowledge(session) if session else Knowledge(),
        expect=expect,
    )
    return _complete(task, table)


def _complete(task: SuiteTask, table: StrictTable) -> SuiteTask:
    """Without a change of its own, the way back from the plants. Refuses a task that proves nothing."""
    if not task.change and task.doable:
        if not all(plant.old and plant.new for plant in task.plants):
            raise bad_session(table.place, "change is missing, and the plants cannot be undone")
        undone = tuple(Edit(plant.path, plant.new, plant.old) for plant in task.plants)
        task = replace(task, change=undone)
    if task.doable and not task.hidden:
        raise bad_session(table.place, "hidden is missing: nothing would show that the task was done")
    if task.doable and not task.change:
        raise bad_session(table.place, "it has neither plants nor change")
    return task


def _edits(table: StrictTable, key: str) -> tuple[Edit, ...]:
    return tuple(_edit(item) for item in table.tables(key, key))


def _edit(table: StrictTable) -> Edit:
    table.keys("path", "old", "new", "write", "delete")
    path = table.path("path")
    if table.has("write"):
        return Edit(path, write=table.text("write", blank=True))
    if table.has("delete"):
        table.true("delete")
        return Edit(path, delete=True)
    return Edit(path, table.text("old", required=True), table.text("new", blank=True))


def _hidden(table: StrictTable) -> Hidden:
    table.keys("path", "text")
    return Hidden(table.path("path"), table.text("text", required=True))


def _knowledge(table: StrictTable) -> Knowledge:
    table.keys(*_SESSION_KEYS)
    blocked = table.table("blocked")
    if blocked:
        blocked.keys("reason", "question", "options")
    return Knowledge(
        search=tuple(map(re.escape, table.texts("search"))),
        needs=table.texts("needs"),
        must_see=tuple(_must_see(item) for item in table.tables("must_see", "must_see")),
        slips=tuple(_slip(item) for item in table.tables("slips", "slip")),
        say=table.text("say") or "Done.",
        unplanned=table.texts("unplanned"),
        blocked=_blocked(blocked) if blocked else None,
    )


def _must_see(table: StrictTable) -> tuple[str, str]:
    table.keys("path", "text")
    return table.path("path"), table.text("text", required=True)


def _slip(table: StrictTable) -> Slip:
    table.keys("path", "right", "wrong")
    return Slip(table.path("path"), table.text("right"), table.text("wrong"))


def _blocked(table: StrictTable) -> dict[str, Any]:
    return {
        "reason": table.text("reason", required=True),
        "question": table.text("question", required=True),
        "options": list(table.texts("options")),
    }
