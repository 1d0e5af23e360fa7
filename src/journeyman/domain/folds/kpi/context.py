"""Whether the context packs held what the work needed."""

from __future__ import annotations

from journeyman.domain.events import ContextPacked, Event, SnapshotMade, WorkerRead, last_of, of_kind
from journeyman.domain.folds.kpi.values import ContextKpi


def context_of(events: tuple[Event, ...]) -> ContextKpi:
    """All packs of the run together; unknown when there was none."""
    packs = of_kind(events, ContextPacked)
    if not packs:
        return ContextKpi()
    packed = {path for pack in packs for path in pack.files}
    read = {path for each in of_kind(events, WorkerRead) for path in each.paths}
    snapshot = last_of(events, SnapshotMade)
    changed = frozenset(snapshot.files) if snapshot else frozenset()
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
