"""Makes the weights of ``journeyman.context.rank.weights`` from the dev data, and prints them.

``python -m bench.retrieval.train --data FOLDER --mirrors FOLDER [--cache FOLDER]``

``FIRST`` is fitted on the signals that a file has by itself, whatever the text's length; ``SHORT``, ``LONG``
and ``KINDS`` on all of them, each on every record. ``FIRST`` chooses seeds, and so what the others are fitted
on: when it changes, run this again. The figures of ``bench/retrieval.py`` come from fits that never saw the
repository they are tested on. The weights are rounded to two digits: which signals there are matters, what
exactly they weigh does not. The two fits take some
minutes in plain Python.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from multiprocessing import Pool

from bench.retrieval.corpus import data_parser, read_records
from bench.retrieval.learning import KINDS, Candidate, Example, fit
from bench.retrieval.tasks import examples
from journeyman.context.rank.weights import FIRST, SHORT


def only_first(example: Example) -> Example:
    """The example without the signals of neighbours and without its length."""
    known = {at for at, name in enumerate(SHORT) if name in FIRST}

    def trimmed(c: Candidate) -> Candidate:
        return replace(c, signals=tuple((at, value) for at, value in c.signals if at in known))

    return replace(example, length=0.0, candidates=tuple(trimmed(c) for c in example.candidates))


def main() -> None:
    options = data_parser(__doc__).parse_args()
    tasks = examples(read_records(sorted(options.data.glob("*.jsonl"))), options.mirrors, options.cache)
    with Pool(2) as pool:
        first, every = pool.map(
            partial(fit, signals=len(SHORT)), [[only_first(task) for task in tasks], tasks], chunksize=1
        )
    show("FIRST", [name if name in FIRST else "" for name in SHORT], first.short)
    show("SHORT", SHORT, every.short)
    show("LONG", SHORT, every.long)
    show("KINDS", KINDS, every.kinds)


def show(title: str, names: Iterable[str], weights: Iterable[float]) -> None:
    print(title, {name: round(weight, 2) for name, weight in zip(names, weights, strict=True) if name})


if __name__ == "__main__":
    main()
