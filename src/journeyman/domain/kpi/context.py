"""Whether the context packs held what the work needed."""

from __future__ import annotations

from journeyman.domain.events import ContextPacked, Event, SnapshotMade, WorkerRead
from journeyman.domain.kpi.values import ContextKpi


def context_of(events: tuple[Event, ...]) -> ContextKpi:
    """All packs of the run together; unknown when there was none."""
    packs = [event.payload for event in events if isinstance(event.payload, ContextPacked)]
    if not packs:
        return ContextKpi()
    packed = {path for pack in packs for path in pack.files}
    read = {path for event in events if isinstance(event.payload, WorkerRead) for path in event.payload.paths}
    changes = [event.payload.files for event in events if isinstance(event.payload, SnapshotMade)]
    changed = frozenset(changes[-1]) if changes else frozenset()
    hits = len(changed & packed)
    return ContextKpi(
        tokens=sum(pack.tokens for pack in packs),
        files=len(packed),
        index_s=sum(pack.index_s for pack in packs),
        pack_s=sum(pack.pack_s for pack in packs),
        hit_rate=hits / len(changed) if changed else None,
        used_share=hits / len(packed) if changed and packed else None,
        read_beyond=len(read - packed),
    )
