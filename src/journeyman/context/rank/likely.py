"""How far a task seems to reach: what the fast path's decision is made from."""

from __future__ import annotations

from journeyman.context.index.kinds import FileKind
from journeyman.context.index.view import Index
from journeyman.context.rank.fuse import RankedFile, Ranking
from journeyman.context.rank.neighbours import related_paths
from journeyman.domain.context import Likely, LikelyFile

_NEAR_THE_BEST = 0.6
"""A file that reaches this share of the best one's score may well be what is meant."""
_MOST = 12


def likely_files(index: Index, ranking: Ranking) -> Likely:
    """Files close to the best one, each with its squared score: the signals of a fused rank are many,
    so that even a file that is not meant gets some of each.
    """
    meant = _meant(index, ranking)
    best = max((file.score for file in meant), default=0.0)
    near = [file for file in meant if best > 0 and file.score >= _NEAR_THE_BEST * best][:_MOST]
    tests = related_paths(index, [file.number for file in near])
    files = (LikelyFile(file.path, round(file.score**2, 4), bool(tests[file.number])) for file in near)
    return Likely(tuple(files), _mentioned_in(index, ranking))


def _mentioned_in(index: Index, ranking: Ranking) -> int | None:
    """Files with one of the compound identifiers that the task names, if any file has one."""
    found = {number for term in ranking.query.exact for number in index.posting(term)}
    return len(found) or None


def _meant(index: Index, ranking: Ranking) -> list[RankedFile]:
    """Sources; what the task names, but for tests, which go with something; documents before any of these."""
    meant: list[RankedFile] = []
    only_documents = True
    for file in ranking.files:
        kind = index.files[file.number].kind
        named = file.number in ranking.evidence.mentioned and kind is not FileKind.TEST
        if kind is FileKind.SOURCE or named:
            only_documents = False
        elif not (only_documents and kind is FileKind.DOC):
            continue
        meant.append(file)
    return meant
