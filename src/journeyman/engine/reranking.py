"""A model's order of the files for a pack: asked once for a text in a run, journaled, booked, told."""

from __future__ import annotations

from hashlib import sha256

from journeyman.domain.context import RERANK, ContextWanted, ModelOrder, Reranked
from journeyman.domain.errors import JourneymanError
from journeyman.domain.events import ContextReranked, WorkerActivity, WorkerSpent
from journeyman.domain.phases import Phase
from journeyman.engine.model import Run


async def model_order(run: Run, phase: Phase, key: str, wanted: ContextWanted) -> ModelOrder | None:
    """The order for one pack; ``None`` leaves the ranking as it is, and never stops the run."""
    if run.reranker is None or run.context is None or wanted.only_failures:
        return None

    async def ask() -> Reranked:
        query = sha256(wanted.text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        name = f"{key}.rerank"
        told = _asked_before(run, name, query) or await _ask(run, wanted.text)
        events = run.recorder.step(name)
        # The answer first: a process that dies between the two books the call when it is told of it again.
        if told.asked:
            made = ContextReranked(phase, query, told.model, told.paths, told.note, told.usage)
            events.record(made)
        if told.usage is not None:
            events.record(WorkerSpent(RERANK, phase, told.usage))
        if told.note:
            _tell(run, told.note)
        return told

    told = await run.journal.step(f"{key}.rerank", ask, Reranked)
    if told.usage is not None:
        run.spending.add(told.usage)
    return told.order


async def _ask(run: Run, text: str) -> Reranked:
    """Within the run's budget; a pack that cannot be made says so itself."""
    reranker, context = run.reranker, run.context
    if reranker is None or context is None:
        return Reranked()
    await run.trees.ensure_work_tree()
    try:
        candidates = await context.candidates(text, run.trees.work_tree)
    except JourneymanError as error:
        if error.code != "context-failed":
            raise
        return Reranked()
    try:
        run.spending.refuse_when_exhausted(reranker.size(text, candidates))
    except JourneymanError as error:
        return Reranked(note=error.message)
    return await reranker.order(text, candidates)


def _tell(run: Run, note: str) -> None:
    line = f"the order of files stays as it was: {' '.join(note.split())[:200]}"
    run.recorder.record_once(WorkerActivity(RERANK, line))


def _asked_before(run: Run, name: str, query: str) -> Reranked | None:
    """What came of it earlier in the run, in whichever segment: no request is made twice.

    Only what this very step asked before it was cut off is its own to book.
    """
    for event in run.recorder.events():
        made = event.payload
        if isinstance(made, ContextReranked) and made.query == query:
            own = event.key.startswith(f"{run.recorder.segment}:{name}/")
            return Reranked(made.model, made.paths, made.note, made.usage if own else None, asked=own)
    return None
