"""Why one file is ranked where it is, and a whole answer as a page."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from html import escape

from journeyman.context.packer import Answer
from journeyman.context.rank.fuse import kind_weights, signal_weights


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


def explain(answer: Answer, path: str) -> Explanation | None:
    """What speaks for a file; ``None`` for one that the index does not have."""
    number = answer.index.numbers.get(path)
    if number is None:
        return None
    weights = signal_weights(answer.ranking.query)
    total = sum(weights.values())
    shares = []
    for name, weight in weights.items():
        signal = answer.ranking.evidence.signals.get(name) or {}
        top = max(signal.values(), default=0.0)
        if top > 0 and signal.get(number, 0.0) > 0:
            shares.append((name, round(weight * signal[number] / top / total, 4)))
    places = {file.path: place for place, file in enumerate(answer.pack.files, 1)}
    packed = next((file for file in answer.pack.files if file.path == path), None)
    kind = answer.index.files[number].kind
    return Explanation(
        path,
        places.get(path, len(answer.index.files)),
        packed.score if packed else 0.0,
        kind.value,
        kind_weights(answer.ranking.query)[kind],
        tuple(sorted(shares, key=lambda share: (-share[1], share[0]))),
        packed.reasons if packed else (),
        packed.ranges if packed else (),
    )


def as_json(answer: Answer) -> dict[str, object]:
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
            for file in answer.pack.files
        ],
        "tokens": answer.pack.tokens,
        "index_s": round(answer.index.index_s, 4),
        "query_s": round(answer.query_s, 4),
        "text": answer.pack.text,
        "left_out": [list(item) for item in left_out(answer)],
        "notes": list(answer.index.notes),
        "rerank": asdict(answer.reranked) if answer.reranked is not None else None,
    }


def left_out(answer: Answer) -> list[tuple[str, str]]:
    """Files that were not read, and why."""
    unread = [(file.path, file.skipped) for file in answer.index.files if file.skipped]
    return [*answer.index.tree.left_out, *unread]


def as_html(answer: Answer, task: str) -> str:
    """The answer as a page that needs nothing else."""
    rows = "".join(
        f"<tr><td>{place}</td><td><code>{escape(file.path)}</code></td><td>{file.score:.3f}</td>"
        f"<td>{escape('; '.join(file.reasons))}</td>"
        f"<td>{', '.join(f'{first}-{last}' for first, last in file.ranges)}</td></tr>"
        for place, file in enumerate(answer.pack.files[:50], 1)
    )
    return (
        "<!doctype html><meta charset=utf-8><title>Context pack</title><style>"
        "body{font:15px/1.5 system-ui;max-width:75em;margin:2em auto;padding:0 1em}"
        "td,th{text-align:left;vertical-align:top;padding:.2em .8em .2em 0}"
        "table{width:100%}td{overflow-wrap:anywhere}td:first-child,td:nth-child(3){overflow-wrap:normal}"
        "pre{background:#f5f5f5;padding:1em;overflow:auto}</style>"
        f"<h1>What a worker would see</h1><p>{escape(task)}</p>"
        f"<p>{answer.pack.tokens} tokens; index {answer.index.index_s:.2f} s, "
        f"query {answer.query_s:.2f} s</p>"
        f"<table><tr><th><th>file<th>score<th>why<th>lines</tr>{rows}</table>"
        f"<h2>The pack</h2><pre>{escape(answer.pack.text)}</pre>"
    )
