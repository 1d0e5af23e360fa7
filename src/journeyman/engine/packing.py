"""The context pack of a worker's call: made once, kept among the run's artifacts, told on the timeline."""

from __future__ import annotations

from dataclasses import replace

from journeyman.domain.context import Pack, PackRequest
from journeyman.domain.errors import JourneymanError
from journeyman.domain.events import ContextPacked, WorkerActivity
from journeyman.domain.phases import Phase
from journeyman.domain.worker import Worker
from journeyman.engine.model import Run


async def packed_context(
    run: Run,
    worker: Worker,
    phase: Phase,
    key: str,
    request: PackRequest,
    *,
    milestone: int | None = None,
    attempt: int | None = None,
) -> Pack:
    """The pack for one call; an empty one for a worker that reads none, or when it cannot be made."""
    maker = run.context
    if maker is None or not worker.wants_context or (request.only_failures and not request.failures):
        return Pack()
    request = replace(request, budget=run.spec.settings.context.budget)

    async def make() -> Pack:
        await run.trees.ensure_work_tree()
        try:
            pack = await maker.pack(request, run.trees.work_tree)
        except JourneymanError as error:
            if error.code != "context-failed":
                raise
            # A worker can look for itself: slower, and no reason to stop.
            run.recorder.record_once(WorkerActivity(worker.name, f"has no context pack: {error.message}"))
            return Pack()
        artifact = f"context/{key}.txt"
        run.artifacts.write(artifact, pack.text)
        run.recorder.step(f"{key}.context").record(
            ContextPacked(
                phase,
                milestone,
                attempt,
                pack.tokens,
                pack.files,
                pack.index_s,
                pack.pack_s,
                artifact,
                pack.left_out,
            )
        )
        return pack

    return await run.journal.step(f"{key}.context", make, Pack)
