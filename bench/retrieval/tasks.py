"""Every task's signals, as the shipped code computes them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from multiprocessing import Pool
from pathlib import Path

from bench.retrieval.corpus import Mirror, Record
from bench.retrieval.learning import KINDS, Candidate, Example
from journeyman.context.index.kinds import FileKind
from journeyman.context.index.view import Index
from journeyman.context.rank.fuse import gather, kinds_asked, length_of
from journeyman.context.rank.query import read_query
from journeyman.context.rank.weights import SHORT


def examples(records: list[Record], mirrors: Path, cache: Path) -> list[Example]:
    """One example a record; repositories in parallel."""
    repos = sorted({record.repo for record in records})
    jobs = [([r for r in records if r.repo == repo], mirrors, cache) for repo in repos]
    with Pool(os.cpu_count()) as pool:
        return [example for part in pool.map(_of_repository, jobs, chunksize=1) for example in part]


def indexed(records: list[Record], mirrors: Path, cache: Path) -> Iterator[tuple[Record, Index, Mirror]]:
    """Each record of one repository with its index."""
    mirror = Mirror(mirrors, records[0].repo, cache)
    for record in records:
        yield record, mirror.index(record.parent), mirror


def _of_repository(job: tuple[list[Record], Path, Path]) -> list[Example]:
    return [_example(record, index) for record, index, _ in indexed(*job)]


def _example(record: Record, index: Index) -> Example:
    query = read_query(record.query)
    evidence = gather(index, query)
    rows: dict[int, list[tuple[int, float]]] = {}
    for at, name in enumerate(SHORT):
        signal = evidence.signals.get(name) or {}
        top = max(signal.values(), default=0.0)
        for number, value in signal.items():
            if top > 0 and value > 0:
                rows.setdefault(number, []).append((at, value / top))
    gold, tests = set(record.gold), set(record.gold_tests)
    candidates = tuple(
        Candidate(
            index.files[number].path,
            KINDS.index(index.files[number].kind.value),
            tuple(signals),
            index.files[number].path in gold,
            index.files[number].path in tests,
        )
        for number, signals in sorted(rows.items())
    )
    asked = kinds_asked(query)
    least = tuple(asked.get(FileKind(kind), 0.0) for kind in KINDS)
    return Example(
        record.source, record.repo, record.lang, length_of(query), least, candidates, len(gold), len(tests)
    )
