"""Fills a token budget: the lines that matter most, then signatures, then paths; always the same way."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from journeyman.context.index.kinds import FileKind
from journeyman.context.index.segment import DEFINES
from journeyman.context.index.view import Index
from journeyman.context.pack.blocks import Block, blocks_of, scene_of, widened
from journeyman.context.pack.filling import NUMBERED_EVERY, SEPARATOR, Filling
from journeyman.context.pack.heads import add_heads
from journeyman.context.pack.mentions import add_mentions
from journeyman.context.pack.outlines import with_next, with_outlines
from journeyman.context.pack.places import show_places
from journeyman.context.pack.tokens import MARGIN, estimate_tokens, raw_tokens
from journeyman.context.rank.features import Words
from journeyman.context.rank.fuse import RankedFile, Ranking
from journeyman.context.rank.neighbours import related_paths
from journeyman.domain.context import Pack, PackRequest

_FILES = 25
"""So many files, from the first on, are cut into blocks."""
_SMALL_CHARACTERS = 10_000
_TINY_LINES = 60
_LEAST_ROOM = 25
_MOST_REFUSED = 40
"""After so many blocks in a row that found no room, the pack is full."""
_AROUND_FAILURE = 12
_SIGNATURE_FILES = 6
_SIGNATURE_SHARE = 0.08
_NAMED_TESTS = 8
_BRIEF = 3
"""A brief pack has this part of the budget."""
_LINES_SHARE = 0.4
"""Of a brief pack: so much of it is for lines."""
_COPY_CHARACTERS = 80
"""Shorter blocks may well be alike by chance."""
_WORTH = 0.05
"""Below this share of the best block's value, a thrifty pack takes nothing more, but of files that a plan
names. A larger pack holds little more of what changes; after a smaller one more workers have to ask
(``bench/retrieval.py --packs``)."""
_TINY_REPOSITORY_LINES = 200
"""Code of so few lines is shown whole: to choose could only cost a request."""
_WORTH_WHEN_NAMED = 0.125
"""The same when the task names exactly what is to change."""


def make_pack(index: Index, ranking: Ranking, request: PackRequest) -> Pack:
    """The pack of a ranking, without the times it took."""
    if request.brief:
        request = replace(request, budget=request.budget // _BRIEF)
    filling = Filling(index, request.budget / MARGIN * (_LINES_SHARE if request.brief else 1) - 2)
    head = _affordable(_map(index, request), filling)
    named = _tests(index, ranking)
    tests = _affordable(f"Their tests: {', '.join(named)}", filling) if named else ""
    _failures_first(filling, request, index)
    if request.only_failures:
        return _rendered(filling, "", _shown(filling, ranking, index), "", (), ranking, request)
    if request.files:
        _planned_next(filling, request, index)
        show_places(filling, request.files, request.look_for, ranking.evidence.chunks)
    elif request.thrifty and not request.brief:
        add_heads(filling, ranking)
        add_mentions(filling, ranking)
    _fill(filling, ranking, request)
    _signatures(filling, ranking, request)
    tail = tuple(file.path for file in ranking.files if file.number not in filling.shown and file.score > 0)
    return _rendered(filling, head, _shown(filling, ranking, index), tests, tail, ranking, request)


def _affordable(text: str, filling: Filling) -> str:
    """A text that goes with the lines, or nothing where it would take a third of the room."""
    cost = raw_tokens(text) + SEPARATOR
    if cost > filling.room / 3:
        return ""
    filling.room -= cost
    return text


def _shown(filling: Filling, ranking: Ranking, index: Index) -> list[RankedFile]:
    """Files with lines in the pack: those that failures and plans point to, then by rank."""
    ranked = {file.number for file in ranking.files}
    pointed = [unranked(index, number) for number in sorted(filling.shown) if number not in ranked]
    return pointed + [file for file in ranking.files if file.number in filling.shown]


def _failures_first(filling: Filling, request: PackRequest, index: Index) -> None:
    for path, line in request.failures:
        number = index.numbers.get(path)
        if number is not None:
            filling.add(number, line - _AROUND_FAILURE, line + _AROUND_FAILURE)


def _planned_next(filling: Filling, request: PackRequest, index: Index) -> None:
    """The files that a plan names, whole where one's share of the room is enough for it."""
    numbers = [index.numbers[path] for path in request.files if path in index.numbers]
    for place, number in enumerate(numbers):
        lines = filling.read(number)
        if sum(map(len, lines)) > _SMALL_CHARACTERS:
            continue
        cost = sum(filling.cost(number, line) for line in range(1, len(lines) + 1))
        if len(lines) <= _TINY_LINES or cost <= filling.room / (len(numbers) - place):
            filling.add(number, 1, len(lines))


