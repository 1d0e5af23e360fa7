"""The durable journal: the one file that knows dbos.

A run is a dbos workflow, each effect of it a step. After ``kill -9`` the workflow is started again under
the same id, and finished steps give back their recorded result instead of being done again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from journeyman.domain.errors import JourneymanError
from journeyman.store.codec import from_plain, to_plain
from journeyman.store.sqlite import store_error
from journeyman.store.state import machine_error

if TYPE_CHECKING:
    from sqlalchemy import Engine

T = TypeVar("T")
Flow = Callable[["Journal"], Awaitable[None]]

# Recovery passes over workflows of another application version: it changes only when the order or the
# meaning of the steps in ``run.py`` does.
_APPLICATION_VERSION = "2"
_QUIET_S = 3600.0  # we neither listen to notifications nor schedule: let those threads sleep

_PASSING = frozenset({"disk-full", "not-writable"})

_flows: dict[str, tuple[Flow, asyncio.Future[None]]] = {}


class Journal:
    """Runs effects once, over crashes."""

    def __init__(self) -> None:
        self._frozen = False
        self._broken = False

    def freeze(self) -> None:
        """Record nothing more: the process is about to end, and what its dying children say is no result."""
        self._frozen = True

    async def step(self, name: str, effect: Callable[[], Awaitable[T]], returns: type[T]) -> T:
        """The result of ``effect``: done now, or recorded by an earlier process.

        ``name`` is checked on replay.
        A JourneymanError is a result like any other: recorded, and raised again on replay. Not so a disk's
        trouble, which passes: a replay tries again, and until then nothing more is recorded, so that what
        the run does to end well is not taken for what comes next.
        """
        from dbos import DBOS

        if self._broken:
            return await self._done(effect)
        fresh: list[T] = []
        ran = False

        async def recorded() -> dict[str, Any]:
            nonlocal ran
            ran = True
            try:
                value = await self._done(effect)
                result = {"value": to_plain(value)}
                fresh.append(value)
            except JourneymanError as error:
                result = {"error": [error.code, error.message, list(error.facts), error.hint]}
            if self._frozen:
                await asyncio.get_running_loop().create_future()
            return result

        outcome = await DBOS.run_step_async({"name": name}, recorded)
        if "error" in outcome:
            code, message, facts, hint = outcome["error"]
            if code in _PASSING and not ran:
                return await self._done(effect)
            raise JourneymanError(code, message, facts=tuple(facts), hint=hint)
        # Reading a record back costs building its validator: only a replay has to.
        value: T = fresh[0] if fresh else from_plain(outcome["value"], returns)
        return value

    async def _done(self, effect: Callable[[], Awaitable[T]]) -> T:
        """The effect, its errors plain."""
        try:
            return await effect()
        except (JourneymanError, OSError) as raised:
            error = machine_error(raised) if isinstance(raised, OSError) else raised
            if error is None:
                raise
            self._broken = self._broken or error.code in _PASSING
            raise error from None


def preload() -> None:
    """Import what :func:`run_durably` needs; half a second that can pass in a thread while git works."""
    import dbos
    import sqlalchemy.dialects.sqlite

    del dbos, sqlalchemy


async def run_durably(database: Path, run_id: str, segment: int, flow: Flow) -> bool:
    """Run ``flow`` to its end as one segment of the run, from where an earlier process was cut off.

    ``False`` when the segment has ended already, or another version began it: then nothing is run. What the
    flow raises is raised here too, and JourneymanError("disk-full", "not-writable" or "corrupt-store") for
    the database.
    """
    from sqlalchemy.exc import DBAPIError

    try:
        return await _run(database, run_id, f"{run_id}.{segment}", flow)
    except DBAPIError as error:
        raise store_error(error, database) from error


async def _run(database: Path, run_id: str, workflow_id: str, flow: Flow) -> bool:
    from dbos import DBOS, SetWorkflowID

    finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    _flows[workflow_id] = (flow, finished)
    start = await asyncio.to_thread(_configure, database, run_id)
    # Launched on this thread: dbos then runs every workflow, recovered ones too, on this event loop.
    DBOS.launch()
    status = await asyncio.to_thread(DBOS.get_workflow_status, workflow_id)
    if status is not None and status.status not in {"PENDING", "ENQUEUED"}:
        return False
    if status is not None and status.app_version != _APPLICATION_VERSION:
        return False  # this version does not know its steps: the next resume begins a new segment
    with SetWorkflowID(workflow_id):
        handle = await DBOS.start_workflow_async(start, workflow_id)
    await finished
    # Gives dbos the time to note the end; without the note the segment would only be looked at again.
    noted = asyncio.ensure_future(handle.get_result(polling_interval_sec=0.02))
    noted.add_done_callback(lambda end: end.cancelled() or end.exception())
    await asyncio.wait([noted], timeout=1)
    return True


def _configure(database: Path, run_id: str) -> Callable[[str], Coroutine[Any, Any, None]]:
    from dbos import DBOS
    from sqlalchemy.exc import DBAPIError

    # A process works one run, in one database; the tests start a process for each.
    DBOS(
        config={
            "name": "journeyman",
            "system_database_engine": _engine(database),
            # Two living processes never share an executor id: the run's lock sees to it.
            "executor_id": run_id,
            "application_version": _APPLICATION_VERSION,
            "serializer": _serializer(),
            "log_level": "CRITICAL",
            "notification_listener_polling_interval_sec": _QUIET_S,
            "scheduler_polling_interval_sec": _QUIET_S,
            "max_executor_threads": 4,
        }
    )
    logging.getLogger("dbos").setLevel(logging.CRITICAL + 1)
    # What a task of theirs raises when a disk is full is told where it matters; this would tell it again.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL + 1)

    @DBOS.workflow(name="journeyman.run")
    async def run_workflow(workflow_id: str) -> None:
        if workflow_id not in _flows:
            return  # an earlier segment, killed when its end was on the timeline and not yet here
        flow, finished = _flows[workflow_id]
        try:
            await flow(Journal())
        except BaseException as error:
            if not finished.done():
                finished.set_exception(error)
            if isinstance(error, JourneymanError | DBAPIError):
                # What a run is written down in failed. Its end must not be: the segment stays pending, as
                # after ``kill -9``, and a resume goes on with it.
                await asyncio.get_running_loop().create_future()
            raise
        if not finished.done():
            finished.set_result(None)

    return run_workflow


def _engine(database: Path) -> Engine:
    import sqlite3

    from sqlalchemy import create_engine

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(database, check_same_thread=False, timeout=30)
        # WAL with NORMAL: 2 ms a step instead of 15, and safe against a killed process.
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        return connection

    # The path is not part of the URL, where "%" and "?" mean something and not every byte may stand.
    return create_engine(f"sqlite:///{database.name}", creator=connect)


def _serializer() -> Any:  # noqa: ANN401 - dbos is imported lazily
    import json

    from dbos import Serializer

    class JsonSerializer(Serializer):
        """JSON instead of pickle: a database that came with a repository can then run no code here."""

        def name(self) -> str:
            return "journeyman_json"

        def serialize(self, data: Any) -> str:  # noqa: ANN401 - whatever dbos records
            return json.dumps(data, default=repr)

        def deserialize(self, serialized_data: str) -> Any:  # noqa: ANN401 - whatever dbos recorded
            return json.loads(serialized_data)

    return JsonSerializer()
