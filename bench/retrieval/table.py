"""How well ``jm context`` finds what really changed: tasks from real histories, a table per language.

``python bench/retrieval.py --data FOLDER --mirrors FOLDER [--cache FOLDER] [--folds N] [--packs]``

Ranking: recall and all-in-first-k with weights fitted on other repositories only; then the same without each
signal, weights kept. ``--packs``: the share of changed files, hunks and lines in packs of ``--budget`` tokens
made with the shipped weights, cut at the budget by four characters a token, as is usual. Tasks whose change
is in several files come from ``several.py``, as one more ``*.jsonl`` in the folder.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from multiprocessing import Pool
from pathlib import Path

from bench.retrieval.corpus import Mirror, Record, data_parser, read_records
from bench.retrieval.learning import Candidate, Example, Weights, fit, folds, measures, order
from bench.retrieval.tasks import examples, indexed
from journeyman.context.index.view import Index
from journeyman.context.pack.pack import make_pack
from journeyman.context.rank.fuse import rank
from journeyman.context.rank.weights import SHORT
from journeyman.domain.context import Pack, PackRequest

NAMES = ("recall@5", "recall@10", "recall@20", "mrr", "all@1", "all@5", "all@10", "tests@20")
Row = tuple[Example, dict[str, float | None]]


def groups(rows: list[Row]) -> dict[str, list[Row]]:
    """Per data set, per language, and tasks of several files."""
    found = {}
    for source in sorted({example.source for example, _ in rows}):
        part = [row for row in rows if row[0].source == source]
        found[source] = part
        found[f"{source}, several files"] = [row for row in part if row[0].golds > 1]
        for lang in sorted({example.lang for example, _ in part}):
            found[f"{source}, {lang}"] = [row for row in part if row[0].lang == lang]
    return found


def show(title: str, rows: list[Row], only: Callable[[str], bool] = lambda _: True) -> None:
    for name, part in groups(rows).items():
        if part and only(name):
            means = []
            for measure in NAMES:
                values = [value for _, got in part if (value := got[measure]) is not None]
                means.append(f"{statistics.mean(values):.3f}" if values else "-")
            print(f"| {title} | {name} | {len(part)} | " + " | ".join(means) + " |", flush=True)


def text_of(mirror: Mirror, index: Index, texts: dict[int, list[str]], number: int) -> list[str]:
    """A file's lines from the mirror."""
    if number not in texts:
        data = next(iter(mirror.blobs([index.files[number].key]))) or b""
        lines = data.decode("utf-8", "replace").split("\n")
        texts[number] = lines[:-1] if lines[-1] == "" else lines
    return texts[number]


@dataclass(frozen=True)
class Held:
    """What a pack holds of a task's changes, as shares, and the pack's own token count."""

    files: float
    hunks: float
    lines: float
    tokens: int


PACKS_HEAD = """| data | n | files | hunks | lines | mean tokens | most tokens |
|---|---|---|---|---|---|---|"""


def packed(job: tuple[list[Record], Path, Path, int]) -> list[tuple[str, Held]]:
    """``packs_of`` for a pool."""
    return packs_of(*job)


def packs_of(records: list[Record], mirrors: Path, cache: Path, budget: int) -> list[tuple[str, Held]]:
    """Packs of one repository's tasks: filled to the budget, and as a run makes them."""
    found = []
    for record, index, mirror in indexed(records, mirrors, cache):
        read = partial(text_of, mirror, index, {})
        index.text_lines = read  # type: ignore[method-assign] # there is no checkout to read
        ranking = rank(index, record.query)
        for title, thrifty in (("filled", False), ("thrifty", True)):
            pack = make_pack(index, ranking, PackRequest(record.query, budget=budget, thrifty=thrifty))
            found.append((f"{record.source}, {title}", held(pack, record, index, read, budget * 4)))
    return found


def held(pack: Pack, record: Record, index: Index, read: Callable[[int], list[str]], room: int) -> Held:
    """Score a pack, cut at ``room`` characters."""
    there = set()
    for path, ranges in zip(pack.files, pack.ranges, strict=True):
        for first, last in ranges:
            for line in range(first, last + 1):
                room -= len(read(index.numbers[path])[line - 1]) + 1
                if room >= 0:
                    there.add((path, line))
    hunks = [(path, a, b) for path, ranges in record.gold_ranges.items() for a, b in ranges]
    lines = [(path, line) for path, a, b in hunks for line in range(a, b + 1)]
    shown = {path for path, _ in there}
    return Held(
        statistics.mean(path in shown for path in record.gold),
        statistics.mean(any((p, n) in there for n in range(a, b + 1)) for p, a, b in hunks),
        statistics.mean(line in there for line in lines),
        pack.tokens,
    )


def show_packs(records: list[Record], mirrors: Path, cache: Path, budget: int) -> None:
    jobs = [
        ([r for r in records if r.repo == repo], mirrors, cache, budget)
        for repo in sorted({record.repo for record in records})
    ]
    with Pool() as pool:
        rows = [row for part in pool.map(packed, jobs, chunksize=1) for row in part]
    print(f"\npacks of {budget} tokens at most: filled, and as a run makes them\n{PACKS_HEAD}")
    for source in sorted({row[0] for row in rows}):
        print(pack_row(source, [row[1] for row in rows if row[0] == source]))


def pack_row(title: str, part: list[Held]) -> str:
    """A line of the table of packs: means of shares, mean and most tokens."""
    means = " | ".join(
        f"{statistics.mean(getattr(one, name) for one in part):.3f}" for name in ("files", "hunks", "lines")
    )
    tokens = [one.tokens for one in part]
    return f"| {title} | {len(part)} | {means} | {statistics.mean(tokens):.0f} | {max(tokens)} |"


def main() -> None:
    parser = data_parser(__doc__)
    parser.add_argument("--folds", type=int, default=100, help="100: each repository by itself")
    parser.add_argument("--budget", type=int, default=8000)
    parser.add_argument("--packs", action="store_true")
    options = parser.parse_args()
    records = read_records(sorted(options.data.glob("*.jsonl")))
    tasks = examples(records, options.mirrors, options.cache)
    parts = folds(tasks, options.folds)
    with Pool() as pool:
        learned = pool.map(partial(fit, signals=len(SHORT)), [train for train, _ in parts], chunksize=1)
    fitted = list(zip(learned, (test for _, test in parts), strict=True))

    def ranked(without: int | None = None) -> list[Row]:
        return [
            (example, measures(example, ordered(example, without, weights)))
            for weights, test in fitted
            for example in test
        ]

    def ordered(example: Example, without: int | None, weights: Weights) -> list[Candidate]:
        return order(example, weights, without)

    print("| ranking | tasks | n | " + " | ".join(NAMES) + " |\n|---|---|---|" + "---|" * len(NAMES))
    show("weights from other repositories", ranked())
    for at, name in enumerate(SHORT):
        show(f"without {name}", ranked(at), lambda group: "," not in group)
    if options.packs:
        show_packs(records, options.mirrors, options.cache, options.budget)


if __name__ == "__main__":
    main()
