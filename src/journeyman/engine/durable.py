"""The durable journal: the one file that knows dbos.

A run is a dbos workflow, each effect of it a step. After ``kill -9`` the workflow is started again under
the same id, and finished steps give back their recorded result instead of being done again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from journeyman.domain.errors import JourneymanError
from journeyman.domain.records import JournalDatabase
from journeyman.domain.run import WorkOrder
from journeyman.store.codec import from_plain, to_plain
from journeyman.store.state import machine_error

T = TypeVar("T")
Perform = Callable[[WorkOrder], Awaitable[None]]

# Recovery passes over workflows of another application version: it changes only when the order or the
# meaning of the steps in ``run.py`` does.
_APPLICATION_VERSION = "2"
_QUIET_S = 3600.0  # we neither listen to notifications nor schedule: let those threads sleep

_PASSING = frozenset({"disk-full", "not-writable"})


class DurableJournal:
    """Implements ``model.Journal``: runs effects once, over crashes."""

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


def preload_dbos() -> None:
    """Import what :func:`run_durably` needs; half a second that can pass in a thread while git works."""
    import dbos

    del dbos


async def run_durably(database: JournalDatabase, order: WorkOrder, perform: Perform) -> bool:
    """Work one segment of a run to its end, from where an earlier process was cut off.

    The order is the workflow's input, so that the journal alone says what is to be done; ``perform`` is given
    what stands there. ``False`` when the segment has ended already, or another version began it: then nothing
    is done. What ``perform`` raises is raised here too, and JourneymanError("disk-full", "not-writable" or
    "corrupt-store") for the database.
    """
    from sqlalchemy.exc import DBAPIError

    try:
        return await _Segment(database, order, perform).run()
    except DBAPIError as error:
        raise database.error(error) from error


def journaled_order(database: JournalDatabase, run_id: str, segment: int) -> WorkOrder | None:
    """What the journal says that a segment is to do, for a process that knows nothing else of it.

    ``None`` when it knows no such segment, or an earlier version wrote it, which kept no orders. Blocks.
    """
    from dbos import DBOSClient

    client = DBOSClient(system_database_engine=database.engine(), serializer=_serializer())
    try:
        (found,) = client.list_workflows(workflow_ids=[f"{run_id}.{segment}"]) or (None,)
    finally:
        client.destroy()
    given = found.input["args"][0] if found is not None and found.input is not None else None
    return None if given is None or isinstance(given, str) else _order_from(given)


class _Segment:
    """One segment while this process works it."""

    def __init__(self, database: JournalDatabase, order: WorkOrder, perform: Perform) -> None:
        self._database = database
        self._order = order
        self._perform = perform
        self._finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self) -> bool:
        from dbos import DBOS, SetWorkflowID
        from dbos import error as dbos_error

        start = await asyncio.to_thread(self._register)
        asyncio.get_running_loop().set_exception_handler(_tell_of_bugs)
        key = self._order.key
        # Launched on this thread: dbos then runs every workflow, recovered ones too, on this event loop.
        DBOS.launch()
        status = await asyncio.to_thread(DBOS.get_workflow_status, key)
        if status is not None and status.status not in {"PENDING", "ENQUEUED"}:
            return False
        if status is not None and status.app_version != _APPLICATION_VERSION:
            return False  # this version does not know its steps: the next resume begins a new segment
        with SetWorkflowID(key):
            handle = await DBOS.start_workflow_async(start, to_plain(self._order))
        try:
            await self._finished
        except dbos_error.DBOSUnexpectedStepError:
            return False  # a step that this version no longer has: likewise
        # Gives dbos the time to note the end; without the note the segment would only be looked at again.
        noted = asyncio.ensure_future(handle.get_result(polling_interval_sec=0.02))
        noted.add_done_callback(lambda end: end.cancelled() or end.exception())
        await asyncio.wait([noted], timeout=1)
        return True

    def _register(self) -> Callable[[Any], Coroutine[Any, Any, None]]:
        _configure(self._database, self._order.run_id)
        from dbos import DBOS

        @DBOS.workflow(name="journeyman.run")
        async def run_workflow(given: Any) -> None:  # noqa: ANN401 - what the journal holds of an order
            if DBOS.workflow_id == self._order.key:
                await self._work(given)
            # Else it is an earlier segment, killed when its end was on the timeline and not yet here.

        return run_workflow

    async def _work(self, given: Any) -> None:  # noqa: ANN401 - as above
        from sqlalchemy.exc import DBAPIError

        try:
            # Before orders were journaled, the workflow's input was its own id.
            await self._perform(self._order if isinstance(given, str) else _order_from(given))
        except BaseException as error:
            if not self._finished.done():
                self._finished.set_exception(error)
            if isinstance(error, JourneymanError | DBAPIError):
                # What a run is written down in failed. Its end must not be: the segment stays pending, as
                # after ``kill -9``, and a resume goes on with it.
                await asyncio.get_running_loop().create_future()
            raise
        if not self._finished.done():
            self._finished.set_result(None)


def _tell_of_bugs(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What a task of dbos' raises when a disk is full is told where it matters; only the rest is news."""
    from dbos import error as dbos_error
    from sqlalchemy.exc import DBAPIError

    if not isinstance(context.get("exception"), JourneymanError | DBAPIError | dbos_error.DBOSException):
        loop.default_exception_handler(context)


def _order_from(given: Any) -> WorkOrder:  # noqa: ANN401 - what the journal holds of an order
    order: WorkOrder = from_plain(given, WorkOrder)
    return order


def _configure(database: JournalDatabase, run_id: str) -> None:
    from dbos import DBOS

    # A process works one run, in one database; the tests start a process for each.
    DBOS(
        config={
            "name": "journeyman",
            "system_database_engine": database.engine(),
            # Two living processes never share an executor id: the run's lease sees to it.
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
