"""Makes more tasks from the histories of the dev data's repositories, of several files or of any number.

``python -m bench.retrieval.several --data FOLDER --mirrors FOLDER --out FILE [--each N] [--least N]
[--shortest N]``

A task is a commit with one parent in the time that ``dev.jsonl`` spans, with ``--least`` (2) to five changed
source files that its parent has, twelve changed files at most, none deleted, and a message of ``--shortest``
(40) characters or more that speaks of no sweep; no commit of the folder's other files. Of those, the
``--each`` with the lowest ids per repository: no order in time, and the same ones each time.

The shipped weights are fitted on ``dev_several.jsonl``, which this makes as it is, and then on
``dev_more.jsonl`` too: ``--each 40 --least 1 --shortest 20``.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from bench.retrieval.corpus import Mirror, Record, changed_ranges, data_parser, read_records
from journeyman.context.index.kinds import FileKind, file_kind

_LANGUAGES = {
    "python": ".py .pyi",
    "ts/js": ".ts .tsx .js .jsx .mjs .cjs .mts .cts",
    "go": ".go",
    "rust": ".rs",
}
_LANGUAGE_OF = {ending: name for name, endings in _LANGUAGES.items() for ending in endings.split()}
_COPIES, _SCRATCH = ("deno/",), {"play.ts", "playground.ts"}
"""Written by a program from other sources; and where an author tries things out."""
_MOST, _MOST_FILES = 5, 12
_SWEEP = re.compile(
    r"^(merge|revert|bump|release|prepare|version|vendor|upgrade|sync|format|lint|ruff|prettier|ci\b)"
    r"|^\[pre-commit|^v?\d+\.\d+|\b(typos?|pre-commit|pyupgrade|blacken|black|isort|mypy|flake8|eslint)\b"
    r"|\b(clippy|rustfmt|golint|gofmt|lint(ers|ing)?|reformat|formatting|copyright|licen[cs]e)\b"
    r"|\breview (feedback|comments)\b",
    re.IGNORECASE,
)
_TRAILER = re.compile(
    r"^([\w-]+-by|changelog|bug|issue|see|cc|(git|svn)-\w+): .*"
    r"|^(closes|fixes|fixed|resolves|refs?)\b.*#\d+.*$",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\(?(?<!\w)(?:[\w/-]+)?#\d+\)?|https?://\S+")


def commits(mirror: Mirror, after: int, until: int) -> Iterator[tuple[str, str, int, str, list[str]]]:
    """Id, parent, time, message and changed files (status before the name) of each commit."""
    told = mirror.git(
        "log", "--no-merges", f"--since={after}", f"--until={until}", "--no-renames", "--name-status", "-z",
        "--format=%x01%H%x00%P%x00%ct%x00%B%x00",
    )  # fmt: skip
    for part in told.decode("utf-8", "replace").split("\x01")[1:]:
        sha, parents, time, message, *rest = part.split("\0")
        told_files = [item.lstrip("\n") for item in rest if item.strip("\n")]
        files = [status + path for status, path in zip(told_files[::2], told_files[1::2], strict=False)]
        if len(parents.split()) == 1:
            yield sha, parents, int(time), message, files


def asked(message: str) -> str:
    """A message as a task: without trailers, links and issue numbers."""
    lines = [line for line in message.split("\n") if not _TRAILER.match(line)]
    return re.sub(r"\n{3,}", "\n\n", _NUMBER.sub("", "\n".join(lines))).strip()


def sources(files: list[str], kind: FileKind) -> tuple[str, ...]:
    """The changed files of a kind that the parent has."""
    paths = [name[1:] for name in files if name.startswith("M") and not name[1:].startswith(_COPIES)]
    found = [path for path in paths if file_kind(path) is kind]
    names = [PurePosixPath(path) for path in found]
    return tuple(str(path) for path in names if path.suffix in _LANGUAGE_OF and path.name not in _SCRATCH)


@dataclass(frozen=True)
class Wanted:
    """How many tasks of what kind: number of a repository, least sources, least characters of the text."""

    each: int
    least: int
    shortest: int


def tasks(mirror: Mirror, known: list[Record], used: set[str], wanted: Wanted) -> list[Record]:
    """The tasks of one repository, in the time of the known ones."""
    times = [record.time for record in known]
    found = []
    for sha, parent, time, message, files in sorted(commits(mirror, min(times), max(times))):
        query, gold = asked(message), sources(files, FileKind.SOURCE)
        swept = _SWEEP.search(query.partition("\n")[0]) or any(name.startswith("D") for name in files)
        if sha in used or swept or len(query) < wanted.shortest:
            continue
        if not wanted.least <= len(gold) <= _MOST or len(files) > _MOST_FILES:
            continue
        lang = Counter(_LANGUAGE_OF[PurePosixPath(path).suffix] for path in gold).most_common(1)[0][0]
        tests = sources(files, FileKind.TEST)
        ranges = changed_ranges(mirror, parent, sha, gold)
        found.append(Record("several", known[0].repo, sha, parent, time, lang, query, gold, tests, ranges))
        if len(found) == wanted.each:
            break
    return found


def as_row(record: Record) -> str:
    """A record as a line of a data file."""
    return json.dumps({key: value for key, value in asdict(record).items() if key != "source"})


def main() -> None:
    parser = data_parser(__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--each", type=int, default=25)
    parser.add_argument("--least", type=int, default=2)
    parser.add_argument("--shortest", type=int, default=40)
    options = parser.parse_args()
    records = read_records([options.data / "dev.jsonl"])
    others = [file for file in options.data.glob("*.jsonl") if file.name != options.out.name]
    used = {record.sha for record in read_records(others)}
    wanted = Wanted(options.each, options.least, options.shortest)
    rows: list[str] = []
    for repo in sorted({record.repo for record in records}):
        mirror = Mirror(options.mirrors, repo, options.cache)
        made = tasks(mirror, [record for record in records if record.repo == repo], used, wanted)
        print(f"{repo}: {len(made)}")
        rows += map(as_row, made)
    options.out.write_text("\n".join(rows) + "\n", "utf-8")


if __name__ == "__main__":
    main()
