"""Why one file is ranked where it is, and all that ``jm context`` answers, as JSON and as a page."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from journeyman.context.index.view import Index
from journeyman.context.pack.pack import unranked
from journeyman.context.packer import Ranked
from journeyman.context.rank.fuse import kind_weights, signal_weights
from journeyman.domain.context import Pack


@dataclass(frozen=True)
class ListedFile:
    """A ranked file and the lines of it that the pack holds."""

    path: str
    score: float
    reasons: tuple[str, ...]
    ranges: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Explanation:
    """One file's place and what each signal gave it."""

    path: str
    place: int
    score: float
    kind: str
    kind_weight: float
    signals: tuple[tuple[str, float], ...]
    """Share of the score before the kind's weight, largest first."""
    reasons: tuple[str, ...]
    ranges: tuple[tuple[int, int], ...]


def listed_files(ranked: Ranked, pack: Pack) -> tuple[ListedFile, ...]:
    """All ranked files, best first, then those that the pack holds beside them."""
    shown = dict(zip(pack.files, pack.ranges, strict=True))
    known = {file.path for file in ranked.ranking.files}
    beside = (unranked(ranked.index, ranked.index.numbers[path]) for path in shown if path not in known)
    return tuple(
        ListedFile(file.path, file.score, file.reasons, shown.get(file.path, ()))
        for file in (*ranked.ranking.files, *beside)
    )


def explain(ranked: Ranked, pack: Pack, path: str) -> Explanation | None:
    """What speaks for a file; ``None`` for one that the index does not have."""
    index, ranking = ranked.index, ranked.ranking
    number = index.numbers.get(path)
    if number is None:
        return None
    weights = signal_weights(ranking.query)
    total = sum(weights.values())
    shares = []
    for name, weight in weights.items():
        signal = ranking.evidence.signals.get(name) or {}
        top = max(signal.values(), default=0.0)
        if top > 0 and signal.get(number, 0.0) > 0:
            shares.append((name, round(weight * signal[number] / top / total, 4)))
    files = {file.path: (place, file) for place, file in enumerate(listed_files(ranked, pack), 1)}
    place, listed = files.get(path, (len(index.files), None))
    kind = index.files[number].kind
    return Explanation(
        path,
        place,
        listed.score if listed else 0.0,
        kind.value,
        kind_weights(ranking.query)[kind],
        tuple(sorted(shares, key=lambda share: (-share[1], share[0]))),
        listed.reasons if listed else (),
        listed.ranges if listed else (),
    )


def as_json(ranked: Ranked, pack: Pack) -> dict[str, object]:
    """The answer as others read it: see ``docs/reference/output.md``."""
    return {
        "schema": 1,
        "files": [
            {
                "path": file.path,
                "score": file.score,
                "reasons": list(file.reasons),
                "ranges": [list(pair) for pair in file.ranges],
            }
            for file in listed_files(ranked, pack)
        ],
        "tokens": pack.tokens,
        "index_s": pack.index_s,
        "query_s": pack.pack_s,
        "text": pack.text,
        "left_out": [list(item) for item in unread_files(ranked.index)],
        "notes": list(ranked.index.notes),
    }


def unread_files(index: Index) -> list[tuple[str, str]]:
    """Files that were not read, and why."""
    skipped = [(file.path, file.skipped) for file in index.files if file.skipped]
    return [*index.tree.left_out, *skipped]


def as_html(ranked: Ranked, pack: Pack, task: str) -> str:
    """The answer as a page that needs nothing else."""
    rows = "".join(
        f"<tr><td>{place}</td><td><code>{escape(file.path)}</code></td><td>{file.score:.3f}</td>"
        f"<td>{escape('; '.join(file.reasons))}</td>"
        f"<td>{', '.join(f'{first}-{last}' for first, last in file.ranges)}</td></tr>"
        for place, file in enumerate(listed_files(ranked, pack)[:50], 1)
    )
    return (
        "<!doctype html><meta charset=utf-8><title>Context pack</title><style>"
        "body{font:15px/1.5 system-ui;max-width:75em;margin:2em auto;padding:0 1em}"
        "td,th{text-align:left;vertical-align:top;padding:.2em .8em .2em 0}"
        "table{width:100%}td{overflow-wrap:anywhere}td:first-child,td:nth-child(3){overflow-wrap:normal}"
        "pre{background:#f5f5f5;padding:1em;overflow:auto}</style>"
        f"<h1>What a worker would see</h1><p>{escape(task)}</p>"
        f"<p>{pack.tokens} tokens; index {pack.index_s:.2f} s, "
        f"query {pack.pack_s:.2f} s</p>"
        f"<table><tr><th><th>file<th>score<th>why<th>lines</tr>{rows}</table>"
        f"<h2>The pack</h2><pre>{escape(pack.text)}</pre>"
    )