def _candidates(ranking: Ranking, request: PackRequest) -> list[RankedFile]:
    """The files to take blocks from: those that a plan names count as much as the best."""
    planned = set(request.files)
    best = max((file.score for file in ranking.files), default=0.0)
    first = [replace(file, score=best) for file in ranking.files if file.path in planned]
    return [*first, *(file for file in ranking.files[:_FILES] if file.path not in planned)]


def _fill(filling: Filling, ranking: Ranking, request: PackRequest) -> None:
    index = filling.index
    if request.thrifty and _all_of_a_tiny_one(filling, ranking):
        return
    files = ranking.files[:_FILES]
    scene = scene_of(index, ranking, files, filling.read)
    named = _named_exactly(index, ranking, Words(index))
    by_file: list[list[tuple[Block, RankedFile]]] = []
    for place, file in enumerate(_candidates(ranking, request)):
        kind, facts = index.files[file.number].kind, index.facts(file.number)
        blocks = blocks_of(file, place, kind, facts, filling.read(file.number), scene)
        by_file.append([(block, file) for block in blocks])
    by_file = _without_copies(filling, by_file)
    first = [blocks[0] for blocks in by_file[:3] if blocks]
    rest = sorted(
        (item for blocks in by_file for item in blocks),
        key=lambda item: (-item[0].value, item[1].path, item[0].first),
    )
    if not rest:
        return
    least = rest[0][0].value * ((_WORTH_WHEN_NAMED if named else _WORTH) if request.thrifty else 0.0)
    refused, planned = 0, set(request.files)
    for block, file in (*first, *rest):
        exact = (file.path, block.name.rsplit(".", 1)[-1].lower()) in named
        if block.value < least and not exact and file.path not in planned:
            continue
        count = len(filling.read(file.number))
        refused = 0 if filling.add(file.number, *widened(block.first, block.last, count)) else refused + 1
        if first and (block, file) == first[0]:
            _whole_first(filling, file, request, named=bool(named))
        if filling.room < _LEAST_ROOM or refused > _MOST_REFUSED:
            break


def _without_copies(
    filling: Filling, by_file: list[list[tuple[Block, RankedFile]]]
) -> list[list[tuple[Block, RankedFile]]]:
    """Of blocks with the same text in several files only that of the path nearest to the root."""
    owners: dict[str, tuple[int, str]] = {}
    texts: list[list[str]] = []
    for blocks in by_file:
        own = []
        for block, file in blocks:
            text = "\n".join(filling.read(file.number)[block.first - 1 : block.last])
            own.append(text if len(text) > _COPY_CHARACTERS else "")
            if own[-1]:
                rank = (file.path.count("/"), file.path)
                owners[text] = min(owners.get(text, rank), rank)
        texts.append(own)
    return [
        [item for item, text in zip(blocks, own, strict=True) if not text or owners[text][1] == item[1].path]
        for blocks, own in zip(by_file, texts, strict=True)
    ]


def _all_of_a_tiny_one(filling: Filling, ranking: Ranking) -> bool:
    """Sources and tests whole, by rank, when there are few lines of them in all."""
    index = filling.index
    code = {n for n, file in enumerate(index.files) if file.kind in {FileKind.SOURCE, FileKind.TEST}}
    if not code or sum(index.files[number].lines for number in code) > _TINY_REPOSITORY_LINES:
        return False
    for file in ranking.files:
        if file.number in code:
            filling.add(file.number, 1, index.files[file.number].lines)
    return True


def _whole_first(filling: Filling, file: RankedFile, request: PackRequest, *, named: bool) -> None:
    """The first file whole when it is small: most changes are in it."""
    lines = filling.read(file.number)
    small = (
        len(lines) <= _TINY_LINES
        if request.thrifty and named
        else (sum(map(len, lines)) < min(_SMALL_CHARACTERS, 2 * filling.room))
    )
    if small:
        filling.add(file.number, 1, len(lines))


def _named_exactly(index: Index, ranking: Ranking, words: Words) -> set[tuple[str, str]]:
    """Path and lower-case name of definitions that the task names and one source file alone has."""
    found: set[tuple[str, str]] = set()
    for name in ranking.query.names:
        places = [n for n in words.posting(DEFINES + name.lower()) if index.files[n].kind is FileKind.SOURCE]
        if len(places) == 1:
            found.add((index.files[places[0]].path, name.lower()))
    return found


