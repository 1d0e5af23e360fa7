"""Makes the weights of ``journeyman.context.rank.weights`` from the dev data, and prints them.

``python -m bench.retrieval.train --data FOLDER --mirrors FOLDER [--cache FOLDER]``

``FIRST`` is fitted on the signals that a file has by itself, ``ALL`` on all of them, each on every record;
the figures of ``bench/retrieval.py`` come from fits that never saw the repository they are tested on. The
weights are rounded to two digits: which signals there are matters, what exactly they weigh does not.
"""

from __future__ import annotations

from dataclasses import replace

from bench.retrieval.corpus import data_parser, read_records
from bench.retrieval.learning import KINDS, Candidate, Example, fit
from bench.retrieval.tasks import examples
from journeyman.context.rank.weights import ALL, FIRST


def only_first(example: Example) -> Example:
    """The example without the signals of neighbours."""
    known = {at for at, name in enumerate(ALL) if name in FIRST}

    def trimmed(c: Candidate) -> Candidate:
        return replace(c, signals=tuple((at, value) for at, value in c.signals if at in known))

    return replace(example, candidates=tuple(trimmed(c) for c in example.candidates))


def main() -> None:
    options = data_parser(__doc__).parse_args()
    tasks = examples(read_records(sorted(options.data.glob("*.jsonl"))), options.mirrors, options.cache)
    first, every = fit([only_first(task) for task in tasks], len(ALL)), fit(tasks, len(ALL))
    print("FIRST", {n: round(w, 2) for n, w in zip(ALL, first.signals, strict=True) if n in FIRST})
    print("ALL", {name: round(weight, 2) for name, weight in zip(ALL, every.signals, strict=True)})
    print("KINDS", {name: round(weight, 2) for name, weight in zip(KINDS, every.kinds, strict=True)})


if __name__ == "__main__":
    main()
