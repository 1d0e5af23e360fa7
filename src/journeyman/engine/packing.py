"""The context pack of a worker's call: made once, kept among the run's artifacts, told on the timeline."""

from __future__ import annotations

from dataclasses import dataclass, replace

from journeyman.domain.context import ContextWanted
from journeyman.domain.errors import JourneymanError
from journeyman.domain.events import ContextPacked, WorkerActivity
from journeyman.domain.phases import Phase
from journeyman.domain.worker import Worker
from journeyman.engine.model import Run
from journeyman.engine.reranking import model_order


@dataclass(frozen=True)
class Packed:
    """What a worker is shown, and the files that it is from."""

    text: str = ""
    files: tuple[str, ...] = ()


async def packed_context(
    run: Run,
    worker: Worker,
    phase: Phase,
    key: str,
    wanted: ContextWanted,
    *,
    milestone: int | None = None,
    attempt: int | None = None,
) -> Packed:
    """The pack for one call; nothing for a worker that reads none, or when it cannot be made."""
    maker = run.context
    if maker is None or not worker.wants_context or (wanted.only_failures and not wanted.failures):
        return Packed()
    wanted = replace(wanted, order=await model_order(run, phase, key, wanted))

    async def make() -> Packed:
        await run.trees.ensure_work_tree()
        try:
            pack = await maker.pack(wanted, run.trees.work_tree)
        except JourneymanError as error:
            if error.code != "context-failed":
                raise
            # A worker can look for itself: slower, and no reason to stop.
            run.recorder.record_once(WorkerActivity(worker.name, f"has no context pack: {error.message}"))
            return Packed()
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
        return Packed(pack.text, pack.files)

    return await run.journal.step(f"{key}.context", make, Packed)