def _signatures(filling: Filling, ranking: Ranking, request: PackRequest) -> None:
    """First lines of definitions that are not shown, of the first files; not where tokens are to be saved."""
    if request.thrifty:
        return
    share = _SIGNATURE_SHARE * request.budget
    for file in ranking.files[:_SIGNATURE_FILES]:
        lines, held = filling.read(file.number), filling.shown.get(file.number, set())
        for symbol in filling.index.facts(file.number).symbols:
            line = _signature_line(symbol.first, symbol.last, symbol.name, lines)
            if symbol.kind == "constant" or line in held or line > len(lines):
                continue
            cost = filling.cost(file.number, line)
            if cost > min(share, filling.room):
                return
            share -= cost
            filling.add(file.number, line, line)


def _signature_line(first: int, last: int, name: str, lines: list[str]) -> int:
    """The line that names a definition: decorators and comments come before."""
    for line in range(first, min(last, len(lines)) + 1):
        if name in lines[line - 1]:
            return line
    return first


def _tests(index: Index, ranking: Ranking) -> list[str]:
    """The tests of the files that are first."""
    sources = [file.number for file in ranking.files[:5] if index.files[file.number].kind is FileKind.SOURCE]
    related = related_paths(index, sources[:3])
    paths = [index.files[test].path for tests in related.values() for test in tests[:4]]
    return list(dict.fromkeys(paths))[:_NAMED_TESTS]


def _map(index: Index, request: PackRequest) -> str:
    """A few lines on the whole repository."""
    kinds = Counter(file.kind.value for file in index.files)
    folders = Counter(
        "/".join(file.path.split("/")[:-1][:2]) or "." for file in index.files if file.kind is FileKind.SOURCE
    )
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items(), key=lambda i: (-i[1], i[0])))
    where = ", ".join(
        f"{folder}/ {count}" for folder, count in sorted(folders.items(), key=lambda i: (-i[1], i[0]))[:6]
    )
    lines = [f"{len(index.files)} files: {told}. Sources: {where or 'none'}"]
    lines += [f"Checks: {'; '.join(request.checks)}"] if request.checks else []
    lines += [f"Guidance: {', '.join(request.guidance)}"] if request.guidance else []
    return "\n".join(lines)


def unranked(index: Index, number: int) -> RankedFile:
    """A file that the ranking does not have, as one with no score."""
    return RankedFile(number, index.files[number].path, 0.0, ("a failure or the plan points to it",))


def ranges_of(lines: set[int]) -> tuple[tuple[int, int], ...]:
    """Lines as inclusive ranges, in order."""
    ranges: list[tuple[int, int]] = []
    for line in sorted(lines):
        if ranges and ranges[-1][1] == line - 1:
            ranges[-1] = (ranges[-1][0], line)
        else:
            ranges.append((line, line))
    return tuple(ranges)


def _rendered(
    filling: Filling,
    head: str,
    order: list[RankedFile],
    tests: str,
    tail: tuple[str, ...],
    ranking: Ranking,
    request: PackRequest,
) -> Pack:
    parts = [head] if head else []
    for file in order:
        ranges = ranges_of(filling.shown[file.number])
        lines = filling.lines[file.number]
        whole = ranges == ((1, len(lines)),)
        shown = "whole" if whole else f"{len(filling.shown[file.number])} of {len(lines)} lines"
        why = f": {file.reasons[0]}" if file.reasons else ""
        body = "\n…\n".join(_numbered(lines, first, last) for first, last in ranges)
        parts.append(f"{file.path} ({shown}{why})\n{body}")
    parts += [tests] if tests else []
    text = "\n\n".join(parts)
    room = request.budget / MARGIN - raw_tokens(text) - _LEAST_ROOM
    further = with_outlines if request.brief else with_next
    text = further(text, tail, room, filling).encode("utf-8", "backslashreplace").decode("utf-8")
    places = {file.number: place for place, file in enumerate(ranking.files)}
    best = sorted(order, key=lambda file: places.get(file.number, len(places)))
    files = tuple(file.path for file in best)
    stretches = tuple(ranges_of(filling.shown[file.number]) for file in best)
    return Pack(text, estimate_tokens(text), files, stretches, len(tail))


def _numbered(lines: list[str], first: int, last: int) -> str:
    """Lines with the numbers of the first and of each tenth: all would cost a seventh of the room."""
    return "\n".join(
        f"{at}|{lines[at - 1]}" if at == first or at % NUMBERED_EVERY == 0 else lines[at - 1]
        for at in range(first, last + 1)
    )
